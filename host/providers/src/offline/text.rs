//! Words, and what is written around them.
//!
//! Rules look for words, never for meaning. A pattern is one word or several in a row; `*` at the end of a word stands for
//! any ending: `token*`, `sign in`, `user* manage*`.

/// A text as lower-case words. Everything but letters and digits separates; an apostrophe joins (`doesn't` is `doesnt`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    words: Vec<String>,
    /// Positions in the order of their words, so that a pattern is found without going through a long text.
    sorted: Vec<usize>,
    /// Words after which a comma, a full stop or the like stands.
    pauses: Vec<usize>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut pauses: Vec<usize> = Vec::new();
        let mut word = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter.is_alphanumeric() {
                word.extend(letter.to_lowercase());
            } else if !matches!(letter, '\'' | '’') && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            // A full stop within `app.js` and a colon within `/:id` separate nothing.
            let marks = matches!(letter, ',' | ';' | ':' | '.' | '!' | '?' | '(' | ')');
            if marks
                && letters.peek().is_none_or(|next| next.is_whitespace())
                && let Some(last) = words.len().checked_sub(1)
            {
                pauses.push(last);
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        let mut sorted: Vec<usize> = (0..words.len()).collect();
        sorted.sort_by(|one, other| words[*one].cmp(&words[*other]));
        Self { words, sorted, pauses }
    }

    /// Words of a name in code: `orderItems.findById` is `order items find by id`.
    pub(super) fn of_code(text: &str) -> Self {
        let mut spaced = String::with_capacity(text.len() + 16);
        let mut lower = false;
        for letter in text.chars() {
            if letter.is_uppercase() && lower {
                spaced.push(' ');
            }
            lower = letter.is_lowercase() || letter.is_ascii_digit();
            spaced.push(letter);
        }
        Self::of(&spaced)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        self.words.get(index).map(String::as_str)
    }

    /// Where a pattern first occurs.
    pub(super) fn position(&self, pattern: &str) -> Option<usize> {
        self.position_from(pattern, 0)
    }

    /// A pattern begins at a word.
    pub(super) fn is_at(&self, pattern: &str, at: usize) -> bool {
        self.matches_at(pattern, at)
    }

    /// A comma, a full stop or the like stands after a word.
    pub(super) fn pauses_after(&self, at: usize) -> bool {
        self.pauses.contains(&at)
    }

    fn position_from(&self, pattern: &str, from: usize) -> Option<usize> {
        let first = pattern.split(' ').next().unwrap_or_default();
        let (start, open) = first.strip_suffix('*').map_or((first, false), |start| (start, true));
        let begin = self.sorted.partition_point(|at| self.words[*at].as_str() < start);
        let candidates = self.sorted[begin..].iter().take_while(|at| {
            let word = &self.words[**at];
            if open { word.starts_with(start) } else { word == start }
        });
        candidates.copied().filter(|at| *at >= from && self.matches_at(pattern, *at)).min()
    }

    fn matches_at(&self, pattern: &str, at: usize) -> bool {
        pattern.split(' ').enumerate().all(|(offset, part)| {
            self.words.get(at + offset).is_some_and(|word| match part.strip_suffix('*') {
                Some(start) => word.starts_with(start),
                None => part == word,
            })
        })
    }

    /// Where a pattern occurs without a negation right before it.
    pub(super) fn affirmed(&self, pattern: &str) -> Option<usize> {
        self.affirmed_where(pattern, |_| true)
    }

    /// The same, of the places that a condition picks.
    pub(super) fn affirmed_where(&self, pattern: &str, pick: impl Fn(usize) -> bool) -> Option<usize> {
        let mut from = 0;
        while let Some(at) = self.position_from(pattern, from) {
            if pick(at) && !self.negated(at) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    }

    /// A negation stands before a word, with at most two small words between (`without any new`, `do not use`).
    pub(super) fn negated(&self, at: usize) -> bool {
        const NEGATIONS: &[&str] = &["no", "not", "without", "dont", "doesnt", "never", "avoid"];
        const BETWEEN: &[&str] = &["any", "new", "use", "using", "add", "a", "an", "the", "more", "adding"];
        let before = self.words[..at.min(self.words.len())].iter().rev().take(3).map(String::as_str);
        before.skip_while(|word| BETWEEN.contains(word)).take(1).any(|word| NEGATIONS.contains(&word))
    }

    pub(super) fn has(&self, pattern: &str) -> bool {
        self.position(pattern).is_some()
    }

    /// The first of some patterns that occurs, in the order of the patterns.
    pub(super) fn any<'p>(&self, patterns: &[&'p str]) -> Option<&'p str> {
        patterns.iter().copied().find(|pattern| self.has(pattern))
    }
}

/// A word without the endings that grammar adds. Crude on purpose: both sides of a comparison go through it.
pub(super) fn stem(word: &str) -> &str {
    let long = |stem: &str| stem.len() >= 3;
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| long(stem)) {
        return stem;
    }
    if let Some(stem) =
        word.strip_suffix("es").filter(|stem| long(stem) && stem.ends_with(['x', 'h', 'z']) || stem.ends_with("ss"))
    {
        return stem;
    }
    // `story` and `stories` meet.
    if let Some(stem) = word.strip_suffix('y').filter(|stem| long(stem) && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])) {
        return stem;
    }
    match word.strip_suffix('s') {
        Some(stem) if long(stem) && !stem.ends_with(['s', 'u']) => stem,
        _ => word,
    }
}

