//! What leads on from where a chain stands, as a command line; and what waits for a verdict, as it is named on one.

use certus_engine::{Cap, Chain, ChainId, Digest, Pause, QuestionState, Request};

use super::{OpenQuestion, questions_in, undecided};
use crate::error::{Failure, Kind, kind_of_pause};
use crate::paths::quoted;

/// What stands in the place of an answer in a command line that is shown. As an answer it says nothing.
pub(crate) const YOUR_ANSWER: &str = "your answer";

/// Why nothing else can be begun in a chain: what it waits for, by name, and the command line that deals with it.
pub(crate) fn waits_first(id: ChainId, chain: &Chain) -> Failure {
    let questions = questions_in(chain, QuestionState::Asked);
    let shown = chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
        Request::Approve { proposal } => Some(format!("“{}”", crate::clean::line(&proposal.title, 120))),
        Request::ApproveEdits { draft, .. } => Some(format!("the edits of {draft} (certus diff shows them)")),
        _ => None,
    });
    let what = match (questions.as_slice(), &shown) {
        ([only], _) => format!("the answer to `{}`: {}", only.id, crate::clean::line(&only.text, 300)),
        ([first, rest @ ..], _) => {
            let others: Vec<String> = rest.iter().map(|question| format!("`{}`", question.id)).collect();
            let text = crate::clean::line(&first.text, 300);
            format!("the answers to `{}`, {}: {text}", first.id, others.join(", "))
        }
        ([], Some(title)) => format!("your verdict on {title}"),
        ([], None) => "what was begun before it".to_owned(),
    };
    let failure = match chain.pause().filter(|_| questions.is_empty() && shown.is_none()) {
        // What a chain stopped at is what stops this too, and ends with the same status.
        Some(pause) => {
            let kind = if chain.provider() == "manual" { Kind::Waiting } else { kind_of_pause(pause.code) };
            let why = crate::clean::line(&pause.message, 300);
            Failure::of(kind, format!("nothing else can be begun in chain {id} yet: {why}"))
        }
        None => Failure::of(Kind::Waiting, format!("chain {id} waits first for {what}")),
    };
    match next(id, chain, &questions, &[], shown.is_some(), "") {
        Some(next) => failure.hint(next),
        None => failure,
    }
}

/// The command line that leads on from where a chain stands; absent where it is complete.
pub(crate) fn leads_on(id: ChainId, chain: &Chain) -> Option<String> {
    next_line(id, chain, "").map(|line| format!("go on with: {line}"))
}

/// The same line alone, with what it needs besides.
pub(crate) fn next_line(id: ChainId, chain: &Chain, suffix: &str) -> Option<String> {
    let questions = questions_in(chain, QuestionState::Asked);
    let approves = |request: &Request| matches!(request, Request::Approve { .. } | Request::ApproveEdits { .. });
    let approval = chain.waiting_for_person().any(|(_, effect)| approves(&effect.request));
    let undecided = if approval || !questions.is_empty() { Vec::new() } else { undecided(chain) };
    next(id, chain, &questions, &undecided, approval, suffix)
}

