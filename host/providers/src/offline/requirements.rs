//! Answers to the prompts of requirements clarification.

use certus_engine::{Decision, RaisedQuestion, RepliedUncertainty, Reply};

use super::Case;
use super::discovery::room;
use super::facts::{at_place, said};
use super::goal::{Kind, MOST_READ};
use super::packs;
use super::rules::{Finding, Item, Standing};
use super::text::{counted, inline, listed};
use crate::ProviderError;
use certus_engine::Discovery;

/// Further questions that `clarification_generator` raises at most.
const FURTHER: usize = 3;

/// The claim of a finding with its rule's name.
fn claim(finding: &Finding) -> String {
    format!("{} [rule: {}]", finding.claim, finding.rule)
}

fn question(finding: &Finding) -> RaisedQuestion {
    RaisedQuestion {
        id: finding.id.clone(),
        text: finding.text.clone(),
        why: finding.why.clone(),
        options: finding.options.clone(),
        recommended: finding.recommended.clone(),
        area: Some(finding.area()),
    }
}

/// What is asked stands in the band where one asks; what is assumed in the band where one writes it down.
pub(super) fn uncertainty(item: &Item) -> RepliedUncertainty {
    let finding = &item.finding;
    let assumed = item.standing == Standing::Assumed;
    let claim = match (&finding.recommended, assumed) {
        (Some(choice), true) => format!("Assumed: {}. {}", choice.trim_end_matches('.'), claim(finding)),
        _ => claim(finding),
    };
    RepliedUncertainty {
        area: finding.area(),
        claim,
        confidence: if assumed { finding.confidence.max(0.5) } else { finding.confidence.min(0.39) },
        blocking: finding.blocking && !assumed,
        resolution: None,
    }
}

/// Uncertainties that stand, of the items that a condition picks.
fn standing(case: &Case<'_>, pick: impl Fn(&Item) -> bool) -> Vec<RepliedUncertainty> {
    let stands = |item: &&Item| matches!(item.standing, Standing::Open | Standing::Assumed);
    case.assessment.items.iter().filter(stands).filter(|item| pick(item)).map(uncertainty).collect()
}

pub(super) fn raise(case: &Case<'_>, pick: impl Fn(&Item) -> bool) -> Vec<RaisedQuestion> {
    case.assessment.open().filter(|item| pick(item)).map(|item| question(&item.finding)).collect()
}

/// What rules made of the goal, in sentences.
fn reading(case: &Case<'_>) -> String {
    let goal = &case.scene.goal;
    let mut notes = Vec::new();
    if case.assessment.unreadable {
        notes.push("The goal cannot be read by rules, so nothing else was looked for.".to_owned());
    } else {
        let topics: Vec<String> = goal.topics.iter().map(|topic| topic.title.to_owned()).collect();
        let about = if topics.is_empty() { String::new() } else { format!(" about {}", listed(&topics)) };
        let kind = goal.kind_title();
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let article = if matches!(goal.kind, Kind::Docs | Kind::Performance) { "" } else { article };
        notes.push(match goal.kind {
            Kind::Unclear => {
                format!("The wording is not sure to say what kind of work this is; rules read a change{about}.")
            }
            _ => format!("Rules read the goal as {article} {kind}{about}.").replace("  ", " "),
        });
    }
    if goal.cut {
        notes.push(format!("Only its first {} KiB were read.", MOST_READ / 1024));
    }
    if goal.instructs {
        notes.push(
            "It holds text that addresses a model. Here it is data like the rest, and changes nothing.".to_owned(),
        );
    }
    notes.join(" ")
}

/// Rules propose no smaller procedure: what they leave out would save nobody anything.
#[expect(clippy::unnecessary_wraps, reason = "one of the functions that answer a prompt")]
pub(super) fn triage(_: &Case<'_>) -> Result<Reply, ProviderError> {
    let notes = "Rules look at a project from all sides at no cost, so that a smaller procedure would save nothing.";
    Ok(Reply { notes: notes.to_owned(), ..Reply::default() })
}

