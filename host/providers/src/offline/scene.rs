//! Everything that rules look at: the goal, the facts, what people answered.

use certus_engine::{Fact, QuestionState, QuestionStatus, View};

use super::facts::{Facts, Relevant, Route, is_or_below, telling};
use super::goal::{Goal, Language};
use super::guards;
use super::kind::{Kind, corrected};
use super::named::{self, Named, Thing};
use super::rules::missing;
use super::text::{Words, quote};
use super::written::{Requested, requests};

/// Questions whose answer is read as the goal, because the goal itself could not be read.
pub(super) const RESTATED: [&str; 2] = ["goal-in-english", "goal-restated"];

/// Questions whose answer says where the work is.
const WHERE: [&str; 4] = ["where-in-the-code", "named-file", "named-route", missing::SUBJECT];
/// The same, and those whose answer may name what the work is on.
const NAMING: [&str; 9] = [
    "where-in-the-code",
    "named-file",
    "named-route",
    missing::SUBJECT,
    "bug-symptom",
    "bug-when",
    "example-of-use",
    "change-wanted",
    "refactoring-boundary",
];
/// Questions that rest on the kind of work: an answer may deny it.
const KIND: [&str; 5] = ["bug-symptom", "bug-when", "bug-since", "change-wanted", "refactoring-aim"];
/// How close is what a person points at, at least.
const POINTED: u32 = 8;
/// How close is what the goal names, at least.
const NAMED: u32 = 4;

/// A view, read once.
pub(super) struct Scene<'a> {
    pub(super) view: &'a View,
    /// As rules read it: with what a person restated.
    pub(super) goal: Goal,
    pub(super) facts: Facts<'a>,
    pub(super) answers: Vec<Answered<'a>>,
    relevant: Vec<Relevant<'a>>,
    /// How many of them stand before the others because a person pointed at them.
    pointed: usize,
    /// What the goal's words alone find.
    by_name: Vec<Relevant<'a>>,
    /// What the goal or an answer names itself.
    named: Vec<Named<'a>>,
    by_goal: Vec<Thing<'a>>,
}

/// An answer of a person.
pub(super) struct Answered<'a> {
    pub(super) id: &'a str,
    pub(super) area: Option<&'a str>,
    pub(super) question: &'a str,
    pub(super) text: &'a str,
    pub(super) words: Words,
    /// By which it is cited.
    pub(super) cite: Option<&'a str>,
}

impl Answered<'_> {
    /// It says that nobody knows: `Not known: try several orders of steps`.
    pub(super) fn leaves_open(&self) -> bool {
        self.words.position("not known") == Some(0)
    }

    /// It says of the work that it is of another kind than the question took it for.
    pub(super) fn denies_kind(&self) -> bool {
        let asked = if self.id.starts_with("bug-") { Kind::Bug } else { Kind::Unclear };
        KIND.contains(&self.id) && corrected(asked, &self.words).is_some()
    }

    /// It leaves the matter to us.
    pub(super) fn evasive(&self) -> bool {
        const EVASIVE: &[&str] = &[
            "dont know",
            "do not know",
            "not sure",
            "unsure",
            "no idea",
            "idk",
            "you decide",
            "your choice",
            "whatever",
            "tbd",
            "undecided",
            "dont care",
            "do not care",
            "skip",
        ];
        // An option that announces what it does not say.
        const UNFILLED: &[&str] = &[
            "i name in the answer",
            "i give in the answer",
            "i list in the answer",
            "i say for each case in the answer",
            "i say in the answer",
        ];
        self.words.len() == 0
            || (self.words.len() <= 8 && self.words.any(EVASIVE).is_some())
            || (self.words.len() <= 20 && self.words.any(UNFILLED).is_some())
    }
}

