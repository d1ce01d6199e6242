//! Journeys through the binary, as a user takes them. Cases that need no code are folders under `tests/cases`.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod budget;
mod caching;
mod cases;
mod durability;
mod edits;
mod elsewhere;
mod evidence;
mod gone;
mod grants;
mod hostile;
mod journey;
mod lies;
mod model;
mod paid;
mod room;
mod samples;
mod services;
mod streams;
mod summaries;
mod support;
mod tests_first;
mod trouble;
#[cfg(unix)]
mod typed;
mod writes;
