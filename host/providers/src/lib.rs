//! What answers prompts, behind one port.
//!
//! | provider | who answers |
//! |---|---|
//! | [`Offline`] | rules over the goal's wording and what the interpreters found: no model, no network |
//! | [`Replay`] | recorded exchanges, exact |
//! | [`Manual`] | a person with a chat window |
//!
//! A provider is handed the rendered request and a view of the chain. It opens no file and no connection of its own
//! accord: bytes of a recording and pasted replies are handed in. What it gives back is the raw text of a reply; whoever
//! asked parses it, bounds it and looks its quotes up, whoever wrote it.

mod manual;
mod offline;
mod port;
mod replay;

pub use manual::{MAX_PASTED, Manual, PasteError, ReplySource, SourceError, check_pasted, prompt_document};
pub use offline::{Offline, uncited_sentences};
pub use port::{Answer, Provider, ProviderError, Request, Tier};
pub use replay::{Recorded, Replay, ReplayLimits, record_line};
