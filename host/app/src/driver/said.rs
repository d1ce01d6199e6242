//! What a person says of a chain outside of its own questions: a verdict, a correction, a command line.

use certus_engine::{
    Action, Body, Chain, Digest, Effect, EffectId, EffectState, ErrorCode, Grant, Law, Outcome, Refusal, Request,
    Ruling, Verdict, law,
};

use super::{Driver, Stop, Wider};
use crate::error::Kind;
use crate::person::EditVerdict;
use crate::{Answers, Failure};

impl Driver<'_> {
    /// Record a person's verdict on the edits, or else the proposal, that wait. `wider` says what else an approval of edits
    /// covers; `shown` what the person saw, by its draft or the beginning of its digest.
    ///
    /// # Errors
    /// None waits, or another than was shown; the verdict does not fit, or the store failed.
    pub async fn judge_open(
        &mut self,
        verdict: Verdict,
        wider: Option<Wider>,
        shown: Option<&str>,
    ) -> Result<(), Failure> {
        if let Some(shown) = shown.filter(|shown| !crate::report::is_meant(&self.chain, shown))
            && crate::report::waiting(&self.chain).is_some()
        {
            let shown = crate::clean::line(shown, 70);
            return Err(Failure::of(Kind::Waiting, format!("what waits now is not {shown}: nothing was approved"))
                .hint(format!("look at what waits: {}", crate::report::FlowReport::again(self.id, &self.chain))));
        }
        let edits = self.chain.waiting_for_person().find_map(|(id, effect)| match &effect.request {
            Request::ApproveEdits { plan, .. } => Some((id, plan.clone())),
            _ => None,
        });
        if let Some((id, plan)) = edits {
            let verdict = match verdict {
                Verdict::Approved => EditVerdict::Approved(wider.map(|wider| match wider {
                    Wider::Files => Grant::Files(plan.files.iter().map(|file| file.path.clone()).collect()),
                    Wider::Chain => Grant::Chain,
                })),
                Verdict::Rejected(why) => EditVerdict::Refused(why),
                Verdict::MoreInfo(_) => {
                    return Err(Failure::usage("edits wait for a yes or a no, nobody can tell more about them")
                        .hint("see them: certus diff")
                        .hint("refuse them with what you would want instead: certus reject --why \"…\""));
                }
            };
            let outcome = self.edits_judged(&plan, verdict)?;
            self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
            return self.commit().await;
        }
        if wider.is_some() {
            return Err(Failure::usage("only an approval of edits can cover more, and no edits wait")
                .hint(format!("see what waits: certus show {}", self.id)));
        }
        let open = self.chain.waiting_for_person().find_map(|(id, effect)| match &effect.request {
            Request::Approve { proposal } => Some((id, proposal.clone())),
            _ => None,
        });
        let Some((id, proposal)) = open else {
            let nothing = format!("chain {} shows nothing to approve or reject", self.id);
            return Err(
                Failure::of(Kind::GateNotMet, nothing).hint_if_none(|| crate::report::leads_on(self.id, &self.chain))
            );
        };
        let outcome = self.verdict(&proposal, verdict);
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        self.commit().await
    }

    /// Answer anew what was answered before, and say which approval falls with the answer before.
    ///
    /// # Errors
    /// Nothing was answered under that id, the answer is no other, the chain is complete, or the store failed.
    pub async fn correct(&mut self, id: &str, text: &str) -> Result<(), Failure> {
        let status = self.chain.questions().iter().find(|status| status.question.id == id);
        let text = status.map_or(text, |status| Answers::meant(&status.question, text)).trim();
        let text = crate::clean::clean(text);
        let approved = |chain: &Chain| -> Vec<Digest> {
            let proposals = chain.proposals().iter();
            proposals.filter(|one| one.verdict == Some(Verdict::Approved)).map(|one| one.digest).collect()
        };
        let before = approved(&self.chain);
        let judged = law::judge_correction(&self.chain, id, &text, self.session.user(), self.now());
        let ruling = judged
            .map_err(|refusal| Failure::from(refusal).hint_if_none(|| crate::report::leads_on(self.id, &self.chain)))?;
        self.follow(ruling);
        self.commit().await?;
        let after = approved(&self.chain);
        for status in self.chain.proposals().iter().filter(|status| before.contains(&status.digest)) {
            if !after.contains(&status.digest) {
                let title = crate::clean::line(&status.proposal.title, 120);
                self.person.say(&format!("No longer approved: “{title}”, because the answer to {id} was corrected."));
            }
        }
        Ok(())
    }

    /// Take up a chain that was given up, because a person says so; any other chain is left as it is.
    pub fn take_up(&mut self) {
        if let Ok(ruling) = law::judge_reopening(&self.chain) {
            self.follow(ruling);
            // What made it give up may have been put right since: a command that was missing, a file.
            if !self.only_command {
                self.intend_all(vec![Request::ReadProject]);
            }
        }
    }

    /// Answers given beforehand that no question asked for.
    pub fn answers_not_asked(&self) -> Vec<String> {
        self.answers.not_asked(&self.chain)
    }

    /// Begin a command line that a person typed; driving then ends with it.
    ///
    /// # Errors
    /// The law refuses it, or the store failed.
    pub async fn run_line(&mut self, line: &str) -> Result<(), Failure> {
        self.only_command = true;
        if self.session.catalogue().command(line).is_none() {
            return Err(self.session.unknown_command(line));
        }
        let at_rest = self.chain.open_effects().next().is_none();
        let open: Vec<&Request> = self.chain.open_effects().map(|(_, effect)| &effect.request).collect();
        let same = |request: &&Request| matches!(request, Request::Command { line: open, .. } if open == line);
        if open.iter().any(same) {
            return Ok(());
        }
        // Words that nobody can take apart begin nothing.
        crate::paths::words(line).map_err(|failure| failure.hint("close it, or put the whole line in quotes"))?;
        if !open.is_empty() && !self.takes_the_place(line) {
            return Err(crate::report::waits_first(self.id, &self.chain));
        }
        if self.judge_tree(&Action::RunCommand(line.to_owned()))?.is_some() {
            let changed = "the gate is shut: files were changed since they were checked";
            return Err(Failure::of(Kind::GateNotMet, changed)
                .hint(format!("check them again: {}", crate::report::FlowReport::again(self.id, &self.chain))));
        }
        // On disk only together with what follows: a refusal leaves the chain as it was.
        self.take_up();
        self.judge_line(line)?;
        if at_rest && !self.project_was_read() {
            self.intend_all(vec![Request::ReadProject]);
            self.commit().await?;
            let stop = self.perform_open().await?;
            self.commit().await?;
            if let Some(Stop::Paused { message, .. }) = stop {
                return Err(Failure::failed(message));
            }
        }
        let ruling = self.judge_line(line)?;
        let waiting: Vec<EffectId> = self.chain.open_effects().map(|(effect, _)| effect).collect();
        for effect in waiting {
            let message = format!("{} took its place", crate::clean::line(line, 80));
            let outcome = Outcome::Failed { code: ErrorCode::Cancelled, message };
            self.note(Body::Outcome { effect, outcome, elapsed_ms: 0 });
        }
        self.follow(ruling);
        self.commit().await
    }

    /// Whether all that is open are prompts that nobody answers now, in the one phase that the command is for: what the command
    /// does is what they were for.
    fn takes_the_place(&self, line: &str) -> bool {
        let here = |phases: Vec<String>| phases.iter().map(String::as_str).eq([self.chain.phase()]);
        let waits = |effect: &Effect| effect.request.sends().is_some() && effect.state == EffectState::Deferred;
        self.session.catalogue().command(line).is_some_and(|command| here(command.phases))
            && self.chain.open_effects().all(|(_, effect)| waits(effect))
    }

    fn judge_line(&self, line: &str) -> Result<Ruling, Failure> {
        let judged = law::judge_command(&self.chain, line, 0, self.session.catalogue(), self.now());
        judged.map_err(|refusal| self.refused_line(refusal))
    }

    /// Why a command line cannot run as the chain stands, and the command line that leads on.
    fn refused_line(&self, refusal: Refusal) -> Failure {
        let id = self.id;
        let lacks = || self.chain.lacks().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        match refusal.law {
            Law::ChainEnded => Failure::failed(format!("chain {id} is complete"))
                .hint("start another one: certus flow \"what you want\"")
                .hint(format!("or take back what it wrote: certus undo --chain {id}")),
            Law::GateNotMet => Failure::of(Kind::GateNotMet, format!("the gate is shut: {}", refusal.detail)),
            // The phases that lead there have gates of their own.
            Law::CommandOutOfPhase => {
                let missing = lacks();
                let missing = if missing.is_empty() { missing } else { format!(": {missing}") };
                Failure::of(Kind::GateNotMet, format!("{}{missing}", refusal.detail))
            }
            _ => Failure::from(refusal),
        }
        .hint_if_none(|| crate::report::leads_on(id, &self.chain))
    }
}
