//! A controller call through this crate against the same component on bare wasmtime: prints one JSON object.
//!
//! Both make a fresh store and a fresh instance for every call, in the same process, from the same configuration of the
//! engine. Bare means: no limits, no epochs, no hooks, no log, no conversion of the view, and a plain synchronous call. The two
//! alternate in short rounds; each number is microseconds a call, over one round.
//!
//! `bench_controller COMPONENT`
#![allow(clippy::print_stdout, reason = "its output is JSON for `cargo xtask bench`")]

// The configuration is the one thing that must not be copied: a copy would drift.
#[allow(dead_code, reason = "only the configuration is used here")]
#[path = "../src/engine.rs"]
mod engine;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use certus_engine::{Fact, Lack, Phase, Place, ProjectSummary, Run, Uncertainty, View};
use certus_runtime::{Limits, Options, Plugin, Runtime};
use serde_json::json;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store};

use bare::certus::plugin::{log, types, views};

mod bare {
    wasmtime::component::bindgen!({ path: "../../wit", world: "controller" });
}

/// Calls in one round.
const CALLS: u32 = 100;
const ROUNDS: usize = 60;

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let Some(path) = std::env::args_os().nth(1) else { return Err("bench_controller COMPONENT".into()) };
    let bytes = std::fs::read(path)?;
    let view = view();
    let lowered = convert(&view);
    let plugin = Runtime::new(Options::default())?.load(&bytes)?;
    let bare = Bare::new(&bytes)?;
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build()?;

    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    // The first round warms both up.
    for _ in 0..=ROUNDS {
        ours.push(tasks.block_on(through(&plugin, &view))?);
        floor.push(bare.round(&lowered)?);
    }
    println!("{}", json!({ "ours": ours[1..], "floor": floor[1..], "view_bytes": size(&lowered) }));
    Ok(())
}

async fn through(plugin: &Plugin, view: &View) -> Done<f64> {
    let begun = Instant::now();
    for _ in 0..CALLS {
        plugin.next(view).await?;
    }
    Ok(micros(begun))
}

/// The component without anything of ours around it.
struct Bare {
    engine: Engine,
    pre: bare::ControllerPre<Log>,
}

struct Log;

impl log::Host for Log {
    fn write(&mut self, _: log::Level, _: String) {}
}

impl Bare {
    fn new(bytes: &[u8]) -> Done<Self> {
        let mut config = engine::config(&Limits::default(), engine::Allocation::OnDemand)?;
        config.epoch_interruption(false);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        log::add_to_linker::<_, HasSelf<Log>>(&mut linker, |log| log)?;
        let pre = bare::ControllerPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, pre })
    }

    fn round(&self, view: &views::View) -> Done<f64> {
        let begun = Instant::now();
        for _ in 0..CALLS {
            let mut store = Store::new(&self.engine, Log);
            let instance = self.pre.instantiate(&mut store)?;
            instance.certus_plugin_phase_controller().call_next(&mut store, view)?;
        }
        Ok(micros(begun))
    }
}

fn micros(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
}

/// A chain in the middle of its work: about 16 KiB in the guest's memory.
fn view() -> View {
    let fact = |index: u32| Fact {
        id: format!("F{index}"),
        key: format!("route.post.{index}"),
        value: "POST /api/orders is handled by orders.create, behind requireSession".to_owned(),
        source: Some(Place {
            path: "src/routes/orders.js".to_owned(),
            line: 10 + index,
            quote: "router.post('/', requireSession, orders.create);".to_owned(),
        }),
        cited: true,
    };
    let uncertainty = |index: u32| Uncertainty {
        area: format!("area_{index}"),
        claim: "whether the sessions that are open now must survive the change".to_owned(),
        confidence: 0.55,
        blocking: false,
        resolution: None,
        claimed: None,
    };
    let names = ["requirements-clarification", "context-building", "uncertainty-analysis", "solution-approval"];
    let run = |index: u32| Run {
        name: format!("prompt_{index}"),
        phase: names[1].to_owned(),
        visit: 1,
        ok: true,
        answers: 4,
    };
    View {
        chain: "047".to_owned(),
        goal: "Add JWT authentication to the shop".to_owned(),
        phases: names
            .map(|name| Phase {
                name: name.to_owned(),
                title: String::new(),
                prompts: Vec::new(),
                may_follow: Vec::new(),
                gate: <_>::default(),
            })
            .to_vec(),
        phase: names[1].to_owned(),
        visit: 1,
        why: String::new(),
        lacks: vec![Lack::Confidence { area: "overall".to_owned(), have: 0.6, need: 0.8 }],
        overall: 0.6,
        scores: BTreeMap::from([("overall".to_owned(), 0.6), ("requirements".to_owned(), 0.95)]),
        facts: (1..=70).map(fact).collect(),
        uncertainties: (1..=10).map(uncertainty).collect(),
        questions: Vec::new(),
        decisions: Vec::new(),
        proposals: Vec::new(),
        runs: (1..=10).map(run).collect(),
        suggestions: Vec::new(),
        gap: None,
        refusals: Vec::new(),
        drafts: Vec::new(),
        checks: Vec::new(),
        settings: BTreeMap::from([("present-at".to_owned(), 0.8), ("prompts-at-once".to_owned(), 4.0)]),
        project: ProjectSummary::default(),
        commands: Vec::new(),
    }
}

