//! What a model, or a person with a chat window, answered: text in, a bounded and clean [`Reply`] out.
//!
//! Tolerant in form, strict in size. The JSON may stand alone, in a fence or in prose, with comments, trailing commas, typographic
//! quotes or a missing end; values may come in the shapes that people and models use. What was repaired is told, because
//! a repaired reply deserves a second look. Nothing here believes anything: quotes are looked up elsewhere.

mod convert;
mod find;
mod lenient;
mod schema;
mod values;

use certus_engine::Reply;

pub use schema::envelope_schema;

use crate::clean;

/// Bytes that a reply's text may have.
pub const REPLY_LIMIT: usize = 1024 * 1024;
/// Arrays and objects inside one another.
pub(crate) const DEPTH: usize = 64;
/// Repairs that are told one by one.
const REPAIRS: usize = 64;

/// A reply that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Bounded and cleaned. `cited` is never set: that is for whoever looks the quotes up.
    pub reply: Reply,
    /// What was not in the form that was asked for, each in a sentence for people; empty for a reply as it should be.
    pub repaired: Vec<String>,
}

/// A reply that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// More than [`REPLY_LIMIT`] bytes.
    #[error("the reply has {0} bytes, more than 1 MiB")]
    TooLong(usize),
    /// No envelope in it.
    #[error(
        "the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, \
         confidence, questions, decisions, gap, next, artifacts; it begins with: {begins}"
    )]
    Unrecognised {
        /// The first 200 characters, cleaned, on one line.
        begins: String,
    },
}

/// Understand a reply.
///
/// # Errors
/// It is too long, or there is no envelope in it.
pub fn parse_reply(text: &str) -> Result<Parsed, ReplyError> {
    if text.len() > REPLY_LIMIT {
        return Err(ReplyError::TooLong(text.len()));
    }
    let mut repairs = Repairs::default();
    let Some(found) = find::find(text) else {
        return Err(ReplyError::Unrecognised { begins: clean::line(text, 200) });
    };
    for repair in found.repairs {
        repairs.note(repair);
    }
    let mut reply = convert::reply(&found.object, &mut repairs);
    if !found.around.is_empty() {
        repairs.note("text around the JSON was put into the notes".to_owned());
        let around = values::text(&found.around, "notes", &mut repairs);
        reply.notes = if reply.notes.is_empty() { around } else { format!("{around}\n\n{}", reply.notes) };
        reply.notes = values::text(&reply.notes, "notes", &mut repairs);
    }
    Ok(Parsed { reply, repaired: repairs.0 })
}

/// What was repaired, without repetition.
#[derive(Debug, Default)]
pub(crate) struct Repairs(Vec<String>);

impl Repairs {
    pub(crate) fn note(&mut self, what: String) {
        if self.0.len() < REPAIRS && !self.0.contains(&what) {
            self.0.push(what);
        }
    }
}

#[cfg(test)]
mod tests;
