//! Rules only, no model: honest answers from the goal's wording and from what the interpreters found.
//!
//! For each prompt of the default flow that rules can honestly do there is one function from a [`Scene`] to a reply; a table
//! maps names to functions. Everything else is [`ProviderError::NeedsModel`]. The rendered text is never read: rules look at
//! the view it was rendered from, so wording a prompt differently changes nothing here.
//!
//! - [`goal`], [`topics`], [`facts`], [`scene`]: what is looked at
//! - [`rules`], [`packs`]: what is noticed, and what is asked
//! - [`confidence`]: how sure that is, one function
//! - [`requirements`], [`discovery`], [`analysis`], [`solution`]: what each prompt is answered
//! - [`citations`]: that sentences cite what exists
//!
//! Deterministic, without a clock, and safe for any text: what comes from outside is bounded and cannot end a sentence, a code
//! span or a citation of ours.

mod analysis;
mod citations;
mod clauses;
mod confidence;
mod discovery;
mod facts;
mod goal;
mod guards;
mod kind;
mod lexicon;
mod named;
mod nouns;
mod packs;
mod requirements;
mod rules;
mod scene;
mod solution;
#[cfg(test)]
mod tests;
mod text;
mod told;
mod topics;
mod written;

use async_trait::async_trait;
use certus_engine::{Reply, Verdict, View};

pub use citations::uncited_sentences;

use crate::{Answer, Billing, Progress, Provider, ProviderError, Request, Tier};
use confidence::Confidence;
use rules::Assessment;
use scene::Scene;

/// Answers from rules alone. Costs nothing, reads nothing but the request's view, and says what needs a model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

/// What a prompt's function looks at.
struct Case<'a> {
    scene: Scene<'a>,
    assessment: Assessment,
    confidence: Confidence,
    request: &'a Request,
}

impl Case<'_> {
    /// The argument of that name, unless empty.
    fn argument(&self, name: &str) -> Option<&str> {
        self.request.arguments.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Who answers, where a model would be named.
pub(crate) const RULES: &str = "rules";

type Answering = fn(&Case<'_>) -> Result<Reply, ProviderError>;

/// The prompts that rules can honestly answer.
const PROMPTS: &[(&str, Answering)] = &[
    ("new_case", requirements::new_case),
    ("triage", requirements::triage),
    ("requirement_disambiguator", requirements::disambiguate),
    ("requirement_validator", requirements::validate),
    ("requirement_extractor", requirements::extract),
    ("clarification_generator", requirements::clarify),
    ("constraint_mapper", requirements::constraints),
    ("component_mapper", discovery::components),
    ("trace_existing_flow", discovery::flow),
    ("dependency_analyzer", discovery::dependencies),
    ("api_surface_mapper", discovery::api),
    ("database_schema_analyzer", discovery::schema),
    ("integration_point_finder", discovery::integrations),
    ("assumption_validator", analysis::assumptions),
    ("prompt_gap_detector", analysis::gap),
    ("prompt_selector", analysis::select),
    ("chain_planner", analysis::plan),
    ("uncertainty_analysis", analysis::analyse),
    ("uncertainty_resolver", analysis::resolve),
    ("solution_synthesizer", solution::synthesize),
    ("solution_presenter", solution::present),
];

/// Why rules cannot do what some prompts ask, by prompt.
const BEYOND: &[(&str, &str)] = &[
    ("solution_designer", "designing code means reading and writing code"),
    ("test_generator", "writing tests means understanding what the code should do"),
    ("deployment_checker", "judging a change means reading it"),
    ("code_reviewer", "judging a change means reading it"),
    ("prompt_generator", "writing a prompt means knowing what a model has to be told"),
];

#[async_trait]
impl Provider for Offline {
    fn name(&self) -> &str {
        "offline"
    }

    fn model(&self, _: Tier) -> String {
        RULES.to_owned()
    }

    fn reads_files(&self) -> bool {
        false
    }

    fn billing(&self) -> Billing {
        Billing::Nobody
    }

    async fn answer(&self, request: Request, _: &dyn Progress) -> Result<Answer, ProviderError> {
        let (reply, from) = answer(&request)?;
        // A reply of ours is plain data and always serialises.
        let text = serde_json::to_string(&reply).unwrap_or_default();
        let confidence_from = (!reply.confidence.is_empty()).then_some(from);
        Ok(Answer { text, model: RULES.to_owned(), confidence_from, ..Answer::default() })
    }
}

fn answer(request: &Request) -> Result<(Reply, String), ProviderError> {
    let needs_model =
        |why: &str| ProviderError::NeedsModel { what: format!("`{}`", request.prompt), why: why.to_owned() };
    let understand = request.arguments.get("focus").is_some_and(|focus| focus.trim() == "understand_rejection");
    if understand && !corrected_since(&request.view) {
        return Err(needs_model(&format!(
            "understanding why a solution was rejected means understanding a person's reason; {}",
            anew(&request.view)
        )));
    }
    let Some((_, answering)) = PROMPTS.iter().find(|(name, _)| *name == request.prompt) else {
        let beyond = BEYOND.iter().find(|(name, _)| *name == request.prompt);
        return Err(needs_model(beyond.map_or("rules know nothing of this prompt", |(_, why)| why)));
    };
    if let Some(why) = unheeded_rejection(&request.view) {
        let why = text::inline(why, 120);
        return Err(needs_model(&format!(
            "the last solution was rejected (\"{why}\"), and working a reason in means understanding it; {}",
            anew(&request.view)
        )));
    }
    let scene = Scene::of(&request.view);
    let assessment = rules::assess(&scene);
    let confidence = confidence::of(&scene, &assessment);
    let from = confidence.from.clone();
    let reply = answering(&Case { scene, assessment, confidence, request })?;
    Ok((reply, from))
}

/// What brings another solution without a model.
fn anew(view: &View) -> String {
    if view.questions.iter().all(|status| status.answer.is_none()) {
        return "it rests on no answer that could be corrected".to_owned();
    }
    format!(
        "rules make it anew once an answer that it rests on is corrected (certus answer --chain {} ID \"your answer\")",
        view.chain
    )
}

/// An answer that the rejected solution was made from was corrected: what comes next is made from the new one.
fn corrected_since(view: &View) -> bool {
    let last = view.proposals.iter().rfind(|status| status.proposal.kind == "solution");
    last.is_some_and(|status| status.withdrawn.is_some())
}

/// The reason of the last rejection, while nobody has worked it in: each rejection is followed by a visit in which the goal is
/// looked at again, so there have to be more of such visits than rejections.
fn unheeded_rejection(view: &View) -> Option<&str> {
    let solutions = || view.proposals.iter().filter(|status| status.proposal.kind == "solution");
    let Some(Verdict::Rejected(why)) = solutions().next_back().and_then(|status| status.verdict.as_ref()) else {
        return None;
    };
    if corrected_since(view) {
        return None;
    }
    let rejections = solutions().filter(|status| matches!(status.verdict, Some(Verdict::Rejected(_)))).count();
    let visits: std::collections::BTreeSet<(&str, u32)> = view
        .runs
        .iter()
        .filter(|run| run.ok && run.name == "requirement_disambiguator")
        .map(|run| (run.phase.as_str(), run.visit))
        .collect();
    (visits.len() <= rejections).then_some(why)
}
