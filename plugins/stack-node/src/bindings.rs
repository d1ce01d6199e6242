//! The contract's types, as the SDK names them.

pub use certus_sdk::stack::{Commands, File, Finding, Framework, Model, Report, Route, Stack, Summary};
pub use certus_sdk::{Place, StackInterpreter};
