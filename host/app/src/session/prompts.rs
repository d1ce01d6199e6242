//! A project's prompts: listed, shown, and rendered for a chain.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use certus_engine::{ChainId, View};
use certus_prompts::{Argument, Budget, Cost, Extra, Library, Listed, Model, UseError};
use certus_providers::Tier;
use serde::Serialize;

use super::Session;
use crate::Failure;
use crate::by_hand::Handover;
use crate::driver::Sending;
use crate::material::{Files, Material};

impl Session {
    pub(crate) fn render(
        &self,
        name: &str,
        view: &Arc<View>,
        arguments: &BTreeMap<String, String>,
        material: Material,
        budget: Budget,
    ) -> Result<Sending, Failure> {
        let prompt = self.library.get(name).map_err(|error| unusable(&error))?;
        let extra = Extra {
            idioms: view.project.idioms.clone(),
            prompts: self.prompt_lines.clone(),
            files: material.files,
            documents: material.documents,
            notes: material.notes,
        };
        let rules = self.rules.as_deref().map(|rules| match self.redactor().hidden_in_file(rules) {
            Some(rules) => Cow::Owned(rules),
            None => Cow::Borrowed(rules),
        });
        let rendered = certus_prompts::render(prompt, view, arguments, rules.as_deref(), &extra, budget)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let left_out = rendered.left_out.into_iter().map(|left| (left.part, left.count)).collect();
        // A cast of more saturates.
        let percent = (rendered.fill * 100.0).round() as u32;
        Ok(Sending {
            room: Some((percent, left_out)),
            ..Sending::new(
                self.stable(&rendered.stable),
                rendered.steady.into(),
                &rendered.variable,
                tier(prompt.model),
                Arc::clone(view),
            )
        })
    }

    /// The part of a request that is the same for nearly all of a session's: kept once, however many wait for their answers.
    pub(crate) fn stable(&self, text: &str) -> Arc<str> {
        let mut kept = self.stable.lock().unwrap_or_else(PoisonError::into_inner);
        if &**kept != text {
            *kept = text.into();
        }
        Arc::clone(&kept)
    }

    /// What is wrong with the file of a prompt, where that is why there is none of its name.
    pub(crate) fn prompt_fault(&self, name: &str) -> Option<String> {
        match self.library.get(name) {
            Err(damaged @ UseError::Damaged(_)) => Some(crate::clean::line(&damaged.to_string(), 400)),
            _ => None,
        }
    }

    pub(crate) fn tier(&self, name: &str) -> Tier {
        self.library.get(name).map_or(Tier::Default, |prompt| tier(prompt.model))
    }

    pub(crate) fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library)
    }

    /// All prompts, or those that match some words.
    pub fn prompts(&self, words: &str) -> Vec<PromptSummary> {
        if words.trim().is_empty() {
            let sound = self.library.list().into_iter().filter_map(|listed| match listed {
                Listed::Sound(prompt) => {
                    Some(PromptSummary { name: prompt.full_name(), purpose: prompt.purpose.clone() })
                }
                Listed::Damaged(_) => None,
            });
            return sound.collect();
        }
        self.library
            .search(words)
            .into_iter()
            .map(|hit| PromptSummary { name: hit.name, purpose: hit.purpose })
            .collect()
    }

    /// What cures a prompt file that cannot be used.
    pub const MEND_PROMPT: &str =
        "mend the file, or remove it: where a bundled prompt has its name, that one is used then";

    /// Prompt files that cannot be used.
    pub fn prompt_problems(&self) -> Vec<String> {
        self.library.damaged().into_iter().map(ToString::to_string).collect()
    }

    /// A prompt as it is written.
    ///
    /// # Errors
    /// There is none of that name, or its file is damaged.
    pub fn prompt(&self, name: &str) -> Result<PromptText, Failure> {
        let prompt = self.library.get(name).map_err(|error| unusable(&error))?;
        Ok(PromptText {
            name: prompt.full_name(),
            purpose: prompt.purpose.clone(),
            good_for: prompt.good_for.clone(),
            uncertainty_reduction: prompt.uncertainty_reduction.clone(),
            example_context_needs: prompt.example_context_needs.clone(),
            cost_estimate: prompt.cost_estimate,
            phases: prompt.phases.clone(),
            arguments: prompt.arguments.clone(),
            model: prompt.model,
            variant: prompt.variant.clone(),
            version: prompt.version.clone(),
            file: prompt.path.clone(),
            text: crate::clean::clean(&prompt.body),
        })
    }

    /// The text that would be sent for a prompt in a chain; arguments as `name=value`.
    ///
    /// # Errors
    /// The prompt or the chain is not there, or an argument is wrong.
    pub fn rendered(&self, id: ChainId, name: &str, arguments: &[String]) -> Result<String, Failure> {
        let mut named = BTreeMap::new();
        for argument in arguments {
            let Some((key, value)) = argument.split_once('=') else {
                return Err(Failure::usage(format!("`{}` is not NAME=VALUE", crate::clean::line(argument, 60))));
            };
            named.insert(key.to_owned(), value.to_owned());
        }
        let chain = self.chain(id)?;
        let view = Arc::new(chain.view(id));
        let provider = self.provider(&self.config.provider, &Handover::default());
        // Who cannot be asked now can be told all the same.
        let budget = provider.map_or_else(
            |_| Budget::default(),
            |provider| self.room(&self.config.provider, &*provider, self.tier(name)).budget,
        );
        let material = Material::of(&chain, &self.project(), &named, &mut Files::default());
        let sending = self.render(name, &view, &named, material, budget)?;
        Ok(sending.text())
    }
}

fn unusable(error: &UseError) -> Failure {
    Failure::usage(error.to_string()).hint(match error {
        UseError::Damaged(_) => Session::MEND_PROMPT,
        UseError::Unknown(_) => "see all: certus prompt list",
    })
}

fn tier(model: Model) -> Tier {
    match model {
        Model::Fast => Tier::Fast,
        Model::Default => Tier::Default,
        Model::Smart => Tier::Smart,
    }
}

/// A prompt in brief.
#[derive(Debug, Clone, Serialize)]
pub struct PromptSummary {
    /// By which it is called.
    pub name: String,
    /// One sentence.
    pub purpose: String,
}

/// A prompt as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct PromptText {
    /// By which it is called.
    pub name: String,
    /// One sentence.
    pub purpose: String,
    /// When to use it.
    pub good_for: Vec<String>,
    /// What it makes more certain.
    pub uncertainty_reduction: Vec<String>,
    /// What it needs to know.
    pub example_context_needs: Vec<String>,
    /// What a run is expected to cost.
    pub cost_estimate: Cost,
    /// Phases it is meant for; empty for any.
    pub phases: Vec<String>,
    /// What a call may give.
    pub arguments: Vec<Argument>,
    /// Which of a provider's models should answer.
    pub model: Model,
    /// Set when this is one of several wordings that are compared.
    pub variant: Option<String>,
    /// Of the prompt.
    pub version: String,
    /// Where it is written.
    pub file: String,
    /// The body, a template.
    pub text: String,
}
