//! Goals as people write them into a tracker, of one to three sentences: what they say, and what only the code can say, is
//! not asked.

use super::less::{PROJECT, told};
use crate::offline::goal::{Goal, Kind};

/// What stands in code, or in the goal itself.
const PRESENT: &[&str] = &["What does it do now", "What is it now", "What exactly happens"];

/// The ids of what is asked.
fn asked(goal: &str) -> Vec<String> {
    let (questions, _) = told(goal, PROJECT, &[]);
    for present in PRESENT {
        assert!(!questions.contains(present), "{goal}: {questions}");
    }
    questions.lines().filter_map(|line| line.split_once(": ")).map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn nobody_is_asked_how_it_is_now() {
    for goal in [
        "The session cookie should be httpOnly and secure, and expire after 30 minutes of inactivity.",
        "The club list should be sorted by date of birth.",
        "PUT /articles/:slug should only accept the values of STATUS.",
        "POST /contact should be rate limited to 3 messages per hour and IP.",
        "Authors must only see the articles of their own club.",
        "Change the number of allowed login attempts from 5 to 3.",
        "Raise the rate limit to 200 requests per minute.",
        "Passwords are stored in plain text. Hash them with bcrypt and migrate existing users when they sign in.",
        "The /learn page redirects to whatever URL it is given. Only redirect to a list of allowed domains.",
        "Articles are created with the price that the client sends. Compute the price on the server.",
        "Authors with an apostrophe in their name, such as O'Brien, cannot be saved because the form rejects them.",
    ] {
        let asked = asked(goal);
        let wrong = |id: &&String| {
            ["change-wanted", "bug-symptom", "bug-when", "bug-since", "goal-restated", "standard-", "delete-", "total-"]
                .iter()
                .any(|start| id.starts_with(start))
        };
        assert_eq!(asked.iter().find(wrong), None, "{goal}: {asked:?}");
    }
}

#[test]
fn what_a_ticket_says_is_not_asked() {
    for (goal, wrong) in [
        ("Authors should have to log in before they can create, update or delete articles.", "delete-dependents"),
        ("Deleting a club that still has articles should show an error message.", "delete-dependents"),
        ("Rename the model Club to Team everywhere in the server.", "scope"),
        ("Rename the model Club to Team everywhere in the server.", "refactoring-boundary"),
        ("Let people sign in with Google as well as with email and password.", "external-password"),
        ("Remove GET /articles, nobody calls it any more.", "removal-users"),
        ("Update the README so that a new developer can start the program.", "docs-readers"),
        ("Send authors a reminder e-mail three days before a review is due.", "mail-trigger"),
        ("Send authors a reminder e-mail three days before a review is due.", "notify-trigger"),
        ("Write tests for POST /auth/login.", "test-what"),
        ("Deduplicate the populate calls in controllers/articles.js", "refactoring-aim"),
        ("Cache the article list for one minute.", "cache-staleness"),
        ("Borrowers should be able to renew a club once.", "actor"),
        ("Add a page where customers see the articles they saved.", "actor"),
        ("Refactor controllers/articles.js from callbacks to async/await.", "refactoring-boundary"),
        ("PUT /articles/:slug needs no login, so anybody can change any article. Only the author may.", "api-"),
        ("Parse the numbers safely instead of with eval.", "standard-secure"),
        ("Add a content security policy.", "standard-secure"),
        ("Replace the promises around mongoose with async/await.", "migration-"),
        ("Move the MongoDB connection string out of server.js into the configuration.", "migration-"),
        ("Raise the rate limit to 200 requests per minute.", "existing-rate-limit"),
        ("Show an error message to authors whose article is refused.", "error-"),
        ("Show unpaid subscriptions in the admin dashboard.", "admin-"),
        ("Remove GET /articles, nobody calls it any more.", "removal-data"),
        (
            "Move the session secret and the OAuth keys out of the source into environment variables.",
            "session-migration",
        ),
        (
            "Refactor models/Club.js: move the photo functions into their own module models/photos.js. No change in behaviour.",
            "named-file",
        ),
        (
            "Refactor models/Club.js: move the photo functions into their own module models/photos.js. No change in behaviour.",
            "behaviour-kept",
        ),
        ("Only the author of an article or an admin should be able to delete it", "delete-dependents"),
        ("Clicking like twice quickly sometimes counts once", "measure-"),
        (
            "Lock an account for 15 minutes after five failed logins. The message stays \"Password is incorrect\".",
            "bug-",
        ),
    ] {
        let asked = asked(goal);
        assert!(!asked.iter().any(|id| id.starts_with(wrong)), "{goal}: {asked:?}");
    }
    assert!(asked("Let users delete their account").contains(&"delete-dependents".to_owned()));
}

#[test]
fn a_verb_that_nobody_listed_is_an_order_too() {
    for goal in [
        "Lock an account for 15 minutes after five failed logins.",
        "Warn users who try to log in with a wrong password three times.",
        "Quarantine the uploads that fail the virus scan",
    ] {
        assert!(!matches!(Goal::read(goal).kind, Kind::Bug | Kind::Removal), "{goal}: {:?}", Goal::read(goal).kind);
    }
    assert_eq!(Goal::read("GET /accounts returns every account at once. Add pagination.").kind, Kind::Feature);
    for goal in [
        "Let librarians delete several book copies at once",
        "Let librarians remove an author together with all of the books",
        "Allow the editors to drop a draft",
    ] {
        assert_eq!(Goal::read(goal).kind, Kind::Feature, "{goal}");
    }
    for goal in
        ["Orders a customer placed are missing", "Login the second time fails", "Articles all show the wrong count"]
    {
        assert_eq!(Goal::read(goal).kind, Kind::Bug, "{goal}");
    }
}

#[test]
fn a_part_of_a_thing_goes_without_it() {
    for goal in [
        "Remove the picture field from users",
        "Remove GET /users, nobody calls it",
        "Drop the columns slug and photo of clubs",
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        assert!(
            !body.contains("`User` at `models/User.js:4` goes") && !body.contains("`Club` at `models/Club.js:3` goes"),
            "{goal}\n{body}"
        );
    }
}

#[test]
fn a_folder_is_all_that_stands_in_it() {
    let (_, body) = told("Refactor the files in controllers/ to async/await", PROJECT, &[]);
    assert!(
        body.contains("controllers/clubs.js") && !body.contains("is written out in the goal or in an answer"),
        "{body}"
    );
    let (_, body) = told("Convert models/ to classes", PROJECT, &[]);
    assert!(body.contains("models/Club.js"), "{body}");
}

#[test]
fn words_that_are_shared_plan_nothing_for_sure() {
    for (goal, never) in [
        ("Remove the picture editor from the edit page", " goes;"),
        ("Drop the morgan-body package", " goes;"),
        ("Remove the debug middleware from the morgan loader", " goes;"),
        (
            "The club page shows the wrong date. The login page shows it correctly.",
            "The search for the cause begins where `POST /auth/login`",
        ),
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        assert!(!body.contains(never), "{goal}\n{body}");
    }
}
