//! A strict local imitation of model services, for tests.
//!
//! It speaks Anthropic's messages, OpenAI's chat completions, Gemini's and Ollama's own API over real connections, refuses
//! what the real services refuse, and plays a [`Script`]: which reply, in how many pieces, how slowly, and how it goes wrong.
//! Every request is logged, and whether its answer was taken to the end, so that a test can assert what really happened on
//! the wire. As a program (`fake-api SCRIPT.json`) it prints its address and serves until it is killed; the log is at
//! `GET /log` then.

mod api;
mod cache;
mod play;
mod script;
mod server;

pub use script::{Break, Fault, How, Play, Reply, Script, Step, Stop, Tokens};
pub use server::{Ended, FakeApi, Logged};
