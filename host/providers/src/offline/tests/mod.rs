//! The offline provider as a whole: what it asks, what it does not ask, how sure it is, what it writes.

mod fixture;
mod honesty;
mod known;
mod laws;
mod less;
mod overreach;
mod places;
mod projects;
mod prompts;
mod questions;
mod silence;
mod solutions;
mod stated;
mod there;
mod tickets;
mod topics;
