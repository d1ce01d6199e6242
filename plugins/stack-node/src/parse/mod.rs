//! From the text of one file to what it says. Which reader a file gets follows from its name.

pub mod json;
mod lower;
mod lower_stmt;
mod prune;
mod refusal;
mod walk;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

use crate::facts::{FileFacts, Found, Spot};
use crate::ir::{Expr, Module, Stmt};
use crate::text::{Lines, shorten};
use crate::{find, models, package};

/// More nested brackets than this could overflow the stack of the sandbox.
const NESTING: usize = 2_400;

/// Reads one file: what it says, and what could not be read in it.
pub fn file(path: &str, content: &str) -> (FileFacts, Option<String>) {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut facts = FileFacts { test: is_test(path), ..FileFacts::default() };
    let problem = match name {
        "package.json" => match package::manifest(content) {
            Ok(package) => {
                facts.package = Some(package);
                None
            }
            Err(problem) => Some(problem),
        },
        "package-lock.json" | "npm-shrinkwrap.json" => match package::npm_lock(content) {
            Ok(lock) => {
                facts.lock = Some(lock);
                None
            }
            Err(problem) => Some(problem),
        },
        "yarn.lock" => {
            facts.lock = Some(package::yarn_lock(content));
            None
        }
        "pnpm-lock.yaml" => {
            facts.lock = Some(package::pnpm_lock(content));
            None
        }
        "tsconfig.json" => {
            facts.findings.push(at_first_line(content, "language.typescript", "tsconfig.json"));
            None
        }
        ".nvmrc" | ".node-version" => {
            facts.findings.push(at_first_line(content, "node.version", content.trim()));
            None
        }
        _ if name.ends_with(".prisma") => {
            models::prisma(content, &mut facts);
            None
        }
        _ if name.ends_with(".json") => match json_module(content) {
            Ok(module) => {
                facts.module = Some(module);
                None
            }
            Err(problem) => Some(problem),
        },
        _ => script(path, content, &mut facts),
    };
    // A text without an extension may be anything; one that does not say that it is a program need not be one.
    if problem.is_some() && !name.contains('.') && !content.starts_with("#!") {
        return (FileFacts { test: facts.test, ..FileFacts::default() }, None);
    }
    (facts, problem)
}

fn at_first_line(content: &str, key: &str, value: &str) -> Found {
    let lines = Lines::new(content);
    let last = content.lines().count() as u32;
    let line = (1..=last).find(|line| find::tells(lines.quote(*line)));
    let line = line.or_else(|| (1..=last).find(|line| !lines.quote(*line).is_empty())).unwrap_or(1);
    let spot = Spot { line, quote: lines.quote(line).to_owned() };
    Found { key: key.to_owned(), value: shorten(value, 80), spot }
}

/// Whether a path is that of a test by the usual conventions.
pub fn is_test(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (directories, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let folder = directories.split('/').any(|part| {
        matches!(
            part,
            "test" | "tests" | "__tests__" | "spec" | "specs" | "e2e" | "cypress" | "__mocks__" | "playwright"
        )
    });
    folder
        || [".test.", ".spec.", "_test.", "-test.", ".e2e-spec."].iter().any(|mark| name.contains(mark))
        || matches!(name.split('.').next(), Some("test" | "tests"))
}

fn source_type(path: &str) -> SourceType {
    // JSX is allowed everywhere but in TypeScript proper, where `<T>x` is a cast.
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("ts" | "mts" | "cts") => SourceType::ts(),
        Some("tsx") => SourceType::tsx(),
        _ => SourceType::unambiguous().with_jsx(true),
    }
}

fn nesting(content: &str) -> usize {
    let (mut depth, mut most) = (0usize, 0usize);
    for byte in content.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                most = most.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// Parses a program and hands it on, with what could not be read.
fn parsed<T>(content: &str, kind: SourceType, read: impl FnOnce(&Program<'_>) -> T) -> (Option<T>, Option<String>) {
    if nesting(content) > NESTING {
        return (None, Some(format!("more than {NESTING} nested brackets")));
    }
    let allocator = Allocator::default();
    let options =
        ParseOptions { preserve_parens: false, allow_return_outside_function: true, ..ParseOptions::default() };
    let result = Parser::new(&allocator, content, kind).with_options(options).parse();
    let problem = result.diagnostics.first().map(|diagnostic| {
        let place = diagnostic.labels.first().map(|label| Lines::new(content).line(label.offset()));
        let message = shorten(&diagnostic.message, 160);
        match place {
            Some(line) => format!("line {line}: {message}"),
            None => message,
        }
    });
    if result.panicked {
        return (None, Some(problem.unwrap_or_else(|| "cannot be parsed".to_owned())));
    }
    (Some(read(&result.program)), problem)
}

fn script(path: &str, content: &str, facts: &mut FileFacts) -> Option<String> {
    let lines = Lines::new(content);
    let test = facts.test;
    let (full, problem) = parsed(content, source_type(path), |program| {
        let mut full = false;
        // Tests build small applications of their own, which are none of the project's.
        if !test {
            let mut lower = lower::Lower::new(content, &lines);
            let body = lower.body(&program.body);
            full = lower.full();
            let mut module = lower.module;
            module.body = body;
            prune::prune(&mut module);
            facts.module = Some(module).filter(|module| !module.body.is_empty());
        }
        find::program(program, content, &lines, test, facts);
        full
    });
    problem.or_else(|| {
        full.filter(|full| *full).map(|_| "too much code: routes were followed in its first part".to_owned())
    })
}

/// A JSON file as the module that `require` makes of it.
fn json_module(content: &str) -> Result<Module, String> {
    let json = json::parse(content)?;
    let mut module = Module::default();
    let mut sym = |text: &str| {
        module.strings.push(text.into());
        module.strings.len() as u32 - 1
    };
    fn lower(json: &json::Json, sym: &mut impl FnMut(&str) -> u32, budget: &mut u32) -> Expr {
        *budget = budget.saturating_sub(1);
        match json {
            _ if *budget == 0 => Expr::Text(sym("…")),
            json::Json::Text(text) => Expr::Str(sym(text)),
            json::Json::Other => Expr::Text(sym("…")),
            json::Json::Array(elements) => {
                Expr::Array(elements.iter().map(|element| lower(element, sym, budget)).collect())
            }
            json::Json::Object(members) => Expr::Object(
                members.iter().map(|member| (Some(sym(&member.key)), lower(&member.value, sym, budget))).collect(),
            ),
        }
    }
    let value = lower(&json, &mut sym, &mut 2_000);
    let target = Expr::Member(Box::new(Expr::Name(sym("module"))), sym("exports"));
    module.body.push(Stmt::Expr(Expr::Assign(Box::new(target), Box::new(value))));
    Ok(module)
}
