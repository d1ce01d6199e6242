//! What changes, and where: one table of templates by topic, one by kind of work, each row about a fact.
//!
//! `{}` in a template is what the fact says, as a route, a model or a name; the place follows. A row with an answer is used
//! only where that question was answered, and cites it too; what was answered stands in the decisions.

use certus_engine::Fact;

use super::Material;
use super::sentence::{Section, Sentence};
use crate::offline::facts::{Route, at_place, is_or_below};
use crate::offline::goal::Kind;
use crate::offline::scene::Scene;
use crate::offline::text::{code, counted, inline, listed};

/// Sentences of the section.
const MOST: usize = 12;

struct Change {
    /// Topic or, where empty, any.
    topic: &'static str,
    kinds: &'static [Kind],
    /// Only where the goal says one of these; empty for any.
    says: &'static [&'static str],
    /// Which facts; of these the closest to the goal come first.
    selector: &'static str,
    /// How many of them.
    most: usize,
    /// The question whose answer decides it; empty for none.
    answer: &'static str,
    /// What is said of the facts after the first; empty for the same.
    then: &'static str,
    /// Only where there is no such fact.
    lacks: &'static [&'static str],
    text: &'static str,
}

const fn change(topic: &'static str, selector: &'static str, most: usize, text: &'static str) -> Change {
    Change { topic, kinds: &[Kind::Feature], says: &[], selector, most, answer: "", then: "", lacks: &[], text }
}

const fn decided(topic: &'static str, selector: &'static str, answer: &'static str, text: &'static str) -> Change {
    Change { topic, kinds: &[Kind::Feature], says: &[], selector, most: 1, answer, then: "", lacks: &[], text }
}

const fn work(kind: &'static [Kind], selector: &'static str, most: usize, text: &'static str) -> Change {
    Change { topic: "", kinds: kind, says: &[], selector, most, answer: "", then: "", lacks: &[], text }
}

const TOKENS: &[&str] = &["jwt", "jwts", "token", "tokens", "bearer", "stateless"];

const FRAMEWORKS: &[&str] = &["express", "koa", "fastify", "hapi", "nestjs", "node", "nodejs", "framework"];
const DATA_LAYERS: &[&str] =
    &["mongoose", "mongodb", "sequelize", "prisma", "typeorm", "knex", "pg", "mysql*", "redis", "database"];
const FACTOR: &[&str] = &["2fa", "mfa", "two factor", "second factor", "totp"];

const ADMINS_DO: &[&str] = &[
    "let admin*",
    "allow admin*",
    "admins should",
    "admins can",
    "admins want",
    "only admin*",
    "by admin*",
    "dashboard*",
    "admin panel",
    "admin page*",
    "admin area",
    "administration",
    "back office",
    "moderation",
];

/// Sessions are wanted in the place of tokens.
const SESSIONS: &[&str] = &[
    "by session*",
    "with session*",
    "to session*",
    "by a session*",
    "instead of jwt",
    "instead of token*",
    "instead of the token*",
];

const REGISTERED: &[&str] = &["regist*", "signup", "sign up", "welcome", "verif*"];
const HANDS_OVER: &str = "{} hands the mail over after its own work is stored, and does not wait for it";

const BACK_OFFICE: &[&str] =
    &["dashboard*", "admin panel", "admin page*", "admin area", "administration", "back office", "moderation"];

const EXTERNAL: &[&str] = &[
    "oauth*",
    "google",
    "github",
    "facebook",
    "apple",
    "microsoft",
    "sso",
    "saml",
    "oidc",
    "social login",
    "single sign on",
];

