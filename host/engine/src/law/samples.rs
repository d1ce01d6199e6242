//! Asking again what a gate hangs on: one answer does not show how far another would have differed.
//!
//! Samples follow of themselves from a reply, and not beside it: so nothing is spent on a reply that cannot be read, or that
//! scores nothing the gate wants, or whose score another reply of the same action takes the place of; and what a gate hangs
//! on is known from the reply and the methodology alone, whatever the prompt is called.

use super::upkeep::is_upkeep;
use crate::{Chain, Effect, EffectId, MOST_SAMPLES, Outcome, Request, SAMPLES};

/// How many answers to a prompt are wanted that scores what the gate of its phase wants, the believed one included: 1 to
/// [`MOST_SAMPLES`], as the methodology's setting [`SAMPLES`] has it.
pub fn samples_wanted(chain: &Chain) -> u32 {
    let settings = chain.started().map(|started| &started.methodology.settings);
    let wanted = settings.and_then(|settings| settings.get(SAMPLES)).copied().unwrap_or(1.0);
    // In range by the clamp; what is no number becomes 0 and is clamped again.
    (wanted.clamp(1.0, f64::from(MOST_SAMPLES)) as u32).max(1)
}

/// Whether the gate of the present phase goes by an area's score.
fn gate_goes_by(chain: &Chain, area: &str) -> bool {
    let wanted = |area: &str| chain.phase_definition().is_some_and(|phase| phase.gate.confidence.contains_key(area));
    // What is overall is made of every area.
    wanted(area) || wanted("overall")
}

/// The samples that follow from the replies of the controller's last action, where this provider gave them.
pub fn samples(chain: &Chain, provider: &str) -> Vec<Request> {
    if samples_wanted(chain) < 2 {
        return Vec::new();
    }
    let own = || {
        let is_sample = |effect: &Effect| matches!(effect.request, Request::Sample { .. });
        chain.effects().filter(move |(_, effect)| effect.invocation.is_none() && !is_sample(effect))
    };
    let Some((_, last)) = own().next_back() else { return Vec::new() };
    own().filter(|(_, one)| one.basis == last.basis).flat_map(|(id, _)| samples_of(chain, id, provider)).collect()
}

/// The samples that follow from one reply, if this provider gave it in the present visit and its score of something that the
/// gate goes by is the one that counts. Nothing where they were asked for before, and nothing of prompts that keep the context
/// sound: they look at the conversation, not at the work.
pub fn samples_of(chain: &Chain, first: EffectId, provider: &str) -> Vec<Request> {
    let further = samples_wanted(chain).saturating_sub(1);
    let Some(effect) = chain.effect(first).filter(|_| further > 0) else { return Vec::new() };
    let (Request::Prompt { name, version, .. }, Some(Outcome::Replied { reply, by })) =
        (&effect.request, effect.outcome())
    else {
        return Vec::new();
    };
    let here = effect.phase == chain.phase() && effect.visit == chain.visit();
    let sampled =
        || chain.effects().any(|(_, other)| matches!(other.request, Request::Sample { of, .. } if of == first));
    let counts =
        |area: &String| gate_goes_by(chain, area) && chain.parts(area).is_some_and(|parts| parts.effect == first);
    let due = here && !by.from_memo && by.provider == provider && !is_upkeep(name) && !sampled();
    if !due || !reply.confidence.keys().any(counts) {
        return Vec::new();
    }
    let one = |number| Request::Sample { of: first, number, name: name.clone(), version: version.clone() };
    (1..=further).map(one).collect()
}
