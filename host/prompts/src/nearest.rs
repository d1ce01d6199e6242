//! "Did you mean": the known names that a mistyped one is nearest to.

/// At most `most` of the known names, nearest first: those that differ little, or contain every part of what was typed.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<String> {
    let typed: String = typed.chars().take(64).collect::<String>().to_lowercase();
    let allowed = (typed.chars().count() / 3).max(2);
    let parts: Vec<&str> = typed.split(['_', '-', '/', ' ']).filter(|part| part.len() > 2).collect();
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let distance = distance(&typed, name);
            let contains = !parts.is_empty() && parts.iter().all(|part| name.contains(part));
            (distance <= allowed || contains).then_some((distance, name))
        })
        .collect();
    found.sort();
    found.into_iter().take(most).map(|(_, name)| name.to_owned()).collect()
}

/// `; did you mean …?`, or nothing.
pub(crate) fn did_you_mean(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; did you mean `{}`?", names.join("` or `")) }
}

/// Edits (insert, delete, replace, swap neighbours) from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().take(96).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_hand_is_found() {
        let known = ["trace_existing_flow", "component_mapper", "purpose", "version"];
        assert_eq!(nearest("purpsoe", known, 2), ["purpose"]);
        assert_eq!(nearest("Version", known, 2), ["version"]);
        assert_eq!(nearest("trace_flow", known, 2), ["trace_existing_flow"]);
        assert!(nearest("something_else_entirely", known, 2).is_empty());
    }
}
