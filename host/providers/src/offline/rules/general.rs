//! Questions for a feature that no pack knows much about. A goal that says much is not asked these.

use super::{Ask, Finding, routes};
use crate::offline::goal::{Goal, Kind};
use crate::offline::packs;
use crate::offline::scene::Scene;

/// Words of a goal above which it is taken to say what it means.
const SHORT: usize = 14;
/// Topics about what somebody does with the program: for these, and for none, it is asked who.
const OUTWARD: &[&str] = &["api", "admin", "realtime"];
/// Words for something new; what is made better is used by whoever uses it now.
const NEW: &[&str] = &[
    "add",
    "adds",
    "adding",
    "implement*",
    "introduce",
    "create",
    "build",
    "support",
    "enable",
    "allow",
    "allows",
    "let",
    "should be able",
    "can now",
    "expose",
];
/// Topics that are about the program itself, not about somebody who uses it.
const INWARD: &[&str] = &["logging", "testing", "caching", "validation", "errors", "database", "rate-limiting"];

const ACTOR: Ask = Ask {
    id: "actor",
    rule: "unstated-actor",
    unless: &["public", "internal", "by hand", "cron", "background"],
    known: &[],
    needs: &["route"],
    about: &["auth.middleware", "auth.guard", "auth.session"],
    claim: "Who uses it is not said",
    text: "Who may use it?",
    why: "Every new route is either open or checked, and it has to be decided for each.",
    options: &[
        "*Whoever passes a check that is there: {auth.middleware}",
        "*Whoever is signed in, as it is known now: {auth.session}",
        "*Whoever is signed in, as it is known now: {auth.jwt}",
        "Everybody, like the routes that are there",
        "Administrators only",
    ],
    impact: 4,
    confidence: 0.3,
    ..Ask::NEW
};

const ASKS: &[Ask] = &[
    Ask {
        id: "example-of-use",
        rule: "missing-scope",
        unless: &["so that", "for example", "should be able", "can then", "when", "if"],
        claim: "One example of its use is not given",
        text: "Give one example: what does somebody do or send, and what do they then see or get?",
        why: "One concrete example settles more than a page of description, and becomes the first test.",
        options: &[
            "*In the style of what is there already: a route that answers like its neighbours",
            "As in the example that I give in the answer",
        ],
        impact: 5,
        confidence: 0.3,
        ..Ask::NEW
    },
    Ask {
        id: "failure-case",
        rule: "unstated-failure-case",
        unless: &["fails", "invalid", "not found", "error*", "refuse*", "reject*", "already", "duplicate*"],
        about: &["error-handler"],
        claim: "What happens when it cannot be done is not said",
        text: "What should happen when it cannot be done: not found, not allowed, done twice?",
        why: "Half of the code of a feature deals with these cases, and they are what users remember.",
        options: &[
            "*The status and the form of error that the neighbouring routes use",
            "As I say for each case in the answer",
        ],
        impact: 4,
        confidence: 0.32,
        ..Ask::NEW
    },
    Ask {
        id: "what-is-stored",
        rule: "data-migration",
        needs: &["model", "database"],
        unless: &[
            "store*",
            "save*",
            "field",
            "fields",
            "collection",
            "table",
            "nothing stored",
            "delete",
            "remove",
            "cancel*",
            "list",
            "show",
            "view",
            "see",
            "sort*",
            "health*",
            "change",
            "edit",
            "update",
        ],
        about: &["model.user", "database"],
        claim: "Whether something new is stored is not said",
        text: "Is something new stored, and does it belong to something that is stored already?",
        why: "What is stored has to be migrated, backed up and deleted with its owner.",
        options: &["*Yes, with the user it belongs to", "Yes, by itself", "No"],
        impact: 4,
        confidence: 0.35,
        ..Ask::NEW
    },
];

/// The goal is about the program itself: nobody gets a new route by it.
fn inward(goal: &Goal) -> bool {
    goal.topics.iter().any(|topic| INWARD.contains(&topic.name))
}

/// Where something stands in front of the routes that are there, they are not open to everybody.
fn without_open(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    if scene.facts.has(&["auth.middleware", "auth.guard", "auth.session", "auth.jwt"]) {
        for option in &mut finding.options {
            if option.starts_with("Everybody, like") {
                "Everybody".clone_into(option);
            }
        }
    }
    finding
}

/// Where nothing answers at a path, nothing is recommended in the style of what does.
fn without_routes(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    const STYLES: [(&str, &str); 2] = [
        (": a route that answers like its neighbours", ", with the same way of starting it and of showing the outcome"),
        ("The status and the form of error that the neighbouring routes use", "As the program reports errors today"),
    ];
    if scene.facts.routes().is_empty() {
        for option in finding.options.iter_mut().chain(&mut finding.recommended) {
            for (route, any) in STYLES {
                *option = option.replace(route, any);
            }
        }
    }
    finding
}

/// `others` is what the other rules found.
pub(super) fn find(scene: &Scene<'_>, others: &[Finding]) -> Vec<Finding> {
    let goal = &scene.goal;
    if goal.kind != Kind::Feature || goal.words.len() > SHORT {
        return Vec::new();
    }
    if others.iter().any(|finding| finding.rule == "existing-overlap") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let outward = goal.topics.is_empty() || goal.topics.iter().any(|topic| OUTWARD.contains(&topic.name));
    // A bare subject (`Live order status`) is something new too.
    let bare = goal.kinds().is_empty() && goal.words.any(&["make", "improve", "better", "change", "update"]).is_none();
    let new = bare || NEW.iter().any(|word| goal.says(word));
    let inward = inward(goal);
    let asked = others.iter().any(|finding| finding.rule == "unstated-actor");
    if !goal.actor && !goal.about("admin") && outward && new && !inward && !asked {
        findings.extend(ACTOR.find(scene).map(|finding| without_open(scene, finding)));
    }
    // What a topic is about is an example of its use; the packs know what it leaves open.
    let known = packs::raises(scene) && !goal.about("api");
    let worth = others.iter().filter(|finding| finding.rank() >= super::WORTH_ASKING).count();
    if !inward && new && worth + findings.len() < 3 {
        findings.extend(
            ASKS.iter()
                .filter(|ask| !known && (ask.id != "example-of-use" || !routes::acts(&goal.words)))
                .filter_map(|ask| ask.find(scene))
                .map(|finding| without_routes(scene, finding))
                .take(3usize.saturating_sub(worth + findings.len())),
        );
    }
    findings
}