const CHANGES: &[Change] = &[
    // Signing in.
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "route.post~login",
            1,
            "{} issues the token once the password is checked, and keeps the rest of what it does",
        )
    },
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "route.post~signin",
            1,
            "{} issues the token once the password is checked, and keeps the rest of what it does",
        )
    },
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "auth.passport",
            1,
            "The sign-in by {} stays the place where a person is recognised, and a token is issued after it",
        )
    },
    Change { says: TOKENS, ..change("authentication", "route~logout", 1, "{} has to end a sign-in by token too") },
    Change { says: TOKENS, ..change("authentication", "route~signout", 1, "{} has to end a sign-in by token too") },
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "auth.middleware",
            1,
            "The guard ({}) is the one place that learns to check a token, so that the routes behind it need no change",
        )
    },
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "auth.guard",
            1,
            "The guard {} is where a token is checked and its holder is made known to the handlers",
        )
    },
    Change {
        says: EXTERNAL,
        ..change("authentication", "auth.passport", 1, "The sign-in by the provider is added beside {}")
    },
    Change {
        says: EXTERNAL,
        ..change(
            "authentication",
            "route.post~login",
            1,
            "Routes to the provider and back stand beside {}, and end in the same sign-in",
        )
    },
    Change {
        says: EXTERNAL,
        ..change("authentication", "model.user", 1, "{} keeps the provider's id of its owner, beside what it keeps now")
    },
    Change {
        says: SESSIONS,
        ..change("authentication", "route.post~login", 1, "{} starts a session where it hands out a token now")
    },
    Change {
        says: SESSIONS,
        ..change(
            "authentication",
            "auth.middleware",
            1,
            "The guard ({}) is the one place that learns to look for a session, so that the routes behind it need no change",
        )
    },
    Change {
        says: SESSIONS,
        ..change(
            "authentication",
            "auth.jwt",
            1,
            "Nothing new is signed by {}, which goes when no token is valid any more",
        )
    },
    Change {
        says: SESSIONS,
        ..change("authentication", "model~refresh", 1, "{} is no longer written, and goes with the last token")
    },
    decided(
        "authentication",
        "auth.session",
        "session-migration",
        "The sessions ({}) are treated as decided on their migration",
    ),
    decided(
        "authentication",
        "model.user",
        "token-storage",
        "What has to be remembered of tokens is kept as decided on their storage, with {} as their owner",
    ),
    decided(
        "authentication",
        "middleware.cookie-parser",
        "token-transport",
        "Tokens travel as decided, and cookies are read by {} already",
    ),
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "config.env~secret",
            1,
            "The key that signs tokens is read from the environment, in the way {} is",
        )
    },
    change(
        "authentication",
        "auth.password-hash",
        1,
        "Passwords go on passing through {}, which is not written a second time",
    ),
    Change {
        says: &["password reset", "reset password*", "forgot password", "reset their password*"],
        ..change(
            "authentication",
            "model.user",
            1,
            "{} keeps the hash and the end of a reset's validity, never the link itself",
        )
    },
    Change {
        says: &["password reset", "reset password*", "forgot password", "reset their password*"],
        ..change("authentication", "mail", 1, "The link is sent by {}")
    },
    Change {
        says: TOKENS,
        lacks: &["auth.jwt"],
        ..change(
            "authentication",
            "dependency.express",
            1,
            "A package that signs and checks tokens is added beside {}: none is there",
        )
    },
    Change {
        says: FACTOR,
        ..change(
            "authentication",
            "route.post~login",
            1,
            "{} asks for the second factor after the password, and signs nobody in before it",
        )
    },
    Change {
        says: FACTOR,
        ..change(
            "authentication",
            "model.user",
            1,
            "{} keeps the secret of the second factor and the hashes of what replaces a lost one",
        )
    },
    Change {
        says: FACTOR,
        ..change("authentication", "auth.jwt", 1, "No token is made by {} before the second factor")
    },
    Change {
        says: FACTOR,
        ..change("authentication", "middleware.rate-limit", 1, "Guesses of a code are limited by {} as passwords are")
    },
    // Roles, administration, limits.
    change("roles", "model.user", 1, "{} gets the role, with a default for everybody who is stored already"),
    change("roles", "auth.middleware", 1, "A check of the role stands behind the guard that is there ({})"),
    change("roles", "auth.guard", 1, "A guard for the role stands beside {}"),
    change("roles", "route.delete", 2, "{} is among the first routes that ask for the role"),
    Change {
        says: ADMINS_DO,
        ..change(
            "admin",
            "auth.middleware",
            1,
            "What only administrators may do stands behind the guard that is there ({}) and a check for administrators",
        )
    },
    Change { says: BACK_OFFICE, ..change("admin", "model", 2, "{} is among what administrators see") },
    change(
        "rate-limiting",
        "route.post~login",
        1,
        "{} gets a lower limit of its own, because passwords are guessed there",
    ),
    change(
        "rate-limiting",
        "entry-point",
        1,
        "The general limit is put before all routes where the program starts, {}",
    ),
    change("rate-limiting", "cache.redis", 1, "The count is shared by all processes through {}"),
    Change {
        lacks: &["middleware.rate-limit"],
        ..change(
            "rate-limiting",
            "dependency.express",
            1,
            "A package that counts requests is added beside {}: none is there",
        )
    },
    // Money.
    change(
        "payment",
        "route.post~checkout",
        1,
        "{} starts the payment after the order is stored, and its answer does not wait for the money",
    ),
    change(
        "payment",
        "route.post~order",
        1,
        "{} starts the payment after the order is stored, and its answer does not wait for the money",
    ),
    change("payment", "model.order", 1, "{} gets a state of payment and the provider's id of it"),
    Change {
        lacks: &["payment"],
        ..change("payment", "dependency.express", 1, "The package of the provider is added beside {}: none is there")
    },
    change("payment", "error-handler", 1, "A declined payment is answered through {}"),
    change("payment", "config.env", 1, "The provider's keys are read from the environment, in the way {} is"),
    change(
        "webhooks",
        "middleware.body-parser",
        1,
        "The webhook needs the raw body for the signature, so it is registered before {}",
    ),
    change("webhooks", "model.order", 1, "{} is changed by an event once, whoever sends it twice"),
    change("webhooks", "payment", 1, "The signature is checked with what {} brings"),
    change("orders", "route.post~order", 1, "{} is where it begins"),
    Change { says: &["cart*", "basket*"], ..change("orders", "route.post~cart", 1, "{} is where it begins") },
    Change { says: &["checkout", "check out"], ..change("orders", "route~checkout", 1, "{} is where it begins") },
    change("orders", "model.order", 1, "{} is the record that it reads or changes"),
    change("orders", "model.cart", 1, "{} is the record that it reads or changes"),
    // Data.
    change("search", "route.get", 1, "The search becomes a route beside {}, in its file and its style"),
    change("search", "model", 1, "{} gets an index over what is searched"),
    decided("search", "database", "search-matching", "What counts as a match is as decided, on {}"),
    change("pagination", "route.get", 4, "{} takes a page and a size, and never answers more than the upper bound"),
    change("pagination", "database", 1, "The bound is put into the query to {}, not applied to what came back"),
    change("upload", "route.post", 1, "The upload becomes a route beside {}, behind the same guard"),
    change("upload", "upload", 1, "Files are taken by {}, which is there"),
    Change {
        lacks: &["upload"],
        ..change("upload", "dependency.express", 1, "A package that takes files is added beside {}: none is there")
    },
    change("upload", "model.product", 1, "{} keeps the address of a file, not the file"),
    change("upload", "model.user", 1, "{} keeps the address of a file, not the file"),
    change("export", "route.get", 1, "The export becomes a route beside {}, behind the same guard"),
    change("export", "model", 1, "The export is made from {}, read in pieces"),
    change("export", "queue", 1, "A large one is made in the background by {}"),
    change("caching", "route.get", 3, "{} is answered from the cache where the answer is the same for everybody"),
    change("caching", "route.post", 2, "{} makes invalid what it changes"),
    change("caching", "cache", 1, "Entries are kept by {}, which is there"),
    change("database", "model", 2, "{} changes, and every place that reads it is gone through"),
    change("database", "database", 1, "The migration runs over the connection that is there, {}"),
    // Messages.
    Change { says: REGISTERED, ..change("email", "route.post~register", 1, HANDS_OVER) },
    Change { says: REGISTERED, ..change("email", "route.post~signup", 1, HANDS_OVER) },
    Change { says: REGISTERED, ..change("email", "route.post~users", 1, HANDS_OVER) },
    Change {
        says: &["verif*", "confirm the*", "confirm their*", "confirmed address*"],
        ..change(
            "email",
            "model.user",
            1,
            "{} keeps whether the address is confirmed, with a default for who is stored already",
        )
    },
    change("email", "route.post", 1, HANDS_OVER),
    change("email", "mail", 1, "Mail is sent by {}, which is there"),
    Change {
        lacks: &["mail"],
        ..change("email", "dependency.express", 1, "A package that sends mail is added beside {}: none is there")
    },
    change("email", "queue", 1, "Mail that could not be sent is tried again by {}"),
    change("email", "model.user", 1, "The address comes from {}"),
    decided(
        "notification",
        "model",
        "notify-channel",
        "What somebody is to be told refers to {}, and is delivered as decided on the channel",
    ),
    change(
        "notification",
        "route.post",
        1,
        "{} notifies after its own work is stored, and does not wait for the delivery",
    ),
    change("notification", "mail", 1, "Notifications by mail go through {}, which is there"),
    change("notification", "model.user", 1, "{} gets what somebody wants to be told of"),
    change("realtime", "entry-point", 1, "The connection is opened on the server that starts with {}"),
    change("realtime", "auth.session", 1, "A connection is accepted only from somebody whom the sessions know ({})"),
    change("realtime", "route.post", 2, "{} says that something changed, after it is stored"),
    change("logging", "entry-point", 1, "The logger is set up where the program starts, {}, before all routes"),
    change("logging", "error-handler", 1, "{} logs what it answers, with the same id"),
    change("logging", "logging", 1, "{}, which is there, is the one place that writes"),
    change("i18n", "template-engine", 1, "Texts leave the templates of {} for files by language"),
    change("i18n", "model.user", 1, "{} keeps the language that somebody chose"),
    change("i18n", "mail", 1, "Mail by {} is written in the language of its reader"),
    // Quality.
    change("validation", "route.post", 3, "{} checks its body before the handler sees it"),
    change("validation", "route.put", 2, "{} checks its body before the handler sees it"),
    change("validation", "route.patch", 2, "{} checks its body before the handler sees it"),
    change("validation", "error-handler", 1, "Refused input is answered through {}"),
    change("validation", "validation", 1, "Rules are written with {}, which is there"),
    change("errors", "error-handler", 2, "{} becomes the one place that answers errors"),
    change("errors", "route", 2, "{} passes its errors on instead of answering them itself"),
    change("testing", "route.post", 3, "{} gets a test of its success and one of each way to fail"),
    change("testing", "route.get", 2, "{} gets a test of its success and one of each way to fail"),
    change("testing", "test.file", 1, "New tests follow the form of {}"),
    change("api", "route", 1, "{} is the example that new routes follow in form, guard and errors"),
    change("api", "docs.openapi", 1, "The description by {} is completed in the same change"),
    // Kinds of work.
    Change {
        then: "After that, {} is looked at",
        ..work(&[Kind::Bug], "route", 3, "The search for the cause begins where {} is answered")
    },
    work(&[Kind::Bug], "model", 2, "{} is searched for values that are stored wrong already"),
    work(&[Kind::Bug], "payment", 1, "Money passes through {}, so the correction is tried there without real payments"),
    work(
        &[Kind::Bug],
        "session.use~cart",
        1,
        "What a visitor has put together passes through {}, which is looked at too",
    ),
    work(&[Kind::Bug], "error-handler", 1, "Whether {} hides the failure has to be seen"),
    Change {
        kinds: &[Kind::Bug],
        ..decided(
            "",
            "route",
            "bug-symptom",
            "The failing test goes through {} and states what was answered on the symptom",
        )
    },
    work(&[Kind::Refactoring], "auth.middleware", 1, "The guard ({}) stays in front of the same routes"),
    work(&[Kind::Refactoring], "model", 2, "{} keeps its fields; only the way it is reached may change"),
    work(&[Kind::Refactoring], "error-handler", 1, "Errors go on reaching {}"),
    work(&[Kind::Refactoring], "validation", 1, "Input goes on being checked with {}, at the same point"),
    work(&[Kind::Performance], "route.get", 3, "{} is measured before and after, with the same data"),
    work(&[Kind::Performance], "model", 2, "The queries on {} are looked at first: what they read, and by which index"),
    work(&[Kind::Performance], "database", 1, "What the database itself says of a query is asked over {}"),
    work(&[Kind::Performance], "cache", 1, "{} is there, and may keep what is read often"),
    work(&[Kind::Removal], "route", 4, "{} goes, with its handler and its tests"),
    work(&[Kind::Removal], "model", 2, "{} loses what only this used; stored data is treated as decided"),
    work(&[Kind::Upgrade], "dependency", 3, "{} is raised, and its notes on breaking changes are gone through"),
    Change { says: FRAMEWORKS, ..work(&[Kind::Upgrade], "middleware", 3, "{} is tried with the new version") },
    Change { says: DATA_LAYERS, ..work(&[Kind::Upgrade], "database", 2, "{} is tried with the new version") },
    Change {
        says: FRAMEWORKS,
        ..work(
            &[Kind::Upgrade],
            "entry-point",
            1,
            "The start of the program, {}, is where a change of the set-up would be made",
        )
    },
    Change {
        says: FRAMEWORKS,
        ..work(
            &[Kind::Upgrade],
            "error-handler",
            1,
            "{} is tried with an error of each kind, because frameworks change how errors reach it",
        )
    },
    work(&[Kind::Docs], "route", 5, "{} is described: what it takes, what it answers, who may call it"),
    work(&[Kind::Docs], "model", 2, "{} is described with its fields"),
    work(&[Kind::Docs], "docs", 1, "The description goes to where {} shows it"),
];

