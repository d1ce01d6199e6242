//! What the chain knows, as parts between fence marks.
//!
//! Some parts are always whole: what was wanted, decided, answered and refused, and what blocks. The others share the room
//! that is left, in the order of what a step can least do without. They are laid out in another order, what changes least
//! first, so that two requests of a chain begin alike: see [`Known::steady`]. Whatever is left out is counted and named, in the
//! request too: a model must not take what it does not see for what is not there.

use std::borrow::Cow;

use certus_engine::{Fact, View};

use super::{Extra, FileText, Given, LONG, LeftOut, Note, relevance, said};
use crate::clean::{cut, line};
use crate::fence::{Fence, harmless, made_harmless};
use crate::passages::{passages, wide_passages};

/// Bytes of one part that gives way, and the share of a small room.
const PART_LIMIT: usize = 32 * 1024;
const PART_SHARE: usize = 3;
/// Bytes of the facts.
const FACTS_LIMIT: usize = 96 * 1024;
/// Bytes of the newest note; older ones are one line.
const NOTE_LIMIT: usize = 4 * 1024;
/// Bytes of what one check printed.
const OUTPUT_LIMIT: usize = 8 * 1024;
/// Bytes below which a part of a file that nobody changes is not worth its place.
const CRUMBS: usize = 4 * 1024;
/// Room that is kept for naming what is left out, once for a part and once for all.
const NAMING: usize = 64;
const NAMING_ALL: usize = 640;

/// Bytes of facts that make a page: some 1,000 tokens.
const PAGE: usize = 4 * 1024;

/// Full pages of facts, which stay as they are when more is found.
const FACTS: &str = "facts";
/// Files that the chain has not touched.
const FILES: &str = "file";
/// Facts that fill no page yet.
const NEWEST_FACTS: &str = "newest-facts";
/// What is added to now and then, or changes when a phase ends.
const DECIDED: [&str; 7] =
    [NEWEST_FACTS, "idioms", "decisions", "answers", "rejections", "approved-solution", "document"];
/// Files that its drafts are about, which change as it goes.
const TOUCHED: &str = "touched-file";
/// The others, what changes least first.
const CHANGING: [&str; 17] = [
    "project",
    TOUCHED,
    "files-not-shown",
    "blockers",
    "last-solution",
    "uncertainties",
    "open-questions",
    "older-notes",
    "newest-note",
    "gap",
    "suggested-prompts",
    "ran-already",
    "drafts",
    "checks",
    "check-output",
    "state",
    "arguments",
];

struct Context<'a> {
    parts: Vec<(&'static str, String)>,
    room: usize,
    /// Bytes of one part that gives way.
    part: usize,
    left_out: Vec<LeftOut>,
    fence: &'a Fence,
}

/// What a chain knows, laid out.
pub(super) struct Known {
    /// Pieces of one text: the goal; what was found, in pages that stay as they are when more is found; files that the chain
    /// has not touched; what was found last, and decided.
    pub(super) steady: Vec<String>,
    /// The rest.
    pub(super) changing: String,
    /// What neither of them shows.
    pub(super) left_out: Vec<LeftOut>,
}