/// Restate the goal as a case.
pub(super) fn new_case(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let scene = &case.scene;
    let relevant = scene.relevant();
    let mut notes = vec![reading(case)];
    if !relevant.is_empty() {
        let first: Vec<String> =
            relevant.iter().take(3).map(|relevant| format!("{} [{}]", said(relevant.fact), relevant.fact.id)).collect();
        notes.push(format!(
            "{} to do with it, first of all {}.",
            counted(relevant.len(), "fact") + if relevant.len() == 1 { " has" } else { " have" },
            listed(&first)
        ));
    }
    let decisions = if case.assessment.unreadable || scene.goal.kind == Kind::Unclear {
        Vec::new()
    } else {
        vec![Decision {
            key: "work_kind".to_owned(),
            value: scene.goal.kind_title().to_owned(),
            because: "The wording of the goal says so".to_owned(),
        }]
    };
    Ok(Reply {
        notes: notes.join("\n\n"),
        decisions,
        uncertainties: standing(case, |item| item.asked),
        confidence: case.confidence.areas.clone(),
        ..Reply::default()
    })
}

/// Everything that can be read in more than one way.
pub(super) fn disambiguate(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let questions = raise(case, |_| true);
    let assumed = case.assessment.assumed().count();
    let mut notes = vec![reading(case)];
    notes.push(match questions.len() {
        0 => "Nothing is left that rules would ask.".to_owned(),
        asked => format!(
            "{} to ask, in the order of what the answers change: {}.",
            counted(asked, "question"),
            listed(&questions.iter().map(|question| question.id.clone()).collect::<Vec<_>>())
        ),
    });
    if assumed > 0 {
        notes.push(format!(
            "{} written down instead of asked.",
            counted(assumed, "assumption") + if assumed == 1 { " is" } else { " are" }
        ));
    }
    let (answered, found) = settled_by_facts(case);
    let around: Vec<String> = packs::stands_around(&case.scene)
        .into_iter()
        .take(6)
        .map(|(ask, fact)| format!("- {}: around {} [{}]", ask.matter().trim_end_matches(','), said(fact), fact.id))
        .collect();
    for (heading, lines) in [
        ("Not asked, because the project answers it", answered),
        (
            "Not asked either, and not known: it stands in code that rules do not read, and is taken to stay as it is",
            around,
        ),
        ("Found about it", found),
    ] {
        if !lines.is_empty() {
            notes.push(format!("{heading}:\n{}", lines.join("\n")));
        }
    }
    Ok(Reply {
        notes: notes.join("\n\n"),
        uncertainties: standing(case, |_| true),
        confidence: case.confidence.areas.clone(),
        questions,
        ..Reply::default()
    })
}

/// What stands in the code about the questions of the goal, which is never asked, and about its topics.
fn settled_by_facts(case: &Case<'_>) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut found): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    for (ask, fact) in packs::answered(&case.scene).into_iter().take(6) {
        seen.push(&fact.id);
        lines.push(format!("- {}: {} [{}]", ask.matter().trim_end_matches(','), said(fact), fact.id));
    }
    let mut keys: Vec<&str> = Vec::new();
    for topic in &case.scene.goal.topics {
        for fact in topic.facts.iter().flat_map(|selector| case.scene.facts.select(selector)) {
            if !keys.contains(&fact.key.as_str()) && !seen.contains(&fact.id.as_str()) && lines.len() + found.len() < 8
            {
                keys.push(&fact.key);
                found.push(format!("- {}: {} [{}]", fact.key, said(fact), fact.id));
            }
        }
    }
    (lines, found)
}

/// What cannot hold as it stands.
pub(super) fn validate(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let invalid = |item: &Item| item.finding.invalid || case.assessment.unreadable;
    let open: Vec<&Item> = case.assessment.open().filter(|item| invalid(item)).collect();
    let notes = if open.is_empty() {
        "No contradiction was found: neither within the goal, nor with an answer, nor with the code as far as rules see it.".to_owned()
    } else {
        let lines: Vec<String> = open.iter().map(|item| format!("- {}", claim(&item.finding))).collect();
        format!(
            "{} to settle:\n{}",
            counted(open.len(), "contradiction or overlap").replace("overlaps", "overlap"),
            lines.join("\n")
        )
    };
    Ok(Reply {
        notes,
        uncertainties: standing(case, invalid),
        confidence: case.confidence.areas.clone(),
        questions: raise(case, invalid),
        ..Reply::default()
    })
}

