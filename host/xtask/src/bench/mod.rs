//! What Certus promises about its own cost, each measured against a floor in the same run.
//!
//! A promise is a ratio: absolute times say more about the machine than about Certus. What is compared alternates in short
//! rounds, and the ratio is the median over the pairs, because a machine that others use changes its pace within a
//! second. Nothing here is a test: a table is printed, and only what could not be measured at all is a failure.
//! `docs/benchmarks.md` says what each line means.

mod cases;
mod process;
mod row;
mod workshop;

use std::path::Path;

use anyhow::{Result, bail, ensure};
use serde_json::json;

use cases::CASES;
use row::{Row, table};
use workshop::Workshop;

/// Measure these cases, or all of them, and print what came out.
pub(crate) fn run(root: &Path, names: &[String], as_json: bool) -> Result<()> {
    let known = CASES.map(|(name, _)| name);
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no benchmark `{unknown}`; there are {}", known.join(", "));
    }
    let workshop = Workshop::open(root)?;
    let (mut rows, mut failures) = (Vec::<Row>::new(), Vec::new());
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    for (name, measure) in CASES.iter().filter(|(name, _)| asked(name)) {
        eprintln!("measuring {name}");
        match measure(&workshop) {
            Ok(more) => rows.extend(more),
            Err(error) => failures.push((*name, format!("{error:#}"))),
        }
    }
    if as_json {
        let failed: Vec<_> = failures.iter().map(|(name, why)| json!({ "name": name, "error": why })).collect();
        println!("{}", json!({ "rows": rows, "not_measured": failed }));
    } else {
        print!("{}", table(&rows));
    }
    let told: Vec<String> = failures.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    ensure!(failures.is_empty(), "not measured\n  {}", told.join("\n  "));
    Ok(())
}