/// For a feature that the tables know little of.
const PLAIN: &[Change] = &[
    work(
        &[Kind::Feature, Kind::Unclear],
        "route",
        1,
        "New routes stand beside {}, in its file, behind the same guards, with the same form of errors",
    ),
    work(&[Kind::Feature, Kind::Unclear], "model", 1, "What is stored belongs to {} or to a model beside it"),
    work(
        &[Kind::Feature, Kind::Unclear],
        "auth.middleware",
        1,
        "Whoever may not do it is turned away by the guard that is there ({})",
    ),
    work(&[Kind::Feature, Kind::Unclear], "error-handler", 1, "What goes wrong is answered through {}"),
    Change {
        lacks: &["route"],
        ..work(
            &[Kind::Feature, Kind::Unclear],
            "entry-point",
            1,
            "What is new is put in place where the program starts, {}",
        )
    },
];

/// The section.
pub(super) fn section(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What changes, and where");
    if scene.goal.kind == Kind::Refactoring {
        moved(material, &mut section);
    }
    let there = there_already(material, &mut section);
    for change in CHANGES.iter().filter(|change| applies(change, scene)) {
        apply(change, material, &mut section);
    }
    if section.len() < 3 && !there {
        for change in PLAIN.iter().filter(|change| applies(change, scene)) {
            apply(change, material, &mut section);
        }
    }
    if section.len() == 0 {
        // No template has a word for it, but there are files that do.
        for (path, facts) in scene.subject_files().into_iter().take(3) {
            let names: Vec<String> = facts.iter().take(2).map(|fact| named(fact)).collect();
            section.push(Sentence::about(
                format!("{} is where the work is done, around {}", code(path, 100), listed(&names)),
                facts.iter().take(3).copied(),
            ));
        }
    }
    section
}

