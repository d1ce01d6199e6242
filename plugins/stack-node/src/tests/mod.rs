//! Whole projects in miniature, read through the two calls that the host makes.

mod facts;
mod findings;
mod hostile;
mod models;
mod routes;

use crate::Node;
use crate::bindings::{File, Report, StackInterpreter, Summary};

/// The summaries of files given as path and content.
fn index(files: &[(&str, &str)]) -> Vec<Summary> {
    let file = |(path, content): &(&str, &str)| File { path: (*path).to_owned(), content: (*content).to_owned() };
    Node::index(files.iter().map(file).collect())
}

/// The report on files given as path and content.
fn read(files: &[(&str, &str)]) -> Report {
    let report = Node::link(index(files));
    let places = report.routes.iter().map(|it| &it.place).chain(report.models.iter().map(|it| &it.place));
    for place in places.chain(report.findings.iter().map(|it| &it.place)) {
        let content = files.iter().find(|(path, _)| *path == place.path).map_or("", |(_, content)| *content);
        let line = content.split('\n').nth(place.line as usize - 1).unwrap_or("");
        assert!(
            line.contains(&place.quote) && !place.quote.is_empty(),
            "{}:{} {:?}",
            place.path,
            place.line,
            place.quote
        );
    }
    report
}

/// The routes as `METHOD path`, in order.
fn routes(files: &[(&str, &str)]) -> Vec<String> {
    read(files).routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect()
}

/// The values found for a key, in order.
fn values(report: &Report, key: &str) -> Vec<String> {
    report.findings.iter().filter(|finding| finding.key == key).map(|finding| finding.value.clone()).collect()
}
