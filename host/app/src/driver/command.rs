//! Running a command plugin so that it survives the death of the process.
//!
//! The guest runs from its start every time. Its effects are matched, in order, with what this invocation recorded
//! before: an effect with an outcome is answered from the record, one without is performed (again), and one that differs
//! from the record ends the command as `diverged`. Reads are made again. The guest runs in a future of its own and talks to
//! the driver over a channel, so that only the driver writes.

mod port;

use std::sync::Arc;
use std::time::Instant;

use certus_engine::{
    Body, Chain, Discovery, EffectId, EffectState, ErrorCode, Outcome, PluginRef, PromptCall, Proposal, Question,
    QuestionState, Request, law,
};
use certus_runtime::{CallError, CallErrorKind, CommandAnswer, CommandCall, HostError, Invocation, PromptAnswer};
use port::{Given, Port, Wanted, lawful, unexpected};
use tokio::sync::mpsc;

use super::perform::elapsed;
use super::prompt::cite_all;
use super::record::Common;
use super::{Driver, Stop};
use crate::Failure;
use crate::clean::clean;
use crate::material::Files;
use crate::reads::{Denials, Reads};

/// Times that one run of a command may propose knowledge.
const MOST_PROPOSALS: usize = 32;

/// Where a run of a command stands in its own record.
struct Run {
    command: EffectId,
    /// Effects of the record that this run has reached.
    reached: usize,
    /// Effects that the record held when this run began.
    recorded: usize,
    stop: Option<Stop>,
}

