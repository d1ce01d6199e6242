//! Where a rule is not sure, less is said and asked: each case with goals as people word them.

use super::fixture::{Row, answer, answer_all, ask, learn, view};
use crate::offline::citations::uncited_sentences;
use crate::offline::goal::{Goal, Kind};

/// Articles, clubs and their users: an upload, sessions, roles, a model with relations.
pub(super) const PROJECT: &[Row] = &[
    ("stack", "node with express 4.18.2, mongoose 7.0.0, multer 1.4.5", "", 0, ""),
    ("entry-point", "server.js listens", "server.js", 60, "app.listen(port);"),
    ("auth.guard", "protect", "middleware/auth.js", 6, "exports.protect = async (req, res, next) => {"),
    (
        "auth.guard",
        "authorize (role)",
        "middleware/auth.js",
        40,
        "exports.authorize = (...roles) => (req, res, next) => {",
    ),
    ("auth.middleware", "protect on 8 routes", "routes/clubs.js", 20, "router.post('/', protect, createClub);"),
    ("auth.jwt", "jwt.sign", "models/User.js", 50, "return jwt.sign({ id: this._id }, process.env.JWT_SECRET, {"),
    ("auth.password-hash", "bcryptjs.compare", "models/User.js", 60, "return bcrypt.compare(entered, this.password);"),
    ("error-handler", "errorHandler", "middleware/error.js", 3, "const errorHandler = (err, req, res, next) => {"),
    ("logging", "morgan", "server.js", 20, "app.use(morgan('dev'));"),
    ("upload", "express-fileupload", "server.js", 24, "app.use(fileupload());"),
    ("mail", "nodemailer", "utils/sendEmail.js", 4, "const transporter = nodemailer.createTransport({"),
    ("config.env", "MAX_FILE_UPLOAD", "controllers/clubs.js", 90, "if (file.size > process.env.MAX_FILE_UPLOAD) {"),
    (
        "config.env",
        "FILE_UPLOAD_PATH",
        "controllers/clubs.js",
        99,
        "file.mv(`${process.env.FILE_UPLOAD_PATH}/${file.name}`",
    ),
    ("middleware.rate-limit", "limiter", "server.js", 30, "app.use(limiter);"),
    (
        "pagination",
        "req.query.limit",
        "middleware/results.js",
        12,
        "const limit = parseInt(req.query.limit, 10) || 25;",
    ),
    ("database", "mongoose.connect to url", "db.js", 4, "mongoose.connect(url);"),
    (
        "model.article",
        "Article (title, slug, author, favorites)",
        "models/Article.js",
        3,
        "const schema = new Schema({",
    ),
    ("model.club", "Club (name, slug, photo, owner)", "models/Club.js", 3, "const schema = new Schema({"),
    ("model.user", "User (name, email, role, picture)", "models/User.js", 4, "const schema = new Schema({"),
    ("relation", "Article.author refers to User", "models/Article.js", 9, "author: { type: ObjectId, ref: 'User' },"),
    (
        "dependency-use.morgan",
        "morgan 1.10.0 is put to use at server.js:20",
        "server.js",
        20,
        "app.use(morgan('dev'));",
    ),
    ("route.post", "POST /auth/login → login", "routes/auth.js", 5, "router.post('/login', login);"),
    ("route.get", "GET /auth/logout → logout", "routes/auth.js", 6, "router.get('/logout', logout);"),
    ("route.get", "GET /articles → listArticles", "routes/articles.js", 5, "router.get('/', listArticles);"),
    ("route.get", "GET /articles/:slug → showArticle", "routes/articles.js", 6, "router.get('/:slug', showArticle);"),
    (
        "route.post",
        "POST /articles/:slug/favorite → favoriteArticle",
        "routes/articles.js",
        9,
        "router.post('/:slug/favorite', protect, favoriteArticle);",
    ),
    ("route.get", "GET /clubs → getClubs", "routes/clubs.js", 19, "router.get('/', getClubs);"),
    (
        "route.put",
        "PUT /clubs/:id/photo → clubPhotoUpload",
        "routes/clubs.js",
        23,
        "router.put('/:id/photo', clubPhotoUpload);",
    ),
    (
        "route.put",
        "PUT /users/:id → controller.replace",
        "routes/users.js",
        9,
        "router.put('/:id', controller.replace);",
    ),
    ("file", "controllers/articles.js (140 lines)", "controllers/articles.js", 1, "const Article = require('.');"),
    ("file", "controllers/auth.js (90 lines)", "controllers/auth.js", 1, "const User = require('../models/User');"),
    ("file", "controllers/clubs.js (120 lines)", "controllers/clubs.js", 1, "const Club = require('../models/Club');"),
    ("dependency.express", "^4.18.2", "package.json", 18, "\"express\": \"^4.18.2\","),
    ("dependency.morgan", "^1.10.0", "package.json", 19, "\"morgan\": \"^1.10.0\","),
    ("test.file", "5 tests: articles", "test/articles.test.js", 3, "describe('articles', () => {"),
    ("script.test", "mocha", "package.json", 8, "\"test\": \"mocha\","),
];