/// A route that does already what the goal asks for is where the work is: nothing is put beside it.
fn there_already(material: &Material<'_, '_>, section: &mut Section) -> bool {
    let case = material.case;
    let Some(item) = case.assessment.items.iter().find(|item| item.finding.id == "existing-route") else {
        return false;
    };
    let Some(fact) = case.scene.facts.iter().find(|fact| item.finding.facts.contains(&fact.id)) else { return false };
    let cite = case.scene.answer("existing-route").and_then(|answer| answer.cite);
    let how = if cite.is_some() { "is treated as decided above" } else { "stays the one place for it" };
    section.push(Sentence::citing(
        format!(
            "{}{} does this already and {how}, so that nothing is written a second time",
            named(fact),
            at_place(fact)
        ),
        std::iter::once(fact.id.as_str()).chain(cite),
    ));
    let route = case.scene.facts.routes().into_iter().find(|route| route.fact.id == fact.id);
    if let Some(route) = route.filter(|route| !route.handler.is_empty()) {
        section.push(Sentence::about(
            format!("What it does stands in {}, and is read before anything is changed", code(route.handler, 80)),
            [fact],
        ));
    }
    true
}

fn applies(change: &Change, scene: &Scene<'_>) -> bool {
    change.kinds.contains(&scene.goal.kind)
        && (change.topic.is_empty() || scene.goal.about(change.topic))
        && (change.lacks.is_empty() || !scene.facts.has(change.lacks))
        && (change.says.is_empty() || change.says.iter().any(|word| scene.goal.says(word)))
        // Where tokens go, nothing is said of how they come.
        && (change.says != TOKENS || scene.goal.words.any(SESSIONS).is_none())
}