impl Driver<'_> {
    /// Run a command's effect to its outcome.
    pub(crate) async fn run_command(
        &mut self,
        id: EffectId,
        line: &str,
        plugin: &PluginRef,
    ) -> Result<Option<Stop>, Failure> {
        let since = Instant::now();
        self.listener.busy(line);
        let started_ms = self.chain.effect(id).map_or(0, |effect| effect.at);
        let installed = self.session.registry().installed(&plugin.name)?;
        let loaded = installed.load(&*self.session.runtime()?, self.session.config_dir())?;
        let call = command_call(line)?;
        let denials = Denials::default();
        let (calls, mut inbox) = mpsc::channel(1);
        let reads = Reads {
            project: self.session.project(),
            library: self.session.library(),
            rights: installed.rights.unwrap_or_default(),
            denials: Arc::clone(&denials),
        };
        let name = installed.manifest.name.clone();
        self.voice = (installed.source != crate::plugins::BUNDLED_SOURCE).then(|| name.clone());
        let invocation = Invocation { started_ms, seed: seed(self.id, id) };
        let guest = loaded.run_command(call, Box::new(Port { calls, reads }), invocation);
        tokio::pin!(guest);
        let recorded = self.chain.invocation(id).count();
        let mut run = Run { command: id, reached: 0, recorded, stop: None };
        let ended = loop {
            tokio::select! {
                ended = &mut guest => break ended,
                Some(call) = inbox.recv() => {
                    let given = self.give(&mut run, call.request).await?;
                    // A guest that was ended meanwhile no longer waits for it.
                    let _ = call.reply.send(given);
                }
            }
        };
        self.tell_denials(&name, &denials);
        let voice = self.voice.take();
        let outcome = match ended {
            Err(error) if matches!(error.kind, CallErrorKind::Waiting) => {
                return Ok(Some(run.stop.unwrap_or(Stop::Waiting)));
            }
            Ok(_) if run.reached < run.recorded => diverged("it ended before it had done what it did the first time"),
            ended => outcome_of(ended),
        };
        let elapsed_ms = self.session.elapsed(elapsed(since));
        self.voice = voice;
        let failed = matches!(outcome, Outcome::Failed { .. });
        self.note(Body::Outcome { effect: id, outcome: outcome.clone(), elapsed_ms });
        if let Outcome::CommandDone { summary, .. } = &outcome
            && !summary.is_empty()
        {
            let summary = self.voiced(&clean(summary));
            self.commit().await?;
            self.person.say(&summary);
        }
        self.voice = None;
        if failed {
            self.commit().await?;
        }
        Ok(None)
    }

    /// What would allow a denied call is told to the person, never to the guest.
    fn tell_denials(&self, plugin: &str, denials: &Denials) {
        let Ok(denials) = denials.lock() else { return };
        for right in denials.iter() {
            self.person.say(&format!(
                "note: {plugin} was denied what its manifest does not ask for, or you did not allow: {right}"
            ));
        }
    }

    async fn give(&mut self, run: &mut Run, wanted: Wanted) -> Result<Result<Given, HostError>, Failure> {
        Ok(match wanted {
            Wanted::View => Ok(Given::View(Box::new(self.chain_as_reached(run)?.view(self.id)))),
            Wanted::Render(call) => self.render_for_guest(run, &call)?,
            Wanted::Prompt(call) => match law::prompt_request(&call, self.catalogue()) {
                Err(refusal) => {
                    let fault = self.session.prompt_fault(&call.name);
                    Err(HostError::new(ErrorCode::Invalid, fault.unwrap_or_else(|| refusal.to_string())))
                }
                Ok(request) => match self.nested(run, request).await? {
                    Ok((effect, Outcome::Replied { reply, .. })) => {
                        Ok(Given::Prompt(self.prompt_answer(run, effect, &reply)?))
                    }
                    Ok(_) => Err(unexpected()),
                    Err(error) => Err(error),
                },
            },
            Wanted::Confirm(text, preset) => {
                let nth = self.chain.invocation(run.command).take(run.reached).count();
                let preset = if preset { "yes" } else { "no" };
                let question = Question {
                    id: format!("confirm-{}-{}", run.command, nth + 1),
                    text: clean(&text),
                    why: String::new(),
                    options: vec!["yes".to_owned(), "no".to_owned()],
                    recommended: Some(preset.to_owned()),
                    area: None,
                };
                self.nested(run, Request::Ask { question }).await?.map(|(_, outcome)| Given::Outcome(outcome))
            }
            Wanted::Effect(Request::Ask { question }) => {
                if let Some(outcome) = self.answered_elsewhere(run.command, &question) {
                    return Ok(Ok(Given::Outcome(outcome)));
                }
                self.nested(run, Request::Ask { question }).await?.map(|(_, outcome)| Given::Outcome(outcome))
            }
            Wanted::Effect(request) => self.nested(run, request).await?.map(|(_, outcome)| Given::Outcome(outcome)),
        })
    }

    /// The chain as it was when this invocation first stood where it stands now, so that a run from the start sees what
    /// the first run saw.
    fn chain_as_reached(&self, run: &Run) -> Result<std::borrow::Cow<'_, Chain>, Failure> {
        if run.reached >= run.recorded {
            return Ok(std::borrow::Cow::Borrowed(&self.chain));
        }
        let seq = match run.reached.checked_sub(1) {
            None => self.chain.effect(run.command).map_or(0, |effect| effect.basis + 1),
            Some(last) => self.chain.invocation(run.command).nth(last).map_or(0, |(id, _)| self.chain.compared_at(id)),
        };
        Ok(std::borrow::Cow::Owned(self.chain_at(seq)?))
    }

    fn chain_at(&self, seq: u64) -> Result<Chain, Failure> {
        Ok(Chain::fold(self.session.events(self.id)?.iter().take_while(|event| event.seq <= seq)))
    }

    fn render_for_guest(&self, run: &Run, call: &PromptCall) -> Result<Result<Given, HostError>, Failure> {
        let view = Arc::new(self.chain_as_reached(run)?.view(self.id));
        let material = self.material(&call.arguments, &mut Files::default());
        let room = self.room(self.session.tier(&call.name));
        Ok(match self.session.render(&call.name, &view, &call.arguments, material, room.budget) {
            Ok(sending) => Ok(Given::Text(sending.text())),
            Err(failure) => Err(HostError::new(ErrorCode::Invalid, failure.message)),
        })
    }

    /// A question that another part of the chain asked and a person answered is not asked again.
    fn answered_elsewhere(&self, command: EffectId, question: &Question) -> Option<Outcome> {
        let mine = |(_, effect): (EffectId, &certus_engine::Effect)| matches!(&effect.request, Request::Ask { question: asked } if asked.id == question.id);
        if self.chain.invocation(command).any(mine) {
            return None;
        }
        let status = self.chain.questions().iter().find(|status| status.question.id == question.id)?;
        let text = status.answer.clone().filter(|_| status.state == QuestionState::Answered)?;
        Some(Outcome::Answered { text, by: None })
    }

    /// One effect of a running command: from the record where it is there, performed and recorded where not.
    async fn nested(
        &mut self,
        run: &mut Run,
        mut request: Request,
    ) -> Result<Result<(EffectId, Outcome), HostError>, Failure> {
        request = match lawful(request) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error)),
        };
        if let Request::Propose { facts, .. } = &mut request {
            cite_all(&self.session.project(), facts);
        }
        let recorded = self.chain.invocation(run.command).nth(run.reached).map(|(id, effect)| (id, effect.clone()));
        let id = match recorded {
            Some((id, effect)) => {
                if !same(&effect.request, &request) {
                    let message =
                        format!("it asked for {} where it had asked for {}", request.kind(), effect.request.kind());
                    return Ok(Err(HostError::new(ErrorCode::Diverged, message)));
                }
                if let Some(outcome) = effect.outcome() {
                    run.reached += 1;
                    return Ok(as_given(id, outcome.clone()));
                }
                if effect.state == EffectState::Pending || effect.state == EffectState::Deferred {
                    self.reissue(id);
                }
                id
            }
            None => {
                if run.reached >= law::EFFECTS_PER_COMMAND {
                    let message = format!("a command may ask for {} effects", law::EFFECTS_PER_COMMAND);
                    return Ok(Err(HostError::new(ErrorCode::Limit, message)));
                }
                let proposals = |(_, effect): &(EffectId, &certus_engine::Effect)| {
                    matches!(effect.request, Request::Propose { .. })
                };
                if matches!(request, Request::Propose { .. })
                    && self.chain.invocation(run.command).filter(proposals).count() >= MOST_PROPOSALS
                {
                    let message = format!("a command may propose {MOST_PROPOSALS} times");
                    return Ok(Err(HostError::new(ErrorCode::Limit, message)));
                }
                if let Request::Ask { question } = &request
                    && let Err(refusal) = law::lawful_question(&self.chain, question)
                {
                    return Ok(Err(HostError::new(ErrorCode::Invalid, refusal.to_string())));
                }
                let basis = self.chain.version();
                self.intend(Some(run.command), request.clone(), basis, &mut Common::default())
            }
        };
        run.reached += 1;
        // What was said or proposed costs nothing and changes nothing outside: its intent and outcome share a transaction.
        let stop = match &request {
            Request::Say { text } => {
                self.note(Body::Outcome { effect: id, outcome: Outcome::Done, elapsed_ms: 0 });
                // Nothing is shown as said before it is recorded.
                let text = self.voiced(text);
                self.commit().await?;
                self.person.say(&text);
                None
            }
            Request::Propose { .. } => {
                self.note(Body::Outcome { effect: id, outcome: Outcome::Done, elapsed_ms: 0 });
                None
            }
            // What could not even be rendered has its outcome already.
            Request::Prompt { .. } if self.chain.effect(id).is_none_or(|effect| !effect.is_open()) => None,
            Request::Prompt { .. } => {
                self.commit().await?;
                let stop = self.run_prompts(&[id]).await?;
                self.compare(id).await?;
                stop
            }
            Request::Ask { question } => {
                self.commit().await?;
                let question = question.clone();
                self.ask(id, &question, (1, 1)).await?
            }
            Request::Approve { proposal } => {
                self.commit().await?;
                let proposal = proposal.clone();
                self.approve(id, &proposal).await?
            }
            _ => None,
        };
        if let Some(stop) = stop {
            run.stop = Some(stop);
            return Ok(Err(HostError::suspend()));
        }
        let outcome = self.chain.effect(id).and_then(|effect| effect.outcome().cloned());
        Ok(match outcome {
            Some(outcome) => as_given(id, outcome),
            None => Err(HostError::new(ErrorCode::Failed, "the effect has no outcome")),
        })
    }

    /// What a guest is told of a reply: the same however often the command is run again.
    fn prompt_answer(
        &self,
        run: &Run,
        effect: EffectId,
        reply: &certus_engine::Reply,
    ) -> Result<PromptAnswer, Failure> {
        let past;
        let believed = self.chain.compared_at(effect);
        let chain = if run.reached <= run.recorded && believed <= self.durable {
            past = self.chain_at(believed)?;
            &past
        } else {
            &self.chain
        };
        let blockers = chain.uncertainties().iter().filter(|uncertainty| uncertainty.is_blocker());
        let documents = reply.artifacts.iter().map(|document| Proposal {
            kind: document.kind.clone(),
            title: document.title.clone(),
            body: document.body.clone(),
        });
        Ok(PromptAnswer {
            notes: reply.notes.clone(),
            scores: reply.confidence.clone(),
            overall: chain.confidence("overall"),
            blockers: blockers.map(|uncertainty| uncertainty.area.clone()).collect(),
            documents: documents.collect(),
            next: reply.next.clone(),
        })
    }
}

