//! The variables of a template.
//!
//! A string that came from outside is inserted between fence marks; ids, names in a fixed alphabet and what this crate
//! writes itself are inserted as they are.

use std::collections::BTreeMap;

use certus_engine::{ProposalStatus, QuestionState, Verdict, View};
use minijinja::value::Value;

use super::{Arguments, Extra, said};
use crate::fence::Fence;

/// Names that a body may use.
pub(crate) const NAMES: [&str; 23] = [
    "goal",
    "phase",
    "visit",
    "why",
    "facts",
    "answers",
    "open_questions",
    "uncertainties",
    "decisions",
    "scores",
    "overall",
    "lacks",
    "rejections",
    "requests",
    "project",
    "suggestions",
    "gap",
    "idioms",
    "prompts",
    "files",
    "drafts",
    "checks",
    "args",
];

type Map = BTreeMap<&'static str, Value>;

/// Those that the body names: most are lists of all that a chain knows, and few prompts use more than two or three.
pub(super) fn values(body: &str, view: &View, arguments: &Arguments<'_>, extra: &Extra, fence: &Fence) -> Value {
    let mut values = Map::new();
    let tags = tags(body);
    let mut put = |name: &'static str, value: &dyn Fn() -> Value| {
        if tags.iter().any(|tag| tag.contains(name)) {
            values.insert(name, value());
        }
    };
    put("goal", &|| view.goal.as_str().into());
    put("phase", &|| name(&view.phase));
    put("visit", &|| view.visit.into());
    put("why", &|| view.why.as_str().into());
    put("overall", &|| view.overall.into());
    put("gap", &|| view.gap.as_deref().unwrap_or_default().into());
    put("lacks", &|| view.lacks.iter().map(ToString::to_string).collect::<Vec<_>>().into());
    put("facts", &|| facts(view));
    put("answers", &|| answers(view));
    put("open_questions", &|| open_questions(view));
    put("uncertainties", &|| uncertainties(view));
    put("decisions", &|| decisions(view));
    put("scores", &|| pairs(&view.scores, |score| (*score).into()));
    put("rejections", &|| judged(view, |verdict| matches!(verdict, Verdict::Rejected(_))));
    put("requests", &|| judged(view, |verdict| matches!(verdict, Verdict::MoreInfo(_))));
    put("project", &|| project(view));
    put("suggestions", &|| {
        list(&view.suggestions, |call| Map::from([("name", name(&call.name)), ("why", call.why.as_str().into())]))
    });
    put("idioms", &|| pairs(&extra.idioms, |idiom| idiom.as_str().into()));
    put("prompts", &|| prompts(extra, fence));
    put("files", &|| {
        list(&extra.files, |file| Map::from([("path", file.path.as_str().into()), ("base", name(&file.base()))]))
    });
    put("drafts", &|| drafts(view));
    put("checks", &|| checks(view));
    let arguments: BTreeMap<String, Value> =
        arguments.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    values.insert("args", arguments.into());
    values.into()
}

/// What stands in tags, and perhaps more, where a text has braces.
fn tags(body: &str) -> Vec<&str> {
    // What comes before the first is none.
    let behind = body.split("{%").flat_map(|piece| piece.split("{{")).skip(1);
    behind.map(|piece| piece.rfind('}').map_or(piece, |end| &piece[..end])).collect()
}

/// As it is when it can only be a name, else as data.
fn name(text: &str) -> Value {
    let plain = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:".contains(c));
    if plain { Value::from_safe_string(text.to_owned()) } else { text.into() }
}

fn list<T>(items: &[T], map: impl Fn(&T) -> Map) -> Value {
    items.iter().map(|item| Value::from(map(item))).collect::<Vec<_>>().into()
}

/// A map as a list of pairs, in order: `for area, score in scores`.
fn pairs<T>(map: &BTreeMap<String, T>, value: impl Fn(&T) -> Value) -> Value {
    map.iter().map(|(key, item)| Value::from(vec![name(key), value(item)])).collect::<Vec<_>>().into()
}

fn facts(view: &View) -> Value {
    list(&view.facts, |fact| {
        let source = fact.source.as_ref().map(|place| format!("{}:{}", place.path, place.line));
        let quote = fact.source.as_ref().map(|place| place.quote.as_str()).unwrap_or_default();
        Map::from([
            ("id", name(&fact.id)),
            ("key", name(&fact.key)),
            ("value", fact.value.as_str().into()),
            ("source", source.unwrap_or_default().into()),
            ("quote", quote.into()),
            ("cited", fact.cited.into()),
        ])
    })
}