/// The questions as one text, and the solution after own answers and, for the rest, the recommended ones.
pub(super) fn told(goal: &str, rows: &[Row], own: &[(&str, &str)]) -> (String, String) {
    let mut view = view(goal, rows);
    let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    let questions: Vec<String> = reply
        .questions
        .iter()
        .map(|question| format!("{}: {} {:?}", question.id, question.text, question.options))
        .collect();
    learn(&mut view, &reply);
    for (id, text) in own {
        assert!(view.questions.iter().any(|status| status.question.id == *id), "{goal}: {id} of {questions:?}");
        answer(&mut view, id, text);
    }
    answer_all(&mut view);
    let body = ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone();
    assert_eq!(uncited_sentences(&body, &view), Vec::<String>::new(), "{goal}");
    (questions.join("\n"), body)
}

#[test]
fn only_what_makes_room_is_replaced() {
    for goal in [
        "Favoriting an article that doesn't exist answers 500 instead of 404",
        "The article list shows the user's email instead of the author",
        "Replace article slugs by ids",
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        assert!(!body.contains("is part of what the goal replaces"), "{goal}\n{body}");
    }
    let (_, body) = told("Replace morgan with pino", PROJECT, &[]);
    let replaced: Vec<&str> = body.lines().filter(|line| line.contains("part of what the goal replaces")).collect();
    assert!(matches!(replaced.as_slice(), [line] if line.contains("`morgan`")), "{body}");
}

/// Questions of a goal by their ids, and what is said of them.
fn questions(goal: &str) -> String {
    told(goal, PROJECT, &[]).0
}

#[test]
fn what_stands_in_several_places_is_no_bug_and_what_anyone_can_is_one() {
    for (kind, goals) in [
        (
            Kind::Refactoring,
            [
                "The error handling is repeated in all controllers, turn it into one helper",
                "The ownership check is nearly the same in clubs and articles, move it to a middleware",
                "Slug validation was copied into three files and is wrong in one; make one out of them",
            ],
        ),
        (
            Kind::Bug,
            [
                "Anyone can change the role of a user",
                "Everybody can delete clubs",
                "After the last release anybody can read the articles of others",
            ],
        ),
        (
            Kind::Feature,
            [
                "Give authors a public profile",
                "When an article is favorited, email its author",
                "Whenever a login fails, log the address",
            ],
        ),
    ] {
        for goal in goals {
            assert_eq!(Goal::read(goal).kind, kind, "{goal}");
            assert!(kind != Kind::Bug || !questions(goal).contains("already has"), "{goal}");
        }
    }
    // These stay what they were.
    for (goal, kind) in [
        ("Orders are duplicated after a retry", Kind::Bug),
        ("Add a page so that everybody can see the clubs", Kind::Feature),
        ("When a club is deleted, its photo stays on the disk", Kind::Bug),
    ] {
        assert_eq!(Goal::read(goal).kind, kind, "{goal}");
    }
}

