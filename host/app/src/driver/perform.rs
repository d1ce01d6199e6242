//! Performing the effects of one action, each after its intent is on disk.

use std::sync::PoisonError;
use std::time::Instant;

use certus_engine::{Body, EffectId, ErrorCode, Outcome, Proposal, ProposalStatus, Question, Request, Verdict};

use super::{Driver, Stop};
use crate::{Answers, Failure};

pub(crate) fn elapsed(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
}

impl Driver<'_> {
    /// Perform what is open. `None` means that all of it has an outcome.
    pub(crate) async fn perform_open(&mut self) -> Result<Option<Stop>, Failure> {
        self.take_given().await?;
        let open: Vec<(EffectId, Request)> =
            self.chain.open_effects().map(|(id, effect)| (id, effect.request.clone())).collect();
        let prompts: Vec<EffectId> =
            open.iter().filter(|(_, request)| request.sends().is_some()).map(|(id, _)| *id).collect();
        if !prompts.is_empty()
            && let Some(stop) = self.run_prompts(&prompts).await?
        {
            return Ok(Some(stop));
        }
        if prompts.len() < open.len() {
            // What a command reads again of the chain is what is on disk.
            self.commit().await?;
        }
        let total = open.iter().filter(|(_, request)| matches!(request, Request::Ask { .. })).count();
        let mut asked = 0;
        for (id, request) in open {
            let stop = match request {
                Request::Prompt { .. } | Request::Sample { .. } => None,
                Request::Ask { question } => {
                    asked += 1;
                    self.ask(id, &question, (asked, total)).await?
                }
                Request::Approve { proposal } => self.approve(id, &proposal).await?,
                Request::Command { line, plugin, .. } => self.run_command(id, &line, &plugin).await?,
                Request::ReadProject => self.read_project(id).await?,
                Request::Check { check, command } => match self.waits_for_files().await? {
                    None => {
                        self.check(id, check, &command).await?;
                        None
                    }
                    stop => stop,
                },
                Request::Plan { draft } => self.plan(id, &draft).await?,
                Request::ApproveEdits { draft, plan } => self.approve_edits(id, &draft, &plan).await?,
                Request::Write { draft, plan } => self.write_edits(id, &draft, plan).await?,
                Request::Undo { draft, undo } => {
                    self.undo_edits(id, &draft, undo).await?;
                    None
                }
                // Asked for inside commands only: the law names neither.
                Request::Say { .. } | Request::Propose { .. } => {
                    let message = "such an effect is not performed here".to_owned();
                    self.note(Body::Outcome {
                        effect: id,
                        outcome: Outcome::Failed { code: ErrorCode::Invalid, message },
                        elapsed_ms: 0,
                    });
                    None
                }
            };
            if stop.is_some() {
                return Ok(stop);
            }
        }
        Ok(None)
    }

    /// Record every answer that was given beforehand to a question that waits, whichever question waits first: what a
    /// person said is on disk before anything else is asked or done.
    pub(crate) async fn take_given(&mut self) -> Result<(), Failure> {
        let asked = |(id, effect): (EffectId, &certus_engine::Effect)| match &effect.request {
            Request::Ask { question } => Some((id, question.clone())),
            _ => None,
        };
        let open: Vec<(EffectId, Question)> = self.chain.waiting_for_person().filter_map(asked).collect();
        for (id, question) in open {
            if self.answers.to(&question).is_some() {
                self.ask(id, &question, (1, 1)).await?;
            }
        }
        Ok(())
    }

    /// Ask: the file of answers first, then the person; nobody means waiting.
    pub(crate) async fn ask(
        &mut self,
        id: EffectId,
        question: &Question,
        position: (usize, usize),
    ) -> Result<Option<Stop>, Failure> {
        let given = self.answers.to(question);
        if let Some(given) = &given
            && Answers::option(&question.text, &question.options, &given.text) == Some(None)
        {
            let number = crate::clean::line(&given.text, 60);
            let failure = Failure::usage(format!("`{}` has no option {number}", question.id))
                .hint(format!("correct the answer; there are {} options", question.options.len()));
            // Which questions there are is known only once a chain asks them.
            return Err(match given.from_file {
                true => failure.hint(format!(
                    "chain {0} was begun and is kept; go on with the corrected file: certus flow --continue --chain {0} --answers FILE",
                    self.id
                )),
                false => failure,
            });
        }
        let (answer, by) = match given {
            Some(given) if given.from_file => (Some(given.text), Some("answers file".to_owned())),
            Some(given) => (Some(given.text), self.session.user()),
            None => (self.person.ask(&self.asked_by(question), position).await?, self.session.user()),
        };
        let Some(text) = answer else { return Ok(Some(Stop::Waiting)) };
        let text = crate::clean::clean(&text);
        self.note(Body::Outcome { effect: id, outcome: Outcome::Answered { text, by }, elapsed_ms: 0 });
        self.commit().await?;
        Ok(None)
    }

    /// Show a proposal and take the verdict.
    pub(crate) async fn approve(&mut self, id: EffectId, proposal: &Proposal) -> Result<Option<Stop>, Failure> {
        let only_show = self.only_shows();
        let mut shown = self.proposed_by(proposal);
        let digest = proposal.digest();
        let asked_about =
            |status: &ProposalStatus| status.digest == digest && matches!(status.verdict, Some(Verdict::MoreInfo(_)));
        if !only_show && self.chain.proposals().iter().any(asked_about) {
            // Who asked for more has read it, and looks for what is new.
            shown.body = format!("Unchanged since it was shown. All of it: certus show {}", self.id);
        }
        let verdict = self.person.judge(&shown, only_show).await?;
        let Some(verdict) = verdict.filter(|_| !only_show) else {
            return Ok(Some(if only_show { Stop::Until } else { Stop::Waiting }));
        };
        let outcome = self.verdict(proposal, verdict);
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        self.commit().await?;
        Ok(None)
    }

    /// The question with the name of who asks, where that is not one of ours.
    fn asked_by(&self, question: &Question) -> Question {
        let mut shown = shown_question(question);
        if let Some(name) = &self.voice {
            shown.why = format!("(the plugin {name} asks) {}", shown.why);
        }
        shown
    }

    fn proposed_by(&self, proposal: &Proposal) -> Proposal {
        let mut shown = super::shown(proposal);
        if let Some(name) = &self.voice {
            shown.title = format!("{} (proposed by the plugin {name})", shown.title);
        }
        shown
    }

    /// The outcome of a verdict over what was shown.
    pub(crate) fn verdict(&self, proposal: &Proposal, verdict: Verdict) -> Outcome {
        Outcome::Judged { verdict, digest: proposal.digest(), by: self.session.user(), grant: None }
    }

    async fn read_project(&mut self, id: EffectId) -> Result<Option<Stop>, Failure> {
        self.listener.busy("reading the project");
        let since = Instant::now();
        let found = self.session.read_project(self.chain.goal()).await?;
        let elapsed_ms = self.session.elapsed(elapsed(since));
        self.note(Body::Outcome { effect: id, outcome: Outcome::ProjectRead(found), elapsed_ms });
        self.chain.share_facts(&mut self.session.facts.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(None)
    }
}

pub(crate) fn shown_question(question: &Question) -> Question {
    use crate::clean::{clean, line};
    Question {
        id: line(&question.id, 80),
        text: clean(&question.text),
        why: clean(&question.why),
        options: question.options.iter().map(|option| line(option, 200)).collect(),
        recommended: question.recommended.as_ref().map(|text| line(text, 200)),
        area: question.area.clone(),
    }
}