fn outcome_of(ended: Result<CommandAnswer, CallError>) -> Outcome {
    use crate::clean::line;
    match ended {
        Ok(CommandAnswer::Done(summary)) => Outcome::CommandDone { summary: clean(&summary), then: None },
        Ok(CommandAnswer::Then(next)) => {
            Outcome::CommandDone { summary: String::new(), then: Some(line(&next, 4_000)) }
        }
        Ok(CommandAnswer::Failed { code, message }) => Outcome::Failed { code, message: line(&message, 500) },
        Err(error) => {
            let code = match &error.kind {
                CallErrorKind::Limit(_) => ErrorCode::Limit,
                CallErrorKind::Invalid(_) | CallErrorKind::Missing => ErrorCode::Invalid,
                _ => ErrorCode::Failed,
            };
            Outcome::Failed { code, message: line(&error.to_string(), 500) }
        }
    }
}

/// The words of a command line as its guest takes them.
fn command_call(line: &str) -> Result<CommandCall, Failure> {
    let mut words = crate::paths::words(line)?.into_iter();
    let name = words.next().unwrap_or_default().trim_start_matches('/').to_owned();
    Ok(CommandCall { name, arguments: words.collect() })
}

/// The guest's random numbers follow from the chain and the effect: a run from the start draws the same ones.
fn seed(chain: certus_engine::ChainId, effect: EffectId) -> u64 {
    let digest = certus_engine::Digest::of_parts([chain.to_string().as_bytes(), &effect.to_le_bytes()]);
    digest.as_bytes()[..8].iter().fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

fn as_given(id: EffectId, outcome: Outcome) -> Result<(EffectId, Outcome), HostError> {
    match outcome {
        Outcome::Failed { code, message } | Outcome::Unusable { code, message, .. } => {
            Err(HostError::new(code, message))
        }
        outcome => Ok((id, outcome)),
    }
}

fn diverged(what: &str) -> Outcome {
    Outcome::Failed { code: ErrorCode::Diverged, message: what.to_owned() }
}

/// Whether a request is the recorded one. Whether a quote stands in a file is the file's affair, not the command's.
fn same(recorded: &Request, request: &Request) -> bool {
    match (recorded, request) {
        (
            Request::Propose { facts: a, uncertainties: b, decisions: c },
            Request::Propose { facts: x, uncertainties: y, decisions: z },
        ) => {
            let bare = |facts: &[Discovery]| facts.iter().map(|f| (f.key.clone(), f.value.clone())).collect::<Vec<_>>();
            bare(a) == bare(x) && b == y && c == z
        }
        (Request::Prompt { name: a, arguments: b, .. }, Request::Prompt { name: x, arguments: y, .. }) => {
            a == x && b == y
        }
        (a, b) => a == b,
    }
}
