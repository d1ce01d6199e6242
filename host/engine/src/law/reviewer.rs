//! Who reviews: each reviewer has one area, and in it nobody else's word counts, once there is something to review.
//!
//! Whoever wrote a change is sure of it. So from the first phase on whose gate wants evidence, a gate that asks for confidence in
//! one of these areas is about what its reviewer said, of the files as they are: a later write, and files that somebody else
//! changed, take the word back, and the reviewer is asked again. Before that phase such an area is one like any other.

/// Area, the prompt whose area it is, and whether it is of the files' contents.
const REVIEWERS: [(&str, &str, bool); 4] = [
    ("code_review", "code_reviewer", true),
    ("security", "security_scanner", true),
    ("simplicity", "simplicity_checker", true),
    ("deployment", "deployment_checker", false),
];

/// Whether a prompt reviews.
pub(crate) fn is(prompt: &str) -> bool {
    REVIEWERS.iter().any(|(_, reviewer, _)| *reviewer == prompt)
}

/// Whether a prompt reviews what stands in the files.
pub(crate) fn has_read_files(prompt: &str) -> bool {
    REVIEWERS.iter().any(|(_, reviewer, files)| *reviewer == prompt && *files)
}

/// The reviewer whose area it is, if it is anybody's: in it nobody else's word counts, once there is something to review.
pub fn of(area: &str) -> Option<&'static str> {
    REVIEWERS.iter().find(|(known, ..)| *known == area).map(|(_, reviewer, _)| *reviewer)
}

/// Whether what is said of an area is said of the files' contents.
pub(crate) fn reads_files(area: &str) -> bool {
    REVIEWERS.iter().any(|(known, _, files)| *known == area && *files)
}
