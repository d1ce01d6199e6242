//! Where a chain stands, and why it does not go on.

use certus_engine::{Chain, Pause};
use certus_store::Status;

use crate::driver::Stop;

/// What is said of a chain that came complete.
pub(crate) const ELSEWHERE: &str = "it was completed elsewhere, and nothing of it was verified here";

/// Nothing is in a chain's way, and nobody works on it: its process ended where it was told to, or was killed.
const READY: &str = "ready";

/// Where a chain stands that somebody works on, or nobody.
pub(crate) fn worked_on(status: &'static str, held: bool) -> &'static str {
    if held && status == READY { "running" } else { status }
}

/// Where a chain stands that nobody works on, in the words that every command has for it.
pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => READY,
        Status::WaitingPerson => "waiting",
        Status::WaitingProvider => "paused",
        Status::Finished => "complete",
        Status::GivenUp => "given-up",
    }
}

/// Why a chain stands, or why it ended.
pub(crate) fn reason(chain: &Chain) -> Option<String> {
    status(chain, None).1
}

pub(super) fn status(chain: &Chain, stop: Option<&Stop>) -> (&'static str, Option<String>) {
    let status = Status::of(chain);
    let reason = match (chain.ended(), chain.pause(), stop) {
        (Some(ended), ..) if chain.completed_elsewhere() => {
            Some(format!("{ELSEWHERE} (it said: {})", crate::clean::clean(&ended.why)))
        }
        (Some(ended), ..) => Some(crate::clean::clean(&ended.why)),
        (None, pause, Some(Stop::Refused { law, detail })) if pause.is_none_or(Pause::is_of_chain) => {
            return ("refused", Some(format!("{law}: {detail}")));
        }
        (None, Some(pause), _) => Some(pause.message.clone()),
        (None, None, _) => None,
    };
    (status_name(status), reason)
}
