//! Things that cannot both hold: within the goal, between the goal and the code, between the goal and an answer.
//!
//! What stands in the code is never asked about. It is quoted, and the question is how to get from it to the goal.

use certus_engine::Fact;

use super::migrations::{PASSWORD_MIGRATION, SESSION_MIGRATION, TOKEN_MIGRATION};
use super::{Ask, Finding, Item, Standing, covers};
use crate::offline::facts::quoted;
use crate::offline::scene::Scene;
use crate::offline::text::{Words, inline, stem};

/// Two wishes that exclude each other.
struct Pair {
    id: &'static str,
    one: &'static [&'static str],
    other: &'static [&'static str],
    claim: &'static str,
    options: &'static [&'static str],
}

const PAIRS: &[Pair] = &[
    Pair {
        id: "conflict-stateless-sessions",
        one: &["stateless"],
        other: &[
            "server side session*",
            "in the session",
            "session store",
            "keep sessions",
            "store sessions",
            "using sessions",
            "with sessions",
        ],
        claim: "The goal asks for a stateless server and for sessions, which are state",
        options: &["Stateless: the sessions go", "Sessions stay; only new clients are stateless"],
    },
    Pair {
        id: "conflict-new-dependency",
        one: &[
            "no dependenc*",
            "no new dependenc*",
            "no additional dependenc*",
            "without dependenc*",
            "without new dependenc*",
            "without any dependenc*",
            "without adding dependenc*",
        ],
        other: &[
            "stripe",
            "redis",
            "passport",
            "kafka",
            "elasticsearch",
            "sendgrid",
            "twilio",
            "socket io",
            "multer",
            "winston",
            "pino",
            "zod",
            "joi",
            "graphql",
        ],
        claim: "The goal forbids new dependencies and names a package",
        options: &["The package may be added; nothing else", "No package: what the project has is used"],
    },
    Pair {
        id: "conflict-schema",
        one: &[
            "without changing the database",
            "no migration*",
            "no schema change*",
            "without migration*",
            "without touching the database",
            "no database change*",
        ],
        other: &[
            "add a column",
            "add column*",
            "new column*",
            "new field*",
            "add a field",
            "add fields",
            "new table*",
            "new collection*",
            "rename the column",
            "rename the field",
        ],
        claim: "The goal forbids changes of the database and asks for one",
        options: &["The change of the database is wanted", "No change of the database: find another way"],
    },
    Pair {
        id: "conflict-access",
        one: &[
            "without login",
            "no login",
            "without logging in",
            "no authentication",
            "without authentication",
            "everyone can",
            "anyone can",
        ],
        other: &["only admin*", "only for admin*", "admins only", "only signed in", "only logged in", "restricted to"],
        claim: "The goal opens something to everybody and restricts it",
        options: &["Restricted: nobody without the right", "Open, without the restriction"],
    },
    Pair {
        id: "conflict-behaviour",
        one: &["without changing behavio*", "same behavio*", "no behavio* change*", "behavio* unchanged"],
        other: &[
            "change the response*",
            "new response format",
            "rename the endpoint*",
            "rename endpoint*",
            "change the api",
            "return 404 instead",
            "different status",
        ],
        claim: "The goal keeps behaviour unchanged and changes it",
        options: &["The change is wanted; everything else stays", "Behaviour stays; the change is left out"],
    },
    Pair {
        id: "conflict-compatibility",
        one: &[
            "backward* compatible",
            "backwards compatib*",
            "without breaking",
            "no breaking change*",
            "non breaking",
        ],
        other: &[
            "remove the endpoint*",
            "drop support",
            "remove the old",
            "delete the old",
            "rename the route*",
            "remove sessions",
            "replace the sessions",
        ],
        claim: "The goal breaks nothing and removes something",
        options: &[
            "Nothing is removed yet: old and new stand side by side",
            "It is removed; those who use it are told before",
        ],
    },
];

/// A choice that a project has made once, and the names that the choice goes by.
struct Choice {
    id: &'static str,
    what: &'static str,
    /// Facts that show the choice.
    facts: &'static [&'static str],
    /// Words of a goal or a fact → name.
    names: &'static [(&'static str, &'static [&'static str])],
}

