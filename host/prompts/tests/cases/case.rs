//! One case, as its file tells it.

use std::collections::BTreeMap;

use certus_engine::{Reply, View};
use serde::Deserialize;

use super::situation::Situation;

/// A case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What the case is about, for people.
    #[serde(rename = "about")]
    _about: String,
    #[serde(default)]
    pub(crate) arguments: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) rules: Option<String>,
    #[serde(default)]
    pub(crate) idioms: BTreeMap<String, String>,
    /// What differs from the usual situation.
    #[serde(default)]
    situation: toml::Table,
    /// What the text must contain.
    pub(crate) says: Vec<String>,
    /// What it must not contain.
    #[serde(default)]
    pub(crate) never: Vec<String>,
    /// A good reply.
    pub(crate) reply: String,
    pub(crate) expect: Expect,
}

/// What a sample reply must come to.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Expect {
    discovered: usize,
    uncertainties: usize,
    blocking: usize,
    resolved: usize,
    questions: usize,
    decisions: usize,
    gap: bool,
    /// Areas that are scored.
    scores: Vec<String>,
    /// Prompts that are suggested.
    next: Vec<String>,
    /// Kinds of documents.
    artifacts: Vec<String>,
}

impl Case {
    pub(crate) fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The usual situation, with what the case changes.
    pub(crate) fn view(&self) -> View {
        let mut table: toml::Table = toml::from_str(include_str!("usual.toml")).expect("the usual situation is TOML");
        table.extend(self.situation.clone());
        let situation: Situation = table.try_into().expect("the case's situation has the known form");
        situation.view()
    }
}

impl Expect {
    /// What of a reply is not as expected.
    pub(crate) fn differs(&self, reply: &Reply) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut count = |what: &str, want: usize, have: usize| {
            if want != have {
                wrong.push(format!("{have} {what} instead of {want}"));
            }
        };
        let uncertainties = &reply.uncertainties;
        count("discovered", self.discovered, reply.discovered.len());
        count("uncertainties", self.uncertainties, uncertainties.len());
        count("blocking", self.blocking, uncertainties.iter().filter(|one| one.blocking).count());
        count("resolved", self.resolved, uncertainties.iter().filter(|one| one.resolution.is_some()).count());
        count("questions", self.questions, reply.questions.len());
        count("decisions", self.decisions, reply.decisions.len());
        count("gaps", usize::from(self.gap), usize::from(reply.gap.is_some()));
        let mut same = |what: &str, want: &[String], have: Vec<&String>| {
            if want.iter().collect::<Vec<_>>() != have {
                wrong.push(format!("{what} {have:?} instead of {want:?}"));
            }
        };
        same("scores", &self.scores, reply.confidence.keys().collect());
        same("next", &self.next, reply.next.iter().map(|call| &call.name).collect());
        same("artifacts", &self.artifacts, reply.artifacts.iter().map(|document| &document.kind).collect());
        wrong
    }
}