impl<'a> Scene<'a> {
    pub(super) fn of(view: &'a View) -> Self {
        let answers: Vec<Answered<'a>> = view.questions.iter().filter_map(answered).collect();
        let facts = Facts::of(view);
        let project = project_words(&facts);
        let typed = Goal::read_in(&view.goal, &project);
        let restated: Vec<&str> = answers
            .iter()
            .filter(|answer| RESTATED.contains(&answer.id) && !answer.evasive())
            .map(|answer| answer.text)
            .collect();
        // What the goal named before it was said again is still about it: an answer takes nothing away.
        let clear = typed.readable() && is_known(&typed, &facts.relevant(&typed));
        let named = if restated.is_empty() || clear { Vec::new() } else { facts.relevant(&typed) };
        let mut goal = if restated.is_empty() || clear {
            typed
        } else if typed.language == Language::English {
            Goal::read_in(&format!("{} {}", restated.join(" "), view.goal), &project)
        } else {
            Goal::read_in(&restated.join(" "), &project)
        };
        // Whoever is asked about a bug and says that nothing is broken knows better than the wording.
        let of_kind = answers.iter().filter(|answer| KIND.contains(&answer.id));
        if let Some(said) = of_kind.filter_map(|answer| corrected(goal.kind, &answer.words)).next_back() {
            goal.kind = said;
            goal.states = false;
            goal.accuses = false;
        }
        let mut relevant = facts.relevant(&goal);
        for before in named {
            if !relevant.iter().any(|known| std::ptr::eq(known.fact, before.fact)) {
                relevant.push(before);
            }
        }
        let written = named::written(&facts, &view.goal);
        // What is written out needs no guess by words.
        let exact = written.iter().any(|thing| matches!(thing, Thing::Route(_) | Thing::File(..)))
            || named::names_field(&facts, &view.goal);
        let by_words = if exact { Vec::new() } else { named::by_words(&facts, &goal) };
        let join = |relevant: &mut Vec<Relevant<'a>>, things: &[Thing<'a>]| {
            for fact in things.iter().flat_map(Thing::facts) {
                if !relevant.iter().any(|known| std::ptr::eq(known.fact, fact)) {
                    relevant.push(Relevant { fact, score: NAMED });
                }
            }
        };
        join(&mut relevant, &written);
        join(&mut relevant, &by_words);
        let by_name = relevant.clone();
        let by_goal: Vec<Thing<'a>> = written.iter().chain(&by_words).cloned().collect();
        let named = things(&facts, &answers, written, by_words);
        for named in &named {
            join(&mut relevant, std::slice::from_ref(&named.thing));
        }
        let pointed = pointed_at(&facts, &answers);
        relevant.retain(|known| !pointed.iter().any(|fact| std::ptr::eq(known.fact, *fact)));
        let closest = relevant.first().map_or(POINTED, |relevant| relevant.score.max(POINTED));
        let pointed: Vec<Relevant<'a>> = pointed.into_iter().map(|fact| Relevant { fact, score: closest }).collect();
        let count = pointed.len();
        let relevant = pointed.into_iter().chain(relevant).collect();
        Self { view, goal, facts, answers, relevant, pointed: count, by_name, named, by_goal }
    }

    /// What the goal itself names, whatever was answered.
    pub(super) fn by_goal(&self) -> impl Iterator<Item = &Thing<'a>> {
        self.by_goal.iter()
    }

    /// What the goal or an answer names itself: all that may be planned of.
    pub(super) fn named(&self) -> &[Named<'a>] {
        &self.named
    }

    /// Rules or the project know a word of the goal.
    pub(super) fn goal_is_known(&self) -> bool {
        is_known(&self.goal, &self.relevant)
    }

    /// The goal as one line for people, bounded.
    pub(super) fn goal_line(&self) -> String {
        quote(&self.view.goal, 160)
    }

    pub(super) fn answer(&self, id: &str) -> Option<&Answered<'a>> {
        self.answers.iter().find(|answer| answer.id == id)
    }

    /// A person decided to verify without tests.
    pub(super) fn by_hand(&self) -> bool {
        self.answer("no-tests").is_some_and(|answer| answer.words.any(&["by hand", "manually"]).is_some())
    }

    /// The answer to the question about an area.
    pub(super) fn answer_on(&self, area: &str) -> Option<&Answered<'a>> {
        self.answers.iter().rfind(|answer| answer.area == Some(area))
    }

    /// Questions that wait: raised or asked, not answered.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &'a QuestionStatus> + use<'a> {
        self.view.questions.iter().filter(|status| status.state != QuestionState::Answered)
    }

    /// The fact of a selector that is closest to the goal.
    pub(super) fn closest(&self, selector: &str) -> Option<&'a Fact> {
        if selector == "auth.middleware" {
            return guards::in_front(&self.facts).first().copied();
        }
        let near = self.relevant.iter().map(|relevant| relevant.fact).filter(|fact| fact.cited);
        let mut near = near.filter(|fact| self.facts.select(selector).any(|known| known.id == fact.id));
        near.next().or_else(|| self.facts.first(&[selector]))
    }

    /// The same for a quotation: one that tells something, and no model that the goal does not name when it names one.
    pub(super) fn quotable(&self, selector: &str) -> Option<&'a Fact> {
        if is_or_below(selector.split('~').next().unwrap_or_default(), "model") {
            let named = self.named_models();
            if !named.is_empty() {
                return named.into_iter().find(|fact| self.facts.select(selector).any(|known| known.id == fact.id));
            }
        }
        // Of what a project has many, one at random says nothing.
        if ["route", "route.get", "route.post", "route.put", "route.delete", "model", "test.file", "config.env"]
            .contains(&selector)
        {
            let near = self.relevant.iter().filter(|relevant| relevant.score >= 4).map(|relevant| relevant.fact);
            let mut near = near.filter(|fact| self.facts.select(selector).any(|known| known.id == fact.id));
            return near.find(|fact| fact.cited && telling(fact));
        }
        let closest = self.closest(selector)?;
        if telling(closest) {
            return Some(closest);
        }
        self.facts.select(selector).find(|fact| fact.cited && telling(fact))
    }

    /// Models that the goal names: by its nouns or, where these name none, by who is to use it.
    pub(super) fn named_models(&self) -> Vec<&'a Fact> {
        let models = self.facts.models();
        let by = |nouns: &[String]| -> Vec<&'a Fact> {
            let named = nouns.iter().flat_map(|noun| models.iter().filter(|model| model.is(noun)));
            named.map(|model| model.fact).collect()
        };
        let named = by(&self.goal.nouns);
        if named.is_empty() { by(&self.goal.people) } else { named }
    }

    /// Files that hold what the goal or an answer names, each with the facts in it: first those that a person pointed at.
    pub(super) fn subject_files(&self) -> Vec<(&'a str, Vec<&'a Fact>)> {
        const ASIDE: &[&str] =
            &["test", "script", "dependency", "readme", "component", "flow", "api", "risk", "relation"];
        let path = |fact: &'a Fact| fact.source.as_ref().map_or("", |place| place.path.as_str());
        let aside = |fact: &Fact| ASIDE.iter().any(|key| is_or_below(&fact.key, key));
        let pointed = self.pointed().iter().map(|relevant| relevant.fact).filter(|fact| !aside(fact));
        let mut found: Vec<&'a Fact> = pointed.collect();
        if found.is_empty() {
            found.extend(self.named.iter().flat_map(|named| named.thing.facts()).filter(|fact| !aside(fact)));
        }
        // How long a file is says most about it.
        found.sort_by_key(|fact| fact.key != "file");
        let mut files: Vec<(&'a str, Vec<&'a Fact>)> = Vec::new();
        for fact in found.into_iter().filter(|fact| !path(fact).is_empty() && !is_test(path(fact))) {
            match files.iter_mut().find(|(known, _)| *known == path(fact)) {
                Some((_, facts)) => facts.push(fact),
                None => files.push((path(fact), vec![fact])),
            }
        }
        files
    }

    /// Facts that the goal's own words find, whatever a person pointed at.
    pub(super) fn found_by_name(&self) -> &[Relevant<'a>] {
        &self.by_name
    }

    /// What a person pointed at.
    pub(super) fn pointed(&self) -> &[Relevant<'a>] {
        &self.relevant[..self.pointed]
    }

    /// Facts that have to do with the goal, the closest first.
    pub(super) fn relevant(&self) -> &[Relevant<'a>] {
        &self.relevant
    }
}

