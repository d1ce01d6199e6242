//! Who reviews: each has one area, and in it nobody else's word counts.

/// Area and the prompt whose area it is.
const REVIEWERS: [(&str, &str); 4] = [
    ("code_review", "code_reviewer"),
    ("security", "security_scanner"),
    ("simplicity", "simplicity_checker"),
    ("deployment", "deployment_checker"),
];

/// Whether a prompt reviews.
pub(crate) fn is(prompt: &str) -> bool {
    REVIEWERS.iter().any(|(_, reviewer)| *reviewer == prompt)
}