pub(super) fn next(
    id: ChainId,
    chain: &Chain,
    questions: &[OpenQuestion],
    undecided: &[OpenQuestion],
    approval: bool,
    suffix: &str,
) -> Option<String> {
    let said = |question: &OpenQuestion, provider: &str| {
        let answer = question.recommended.as_deref().unwrap_or(YOUR_ANSWER);
        let (question, answer) = (quoted(&question.id), quoted(answer));
        format!("certus answer --chain {id} {question} {answer}{provider}{suffix}")
    };
    let provider = named(chain.provider());
    if let Some(ended) = chain.ended() {
        // What a person can say takes nobody else.
        if let Some(question) = undecided.first().filter(|_| !ended.success) {
            return Some(said(question, &provider));
        }
        // Rules that gave up before a gate come to the same end again.
        let rules = chain.provider() == "offline" && !chain.lacks().is_empty();
        let provider = if rules { " --provider manual".to_owned() } else { named(chain.provider()) };
        return (!ended.success || chain.completed_elsewhere())
            .then(|| format!("certus flow --continue --chain {id}{provider}{suffix}"));
    }
    if let Some(question) = questions.first() {
        return Some(said(question, &provider));
    }
    if approval {
        // Whoever follows it approves what they were shown, and nothing that took its place meanwhile.
        let shown = waiting(chain).map(|(_, digest)| format!(" {}", &digest.to_string()[..SHOWN])).unwrap_or_default();
        return Some(format!("certus approve --chain {id}{shown}{provider}{suffix}"));
    }
    if let Some(draft) = certus_engine::law::standstill(chain).and_then(|still| still.draft) {
        return Some(format!("certus undo {draft} --chain {id}{suffix}"));
    }
    // What rules wait for is a model, or another answer; whoever else is waited for answers when they can. A check waits for
    // neither.
    let is_check = |pause: &Pause| {
        chain.effect(pause.effect).is_some_and(|effect| matches!(effect.request, Request::Check { .. }))
    };
    let waits = chain.pause().is_some_and(|pause| !pause.is_of_chain() && !is_check(pause));
    if let Some(question) = undecided.first().filter(|_| !waits || chain.provider() == "offline") {
        return Some(said(question, &provider));
    }
    let provider = match chain.provider() {
        "offline" if waits => " --provider manual".to_owned(),
        _ => provider,
    };
    let raised = chain.pause().and_then(|pause| pause.enough).map(raised).unwrap_or_default();
    Some(format!("certus flow --continue --chain {id}{provider}{raised}{suffix}"))
}

/// Characters of a digest by which a command line names what was shown.
const SHOWN: usize = 8;

/// What waits for a verdict, in the order in which it is judged: the draft, if it is one, and the digest of what was shown.
pub(crate) fn waiting(chain: &Chain) -> Option<(Option<&str>, Digest)> {
    let edits = chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
        Request::ApproveEdits { draft, plan } => Some((Some(draft.as_str()), plan.digest)),
        _ => None,
    });
    edits.or_else(|| {
        chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
            Request::Approve { proposal } => Some((None, proposal.digest())),
            _ => None,
        })
    })
}

/// Whether this is what waits: named by its draft, or by the beginning of the digest of what was shown.
pub(crate) fn is_meant(chain: &Chain, named: &str) -> bool {
    waiting(chain).is_some_and(|(draft, digest)| {
        let named = named.trim();
        draft == Some(named) || (named.len() >= SHOWN && digest.to_string().starts_with(&named.to_lowercase()))
    })
}

/// The option that has the same provider go on; nothing where that needs none, because neither sends anything anywhere.
pub(crate) fn named(provider: &str) -> String {
    match provider {
        "offline" | "manual" => String::new(),
        other => format!(" --provider {}", quoted(other)),
    }
}

/// A cap with room to spare, as flags: twice what is needed at least, so that it is not asked for at every call.
fn raised(enough: Cap) -> String {
    let usd = enough.usd_micros.map(|usd| format!(" --max-usd {:.2}", (usd as f64 * 2.0 / 1e4).ceil() / 1e2));
    let tokens = enough.tokens.map(|tokens| format!(" --max-tokens {}", tokens.saturating_mul(2)));
    usd.into_iter().chain(tokens).collect()
}

#[cfg(test)]
mod tests {
    use certus_engine::{Body, Chain, Event};

    use super::leads_on;

    #[test]
    fn whoever_goes_on_asks_the_same_provider() {
        let chosen = |provider: &str, ended: bool| {
            let chosen = Body::ProviderChosen { provider: provider.to_owned() };
            let ended = ended.then(|| Body::Ended { success: false, why: "no way".to_owned() });
            let bodies = std::iter::once(chosen).chain(ended);
            let events: Vec<Event> = (1..).zip(bodies).map(|(seq, body)| Event { seq, at: 0, body }).collect();
            leads_on(certus_engine::ChainId(1), &Chain::fold(&events)).expect("it is not complete")
        };
        for ended in [true, false] {
            assert_eq!(
                chosen("openai:x y", ended),
                "go on with: certus flow --continue --chain 001 --provider 'openai:x y'"
            );
            assert_eq!(chosen("manual", ended), "go on with: certus flow --continue --chain 001");
        }
    }
}
