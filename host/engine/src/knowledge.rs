//! What a chain knows, what it does not know, and what a person said.

use serde::{Deserialize, Serialize};

use crate::Digest;

/// A place in the project: path relative to its root with `/`, 1-based line, the text there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Relative to the project's root, with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// The text at that line, trimmed; empty when none was quoted.
    #[serde(default)]
    pub quote: String,
}

/// Something discovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// `F1`, `F2` … in the order of discovery.
    pub id: String,
    /// Dotted, lower case, most general part first.
    pub key: String,
    /// What was found.
    pub value: String,
    /// Where, if anywhere.
    pub source: Option<Place>,
    /// The host found the quote at the place itself. It shows that the quote exists, not that the claim follows.
    pub cited: bool,
}

/// What is not certain. One uncertainty an area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// snake_case.
    pub area: String,
    /// What is not certain, in a sentence.
    pub claim: String,
    /// 0..=1.
    pub confidence: f64,
    /// Closes every gate while unresolved.
    pub blocking: bool,
    /// How it was resolved; absent while open.
    pub resolution: Option<String>,
    /// How a reply says that it is resolved, while it blocks and nothing but the reply's word stands behind that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<String>,
}

/// What one uncertainty asks of us, from how uncertain it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    /// Uncertainty above 0.60: ask.
    Ask,
    /// 0.40 to 0.60: write the assumption down and mark it for validation.
    Assume,
    /// Below 0.40: go on.
    GoOn,
}

impl Uncertainty {
    /// Not resolved.
    pub fn is_open(&self) -> bool {
        self.resolution.is_none()
    }

    /// Blocking and not resolved: closes every gate.
    pub fn is_blocker(&self) -> bool {
        self.blocking && self.is_open()
    }

    /// What its size asks for. The bounds belong to the middle band.
    pub fn band(&self) -> Band {
        // Compared as confidence and with a hair of slack, so that 1 - 0.4 is not above 0.6 by rounding.
        if self.confidence < 0.40 - 1e-9 {
            Band::Ask
        } else if self.confidence <= 0.60 + 1e-9 {
            Band::Assume
        } else {
            Band::GoOn
        }
    }
}

/// A question as it is put to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// kebab-case, unique in the chain.
    pub id: String,
    /// The question.
    pub text: String,
    /// Why the answer matters.
    pub why: String,
    /// What may be answered; a person may always answer something else.
    #[serde(default)]
    pub options: Vec<String>,
    /// What an empty answer means.
    #[serde(default)]
    pub recommended: Option<String>,
    /// The uncertainty that an answer resolves.
    #[serde(default)]
    pub area: Option<String>,
}

impl Question {
    /// The same, without a recommendation that is none of the options: an empty answer must mean something that was shown.
    #[must_use]
    pub fn honest(mut self) -> Self {
        if !self.options.is_empty() && !self.recommended.as_ref().is_some_and(|text| self.options.contains(text)) {
            self.recommended = None;
        }
        self
    }
}

/// Whether an answer says that there is no answer.
pub fn says_nothing(answer: &str) -> bool {
    const NOTHING: [&str; 15] = [
        "",
        "dont know",
        "do not know",
        "i dont know",
        "i do not know",
        "idk",
        "maybe",
        "no idea",
        "not sure",
        "unknown",
        "i have no idea",
        "im not sure",
        "i am not sure",
        "tbd",
        // What stands in the place of an answer where a command line is shown.
        "your answer",
    ];
    let plain: String =
        answer.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect::<String>().to_lowercase();
    NOTHING.contains(&plain.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionState {
    /// A reply raised it; nobody was asked yet.
    Raised,
    /// A person was asked and has not answered.
    Asked,
    /// A person answered.
    Answered,
}

/// A question and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionStatus {
    /// The question.
    pub question: Question,
    /// Where it stands.
    pub state: QuestionState,
    /// Present once answered.
    pub answer: Option<String>,
    /// `A1`, `A2` … by which an answer is cited: the order in which questions were asked.
    pub cite: Option<String>,
}

/// Something decided, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// snake_case.
    pub key: String,
    /// The choice.
    pub value: String,
    /// The reason.
    #[serde(default)]
    pub because: String,
}

/// Something put before a person as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// `solution`, `plan` …
    pub kind: String,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
}

impl Proposal {
    /// What an approval is given over: all that is shown.
    pub fn digest(&self) -> Digest {
        Digest::of_parts([self.kind.as_bytes(), self.title.as_bytes(), self.body.as_bytes()])
    }
}

/// What a person said of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "text")]
pub enum Verdict {
    /// Go on.
    Approved,
    /// Not this, and why.
    Rejected(String),
    /// What the person wants to know first.
    MoreInfo(String),
}

/// A proposal that was shown, and what was said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalStatus {
    /// What was shown.
    pub proposal: Proposal,
    /// Over what was shown.
    pub digest: Digest,
    /// Absent while nobody said.
    pub verdict: Option<Verdict>,
    /// Who said it.
    pub by: Option<String>,
    /// The phase and visit in which it was shown.
    pub phase: String,
    /// Counted from 1.
    pub visit: u32,
    /// Why it is neither approved nor waiting any more, where an answer that it was made from was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
}
