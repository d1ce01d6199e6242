//! Further answers to what a prompt asked, so that it is seen how far one answer depends on chance and on the order of what
//! was read. The law says when; here it is what is sent.
//!
//! A sample is the request of its prompt as that was: rendered anew from the chain and the files of then, and compared by its
//! digest, before the lists in it are put in another order. So whatever is compared is an answer to the same request.

use std::collections::BTreeMap;
use std::sync::Arc;

use certus_engine::{Body, Chain, Digest, EffectId, ErrorCode, Outcome, Request, View, law};
use certus_providers::one_answer;

use super::Driver;
use super::prompt::Sending;
use crate::Failure;
use crate::material::{Files, Material};

/// What a prompt was rendered from.
pub(crate) struct Asked {
    name: String,
    arguments: BTreeMap<String, String>,
    digest: Digest,
    view: Arc<View>,
    material: Material,
    /// Every uncertainty had room.
    whole: bool,
}

impl Driver<'_> {
    /// The samples that are due, where whoever answers has more than one answer.
    pub(super) fn samples_due(&self) -> Vec<Request> {
        match one_answer(self.provider.name()) {
            None => law::samples(&self.chain, self.provider.name()),
            Some(_) => Vec::new(),
        }
    }

    /// Ask for the samples that follow from one reply inside a command, and wait for them: the command goes on with what is
    /// believed then. They are not the command's own effects, so that it finds what it asked for, and nothing else, when it is
    /// run again from its start.
    pub(super) async fn compare(&mut self, first: EffectId) -> Result<(), Failure> {
        if one_answer(self.provider.name()).is_some() {
            return Ok(());
        }
        let requests = law::samples_of(&self.chain, first, self.provider.name());
        if requests.is_empty() {
            return Ok(());
        }
        self.intend_all(requests);
        self.commit().await?;
        let open: Vec<EffectId> =
            self.chain.open_effects().map(|(id, _)| id).filter(|id| self.is_sample(*id)).collect();
        // Nothing waits for a sample: it stops nobody.
        self.run_prompts(&open).await.map(drop)
    }

    /// Why whoever answers now is not asked for a sample.
    pub(super) fn not_sampled(&self, id: EffectId) -> Option<String> {
        let Request::Sample { of, .. } = self.chain.effect(id)?.request else { return None };
        if let Some(why) = one_answer(self.provider.name()) {
            return Some(why.to_owned());
        }
        let Some(Outcome::Replied { by, .. }) = self.chain.effect(of)?.outcome() else { return None };
        (by.provider != self.provider.name()).then(|| format!("{} was asked first", by.provider))
    }

    /// How many answers to a prompt are to be expected in the present phase, as far as its text says what it scores.
    pub(super) fn answers_to(&self, prompt: &str) -> f64 {
        let wanted = law::samples_wanted(&self.chain);
        if wanted < 2 || one_answer(self.provider.name()).is_some() {
            return 1.0;
        }
        let library = self.session.library();
        let (Ok(prompt), Some(phase)) = (library.get(prompt), self.chain.phase_definition()) else { return 1.0 };
        let scores = |area: &String| area == "overall" || prompt.body.contains(&format!("`{area}`"));
        let sampled = prompt.body.contains("`confidence`") && phase.gate.confidence.keys().any(scores);
        if sampled { f64::from(wanted) } else { 1.0 }
    }

    /// Whether an effect is a sample: nothing waits for one, and where it does not fit the budget, or fails, the chain goes on
    /// without it.
    pub(super) fn is_sample(&self, id: EffectId) -> bool {
        self.chain.effect(id).is_some_and(|effect| matches!(effect.request, Request::Sample { .. }))
    }

    /// What is said of an answer that nothing waits for.
    pub(super) fn without_it(&self, effect: EffectId, why: &str) -> String {
        crate::clean::clean(&format!("went on without {}: {why}", self.called(effect)))
    }

    /// The chain goes on without an answer that nothing waits for.
    pub(super) fn without(&mut self, effect: EffectId, code: ErrorCode, why: &str) {
        let message = self.without_it(effect, why);
        self.note(Body::Outcome { effect, outcome: Outcome::Failed { code, message }, elapsed_ms: 0 });
    }

    /// An effect's prompt, for people.
    pub(super) fn called(&self, id: EffectId) -> String {
        match self.chain.effect(id).map(|effect| &effect.request) {
            Some(Request::Sample { name, number, .. }) => format!("sample {number} of {name}"),
            Some(request) => request.sends().map(|(name, _)| name.to_owned()).unwrap_or_default(),
            None => String::new(),
        }
    }

    /// What is sent for a sample. `asked` keeps what its prompt was rendered from for the next one.
    ///
    /// # Errors
    /// The prompt's request can no longer be made as it was.
    pub(super) fn sample(
        &self,
        of: EffectId,
        number: u32,
        asked: &mut BTreeMap<EffectId, Asked>,
    ) -> Result<Sending, Failure> {
        let asked = match asked.entry(of) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(self.asked(of)?),
        };
        let seed = Digest::of_parts([asked.digest.as_bytes().as_slice(), &number.to_le_bytes()]);
        let view = Arc::new(View::clone(&asked.view).shuffled(seed, asked.whole));
        let sending = self.session.render(
            &asked.name,
            &view,
            &asked.arguments,
            asked.material.clone(),
            self.budget(&asked.name),
        )?;
        // The chain as it was is not in another order for that.
        Ok(Sending { view: Arc::clone(&asked.view), room: None, ..sending })
    }

    fn asked(&self, of: EffectId) -> Result<Asked, Failure> {
        let gone = || Failure::failed(format!("effect {of} is no prompt of this chain"));
        let effect = self.chain.effect(of).ok_or_else(gone)?;
        let Request::Prompt { name, arguments, .. } = &effect.request else { return Err(gone()) };
        let past = self.past(effect.basis)?;
        let view = Arc::new(past.view(self.id));
        let material = if self.provider.reads_files() {
            Material::of(&past, &self.session.project(), arguments, &mut Files::default())
        } else {
            Material::default()
        };
        let again = self.session.render(name, &view, arguments, material.clone(), self.budget(name))?;
        if again.digest != effect.digest {
            return Err(Failure::failed(format!("the files that {name} was asked about have changed since")));
        }
        let whole = again.room.is_none_or(|(_, left_out)| !left_out.contains_key("uncertainties"));
        Ok(Asked { name: name.clone(), arguments: arguments.clone(), digest: effect.digest, view, material, whole })
    }

    /// What a request of a prompt has room for.
    fn budget(&self, prompt: &str) -> certus_prompts::Budget {
        self.room(self.session.tier(prompt)).budget
    }

    /// The chain as it was at some version.
    pub(super) fn past(&self, version: u64) -> Result<Chain, Failure> {
        let events = self.session.events(self.id)?;
        Ok(Chain::fold(events.iter().take_while(|event| event.seq <= version)))
    }
}
