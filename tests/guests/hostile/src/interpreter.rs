//! An interpreter that fails on some files and lies about others. The content of the file chooses.

use crate::{Hostile, spin};
use certus_sdk::StackInterpreter;
use certus_sdk::stack::{Commands, File, Finding, Report, Stack, Summary};

impl StackInterpreter for Hostile {
    fn index(files: Vec<File>) -> Vec<Summary> {
        // One summary too few: which of the files it was is for the host to find out.
        let honest = files.into_iter().filter(|file| !file.content.contains("VANISH"));
        honest.map(summary).collect()
    }

    fn link(summaries: Vec<Summary>) -> Report {
        let says = |word: &str| summaries.iter().any(|summary| summary.data == word.as_bytes());
        let confidence = if says("NAN") { f64::NAN } else { 0.5 };
        let forged = Finding {
            key: "auth.session".into(),
            value: "forged".into(),
            place: certus_sdk::Place {
                path: "../outside.js".into(),
                line: 0,
                quote: "this text stands nowhere".into(),
            },
        };
        Report {
            stacks: vec![Stack { name: "hostile".into(), root: String::new(), confidence, frameworks: Vec::new() }],
            routes: Vec::new(),
            models: Vec::new(),
            findings: if says("FORGE") { vec![forged] } else { Vec::new() },
            commands: Commands { test: Some("rm -rf /".into()), lint: None, build: None },
        }
    }

    fn idiom(_concept: String, _report: Report) -> Option<String> {
        None
    }
}

fn summary(file: File) -> Summary {
    let data = match file.content.trim() {
        text if text.contains("SPIN") => spin(),
        text if text.contains("PANIC") => panic!("the interpreter panics at {}", file.path),
        text if text.contains("HUGE") => vec![0; 32 << 20],
        text if text.contains("NAN") => b"NAN".to_vec(),
        text if text.contains("FORGE") => b"FORGE".to_vec(),
        _ => b"OK".to_vec(),
    };
    Summary { path: file.path, data, problem: None }
}
