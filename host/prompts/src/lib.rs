//! The prompt library: prompts as files, what is sent for one, and what an answer to one means.
//!
//! A [`Prompt`] is Markdown with front matter; a [`Library`] finds one by its exact name in layers; [`render()`] makes the
//! text that is sent out of a prompt and a [`View`](certus_engine::View) of the chain; [`parse_reply`] makes a
//! [`Reply`](certus_engine::Reply) out of whatever came back. There is no file, no network and no clock here: files are
//! handed in as text, and equal inputs give equal text on every machine.
//!
//! All text is hostile until shown otherwise. What comes from a project, a person or a model stands between fence marks
//! that it cannot write; a prompt's body speaks a language in which values cannot grow; a reply is bounded and cleaned
//! before anything reads it.

mod clean;
mod fence;
mod format;
mod library;
mod lint;
mod nearest;
mod passages;
mod render;
mod reply;
mod search;
mod template;

pub use clean::{clean, line};
pub use format::{Argument, Cost, FILE_LIMIT, Layer, Model, Problem, Prompt, PromptError};
pub use library::{Library, Listed, UnknownPrompt, UseError};
pub use lint::{Lint, lint};
pub use render::{Budget, Extra, FileText, LeftOut, Note, PromptLine, RenderError, Rendered, render, words};
pub use reply::{Parsed, REPLY_LIMIT, ReplyError, envelope_schema, parse_reply};
pub use search::Hit;