#[test]
fn an_answer_that_denies_the_kind_is_no_failing_test() {
    let goal = "The club list is slow to change because photos are wrong in many places";
    for said in ["Nothing is broken, this is a refactoring", "It is not a bug", "Nothing is wrong with it"] {
        let asked = questions(goal);
        let id = asked.lines().find_map(|line| line.split(':').next().filter(|id| id.starts_with("bug-s")));
        let Some(id) = id else { panic!("a bug is asked about: {asked}") };
        let (_, body) = told(goal, PROJECT, &[(id, said)]);
        assert!(!body.contains("is a bug fix") && !body.contains("for the cause"), "{said}\n{body}");
        assert!(!body.contains(&format!("states: \"{said}")), "{said}\n{body}");
    }
}

#[test]
fn what_the_goal_says_is_not_asked() {
    for goal in [
        "A deleted club keeps its photo on the disk",
        "The login limiter never resets",
        "The article slug stays the same after the title was changed",
        "PUT /users/:id does not check who is signed in",
        "Clubs are listed by age, but members should see the nearest first",
        "The list shows 10 clubs, but it should show 25",
        "Today the favorites of an article are public, they should be private",
        "The role of a user must not come from the request; now it does",
    ] {
        let asked = questions(goal);
        for wrong in ["What should happen instead", "What is it now", "bug-symptom", "change-wanted"] {
            assert!(!asked.contains(wrong), "{goal}: {asked}");
        }
    }
    for (goal, now) in [
        ("The number of favorites should be part of the club list", "GET /clubs answers name and slug only"),
        ("Only the owner should be able to change a club", "PUT by anybody is answered 200"),
        ("Club names must be unique", "Two clubs called Chess were stored"),
    ] {
        let asked = questions(goal);
        if asked.contains("What is it now") {
            let (_, body) = told(goal, PROJECT, &[("change-wanted", now)]);
            assert!(!body.contains(&format!("states: \"{now}")), "{goal}\n{body}");
            assert!(body.contains(&format!("today, as answered: \"{now}")), "{goal}\n{body}");
        }
    }
}

#[test]
fn what_there_is_not_today_refuses_nothing() {
    let conflict = |goal: &str, id: &str, said: &str| {
        let mut view = view(goal, PROJECT);
        let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
        learn(&mut view, &reply);
        assert!(view.questions.iter().any(|status| status.question.id == id), "{goal}: {:?}", reply.questions);
        answer(&mut view, id, said);
        let reply = ask(&view, "requirement_validator", &[]).expect("rules can do this");
        reply.questions.into_iter().find(|question| question.id.starts_with("conflict-"))
    };
    for (goal, id, said) in [
        ("Add an export of clubs", "export-fields", "There is no export now, so name and slug"),
        ("Add an export of clubs", "export-fields", "today there is no export, all of them"),
    ] {
        assert_eq!(conflict(goal, id, said), None, "{goal}: {said}");
    }
    let found = conflict("Add an export of clubs", "export-fields", "no export please").expect("it is denied");
    assert!(found.recommended.is_some_and(|choice| choice.contains("is wanted")));
    // What the goal names is dropped by no recommendation.
    for goal in ["Store clubs in PostgreSQL", "Check the input with zod and joi", "Write tests with vitest"] {
        let reply = ask(&view(goal, PROJECT), "requirement_disambiguator", &[]).expect("rules can do this");
        let against = reply.questions.iter().filter(|question| question.id.ends_with("-switch"));
        assert!(against.clone().all(|question| question.recommended.is_none()), "{goal}: {:?}", reply.questions);
    }
}

