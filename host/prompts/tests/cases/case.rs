//! One case, as its file tells it.

use std::collections::BTreeMap;

use certus_engine::{Digest, Document, Edit, Reply, View};
use certus_prompts::{FileText, Note};
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
    /// Path → text of the files that are shown.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Documents of earlier replies, oldest first.
    #[serde(default)]
    pub(crate) documents: Vec<Document>,
    /// Prompt and notes of earlier replies, oldest first.
    #[serde(default)]
    notes: Vec<(String, String)>,
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
    /// Paths that are edited.
    edits: Vec<String>,
    /// Questions' ids, where a prompt has to use certain ones.
    asks: Option<Vec<String>>,
    /// What each question offers, where a prompt has to offer certain things.
    options: Option<Vec<Vec<String>>>,
}

impl Case {
    pub(crate) fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    pub(crate) fn shown_files(&self) -> Vec<FileText> {
        let shown = |(path, text): (&String, &String)| FileText {
            path: path.clone(),
            digest: Digest::of(text).to_string(),
            text: text.clone(),
            of_lines: None,
            marks: Vec::new(),
        };
        self.files.iter().map(shown).collect()
    }

    pub(crate) fn earlier_notes(&self) -> Vec<Note> {
        self.notes.iter().map(|(prompt, text)| Note { prompt: prompt.clone(), text: text.clone() }).collect()
    }

    /// The sample reply. `@path@` in it stands for the base of a file that is shown.
    pub(crate) fn sample(&self) -> String {
        let base = |text: String, file: FileText| text.replace(&format!("@{}@", file.path), &file.digest[..16]);
        self.shown_files().into_iter().fold(self.reply.clone(), base)
    }

    /// What keeps an edit of the sample reply from being made.
    pub(crate) fn hinders(&self, edit: &Edit) -> Option<String> {
        let forms = [edit.content.is_some(), !edit.replace.is_empty(), edit.delete];
        if forms.iter().filter(|form| **form).count() != 1 {
            return Some(format!("the edit of {} has not exactly one form", edit.path));
        }
        let shown = self.shown_files().into_iter().find(|file| file.path == edit.path);
        match (shown, &edit.base) {
            (None, None) if edit.content.is_some() => None,
            (None, _) => Some(format!("{} is not shown", edit.path)),
            (Some(file), Some(base)) if *base == file.digest[..16] => edit
                .replace
                .iter()
                .find(|passage| file.text.matches(&passage.find).count() != 1)
                .map(|passage| format!("{} does not occur once in {}: {}", "`find`", edit.path, passage.find)),
            (Some(_), _) => Some(format!("the edit of {} does not name the base that is shown", edit.path)),
        }
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
        let edits = reply.artifacts.iter().flat_map(|document| &document.edits);
        same("edits", &self.edits, edits.map(|edit| &edit.path).collect());
        if let Some(asks) = &self.asks {
            same("asks", asks, reply.questions.iter().map(|question| &question.id).collect());
        }
        if let Some(options) = &self.options
            && !options.iter().eq(reply.questions.iter().map(|question| &question.options))
        {
            wrong.push(format!("options other than {options:?}"));
        }
        wrong
    }
}
