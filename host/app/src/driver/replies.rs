//! Replies that are not as they should be: whole ones whose call went wrong all the same, and those that cannot be read.

use certus_engine::{EffectId, Reply};
use certus_providers::{Answer, CallErrorKind, ProviderError, Spent};

use super::Driver;
use super::price::Settled;

/// Characters of a reply that a person is shown of one that cannot be read.
const SHOWN: usize = 160;

impl Driver<'_> {
    /// Whether every reply to an effect could be read so far: then it goes back to its writer once.
    pub(super) fn was_readable(&self, id: EffectId) -> bool {
        self.chain.effect(id).is_some_and(|effect| effect.unreadable == 0)
    }
}

impl Settled {
    /// That a reply cannot be read, and why.
    pub(super) fn unreadable(&self, prompt: &str, error: &dyn std::error::Error) -> String {
        format!("the reply to {prompt} cannot be read: {error}{}", self.remark())
    }
}

/// Why a reply cannot be read, with how it begins unless that is said already.
pub(super) fn with_beginning(why: String, text: &str) -> String {
    let line = crate::clean::line(text, SHOWN);
    if line.is_empty() || why.contains("it begins") { why } else { format!("{why}; it begins with: {line}") }
}

/// The answer of a call that went wrong only once all of the reply was there: the connection broke or fell silent, an error came
/// behind it, or the service says that it stopped it. A reply is one JSON object: when that is closed, nothing can follow, whatever
/// is said of it. What it took is an estimate as far as the service had not said.
pub(super) fn whole(error: &ProviderError) -> Option<Answer> {
    let failed = error.call()?;
    let text = failed.partial.as_ref()?;
    let object = unfenced(text.trim());
    let closed = object.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(object).is_ok();
    let reply = certus_prompts::parse_reply(text).ok().filter(|_| closed)?.reply;
    // Who declines may do so in the form that was asked for: that is no answer.
    if failed.kind == CallErrorKind::Refusal && !brings(&reply) {
        return None;
    }
    Some(Answer {
        text: text.clone(),
        usage: failed.spent.usage(),
        estimated: !matches!(failed.spent, Spent::Known(_)),
        request_id: failed.request_id.clone(),
        model: failed.model.clone(),
        confidence_from: None,
        broke_after: true,
    })
}

/// Whether there is more in a reply than words about it.
fn brings(reply: &Reply) -> bool {
    *reply != Reply { notes: reply.notes.clone(), ..Reply::default() }
}

/// Models put fences around what they write, and close them.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.and_then(|inner| inner.split_once('\n')).map_or(text, |(_, inner)| inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use certus_engine::Usage;
    use certus_providers::{CallError, Phase};

    fn failed(kind: CallErrorKind, partial: &str) -> Option<Answer> {
        let usage = Usage { input_tokens: 7, ..Usage::default() };
        whole(&ProviderError::from(CallError {
            kind,
            provider: "p".to_owned(),
            model: "m".to_owned(),
            status: None,
            said: String::new(),
            spent: Spent::Possibly(usage),
            partial: Some(partial.to_owned()),
            request_id: None,
            retry_after: None,
            should_retry: None,
        }))
    }

    #[test]
    fn only_a_reply_that_is_closed_is_whole() {
        let cut = CallErrorKind::Cut;
        for text in ["{\"notes\": \"a\"}", " {\"notes\": \"a\"}\n", "```json\n{\"notes\": \"a\"}\n```"] {
            let answer = failed(cut, text).expect("it is whole");
            assert_eq!((answer.text.as_str(), answer.usage.input_tokens, answer.estimated), (text, 7, true));
            for kind in [
                CallErrorKind::Timeout(Phase::Idle),
                CallErrorKind::Overloaded,
                CallErrorKind::Unreadable,
                CallErrorKind::Truncated,
                CallErrorKind::ContextOverflow,
            ] {
                assert!(failed(kind, text).is_some_and(|answer| answer.broke_after), "{kind:?}");
            }
        }
        // Words alone may be those of who declines.
        assert_eq!(failed(CallErrorKind::Refusal, "{\"notes\": \"I cannot help with that.\"}"), None);
        let gap = "{\"notes\": \"a\", \"gap\": {\"description\": \"nobody plans a migration\"}}";
        let next = "{\"next\": [{\"name\": \"requirements_extractor\"}]}";
        assert!([gap, next].into_iter().all(|text| failed(CallErrorKind::Refusal, text).is_some()));
        let scored = "{\"notes\": \"a\", \"confidence\": [{\"area\": \"requirements\", \"confidence\": 0.9}]}";
        assert!(failed(CallErrorKind::Refusal, scored).is_some());
        // The lenient reader would close these.
        for text in ["{\"notes\": \"a\"", "```json\n{\"notes\": \"a\"}", "Well: {\"notes\": \"a\"}", "", "[]"] {
            for kind in [cut, CallErrorKind::Truncated, CallErrorKind::Refusal] {
                assert_eq!(failed(kind, text), None, "{kind:?} {text}");
            }
        }
    }
}