/// At most `most` characters, with an ellipsis where something was left out.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Text from outside, made fit to stand within one sentence of ours: one line, bounded, without control characters, without
/// what would end the sentence, look like a citation or close a code span.
pub(super) fn inline(text: &str, most: usize) -> String {
    let visible: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mut said = String::with_capacity(visible.len().min(4 * most));
    let mut words = visible.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let word: String = word.chars().map(|letter| if letter == '`' { '\'' } else { letter }).collect();
        let bare = word.trim_end_matches(['.', '!', '?', ';', '…']);
        // The current directory of a command line is no end of a sentence.
        said.push_str(if word == "." { "./" } else { bare });
        if words.peek().is_some() {
            if bare.len() < word.len() && word != "." {
                said.push(';');
            }
            said.push(' ');
        }
    }
    escape_citations(&cut(said.trim_matches([' ', ';']), most))
}

/// What a person said, for between quotation marks: on one line and bounded, and otherwise as they wrote it. Only where it has
/// such marks itself it is made fit like any text, since nobody could tell where it ends.
pub(super) fn quote(text: &str, most: usize) -> String {
    if text.contains(['"', '`']) {
        return inline(text, most);
    }
    let visible: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let line: Vec<&str> = visible.split_whitespace().collect();
    escape_citations(&cut(&line.join(" "), most))
}

/// `[F3]` is no citation of ours where somebody else wrote it. Other brackets stay.
fn escape_citations(text: &str) -> String {
    let id = |text: &str| {
        let text = text.trim();
        text.strip_prefix(['F', 'A']).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|it| it.is_ascii_digit()))
    };
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        escaped.push_str(before);
        let cites = after.split_once(']').is_some_and(|(ids, _)| ids.split(',').any(id));
        escaped.push_str(if cites { "\\[" } else { "[" });
        rest = after;
    }
    escaped.push_str(rest);
    escaped
}

/// As a code span; a dash for nothing. What is quoted stays as it is, but for a `;` at its end: within the span nothing ends
/// a sentence or cites.
pub(super) fn code(text: &str, most: usize) -> String {
    let visible: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let line: Vec<&str> = visible.split_whitespace().collect();
    let said = cut(line.join(" ").replace('`', "'").trim_end_matches([';', ' ']), most);
    if said.is_empty() { "–".to_owned() } else { format!("`{said}`") }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// `1 route`, `2 routes`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_words_not_substrings() {
        let words = Words::of("Don't add a user-friendly Cart to Node.js v2");
        assert_eq!(words.iter().collect::<Vec<_>>().join(" "), "dont add a user friendly cart to node js v2");
        assert!(words.has("user friendly") && words.has("car*") && words.has("v2"));
        assert!(!words.has("car") && !words.has("friendly user") && !words.has("js v2 more"));
        assert!(!Words::default().has("a"));
    }

    #[test]
    fn a_negated_word_is_not_affirmed() {
        let words =
            Words::of("Use tokens without any new dependency and do not use cookies, no cookies; cookies later");
        assert!(words.affirmed("token*").is_some() && words.affirmed("dependenc*").is_none());
        assert_eq!(words.affirmed("cookie*"), Some(13));
    }

    #[test]
    fn stems_meet() {
        let stems: Vec<_> = [
            "orders",
            "categories",
            "category",
            "days",
            "addresses",
            "boxes",
            "status",
            "cats",
            "class",
            "prices",
            "bus",
        ]
        .map(stem)
        .into();
        assert_eq!(
            stems,
            ["order", "categor", "categor", "day", "address", "box", "status", "cat", "class", "price", "bus"]
        );
    }

    #[test]
    fn what_comes_from_outside_stays_within_the_sentence() {
        assert_eq!(inline("Run both. Then stop! [F9]\n\u{1b}[31m`x`", 80), "Run both; Then stop; \\[F9] [31m'x'");
        assert_eq!(inline("ids[0] of [F9, 3]", 80), "ids[0] of \\[F9, 3]");
        assert_eq!(quote("Stop. Then read items[0]!  See [A1].", 80), "Stop. Then read items[0]! See \\[A1].");
        assert_eq!(quote("the \"total\". Always.", 80), "the \"total\"; Always");
        assert_eq!(inline("a.b e.g. v1.2.", 80), "a.b e.g; v1.2");
        assert_eq!(inline(" ... ", 80), "");
        assert_eq!(inline("prettier . --write", 80), "prettier ./ --write");
        assert_eq!(inline("éééé", 3), "éé…");
    }

    #[test]
    fn a_quote_stays_as_it_is() {
        assert_eq!(
            code("algorithms: ['HS256'], isRevoked }); // done.", 80),
            "`algorithms: ['HS256'], isRevoked }); // done.`"
        );
        assert_eq!(code(" a\u{7}\n b ", 80), "`a b`");
    }

    #[test]
    fn code_names_fall_apart() {
        assert_eq!(
            Words::of_code("routes/orderItems.findById").iter().collect::<Vec<_>>(),
            ["routes", "order", "items", "find", "by", "id"]
        );
    }
}