/// What the goal names, and what answers on the work name. An answer comes before what the goal's words only seem to name.
fn things<'a>(
    facts: &Facts<'a>,
    answers: &[Answered<'a>],
    written: Vec<Thing<'a>>,
    by_words: Vec<Thing<'a>>,
) -> Vec<Named<'a>> {
    let mut answered: Vec<Named<'a>> = Vec::new();
    for answer in answers.iter().filter(|answer| NAMING.contains(&answer.id) && !answer.evasive()) {
        let mut found = named::written(facts, answer.text);
        // Of `GET /users at app.js:291` the route is meant.
        if found.iter().any(|thing| matches!(thing, Thing::Route(_))) {
            found.retain(|thing| !matches!(thing, Thing::File(..)));
        }
        answered.extend(found.into_iter().map(|thing| Named { thing, cite: answer.cite, exact: true }));
    }
    // A file that an answer names is where; what the goal names in it is what. Elsewhere words name nothing any more.
    let by_words = if answered.is_empty() {
        by_words
    } else {
        let in_answered = |thing: &Thing<'a>| {
            answered.iter().find(|known| matches!(known.thing, Thing::File(path, _) if path == thing.path())).cloned()
        };
        let within: Vec<Named<'a>> = by_words
            .into_iter()
            .filter_map(|thing| Some(Named { cite: in_answered(&thing)?.cite, thing, exact: true }))
            .collect();
        answered.retain(|known| {
            !matches!(known.thing, Thing::File(path, _) if within.iter().any(|named| named.thing.path() == path))
        });
        answered.extend(within);
        Vec::new()
    };
    let mut all: Vec<Named<'a>> = Vec::new();
    let exact = written.into_iter().map(|thing| Named { thing, cite: None, exact: true });
    let of_goal = exact.chain(by_words.into_iter().map(|thing| Named { thing, cite: None, exact: false }));
    for named in answered.into_iter().chain(of_goal) {
        if !all.iter().any(|known| known.thing.said() == named.thing.said()) {
            all.push(named);
        }
    }
    // What is done comes before what it is done with.
    all.sort_by_key(|named| matches!(named.thing, Thing::Model(_)));
    all
}