fn apply(change: &Change, material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let answer = (!change.answer.is_empty()).then(|| scene.answer(change.answer));
    let answer = match answer {
        Some(None) => return,
        Some(Some(answer)) if answer.evasive() || answer.cite.is_none() => return,
        other => other.flatten(),
    };
    for (index, fact) in closest(material, change.selector).into_iter().take(change.most).enumerate() {
        if section.len() >= MOST {
            return;
        }
        let template = if index > 0 && !change.then.is_empty() { change.then } else { change.text };
        let text = template.replacen("{}", &format!("{}{}", named(fact), at_place(fact)), 1);
        let cites = std::iter::once(fact.id.as_str()).chain(answer.and_then(|answer| answer.cite));
        section.push(Sentence::citing(text, cites));
    }
}

/// Facts of a selector, those first that have to do with the goal. Where some are close to it, the others do not count.
fn closest<'a>(material: &Material<'_, 'a>, selector: &str) -> Vec<&'a Fact> {
    let scene = &material.case.scene;
    if selector == "auth.middleware" {
        return scene.facts.guards();
    }
    let selected: Vec<&'a Fact> = scene.facts.select(selector).collect();
    let about = |least: u32| -> Vec<&'a Fact> {
        let facts = material.relevant.iter().filter(|relevant| relevant.score >= least).map(|relevant| relevant.fact);
        facts.filter(|fact| selected.iter().any(|known| known.id == fact.id)).collect()
    };
    let is = |fact: &Fact| selected.iter().any(|known| known.id == fact.id);
    let top = material.relevant.iter().filter(|relevant| is(relevant.fact)).map(|relevant| relevant.score).max();
    // What the goal names twice leaves behind what it names once.
    let close = about(4.max(top.unwrap_or_default() * 3 / 4));
    if !close.is_empty() {
        return close;
    }
    let named = scene.named_models();
    let close: Vec<&'a Fact> =
        selected.iter().copied().filter(|fact| named.iter().any(|known| known.id == fact.id)).collect();
    if !close.is_empty() {
        return close;
    }
    // A bug or a removal is about what it names, not about whatever else is of the same kind.
    let strict = matches!(scene.goal.kind, Kind::Bug | Kind::Removal | Kind::Refactoring | Kind::Upgrade)
        && ["route", "model", "dependency"].iter().any(|key| is_or_below(selector, key))
        || ["route", "route.get", "route.post", "route.put", "route.patch", "route.delete", "model"]
            .contains(&selector);
    if strict { about(1) } else { selected }
}