fn answers(view: &View) -> Value {
    let answered: Vec<_> = view.questions.iter().filter(|status| status.answer.is_some()).collect();
    list(&answered, |status| {
        Map::from([
            ("cite", name(status.cite.as_deref().unwrap_or_default())),
            ("id", name(&status.question.id)),
            ("question", status.question.text.as_str().into()),
            ("answer", status.answer.as_deref().unwrap_or_default().into()),
        ])
    })
}

fn open_questions(view: &View) -> Value {
    let open: Vec<_> = view.questions.iter().filter(|status| status.state != QuestionState::Answered).collect();
    list(&open, |status| {
        Map::from([
            ("id", name(&status.question.id)),
            ("question", status.question.text.as_str().into()),
            ("why", status.question.why.as_str().into()),
            ("area", name(status.question.area.as_deref().unwrap_or_default())),
        ])
    })
}

fn uncertainties(view: &View) -> Value {
    list(&view.uncertainties, |uncertainty| {
        Map::from([
            ("area", name(&uncertainty.area)),
            ("claim", uncertainty.claim.as_str().into()),
            ("confidence", uncertainty.confidence.into()),
            ("blocking", uncertainty.blocking.into()),
            ("open", uncertainty.is_open().into()),
            ("resolution", uncertainty.resolution.as_deref().unwrap_or_default().into()),
        ])
    })
}

fn decisions(view: &View) -> Value {
    list(&view.decisions, |decision| {
        Map::from([
            ("key", name(&decision.key)),
            ("value", decision.value.as_str().into()),
            ("because", decision.because.as_str().into()),
        ])
    })
}

fn judged(view: &View, wanted: impl Fn(&Verdict) -> bool) -> Value {
    let judged: Vec<&ProposalStatus> =
        view.proposals.iter().filter(|status| status.verdict.as_ref().is_some_and(&wanted)).collect();
    list(&judged, |status| {
        let why = match &status.verdict {
            Some(Verdict::Rejected(why) | Verdict::MoreInfo(why)) => why.as_str(),
            Some(Verdict::Approved) | None => "",
        };
        Map::from([
            ("why", why.into()),
            ("title", status.proposal.title.as_str().into()),
            ("digest", Value::from_safe_string(status.digest.short())),
        ])
    })
}

fn drafts(view: &View) -> Value {
    list(&view.drafts, |draft| {
        let files: Vec<String> = said::changes(&draft.state).iter().map(|change| change.path.clone()).collect();
        Map::from([
            ("id", name(&draft.id)),
            ("kind", name(&draft.kind)),
            ("title", draft.title.as_str().into()),
            ("state", name(draft.state.name())),
            ("files", files.into()),
            ("problem", draft.state.problem().unwrap_or_default().into()),
        ])
    })
}

fn checks(view: &View) -> Value {
    list(&view.checks, |run| {
        Map::from([
            ("check", name(&run.evidence.check)),
            ("command", run.evidence.command.as_str().into()),
            ("passed", run.evidence.passed().into()),
            ("fresh", run.fresh.into()),
        ])
    })
}

fn project(view: &View) -> Value {
    let project = &view.project;
    let stacks = list(&project.stacks, |stack| {
        Map::from([
            ("name", name(&stack.name)),
            ("plugin", name(&stack.plugin)),
            ("frameworks", stack.frameworks.clone().into()),
        ])
    });
    Map::from([
        ("stacks", stacks),
        ("routes", project.routes.into()),
        ("models", project.models.into()),
        ("files", project.files.into()),
        ("unparsed", project.unparsed.len().into()),
        ("commands", pairs(&project.commands, |command| command.as_str().into())),
    ])
    .into()
}

fn prompts(extra: &Extra, fence: &Fence) -> Value {
    let lines: Vec<String> = extra
        .prompts
        .iter()
        .map(|prompt| format!("{}: {}", prompt.name, crate::clean::line(&prompt.purpose, 300)))
        .collect();
    let text = if lines.is_empty() { "(none)".to_owned() } else { lines.join("\n") };
    Value::from_safe_string(fence.part("prompts", &text))
}