/// The same for bare wasmtime. What [`view`] leaves empty is empty here.
fn convert(view: &View) -> views::View {
    let place = |place: &Place| types::Place { path: place.path.clone(), line: place.line, quote: place.quote.clone() };
    let scores = |scores: &BTreeMap<String, f64>| {
        scores.iter().map(|(area, &confidence)| types::Score { area: area.clone(), confidence }).collect()
    };
    let fact = |fact: &Fact| types::Fact {
        id: fact.id.clone(),
        key: fact.key.clone(),
        value: fact.value.clone(),
        source: fact.source.as_ref().map(place),
        cited: fact.cited,
    };
    let uncertainty = |known: &Uncertainty| types::Uncertainty {
        area: known.area.clone(),
        claim: known.claim.clone(),
        confidence: known.confidence,
        blocking: known.blocking,
        resolution: known.resolution.clone(),
    };
    let run = |run: &Run| views::Run {
        name: run.name.clone(),
        phase: run.phase.clone(),
        visit: run.visit,
        ending: views::Ending::Ok,
        answers: run.answers,
    };
    let phase = |phase: &Phase| views::Phase { name: phase.name.clone(), may_follow: phase.may_follow.clone() };
    let lack = |lack: &Lack| match lack {
        Lack::Confidence { area, have, need } => {
            views::Lack::Confidence(views::Shortfall { area: area.clone(), have: *have, need: *need })
        }
        other => views::Lack::Blocker(other.to_string()),
    };
    views::View {
        chain: view.chain.clone(),
        goal: view.goal.clone(),
        phases: view.phases.iter().map(phase).collect(),
        phase: view.phase.clone(),
        visit: view.visit,
        lacks: view.lacks.iter().map(lack).collect(),
        overall: view.overall,
        scores: scores(&view.scores),
        facts: view.facts.iter().map(fact).collect(),
        uncertainties: view.uncertainties.iter().map(uncertainty).collect(),
        questions: Vec::new(),
        decisions: Vec::new(),
        proposals: Vec::new(),
        runs: view.runs.iter().map(run).collect(),
        suggestions: Vec::new(),
        gap: None,
        refusals: Vec::new(),
        drafts: Vec::new(),
        checks: Vec::new(),
        commands: Vec::new(),
        settings: scores(&view.settings),
    }
}

/// Bytes in the guest's memory: the long lists' records, which the canonical ABI gives this size, and their text.
fn size(view: &views::View) -> usize {
    const FACT: usize = 52;
    const UNCERTAINTY: usize = 40;
    const RUN: usize = 28;
    let place = |place: &types::Place| place.path.len() + place.quote.len();
    let fact = |fact: &types::Fact| {
        FACT + fact.id.len() + fact.key.len() + fact.value.len() + fact.source.as_ref().map_or(0, place)
    };
    let facts: usize = view.facts.iter().map(fact).sum();
    let uncertainties: usize =
        view.uncertainties.iter().map(|one| UNCERTAINTY + one.area.len() + one.claim.len()).sum();
    let runs: usize = view.runs.iter().map(|run| RUN + run.name.len() + run.phase.len()).sum();
    facts + uncertainties + runs
}