/// The requirements as they now stand: the goal and each answer, which become decisions.
pub(super) fn extract(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let scene = &case.scene;
    let mut lines = vec![format!("1. {} (the goal).", scene.goal_line())];
    let mut decisions = Vec::new();
    for answer in scene.answers.iter().filter(|answer| !answer.text.trim().is_empty()) {
        let key = answer.area.map_or_else(|| answer.id.replace('-', "_"), str::to_owned);
        let cite = answer.cite.map(|cite| format!(" [{cite}]")).unwrap_or_default();
        let taken = if answer.evasive() {
            let item = case.assessment.items.iter().find(|item| item.finding.id == answer.id);
            match item.and_then(|item| item.finding.recommended.clone()) {
                Some(choice) => {
                    format!("{} (assumed: the answer was \"{}\")", inline(&choice, 300), inline(answer.text, 60))
                }
                None => continue,
            }
        } else {
            inline(answer.text, 400)
        };
        lines.push(format!("{}. {}: {taken}{cite}.", lines.len() + 1, key.replace('_', " ")));
        decisions.push(Decision {
            key,
            value: taken,
            because: format!("Answer to \"{}\"{cite}", inline(answer.question, 160)),
        });
    }
    Ok(Reply { notes: lines.join("\n"), decisions, confidence: case.confidence.areas.clone(), ..Reply::default() })
}

/// Further questions: what was assumed so far, the weightiest first.
pub(super) fn clarify(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let waiting =
        raise(case, |item| !case.scene.view.questions.iter().any(|status| status.question.id == item.finding.id));
    let known = |finding: &Finding| case.scene.view.questions.iter().any(|status| status.question.id == finding.id);
    let further = case.assessment.assumed().filter(|item| !known(&item.finding)).map(|item| question(&item.finding));
    let questions: Vec<RaisedQuestion> = waiting.into_iter().chain(further).take(FURTHER).collect();
    if questions.is_empty() {
        return Err(ProviderError::NeedsModel {
            what: "asking more about this goal".to_owned(),
            why: "the rules have asked all that they know to ask".to_owned(),
        });
    }
    Ok(Reply {
        notes: format!("{} that were assumed so far, or came up since.", counted(questions.len(), "question")),
        questions,
        confidence: case.confidence.areas.clone(),
        ..Reply::default()
    })
}

/// What the solution must not violate.
pub(super) fn constraints(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let scene = &case.scene;
    let mut discovered = Vec::new();
    let mut add = |kind: &str, fact: &certus_engine::Fact, value: String| {
        let evidence = fact.source.clone().filter(|place| fact.cited && !place.quote.is_empty());
        discovered.push(Discovery { key: format!("constraint.{kind}"), value, evidence, cited: false });
    };
    if let Some(fact) = scene.facts.first(&["node.version", "runtime"]) {
        add("runtime", fact, format!("hard: runs on {}", inline(&fact.value, 80)));
    }
    for (kind, selectors, what) in [
        (
            "framework",
            &["framework", "dependency.express", "dependency.koa", "dependency.fastify"][..],
            "requests are served by",
        ),
        ("database", &["database"][..], "data is kept by"),
        ("tests", &["script.test", "command.test"][..], "must go on passing:"),
    ] {
        if let Some(fact) = scene.facts.first(selectors) {
            let name = fact.key.strip_prefix("dependency.").map(|name| format!("{name} ")).unwrap_or_default();
            add(kind, fact, format!("hard: {what} {name}{}", inline(&fact.value, 80)));
        }
    }
    let routes = scene.facts.routes();
    if let Some(route) = routes.first() {
        add(
            "interface",
            route.fact,
            format!("hard: {} are called by clients that are not seen here", counted(routes.len(), "route")),
        );
    }
    let words = &scene.goal.words;
    let said: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, _)| words.negated(*at))
        .map(|(_, word)| word)
        .filter(|word| word.len() > 2)
        .take(5)
        .collect();
    let mut notes = vec![format!("{} from the project.", counted(discovered.len(), "constraint"))];
    if !said.is_empty() {
        notes.push(format!("The goal rules out: {}.", said.join(", ")));
    }
    for fact in scene.facts.select("script.test").take(1) {
        notes.push(format!(
            "The project's own tests run by {}{} [{}].",
            inline(&fact.value, 80),
            at_place(fact),
            fact.id
        ));
    }
    discovered.retain(|found| !scene.facts.iter().any(|fact| fact.key == found.key && fact.value == found.value));
    discovered.truncate(room(scene));
    Ok(Reply { notes: notes.join("\n\n"), discovered, ..Reply::default() })
}
