//! An answer while it arrives, and the verdict when no more comes.

use certus_engine::Usage;

use super::Problem;
use crate::secret::{Redactor, Veil};
use crate::{Answer, CallError, CallErrorKind, Progress, Request, Spent, estimated_tokens};

/// Bytes of an answer's text: more than any model writes, and what can be kept, read and planned several times over.
pub(super) const MOST_TEXT: usize = 16 << 20;

/// How much of what a call took the service has said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reported {
    /// Nothing.
    #[default]
    Nothing,
    /// What came in, but not yet all that went out.
    Partly,
    /// All.
    Fully,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It had said everything.
    Complete,
    /// It is not complete, or no answer.
    Failed(CallErrorKind, String),
}

/// An answer while it arrives.
pub(crate) struct Incoming<'a> {
    pub(crate) text: String,
    /// What the service reported; counts that it repeats are replaced, not added.
    pub(crate) usage: Usage,
    pub(crate) reported: Reported,
    pub(crate) end: Option<End>,
    /// The model that answers, as the service names it.
    pub(crate) model: Option<String>,
    /// Events that were understood.
    pub(crate) events: u64,
    request_id: Option<String>,
    /// The head of a good response is there.
    begun: bool,
    /// More text came than is kept.
    too_long: bool,
    /// The body ended as bodies do: not by a broken connection.
    ended_well: bool,
    /// The service is known to leave its last event out.
    lenient: bool,
    progress: &'a dyn Progress,
    redactor: &'a Redactor,
    shown: Veil<'a>,
    input_estimate: u64,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(request: &Request, progress: &'a dyn Progress, redactor: &'a Redactor) -> Self {
        Self {
            text: String::new(),
            usage: Usage::default(),
            reported: Reported::Nothing,
            end: None,
            model: None,
            events: 0,
            request_id: None,
            begun: false,
            too_long: false,
            ended_well: false,
            lenient: false,
            progress,
            redactor,
            shown: Veil::new(redactor),
            input_estimate: request.estimated_tokens(),
        }
    }

    pub(crate) fn begin(&mut self, request_id: Option<String>) {
        self.begun = true;
        self.request_id = request_id;
    }

    /// The body came to its end. `explicit` when it said so itself; `lenient` where that may stand for the last event.
    pub(crate) fn ended(&mut self, explicit: bool, lenient: bool) {
        self.ended_well = explicit;
        self.lenient = lenient;
    }

    /// More text.
    pub(crate) fn push(&mut self, delta: &str) {
        self.too_long |= self.text.len().saturating_add(delta.len()) > MOST_TEXT;
        // What follows is read for what the call took, which stands at its end.
        if !delta.is_empty() && !self.too_long {
            self.text.push_str(delta);
            let shown = self.shown.more(delta);
            self.show(&shown);
        }
    }

    fn show(&self, text: &str) {
        if !text.is_empty() {
            self.progress.text(text);
        }
    }

    pub(crate) fn reported(&mut self, reported: Reported) {
        if reported == Reported::Partly && self.reported == Reported::Nothing && self.usage.input_tokens > 0 {
            self.progress.took(&self.redactor.said(self.model.as_deref().unwrap_or_default()), self.usage);
        }
        self.reported = self.reported.max(reported);
    }

    /// An answer, or by name why there is none; never without what had arrived and what it cost.
    pub(crate) fn finish(
        mut self,
        outcome: Result<(), Problem>,
        provider: &str,
        model: &str,
    ) -> Result<Answer, Box<CallError>> {
        let rest = self.shown.rest();
        self.show(&rest);
        let redactor = self.redactor;
        let broke_after = outcome.is_err();
        let problem = match outcome {
            // Everything that counts was there before it went wrong: the text and why it ends. What is whole is paid for,
            // whatever comes behind it; why there is no answer may be said better by what came last.
            Err(problem) if broke(problem.kind) && self.end.is_some() => self.verdict(),
            Err(problem) if self.end == Some(End::Complete) => self.verdict().map(|_| problem),
            Err(problem) => Some(problem),
            Ok(()) => self.verdict(),
        };
        let model = self.model.take().map_or_else(|| model.to_owned(), |name| redactor.said(&name));
        let text = redactor.redact(std::mem::take(&mut self.text));
        let request_id = self.request_id.take().map(|id| redactor.said(&id));
        let Some(problem) = problem else {
            let estimated = self.reported < Reported::Fully;
            return Ok(Answer {
                usage: self.usage_with_estimates(&text),
                text,
                estimated,
                request_id,
                model,
                confidence_from: None,
                broke_after,
            });
        };
        let billed = self.begun || problem.kind.may_bill() || sent(problem.kind);
        // No model read anything then; what a service says that it took for an answer is another matter.
        let free = self.usage == Usage::default() && text.is_empty() && problem.kind.turns_away();
        let spent = match (self.reported, billed) {
            (Reported::Fully, _) if free => Spent::Nothing,
            (Reported::Fully, _) => Spent::Known(self.usage),
            (_, true) => Spent::Possibly(self.usage_with_estimates(&text)),
            (_, false) => Spent::Nothing,
        };
        let mut error = problem.into_error(provider, &model, redactor);
        error.spent = spent;
        error.partial = (!text.is_empty()).then_some(text);
        error.request_id = error.request_id.or(request_id);
        Err(Box::new(error))
    }

    /// What is wrong with an answer whose connection did not fail.
    fn verdict(&mut self) -> Option<Problem> {
        let end = self.end.take();
        if self.too_long && !matches!(end, Some(End::Failed(..))) {
            return Some(too_long());
        }
        match end {
            Some(End::Complete) if !self.text.trim().is_empty() => None,
            Some(End::Complete) => Some(Problem::new(CallErrorKind::Unreadable, "the answer is empty")),
            Some(End::Failed(kind, said)) => Some(Problem::new(kind, &said)),
            // Some services leave the last event out. The end of the body is a sign as good where it is explicit.
            None if self.ended_well && self.lenient && !self.text.trim().is_empty() => None,
            None if self.events == 0 && self.ended_well => {
                Some(Problem::new(CallErrorKind::Unreadable, "there is no event in it"))
            }
            None => Some(Problem::new(CallErrorKind::Cut, "")),
        }
    }

    /// What was reported, with estimates in the place of what was not.
    fn usage_with_estimates(&self, text: &str) -> Usage {
        let mut usage = self.usage;
        if self.reported == Reported::Nothing {
            usage.input_tokens = self.input_estimate;
        }
        if self.reported < Reported::Fully {
            usage.output_tokens = usage.output_tokens.max(estimated_tokens(text));
        }
        usage
    }
}

/// More came than can be kept.
pub(super) fn too_long() -> Problem {
    Problem::new(CallErrorKind::Unreadable, &format!("the answer is longer than {} MiB", MOST_TEXT >> 20))
}

/// The connection or the time ended, and nothing else is wrong.
fn broke(kind: CallErrorKind) -> bool {
    matches!(kind, CallErrorKind::Cut | CallErrorKind::Timeout(_))
}

fn sent(kind: CallErrorKind) -> bool {
    matches!(kind, CallErrorKind::Connection { sent: true })
}
