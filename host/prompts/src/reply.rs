//! What a model, or a person with a chat window, answered: text in, a bounded and clean [`Reply`] out.
//!
//! Tolerant in form, strict in size. The JSON may stand alone, in a fence or in prose, with comments, trailing commas, typographic
//! quotes or a missing end; values may come in the shapes that people and models use. What was repaired is told, because
//! a repaired reply deserves a second look. Nothing here believes anything: quotes are looked up elsewhere.

mod convert;
mod documents;
mod find;
mod lenient;
mod schema;
mod values;

use certus_engine::Reply;

pub use schema::envelope_schema;

use crate::clean;

/// Bytes that a reply's text may have: the edits that one may carry, as JSON, and as much again.
pub const REPLY_LIMIT: usize = 8 * 1024 * 1024;
/// Arrays and objects inside one another.
pub(crate) const DEPTH: usize = 64;
/// Lists with too many entries that are named.
const EXCEEDED: usize = 8;
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
    #[error("the reply has {0} bytes, more than 8 MiB")]
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
    /// It ends in the middle: what is missing may be anything, a question that should have been asked among it.
    #[error("the reply breaks off before its end: all of it is needed")]
    CutOff,
    /// Lists in it with more entries than are taken of one reply. What is beyond the bound is not left out: it may be what was
    /// decided, or what must be asked.
    #[error("the reply says too much at once: {}; put together what belongs together", .0.join("; "))]
    TooMuch(Vec<String>),
    /// Edits in it that cannot be taken exactly as they were meant. Without them the rest would claim work that is not there.
    #[error("the edits in the reply cannot be used: {why}")]
    Edits {
        /// What is wrong, cleaned.
        why: String,
    },
}

/// Understand a reply.
///
/// # Errors
/// It is too long or cut off, there is no envelope in it, a list in it has too many entries, or it has edits that cannot be read
/// exactly.
pub fn parse_reply(text: &str) -> Result<Parsed, ReplyError> {
    if text.len() > REPLY_LIMIT {
        return Err(ReplyError::TooLong(text.len()));
    }
    let mut repairs = Repairs::default();
    let Some(found) = find::find(text) else {
        return Err(ReplyError::Unrecognised { begins: clean::line(text, 200) });
    };
    if found.broken {
        return Err(ReplyError::CutOff);
    }
    for repair in found.repairs {
        repairs.note(repair);
    }
    let mut reply = convert::reply(&found.object, &mut repairs);
    if found.guessed && reply.artifacts.iter().any(|document| !document.edits.is_empty()) {
        repairs.refuse("the JSON around them is damaged, so that their text may not be what was meant".to_owned());
    }
    if let Some(why) = repairs.refused {
        return Err(ReplyError::Edits { why });
    }
    if !repairs.exceeded.is_empty() {
        return Err(ReplyError::TooMuch(repairs.exceeded));
    }
    if !found.around.is_empty() {
        repairs.note("text around the JSON was put into the notes".to_owned());
        let around = values::text(&found.around, "notes", &mut repairs);
        reply.notes = if reply.notes.is_empty() { around } else { format!("{around}\n\n{}", reply.notes) };
        reply.notes = values::text(&reply.notes, "notes", &mut repairs);
    }
    Ok(Parsed { reply, repaired: repairs.told })
}

/// What was repaired, without repetition, and why the reply cannot be used at all.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    told: Vec<String>,
    refused: Option<String>,
    exceeded: Vec<String>,
}

impl Repairs {
    pub(crate) fn note(&mut self, what: String) {
        if self.told.len() < REPAIRS && !self.told.contains(&what) {
            self.told.push(what);
        }
    }

    /// That a list has too many entries. More than a few of those say nothing new.
    pub(crate) fn exceed(&mut self, what: String) {
        if self.exceeded.len() < EXCEEDED && !self.exceeded.contains(&what) {
            self.exceeded.push(what);
        }
    }

    /// The first reason counts.
    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }
}

#[cfg(test)]
mod tests;