const CHOICES: &[Choice] = &[
    Choice {
        id: "database-switch",
        what: "database",
        facts: &["database"],
        names: &[
            ("MongoDB", &["mongo*", "mongoose", "mongodb*"]),
            ("PostgreSQL", &["postgres*", "postgresql", "pg"]),
            ("MySQL", &["mysql*", "mariadb"]),
            ("SQLite", &["sqlite*"]),
            ("DynamoDB", &["dynamodb"]),
        ],
    },
    Choice {
        id: "framework-switch",
        what: "web framework",
        facts: &[
            "framework",
            "stack",
            "dependency.express",
            "dependency.koa",
            "dependency.fastify",
            "dependency.@nestjs/core",
        ],
        names: &[
            ("Express", &["express", "expressjs"]),
            ("Koa", &["koa", "koajs"]),
            ("Fastify", &["fastify"]),
            ("NestJS", &["nest", "nestjs"]),
            ("Hapi", &["hapi"]),
        ],
    },
    Choice {
        id: "test-framework-switch",
        what: "test framework",
        facts: &["test.framework"],
        names: &[
            ("Jest", &["jest"]),
            ("Mocha", &["mocha"]),
            ("Vitest", &["vitest"]),
            ("AVA", &["ava"]),
            ("node:test", &["node test"]),
        ],
    },
    Choice {
        id: "logger-switch",
        what: "logger",
        facts: &["logging"],
        names: &[("winston", &["winston"]), ("pino", &["pino"]), ("bunyan", &["bunyan"]), ("log4js", &["log4js"])],
    },
    Choice {
        id: "payment-switch",
        what: "payment provider",
        facts: &["payment"],
        names: &[
            ("Stripe", &["stripe"]),
            ("PayPal", &["paypal*"]),
            ("Braintree", &["braintree"]),
            ("Razorpay", &["razorpay"]),
            ("Mollie", &["mollie"]),
        ],
    },
    Choice {
        id: "validation-switch",
        what: "validation library",
        facts: &["validation"],
        names: &[
            ("Joi", &["joi", "celebrate"]),
            ("zod", &["zod"]),
            ("yup", &["yup"]),
            ("express-validator", &["express validator"]),
            ("Ajv", &["ajv"]),
        ],
    },
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = PAIRS.iter().filter_map(|pair| within_goal(scene, pair)).collect();
    for mut finding in [SESSION_MIGRATION, TOKEN_MIGRATION].iter().filter_map(|ask| ask.find(scene)) {
        finding.blocking = true;
        finding.invalid = true;
        findings.push(finding);
    }
    findings.extend(PASSWORD_MIGRATION.find(scene).filter(|_| scene.goal.replaces()));
    findings.extend(CHOICES.iter().filter_map(|choice| against_choice(scene, choice)));
    findings.extend(beside_rest(scene));
    findings
}

fn within_goal(scene: &Scene<'_>, pair: &Pair) -> Option<Finding> {
    let words = &scene.goal.words;
    let one = words.any(pair.one)?;
    // The other side must be wished for outside of the words of this side.
    let other = pair.other.iter().find(|word| words.affirmed(word).is_some())?;
    let show = |pattern: &str| pattern.replace('*', "…");
    Some(Finding {
        rule: "contradiction-in-goal",
        id: pair.id.to_owned(),
        claim: pair.claim.to_owned(),
        blocking: true,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: true,
        text: format!("{} (\"{}\" and \"{}\"). Which of them holds?", pair.claim, show(one), show(other)),
        why: "Both cannot be built. Whatever is built would break one of the two sentences.".to_owned(),
        options: pair.options.iter().map(|option| (*option).to_owned()).collect(),
        recommended: pair.options.first().map(|option| (*option).to_owned()),
        facts: Vec::new(),
        unless: &[],
    })
}

/// The goal names another database (framework …) than the one that is there.
fn against_choice(scene: &Scene<'_>, choice: &Choice) -> Option<Finding> {
    let goal = &scene.goal;
    let (wanted, _) = choice.names.iter().find(|(_, words)| words.iter().any(|word| goal.says(word)))?;
    let there: Vec<&Fact> = choice.facts.iter().flat_map(|selector| scene.facts.select(selector)).collect();
    let names_in = |fact: &Fact| {
        let words = Words::of(&format!("{} {}", fact.key, fact.value));
        choice.names.iter().find(|(_, patterns)| words.any(patterns).is_some()).map(|(name, _)| *name)
    };
    if there.iter().any(|fact| names_in(fact) == Some(*wanted)) {
        return None;
    }
    let (fact, has) = there.iter().find_map(|fact| Some((*fact, names_in(fact)?)))?;
    let says_how =
        ["replace*", "switch*", "migrate*", "move from", "instead of", "convert", "alongside", "beside", "in addition"];
    if goal.words.any(&says_how).is_some() {
        return None;
    }
    let options = vec![
        format!("Use {has}, which is there"),
        format!("Add {wanted} for this only; {has} stays for the rest"),
        format!("Move from {has} to {wanted}, as work of its own"),
    ];
    Some(Finding {
        rule: "contradiction-with-code",
        id: choice.id.to_owned(),
        claim: format!("The goal names {wanted}, and the {} of the project is {has}", choice.what),
        blocking: true,
        confidence: 0.2,
        impact: 5,
        design: true,
        invalid: true,
        text: format!("The goal names {wanted}, and the project uses {has}: {}. Which is meant?", quoted(fact)),
        why: format!("A second {} has to be run, tested and kept up to date beside the first.", choice.what),
        // To use what is there would drop what the goal names; whether that was meant, only a person knows.
        recommended: None,
        options,
        facts: vec![fact.id.clone()],
        unless: &[],
    })
}