/// The parts that have something in them, behind `head`, and what is left out. More than `room` bytes only where what must be
/// whole is.
pub(super) fn context(
    view: &View,
    arguments: Given<'_>,
    extra: &Extra,
    fence: &Fence,
    head: String,
    room: usize,
) -> Known {
    let room = room.saturating_sub(NAMING_ALL);
    let mut context =
        Context { parts: Vec::new(), room, part: PART_LIMIT.min(room / PART_SHARE), left_out: Vec::new(), fence };
    context.always("goal", view.goal.trim());
    context.always("decisions", &said::decisions(view).join("\n"));
    context.always("answers", &said::answers(view).join("\n"));
    context.always("rejections", &said::judged(view).join("\n"));
    context.always("blockers", &said::uncertainties(view, true).join("\n"));
    context.always("open-questions", &said::open_questions(view).join("\n"));
    let (solution, approved) = said::last_solution(view);
    if approved {
        context.always("approved-solution", &solution);
    }

    context.whole("state", &said::state(view));
    let others = arguments.others.iter();
    context.list("arguments", others.map(|(name, value)| format!("{}: {value}", line(name, 64))).collect());
    context.whole("gap", &line(view.gap.as_deref().unwrap_or_default(), 1000));
    if !approved {
        context.whole("last-solution", &solution);
    }
    context.list("checks", said::checks(view));
    context.outputs(view);
    context.list("drafts", said::drafts(view));
    // What is being changed comes before what else is known.
    let touched = said::touched(view);
    let (mut changed, others): (Vec<&FileText>, Vec<&FileText>) =
        extra.files.iter().partition(|file| touched.contains(file.path.as_str()));
    // All of them matter: the long ones, of which a part can be shown, take what the short ones leave.
    changed.sort_by_key(|file| file.text.len());
    context.files(TOUCHED, &changed, context.room / 4 * 3);
    for document in extra.documents.iter().rev() {
        let head = format!("({}) {}", line(&document.kind, 64), line(&document.title, 200));
        context.whole("document", &format!("{head}\n\n{}", document.body));
    }
    context.list("uncertainties", said::uncertainties(view, false));
    context.list("project", said::project(view));
    let idioms = extra.idioms.iter();
    context.list("idioms", idioms.map(|(concept, said)| format!("{concept}: {}", line(said, 400))).collect());
    let suggested = view.suggestions.iter();
    let suggested = suggested.map(|call| format!("{} {}", line(&call.name, 80), line(&call.why, 200)));
    context.list("suggested-prompts", suggested.collect());
    context.list("ran-already", said::runs(view));
    context.notes(&extra.notes);
    let asked = arguments.declared.values().chain(arguments.others.values()).copied();
    context.facts(&view.facts, asked.chain([view.goal.as_str()]));
    context.files(FILES, &others, context.room);
    context.laid_out(head)
}

