//! Guests of every kind of ill will, and what becomes of their calls.
//!
//! Simple guests are written here, in WAT: one core module each, made a component of the contract's worlds. The rest is
//! `tests/guests/hostile`, built by `cargo xtask plugins`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cache;
mod commands;
mod hostile;
mod index;
mod load;
mod machines;
mod ports;
mod support;
mod traps;
mod wasi;
