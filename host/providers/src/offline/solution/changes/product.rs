//! What a program does for those who use it, and how it is kept in order.

use super::{Change, change, decided, kept};

const REGISTERED: &[&str] = &["regist*", "signup", "sign up", "welcome", "verif*"];

const HANDS_OVER: &str = "{} hands the mail over after its own work is stored, and does not wait for it";

pub(super) const CHANGES: &[Change] = &[
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
    kept("upload", "upload", "Files are taken by {}, which is there"),
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
    kept("caching", "cache", "Entries are kept by {}, which is there"),
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
    kept("email", "mail", "Mail is sent by {}, which is there"),
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
    kept("notification", "mail", "Notifications by mail go through {}, which is there"),
    change("notification", "model.user", 1, "{} gets what somebody wants to be told of"),
    change("realtime", "entry-point", 1, "The connection is opened on the server that starts with {}"),
    change("realtime", "auth.session", 1, "A connection is accepted only from somebody whom the sessions know ({})"),
    change("realtime", "route.post", 2, "{} says that something changed, after it is stored"),
    change("logging", "entry-point", 1, "The logger is set up where the program starts, {}, before all routes"),
    change("logging", "error-handler", 1, "{} logs what it answers, with the same id"),
    kept("logging", "logging", "{}, which is there, is the one place that writes"),
    change("i18n", "template-engine", 1, "Texts leave the templates of {} for files by language"),
    change("i18n", "model.user", 1, "{} keeps the language that somebody chose"),
    change("i18n", "mail", 1, "Mail by {} is written in the language of its reader"),
    // Quality.
    change("validation", "route.post", 3, "{} checks its body before the handler sees it"),
    change("validation", "route.put", 2, "{} checks its body before the handler sees it"),
    change("validation", "route.patch", 2, "{} checks its body before the handler sees it"),
    change("validation", "error-handler", 1, "Refused input is answered through {}"),
    kept("validation", "validation", "Rules are written with {}, which is there"),
    change("errors", "error-handler", 2, "{} becomes the one place that answers errors"),
    change("errors", "route", 2, "{} passes its errors on instead of answering them itself"),
    change("testing", "route.post", 3, "{} gets a test of its success and one of each way to fail"),
    change("testing", "route.get", 2, "{} gets a test of its success and one of each way to fail"),
    change("testing", "test.file", 1, "New tests follow the form of {}"),
    change("api", "route", 1, "{} is the example that new routes follow in form, guard and errors"),
    change("api", "docs.openapi", 1, "The description by {} is completed in the same change"),
];