impl Context<'_> {
    /// A part that never gives way, whatever the room.
    fn always(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.put(name, text, "");
        }
    }

    fn put(&mut self, name: &'static str, text: &str, note: &str) {
        self.put_at(name, name, text, note);
    }

    /// A part at the place of another.
    fn put_at(&mut self, place: &'static str, name: &'static str, text: &str, note: &str) {
        let part = self.fence.part(name, text) + note;
        self.room = self.room.saturating_sub(part.len());
        self.parts.push((place, part));
    }

    /// Bytes that the text of a part may have.
    fn spare(&self, name: &str) -> usize {
        self.room.saturating_sub(self.fence.overhead(name) + NAMING)
    }

    fn omit(&mut self, part: &str, count: usize) {
        if let Some(left) = self.left_out.iter_mut().find(|left| left.part == part) {
            left.count += count;
        } else if count > 0 {
            self.left_out.push(LeftOut { part: part.to_owned(), count });
        }
    }

    /// A part as one text, of which the beginning matters most.
    fn whole(&mut self, name: &'static str, text: &str) {
        self.beginning(name, text, self.part);
    }

    fn beginning(&mut self, name: &'static str, text: &str, most: usize) {
        let text = harmless(text.trim());
        let kept = cut(&text, most.min(self.spare(name))).trim_end();
        if !kept.is_empty() {
            self.put(name, kept, if kept.len() < text.len() { "(The rest is not shown.)\n" } else { "" });
        }
        self.omit(name, usize::from(kept.len() < text.len()));
    }

    /// A part of entries, the last of which matter most.
    fn list(&mut self, name: &'static str, entries: Vec<String>) {
        let newest_first = (0..entries.len()).rev().collect();
        self.chosen(name, &entries, newest_first, self.part);
    }

    /// As many entries as fit, chosen in this order and shown in their own.
    fn chosen(&mut self, name: &'static str, entries: &[String], order: Vec<usize>, most: usize) {
        let (kept, left_out) = self.choose(name, entries, order, most);
        if !kept.is_empty() {
            self.put(name, &kept.join("\n"), &more(left_out));
        }
    }

    /// Those entries, and how many do not fit.
    fn choose<'e>(
        &mut self,
        name: &str,
        entries: &'e [String],
        order: Vec<usize>,
        most: usize,
    ) -> (Vec<Cow<'e, str>>, usize) {
        let mut left = most.min(self.spare(name));
        let mut kept: Vec<(usize, Cow<'e, str>)> = Vec::new();
        for index in order {
            let entry = harmless(&entries[index]);
            if entry.len() < left {
                left -= entry.len() + 1;
                kept.push((index, entry));
            }
        }
        kept.sort();
        let left_out = entries.len() - kept.len();
        self.omit(name, left_out);
        (kept.into_iter().map(|(_, entry)| entry).collect(), left_out)
    }

    fn facts<'t>(&mut self, facts: &[Fact], asked: impl Iterator<Item = &'t str>) {
        let lines: Vec<String> = facts.iter().map(said::fact_line).collect();
        // Files come after the facts and must find room too.
        let most = FACTS_LIMIT.min(self.room / 3);
        let most = most.saturating_sub(most / PAGE * self.fence.overhead(FACTS));
        // Where all of them fit, none has to be better than another.
        let all = lines.iter().map(|line| line.len() + 1).sum::<usize>() < most.min(self.spare(FACTS));
        let order = if all { (0..lines.len()).collect() } else { relevance::by_relevance(facts, asked) };
        let (kept, left_out) = self.choose(FACTS, &lines, order, most);
        let mut page = String::new();
        for line in kept {
            if page.len() >= PAGE {
                self.put(FACTS, &std::mem::take(&mut page), "");
            }
            page.push_str(&line);
            page.push('\n');
        }
        if !page.is_empty() {
            self.put_at(NEWEST_FACTS, FACTS, &page, &more(left_out));
        }
    }

    /// What the newest run of each check printed. The end matters most.
    fn outputs(&mut self, view: &View) {
        let name = "check-output";
        let mut left_out = 0;
        for (head, output) in said::outputs(view) {
            let output = harmless(&output).trim_end().to_owned();
            let most = OUTPUT_LIMIT.min(self.spare(name).saturating_sub(head.len() + 1));
            let kept = end(&output, most);
            if !kept.is_empty() {
                let note = if kept.len() < output.len() { "(What came before is not shown.)\n" } else { "" };
                self.put(name, &format!("{head}\n{kept}"), note);
            }
            left_out += usize::from(kept.len() < output.len());
        }
        self.omit(name, left_out);
    }

    /// The newest note as it is, older ones as a line each, the oldest by name alone.
    fn notes(&mut self, notes: &[Note]) {
        let notes: Vec<&Note> = notes.iter().filter(|note| !note.text.trim().is_empty()).collect();
        let Some((newest, older)) = notes.split_last() else { return };
        let text = format!("{}: {}", line(&newest.prompt, 80), newest.text.trim());
        self.beginning("newest-note", &text, (self.room / 8).min(NOTE_LIMIT));
        let lines: Vec<String> =
            older.iter().map(|note| format!("{}: {}", line(&note.prompt, 80), line(&note.text, 300))).collect();
        let mut left = (self.room / 8).min(self.part).min(self.spare("older-notes"));
        let fits = lines.iter().rev().take_while(|text| {
            let fits = harmless(text).len() < left;
            left = left.saturating_sub(harmless(text).len() + 1);
            fits
        });
        let dropped = older.len() - fits.count();
        let mut names: Vec<String> = older[..dropped].iter().map(|note| line(&note.prompt, 80)).collect();
        names.sort();
        names.dedup();
        let mut text = lines[dropped..].join("\n");
        if dropped > 0 {
            text = format!("({dropped} older notes are left out, of {})\n{text}", line(&names.join(", "), 600));
        }
        if harmless(&text).len() <= self.spare("older-notes") {
            if !text.is_empty() {
                self.put("older-notes", &text, "");
            }
            self.omit("older-notes", dropped);
        } else {
            self.omit("older-notes", older.len());
        }
    }

    /// Files in at most so many bytes: whole, or around the lines that matter, which an edit cannot mistake for all of it.
    fn files(&mut self, place: &'static str, files: &[&FileText], most: usize) {
        let before = self.room.saturating_sub(most);
        let mut missing = Vec::new();
        let mut shown = Vec::new();
        for file in files {
            // The name of every file that does not fit has to fit.
            let spare = self.spare(FILES).saturating_sub(NAMING_ALL + before);
            let whole = if file.is_long() { None } else { Some(made_harmless(said::file(file))) };
            if let Some(whole) = whole.filter(|whole| whole.len() <= spare) {
                shown.push(self.set_aside(file, whole));
                continue;
            }
            let matters = place == TOUCHED || (!file.marks.is_empty() && spare > CRUMBS);
            let parts = match (matters, file.is_long()) {
                (false, _) => Vec::new(),
                (true, true) => passages(file, spare.min(LONG)),
                (true, false) => wide_passages(file, spare),
            };
            let texts: Vec<String> = parts.iter().map(|part| made_harmless(said::file(part))).collect();
            let bytes = texts.iter().map(|text| text.len() + self.fence.overhead(FILES)).sum::<usize>();
            if texts.is_empty() || bytes > spare {
                missing.push(format!("{} ({} bytes): not shown", line(&file.path, 400), file.text.len()));
                continue;
            }
            self.omit(FILES, 1);
            for (part, text) in parts.iter().zip(texts) {
                shown.push(self.set_aside(part, text));
            }
        }
        // Which matters most changes from one prompt to the next, their names do not.
        shown.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        for (_, text, needed) in shown {
            self.room += needed;
            self.put_at(place, FILES, &text, "");
        }
        let omitted = missing.len();
        let before = self.left_out.len();
        self.chosen("files-not-shown", &missing, (0..missing.len()).collect(), PART_LIMIT);
        self.left_out.truncate(before);
        self.omit(FILES, omitted);
    }

    /// Room for a file that is put down later.
    fn set_aside(&mut self, file: &FileText, text: String) -> (String, String, usize) {
        let needed = text.len() + self.fence.overhead(FILES);
        self.room = self.room.saturating_sub(needed);
        (file.path.clone(), text, needed)
    }

    fn all(&self, places: &[&str]) -> String {
        let mut text = String::new();
        for place in places {
            self.parts.iter().filter(|(part, _)| part == place).for_each(|(_, part)| text.push_str(part));
        }
        text
    }

    fn laid_out(self, head: String) -> Known {
        let mut steady = vec![head + &self.all(&["goal"])];
        steady.extend(self.parts.iter().filter(|(part, _)| *part == FACTS).map(|(_, page)| page.clone()));
        steady.extend([self.all(&[FILES]), self.all(&DECIDED)]);
        steady.retain(|piece| !piece.is_empty());
        let mut text = self.all(&CHANGING);
        if !self.left_out.is_empty() {
            let named: Vec<String> =
                self.left_out.iter().map(|left| format!("{} ({})", left.part, left.count)).collect();
            text.push_str(&format!(
                "\nFor want of room these are left out or cut: {}. What is not here may still be so.\n",
                named.join(", ")
            ));
        }
        Known { steady, changing: text, left_out: self.left_out }
    }
}

/// That so many entries are not there.
fn more(left_out: usize) -> String {
    if left_out > 0 { format!("({left_out} more are not shown.)\n") } else { String::new() }
}

/// The longest end of at most `bytes` bytes, in whole lines where there is more than one.
fn end(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let tail = &text[text.ceil_char_boundary(text.len() - bytes)..];
    tail.split_once('\n').map_or(tail, |(_, whole)| if whole.is_empty() { tail } else { whole })
}
