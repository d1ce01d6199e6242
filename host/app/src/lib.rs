//! The wiring: configuration, the driver, what commands do, and what people are told when something cannot be done.
//!
//! There is no terminal here and no argument parsing: a front end hands in a [`person::Person`] and a
//! [`person::Listener`], and shows what comes back.

mod answers;
mod by_hand;
mod calibration;
pub mod clean;
pub mod clock;
mod config;
mod costs;
mod doctor;
pub mod driver;
mod error;
mod faults;
mod init;
mod keys;
mod marks;
mod material;
mod named;
mod paths;
pub mod person;
mod plugins;
mod programs;
mod provide;
mod reads;
mod report;
mod room;
mod session;
mod stack;
mod state;
mod summaries;
mod table;

pub use answers::{Answers, Given, Typed};
pub use async_trait::async_trait;
pub use by_hand::{Clipboard, Handover, Waiting};
pub use calibration::{Calibrated, CalibrationReport, worth};
pub use certus_engine as engine;
pub use certus_engine::{ChainId, Verdict};
pub use config::{Config, DEFAULT_PROVIDER, usd_micros};
pub use costs::{ChainCost, CostLine, CostReport, RemovedLine, priced};
pub use doctor::{Check, examine};
pub use error::{Failure, Kind};
pub use init::{Prepared, init};
pub use paths::{command_line, project_root, suffix};
pub use plugins::{CommandLine, PluginLine};
pub use report::{FlowReport, OpenQuestion, reserved_for};
pub use session::{DEFAULT_METHODOLOGY, PromptSummary, PromptText, Session, SessionOptions, Stored, named_answers};
pub use stack::{StackReport, Unparsed};
pub use state::{State, StatusLine};
pub use table::{BUILT_IN, Entry, Origin};

/// Read a project's stacks, without opening its chains.
///
/// # Errors
/// The project is not there, or a bundled interpreter cannot be loaded.
pub async fn read_stack(project: Option<&std::path::Path>) -> Result<StackReport, Failure> {
    let session =
        Session::open(SessionOptions { project: project.map(std::path::Path::to_owned), ..SessionOptions::default() })?;
    Ok(session.read_stack(None).await?.report)
}