/// Facts that answers on where the work is point at: by the route, the file, the folder or the package that they write out.
fn pointed_at<'a>(facts: &Facts<'a>, answers: &[Answered<'a>]) -> Vec<&'a Fact> {
    let mut pointed: Vec<&'a Fact> = Vec::new();
    for answer in answers.iter().filter(|answer| WHERE.contains(&answer.id) && !answer.evasive()) {
        let requests = requests(answer.text);
        let asked = |route: &Route<'_>| {
            let same = |wanted: &Requested| {
                route.is_at(&wanted.path) && wanted.method.is_none_or(|method| method == route.method)
            };
            requests.iter().any(same)
        };
        let routes: Vec<&'a Fact> = facts.routes().into_iter().filter(asked).map(|route| route.fact).collect();
        let places = written_places(answer.text);
        let at = |fact: &Fact| {
            fact.source.as_ref().is_some_and(|place| places.iter().any(|wanted| is_place(&place.path, wanted)))
                || fact.key.strip_prefix("dependency.").is_some_and(|name| places.iter().any(|wanted| wanted == name))
        };
        let found = if routes.is_empty() { facts.iter().filter(|fact| at(fact)).collect() } else { routes };
        for fact in found {
            if fact.cited && !pointed.iter().any(|known| std::ptr::eq(*known, fact)) {
                pointed.push(fact);
            }
        }
    }
    pointed
}

/// Words of an answer that may be a file, a folder or a package, without a line number.
fn written_places(text: &str) -> Vec<String> {
    let edge = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '@' | '*' | '-');
    let place = |word: &str| {
        let word = word.trim_matches(edge);
        let (place, line) = word.rsplit_once(':').unwrap_or((word, ""));
        let place = if line.chars().all(|letter| letter.is_ascii_digit()) { place } else { word };
        (place.len() > 1).then(|| place.trim_start_matches("./").to_owned())
    };
    text.split_whitespace().filter_map(place).take(60).collect()
}

/// A path, its end, or a folder that it lies in. A bare word is a place only as the name of a file.
fn is_place(path: &str, wanted: &str) -> bool {
    let (path, wanted) = (path.to_lowercase(), wanted.to_lowercase());
    let named = wanted.contains('/') || wanted.rsplit_once('.').is_some_and(|(_, ending)| ending.len() <= 4);
    named
        && (path == wanted
            || path.ends_with(&format!("/{wanted}"))
            || path.starts_with(&format!("{wanted}/"))
            || path.contains(&format!("/{wanted}/")))
}

fn is_known(goal: &Goal, relevant: &[Relevant<'_>]) -> bool {
    goal.has_known_word() || !relevant.is_empty()
}

/// The path is of tests.
pub(super) fn is_test(path: &str) -> bool {
    Words::of_code(path).any(&["test", "tests", "spec", "specs", "fixture*", "e2e", "mock*"]).is_some()
}

/// Words of the project's own name, by which a goal may call it.
fn project_words(facts: &Facts<'_>) -> Vec<String> {
    let names = ["project.name", "readme.title"].into_iter().flat_map(|key| facts.select(key));
    names.flat_map(|fact| Words::of_code(&fact.value).iter().map(str::to_owned).collect::<Vec<_>>()).take(24).collect()
}

fn answered(status: &QuestionStatus) -> Option<Answered<'_>> {
    let text = status.answer.as_deref()?;
    Some(Answered {
        id: &status.question.id,
        area: status.question.area.as_deref(),
        question: &status.question.text,
        text,
        words: Words::of(text),
        cite: status.cite.as_deref(),
    })
}
