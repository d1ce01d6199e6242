//! What a person says of a chain outside of its own questions: a verdict, a correction, a command line.

use certus_engine::{Body, Chain, Digest, Grant, Request, Verdict, law};

use super::{Driver, Stop, Wider};
use crate::error::Kind;
use crate::person::EditVerdict;
use crate::{Answers, Failure};

impl Driver<'_> {
    /// Record a person's verdict on the edits, or else the proposal, that wait. `grant` says what else an approval of edits covers.
    ///
    /// # Errors
    /// None waits, the verdict does not fit, or the store failed.
    pub async fn judge_open(&mut self, verdict: Verdict, wider: Option<Wider>) -> Result<(), Failure> {
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
            return Err(Failure::usage("only an approval of edits can cover more, and no edits wait"));
        }
        let open = self.chain.waiting_for_person().find_map(|(id, effect)| match &effect.request {
            Request::Approve { proposal } => Some((id, proposal.clone())),
            _ => None,
        });
        let Some((id, proposal)) = open else {
            return Err(Failure::of(Kind::GateNotMet, format!("chain {} shows nothing to approve or reject", self.id))
                .hint(format!("go on with: certus flow --continue --chain {}", self.id)));
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
        let ruling = law::judge_correction(&self.chain, id, &text, self.session.user(), self.now())?;
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
        let open: Vec<&Request> = self.chain.open_effects().map(|(_, effect)| &effect.request).collect();
        let same = |request: &&Request| matches!(request, Request::Command { line: open, .. } if open == line);
        if open.iter().any(same) {
            return Ok(());
        }
        if !open.is_empty() {
            return Err(crate::report::waits_first(self.id, &self.chain));
        }
        if !self.project_was_read() {
            self.intend_all(vec![Request::ReadProject]);
            self.commit().await?;
            if let Some(Stop::Paused { message, .. }) = self.perform_open().await? {
                return Err(Failure::failed(message));
            }
        }
        let ruling = law::judge_command(&self.chain, line, 0, self.session.catalogue(), self.now())?;
        self.follow(ruling);
        self.commit().await
    }
}