#[test]
fn what_to_watch_is_true() {
    let with = |rows: &[Row]| {
        let mut all = PROJECT.to_vec();
        all.extend(rows);
        let reply = ask(&view("Add a second login", &all), "trace_existing_flow", &[]).expect("rules can do this");
        reply.discovered.iter().map(|found| found.key.clone()).collect::<Vec<_>>()
    };
    let has = |keys: &[String], key: &str| keys.iter().any(|known| known == key);
    let cookie: Row = ("auth.session", "cookie-session", "server.js", 25, "app.use(cookieSession({");
    let session: Row = ("auth.session", "express-session", "server.js", 25, "app.use(session({");
    assert!(!has(&with(&[cookie]), "risk.session-store") && has(&with(&[session]), "risk.session-store"));
    for quote in
        ["sameSite: 'lax',", "cookie: { sameSite: \"strict\" },", "cookie: { httpOnly: true, sameSite: 'Lax' }"]
    {
        let set: Row = ("session.cookie", "{ httpOnly: true }", "server.js", 27, quote);
        assert!(!has(&with(&[session, set]), "risk.csrf"), "{quote}");
    }
    let set: Row = ("session.cookie", "{ sameSite: 'none' }", "server.js", 27, "sameSite: 'none',");
    assert!(has(&with(&[session, set]), "risk.csrf"));
}

#[test]
fn a_named_scope_is_none_to_ask_about_and_fillers_are_no_names() {
    for goal in [
        "Rename currentUser to activeUser everywhere",
        "Use morgan everywhere",
        "Move the slug check to a helper and keep everything else",
        "Remove the photo upload, leave everything else as it is",
    ] {
        let asked = questions(goal);
        assert!(!asked.contains("leaves open") && !asked.contains("The goal says \"every"), "{goal}: {asked}");
    }
    assert!(questions("Add comments and everything around them").contains("The goal says \"everything\""));
    for goal in [
        "Replace req.currentMember by req.member, nearly everything else stays",
        "Rename accessLevel to rank everywhere",
        "Split buildReport into two functions, everything else stays",
    ] {
        let mut view = view(goal, PROJECT);
        let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
        let place = reply.questions.iter().find(|question| question.id == "where-in-the-code");
        if let Some(place) = place {
            assert!(place.recommended.is_none(), "{goal}: {place:?}");
            assert!(
                ["\"everything\"", "\"else\"", "\"nearly\""].iter().all(|word| !place.text.contains(word)),
                "{place:?}"
            );
        }
        learn(&mut view, &reply);
        answer_all(&mut view);
        let body = ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone();
        assert!(!body.contains("PUT /users/:id"), "{goal}\n{body}");
    }
    // A line that has the name is where it is.
    for (goal, place) in [
        ("Rename sendEmail to deliver", "utils/sendEmail.js"),
        ("Rename clubPhotoUpload to uploadPhoto", "routes/clubs.js:23"),
        ("Replace req.query.limit by a constant", "middleware/results.js:12"),
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        assert!(body.contains(place), "{goal}\n{body}");
    }
}

/// The section on what changes.
fn changes(body: &str) -> &str {
    let after = body.split_once("## What changes, and where\n").map_or("", |(_, after)| after);
    after.split("\n## ").next().unwrap_or_default()
}

#[test]
fn what_is_said_exactly_comes_before_what_words_seem_to_say() {
    for (goal, named, not) in [
        (
            "getClubs in controllers/clubs.js mixes paging with filtering, clean it up",
            &["controllers/clubs.js"][..],
            "GET /clubs",
        ),
        ("Extract listArticles in controllers/articles.js", &["controllers/articles.js"], "GET /articles"),
        ("Tidy up login in controllers/auth.js", &["controllers/auth.js"], "POST /auth/login"),
        (
            "Deduplicate the articles, clubs and auth controllers",
            &["controllers/articles.js", "controllers/clubs.js", "controllers/auth.js"],
            "middleware",
        ),
        (
            "Refactor the articles and clubs controllers",
            &["controllers/articles.js", "controllers/clubs.js"],
            "auth.js",
        ),
        (
            "Today the login answers 200 for unknown names, articles should be listed by title",
            &["`Article`"],
            "POST /auth/login",
        ),
        ("User.picture should be part of the article list", &["`User`"], "GET /articles"),
        ("Club.photo is never removed with the club", &["`Club`"], "photoUpload"),
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        let changes = changes(&body);
        assert!(named.iter().all(|name| changes.contains(name)), "{goal}\n{body}");
        assert!(!changes.contains(not), "{goal}\n{body}");
    }
}

