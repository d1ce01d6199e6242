//! Work of each kind, whatever it is about.

use super::{Change, decided, work};
use crate::offline::goal::Kind;

const FRAMEWORKS: &[&str] = &["express", "koa", "fastify", "hapi", "nestjs", "node", "nodejs", "framework"];

const DATA_LAYERS: &[&str] =
    &["mongoose", "mongodb", "sequelize", "prisma", "typeorm", "knex", "pg", "mysql*", "redis", "database"];

pub(super) const CHANGES: &[Change] = &[
    // Kinds of work.
    Change {
        then: "After that, {} is looked at",
        ..work(&[Kind::Bug], "route", 3, "The search for the cause begins where {} is answered")
    },
    work(&[Kind::Bug], "file", 2, "{} is read with it, because its name has words of the goal"),
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
    Change {
        many: "The guards ({}) stay in front of the same routes",
        ..work(&[Kind::Refactoring], "auth.middleware", 1, "The guard ({}) stays in front of the same routes")
    },
    work(&[Kind::Refactoring], "model", 2, "{} keeps its fields; only the way it is reached may change"),
    Change { keeps: true, ..work(&[Kind::Refactoring], "error-handler", 1, "Errors go on reaching {}") },
    Change {
        keeps: true,
        ..work(&[Kind::Refactoring], "validation", 1, "Input goes on being checked with {}, at the same point")
    },
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
pub(super) const PLAIN: &[Change] = &[
    work(
        &[Kind::Feature, Kind::Unclear],
        "route",
        1,
        "New routes stand beside {}, in its file, behind the same guards, with the same form of errors",
    ),
    work(&[Kind::Feature, Kind::Unclear], "model", 1, "What is stored belongs to {} or to a model beside it"),
    Change {
        many: "Whoever may not do it is turned away by one of the guards that are there ({}), or by one beside them",
        ..work(
            &[Kind::Feature, Kind::Unclear],
            "auth.middleware",
            1,
            "Whoever may not do it is turned away by the guard that is there ({})",
        )
    },
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
