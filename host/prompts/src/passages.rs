//! The passages of a long file that a request shows: what is around the lines that matter.

use std::collections::BTreeSet;

use crate::FileText;

/// Lines before and after each line that matters, then as many as there is room for.
const AROUND: [usize; 4] = [1, 6, 20, 60];
/// The same where all of what has room is shown.
const WIDER: [usize; 6] = [100, 200, 400, 800, 1_600, 3_200];
/// Bytes that go with a passage: its head and its marks.
const HEAD: usize = 320;

/// The passages of a file around its [`marks`](FileText::marks), the first of these first, in the order of the file: together, with
/// what goes with each, of at most so many bytes. Without marks what it begins with; none where not even a line has room.
pub(crate) fn passages(file: &FileText, bytes: usize) -> Vec<FileText> {
    around(file, bytes, &[])
}

/// The same with as much around them as has room.
pub(crate) fn wide_passages(file: &FileText, bytes: usize) -> Vec<FileText> {
    around(file, bytes, &WIDER)
}

fn around(file: &FileText, bytes: usize, wider: &[usize]) -> Vec<FileText> {
    let lines: Vec<&str> = file.text.split_inclusive('\n').collect();
    let offset = file.of_lines.map_or(1, |(first, _)| first);
    let last = lines.len().saturating_sub(1);
    let line_of = |mark: u32| usize::try_from(mark.saturating_sub(offset)).unwrap_or(usize::MAX).min(last);
    let mut marks: Vec<usize> =
        if file.marks.is_empty() { vec![0] } else { file.marks.iter().map(|mark| line_of(*mark)).collect() };
    marks.retain(|_| !lines.is_empty());
    let window = |mark: usize, around: usize| mark.saturating_sub(around)..=mark.saturating_add(around).min(last);
    let fits = |shown: &BTreeSet<usize>| size(shown, &lines) <= bytes;
    let mut shown: BTreeSet<usize> = BTreeSet::new();
    // A little of each before more of any.
    for around in AROUND {
        for &mark in &marks {
            let more: BTreeSet<usize> = shown.iter().copied().chain(window(mark, around)).collect();
            if fits(&more) {
                shown = more;
            }
        }
    }
    for around in wider {
        let with = |mark: &usize| window(*mark, *around);
        let more: BTreeSet<usize> = shown.iter().copied().chain(marks.iter().flat_map(with)).collect();
        if !fits(&more) {
            break;
        }
        shown = more;
    }
    let number = |line: usize| offset.saturating_add(u32::try_from(line).unwrap_or(u32::MAX));
    let passage = |(first, end): (usize, usize)| FileText {
        text: lines[first..=end].concat(),
        of_lines: Some((number(first), number(end))),
        ..file.clone()
    };
    runs(&shown).into_iter().map(passage).collect()
}

fn size(shown: &BTreeSet<usize>, lines: &[&str]) -> usize {
    shown.iter().map(|line| lines[*line].len()).sum::<usize>() + runs(shown).len() * HEAD
}

/// Lines that follow one another: the first and the last of each run.
fn runs(shown: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for line in shown {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => runs.push((*line, *line)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: u32, marks: &[u32], bytes: usize) -> Vec<(u32, u32)> {
        let text: String = (1..=lines).map(|line| format!("line {line}\n")).collect();
        let file = FileText { path: "a".into(), digest: "d".into(), text, of_lines: None, marks: marks.to_vec() };
        let passages = passages(&file, bytes);
        for passage in &passages {
            let (first, last) = passage.of_lines.expect("a passage");
            assert!(passage.text.starts_with(&format!("line {first}\n")), "{passage:?}");
            assert!(passage.text.ends_with(&format!("line {last}\n")), "{passage:?}");
        }
        assert!(passages.iter().map(|passage| passage.text.len()).sum::<usize>() <= bytes);
        passages.into_iter().filter_map(|passage| passage.of_lines).collect()
    }

    #[test]
    fn all_of_the_room_is_used_where_that_is_wanted() {
        let text: String = (1..=5_000).map(|line| format!("line {line}\n")).collect();
        let file = FileText { path: "a".into(), digest: "d".into(), text, of_lines: None, marks: vec![2_000] };
        let lines = |bytes| wide_passages(&file, bytes).first().and_then(|passage| passage.of_lines);
        assert_eq!(lines(10_000), Some((1_600, 2_400)));
        assert_eq!((lines(1_000_000), lines(800)), (Some((1, 5_000)), Some((1_980, 2_020))));
    }

    #[test]
    fn what_matters_is_shown_with_as_much_around_it_as_has_room() {
        assert_eq!(shown(5_000, &[4_000, 100], 100_000), [(40, 160), (3_940, 4_060)]);
        assert_eq!(shown(5_000, &[4_000, 4_100], 100_000), [(3_940, 4_160)], "those that meet are one");
        assert_eq!(
            shown(5_000, &[4_000, 100], 2_000),
            [(80, 120), (3_980, 4_020)],
            "a little of each before more of any"
        );
        assert_eq!(shown(5_000, &[4_000, 100], 1_000), [(94, 106), (3_994, 4_006)]);
        assert_eq!(shown(5_000, &[], 1_000), [(1, 61)]);
        assert_eq!(shown(10, &[7], 100_000), [(1, 10)]);
        assert_eq!((shown(0, &[1], 1_000), shown(9, &[5], 10)), (Vec::new(), Vec::new()));
    }
}