fn named(fact: &Fact) -> String {
    if is_or_below(&fact.key, "route") {
        let route = fact.value.split('→').next().unwrap_or_default();
        return code(route, 120);
    }
    if is_or_below(&fact.key, "model") {
        return code(fact.value.split('(').next().unwrap_or_default(), 60);
    }
    if let Some(name) = fact.key.strip_prefix("dependency.") {
        return code(&format!("{name} {}", fact.value), 80);
    }
    if fact.value == "inline" {
        return format!("the {}", fact.key.replace(['-', '.'], " "));
    }
    code(&fact.value, 80)
}

/// A refactoring goes file by file.
fn moved(material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let routes = scene.facts.routes();
    let aim = scene.answer("refactoring-aim").filter(|answer| !answer.evasive());
    let aim_text = aim.map(|answer| format!(", so that: \"{}\"", inline(answer.text, 140))).unwrap_or_default();
    let mut handlers: Vec<Route<'_>> = Vec::new();
    for (path, facts) in scene.subject_files().into_iter().take(3) {
        let here: Vec<Route<'_>> =
            facts.iter().filter_map(|fact| routes.iter().find(|route| route.fact.id == fact.id).copied()).collect();
        let names: Vec<String> = here.iter().take(3).map(Route::name).collect();
        let text = match here.len() {
            0 => {
                let size = facts.iter().find(|fact| fact.key == "file").map(|fact| code(&fact.value, 100));
                format!("{} is cut up one function at a time{aim_text}", size.unwrap_or_else(|| code(path, 100)))
            }
            1 => {
                format!("{} holds {}, and is cut up one function at a time{aim_text}", code(path, 100), listed(&names))
            }
            count => format!(
                "{} holds {} of this kind, such as {}, and is cut up one route at a time{aim_text}",
                code(path, 100),
                counted(count, "route"),
                listed(&names)
            ),
        };
        let about: Vec<&Fact> = if here.is_empty() { facts } else { here.iter().map(|route| route.fact).collect() };
        let cites = about.iter().take(3).map(|fact| fact.id.as_str()).chain(aim.and_then(|answer| answer.cite));
        section.push(Sentence::citing(text, cites));
        handlers.extend(here.into_iter().filter(|route| !route.handler.is_empty()));
    }
    let first = &handlers[..handlers.len().min(3)];
    if !first.is_empty() {
        let names: Vec<String> = first.iter().map(|route| code(route.handler, 60)).collect();
        let verb = if names.len() == 1 { "moves" } else { "move" };
        section.push(Sentence::about(
            format!("{} {verb} first; the routes keep method and path, and call what moved", listed(&names)),
            first.iter().map(|route| route.fact),
        ));
    }
}