fn beside_rest(scene: &Scene<'_>) -> Option<Finding> {
    const ASK: Ask = Ask {
        id: "graphql-beside-rest",
        rule: "contradiction-with-code",
        says: &["graphql"],
        unless: &["replace*", "instead of", "alongside", "beside", "in addition", "next to"],
        needs: &["route"],
        known: &["graphql"],
        about: &["route.get", "route.post"],
        claim: "The project answers by REST routes, and the goal asks for GraphQL; what becomes of the routes is not said",
        text: "What becomes of the REST routes that are there?",
        why: "Two ways to the same data need the same permissions and the same validation, kept equal for as long as both stand.",
        options: &[
            "*They stay; GraphQL stands beside them",
            "They stay until clients have moved, then they go",
            "GraphQL replaces them at once",
        ],
        impact: 5,
        confidence: 0.2,
        ..Ask::NEW
    };
    ASK.find(scene).map(|finding| Finding { invalid: true, ..finding })
}

/// Answers that deny what the goal asks for. Such an answer counts for half until the contradiction is settled, so that
/// answering never lowers a confidence.
pub(super) fn of_answers(scene: &Scene<'_>, items: &[Item]) -> Vec<Item> {
    let known = items.iter().filter(|item| item.asked && item.standing == Standing::Answered);
    known
        .filter_map(|item| {
            let answer = scene.answer(&item.finding.id)?;
            // What is asked of the present is answered by what is.
            if ["change-wanted", "bug-symptom", "bug-when", "bug-since"].contains(&answer.id) {
                return None;
            }
            let denied = denied(scene, &answer.words)?;
            // What another answer had settled before is not opened again by this one.
            if scene.answers.iter().any(|other| other.id != answer.id && covers(other, &item.finding)) {
                return None;
            }
            let id = format!("conflict-{}", item.finding.id);
            let settled = scene.answer(&id).is_some();
            let cite = answer.cite.map(|cite| format!(" [{cite}]")).unwrap_or_default();
            let said = inline(answer.text, 120);
            let options = vec![format!("The goal holds: {denied} is wanted"), format!("The answer holds: no {denied}")];
            let finding = Finding {
                rule: "contradiction-with-answer",
                id: id.clone(),
                claim: format!("The goal asks for {denied}, and the answer to {} denies it", item.finding.id),
                blocking: true,
                text: format!("You answered \"{said}\"{cite}, and the goal asks for {denied}. Which holds?"),
                why: "Whatever is built would break one of the two sentences.".to_owned(),
                // What the goal asks for is not dropped by taking what is recommended.
                recommended: options.first().cloned(),
                options,
                facts: Vec::new(),
                unless: &[],
                confidence: item.finding.confidence,
                ..item.finding.clone()
            };
            let standing = if settled { Standing::Answered } else { Standing::Open };
            Some(Item { finding: Finding { invalid: true, ..finding }, standing, asked: true, share: 0.5 })
        })
        .collect()
}

/// A noun of the goal that an answer denies right away: `no sessions`, `without redis`.
fn denied(scene: &Scene<'_>, answer: &Words) -> Option<String> {
    let goal = &scene.goal;
    let subject = |word: &str| goal.nouns.iter().any(|noun| noun == stem(word)) && goal.says(word);
    (1..answer.len()).find_map(|at| {
        let word = answer.get(at)?;
        let before = answer.get(at - 1)?;
        // `not` alone often denies something else of the sentence: `it is not login that matters`.
        let denies = matches!(before, "no" | "without") && !tells_present(answer, at - 1);
        // `no jwt cookies` denies the cookies.
        let whole = answer.get(at + 1).is_none_or(ends_denial);
        (denies && whole && subject(word)).then(|| word.to_owned())
    })
}

/// `There is no export now` says what is, and refuses nothing.
fn tells_present(answer: &Words, no: usize) -> bool {
    const TELLS: &[&str] = &["is", "are", "has", "have", "was", "were", "got", "shows", "sends", "returns"];
    let now = |at: usize| match answer.get(at) {
        Some("today" | "currently") => true,
        Some("now") => at.checked_sub(1).and_then(|before| answer.get(before)) != Some("for"),
        _ => false,
    };
    let before = no.checked_sub(1).and_then(|before| answer.get(before)).unwrap_or_default();
    TELLS.contains(&before) || (0..no).any(now)
}

/// Words that may follow a denied noun without changing what is denied.
fn ends_denial(word: &str) -> bool {
    const AFTER: &[&str] = &[
        "at", "in", "on", "for", "and", "or", "but", "because", "please", "needed", "any", "yet", "now", "here", "is",
        "are", "of", "to", "we", "i",
    ];
    AFTER.contains(&word)
}