#[test]
fn a_topic_that_the_project_settles_is_not_asked_about() {
    for goal in ["Add an upload of user pictures", "Let users upload a picture like clubs do", "Add an avatar upload"] {
        let asked = questions(goal);
        assert!(!asked.contains("upload-limits") && !asked.contains("upload-place"), "{goal}: {asked}");
        assert!(!asked.contains("upload-access"), "{goal}: {asked}");
    }
    for goal in ["Send a mail to the owner of a club", "Add mails for new articles", "Email the author of an article"] {
        let asked = questions(goal);
        assert!(!asked.contains("order with its lines") && !asked.contains("router.post("), "{goal}: {asked}");
    }
    // Without tests, and by hand: no test is promised.
    let untested: Vec<Row> = PROJECT.iter().filter(|row| !row.0.contains("test")).copied().collect();
    for goal in ["Deleting a club answers 500", "PUT /users/:id ignores the name", "The article list is sorted by id"] {
        let (_, body) = told(goal, &untested, &[("no-tests", "By hand, by a list of steps")]);
        for promised in ["A test that fails", "becomes a test", "its tests"] {
            assert!(!body.contains(promised), "{goal}\n{body}");
        }
    }
}

#[test]
fn what_a_goal_names_is_what_it_wants_tested() {
    for goal in ["Write tests for POST /auth/login", "Add tests for the Article model", "Write tests"] {
        let asked = questions(goal);
        assert_eq!(asked.contains("test-what"), goal == "Write tests", "{goal}: {asked}");
        // How the tests that are there get a database stands in them.
        assert!(!asked.contains("test-data"), "{goal}: {asked}");
    }
}

#[test]
fn what_somebody_said_stays_as_they_said_it() {
    for said in [
        "GET /articles answers [] for items[0]. It should answer the first one",
        "The list is [1, 2]; then it is empty! Both are wrong",
        "As in [F1] and [A1], it answers 500",
    ] {
        let (_, body) = told("Articles are wrong sometimes", PROJECT, &[("bug-symptom", said)]);
        let shown = said.replace("[F1]", "\\[F1]").replace("[A1]", "\\[A1]");
        assert!(body.contains(&format!("\"{shown}\"")), "{said}\n{body}");
    }
}

#[test]
fn nothing_is_named_only_where_no_name_is_said() {
    for (goal, name) in [
        ("Send a mail when an article is favorited", "`Article`"),
        ("Notify members once a club was approved", "`Club`"),
        ("Show a banner after the login", "`POST /auth/login`"),
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        assert!(!body.contains("is written out in the goal or in an answer"), "{goal}\n{body}");
        assert!(body.contains(name), "{goal}\n{body}");
    }
    for (goal, wrong) in [
        ("Log people out after an hour", "morgan"),
        ("Limit how often somebody can sign up", "req.query.limit"),
        ("Show the author beside the title", "authorize"),
    ] {
        let (_, body) = told(goal, PROJECT, &[]);
        assert!(!body.contains(wrong), "{goal}\n{body}");
    }
}

#[test]
fn an_email_that_is_a_field_sends_nothing() {
    for goal in ["Add login with email and password", "Sort orders by email", "Let users change their email"] {
        assert!(!questions(goal).contains("mail-"), "{goal}: {}", questions(goal));
    }
    for goal in ["Email the owner about each new article", "Add email notifications", "Send a mail to new users"] {
        assert!(questions(goal).contains("mail-"), "{goal}: {}", questions(goal));
    }
}

#[test]
fn the_whole_project_is_no_other_goal() {
    for goal in ["Add login", "Add login to the shop", "Add a login to our app"] {
        assert!(questions(goal).contains("existing-route"), "{goal}: {}", questions(goal));
    }
}

#[test]
fn a_text_that_is_corrected_is_no_fault_of_a_program() {
    for goal in ["Fix typo in README", "Update the README", "Correct the spelling in the README"] {
        assert_eq!(Goal::read(goal).kind, Kind::Docs, "{goal}");
        for id in ["bug-", "where-in-the-code", "docs-readers"] {
            let asked = questions(goal);
            assert!(!asked.contains(id) || (id == "docs-readers" && goal.starts_with("Update")), "{goal}: {asked}");
        }
    }
}
