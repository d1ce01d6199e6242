//! What a goal is about, from one line, whatever form its words have.

use crate::offline::goal::Goal;

/// A goal and the topics that it is about, in the order of mention.
const GOALS: &[(&str, &[&str])] = &[
    ("Users want to be notified when somebody comments on their article", &["notification"]),
    ("Notify me when an order ships", &["notification"]),
    ("Send out notifications for new followers", &["notification"]),
    ("Remind members of unpaid invoices", &["notification", "payment"]),
    ("Alerting for failed jobs", &["notification"]),
    ("People should get told when a reply arrives", &["notification"]),
    ("Send e-mail after registration", &["email"]),
    ("The mailer drops messages", &["email"]),
    ("Mail a weekly summary to the staff", &["email"]),
    ("Confirm the email address", &["email"]),
    ("Paginate the article feed", &["pagination"]),
    ("Paginated comments", &["pagination"]),
    ("Load more articles on scrolling", &["pagination"]),
    ("Search articles by tag", &["search"]),
    ("Searching is broken", &["search"]),
    ("Make users searchable", &["search"]),
    ("Filter products by price", &["search"]),
    ("Filtered lists for tags", &["search"]),
    ("Let users upload an avatar", &["upload"]),
    ("Uploads over 2 MB fail", &["upload"]),
    ("Attach a photo to a comment", &["upload"]),
    ("Profile pictures for authors", &["upload"]),
    ("Let customers pay with PayPal", &["payment"]),
    ("Paid memberships", &["payment"]),
    ("Paying twice must be impossible", &["payment"]),
    ("Refunding an order", &["payment", "orders"]),
    ("Cache the tags", &["caching"]),
    ("Caching for the home page", &["caching"]),
    ("Add structured logging", &["logging"]),
    ("Logging out does not work", &["authentication"]),
    ("Validate the bodies of all POST routes", &["validation"]),
    ("Input validation", &["validation"]),
    ("Sanitise comments", &["validation"]),
    ("Add JWT authentication", &["authentication"]),
    ("Authenticate by GitHub", &["authentication"]),
    ("Users cannot sign in", &["authentication"]),
    ("Two-factor login", &["authentication"]),
    ("Let people reset their password", &["authentication"]),
    ("Require a second factor of editors", &["authentication"]),
    ("Throttle the login", &["rate-limiting", "authentication"]),
    ("Rate-limit the API", &["rate-limiting"]),
    ("Stop brute-forcing of passwords", &["rate-limiting", "authentication"]),
    ("Role-based access control", &["roles"]),
    ("Permissions for editors", &["roles"]),
    ("An admin dashboard", &["admin"]),
    ("Moderators hide comments", &["admin"]),
    ("Export users as CSV", &["export"]),
    ("Download invoices as PDF", &["export", "payment"]),
    ("Importing products from a spreadsheet", &["export"]),
    ("Translate the pages into German", &["i18n"]),
    ("Localise dates", &["i18n"]),
    ("Receive webhooks from GitHub", &["webhooks"]),
    ("Live chat between authors", &["realtime"]),
    ("Push order status over websockets", &["notification", "orders", "realtime"]),
    ("Better error messages", &["errors"]),
    ("Handle errors in one place", &["errors"]),
    ("Write tests for the cart", &["testing", "orders"]),
    ("Raise test coverage", &["testing"]),
    ("Migrate to Postgres", &["database"]),
    ("Add an index on email", &["database"]),
    ("Version the API", &["api"]),
    ("Rename the user service", &[]),
    ("Let authors schedule an article", &[]),
    ("Delete my account", &[]),
];

#[test]
fn topics_are_known_by_their_stems() {
    let wrong: Vec<String> = GOALS
        .iter()
        .filter_map(|(text, expected)| {
            let found: Vec<&str> = Goal::read(text).topics.iter().map(|topic| topic.name).collect();
            (found != *expected).then(|| format!("{text}: {found:?}, not {expected:?}"))
        })
        .collect();
    assert!(GOALS.len() >= 60 && wrong.is_empty(), "{wrong:#?}");
}
