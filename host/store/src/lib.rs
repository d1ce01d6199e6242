//! The event log of a project, and what is projected from it.
//!
//! A chain's history is rows of one SQLite table, appended and never changed. Every append is one transaction with all
//! that follows from it (the chain's line for lists, the tables for analytics) and is on disk when it is answered;
//! appends that wait at the same time share one sync. Everything but the events can be made again from them.
//!
//! The state directory, normally `<project>/.certus`, holds `certus.db`, `contexts/` (a file per chain, for people and for
//! the day the database is lost), `locks/` (who works on a chain), `active` and `tmp/`. This crate is the only one
//! that touches it. Time comes from the caller.
//!
//! There is no deleting, and no changing of what was recorded. Beside all that, and kept by user instead of by project:
//! a cache of what interpreters said of files, of which nothing would be missed, and the ledger of a person's day.

mod batch;
mod closings;
mod contexts;
mod costs;
mod day;
mod db;
mod dir;
mod error;
mod hold;
mod ledger;
mod mark;
mod pen;
mod pieces;
mod predictions;
mod projection;
mod read;
mod recover;
mod row;
mod store;
mod summaries;
mod time;
mod writer;

pub use batch::Batch;
pub use closings::Removed;
pub use contexts::{ContextFault, DamagedContext, FoundContext, StaleContext};
pub use costs::{CachedRun, CostLine, Costs, PromptRun, Recorded, RecordedRuns, Visit};
pub use day::{DAY, DayCap};
pub use error::StoreError;
pub use hold::{Held, Hold};
pub use ledger::{Entry, Ledger};
pub use read::Found;
pub use recover::{Recovery, Restored, recover};
pub use row::{ChainRow, Status};
pub use store::{Created, Mode, Store};
pub use summaries::{CachedSummary, SummaryCache};

/// The largest event or blob that is kept, and the largest context file that is read: 64 MiB.
pub const MAX_VALUE_BYTES: u64 = 64 << 20;
