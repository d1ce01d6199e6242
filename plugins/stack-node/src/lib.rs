//! Reads Node.js projects: stacks and frameworks, routes with every mount prefix, models, authentication, settings, tests
//! and commands, each with file and line.
//!
//! `index` parses one file with `oxc_parser` and keeps a small serialised summary (`facts`, `ir`); `link` joins the
//! summaries: it runs the wiring of all files together, abstractly and within a budget (`eval`), and fills the report
//! (`link`). Nothing is matched by regular expressions over source text, and nothing of the project is ever executed.

pub mod bindings;
pub mod eval;
pub mod facts;
mod find;
mod frameworks;
pub mod idiom;
pub mod ir;
mod limits;
pub mod link;
mod models;
mod names;
mod package;
pub mod parse;
pub mod resolve;
mod rules;
mod text;

use bindings::{File, Report, StackInterpreter, Summary};

/// The interpreter.
pub struct Node;

impl StackInterpreter for Node {
    fn index(files: Vec<File>) -> Vec<Summary> {
        let read = |file: File| {
            let (facts, problem) = parse::file(&file.path, &file.content);
            Summary { path: file.path, data: facts.encode(), problem }
        };
        files.into_iter().map(read).collect()
    }

    fn link(summaries: Vec<Summary>) -> Report {
        link::report(facts::FileFacts::decode_all(&summaries))
    }

    fn idiom(concept: String, report: Report) -> Option<String> {
        idiom::sentence(&concept, &report)
    }
}

certus_sdk::stack_interpreter!(Node);

#[cfg(test)]
mod tests;
