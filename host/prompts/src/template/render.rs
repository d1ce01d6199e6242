//! Rendering a body with fuel and an output limit.
//!
//! What a body inserts is data unless this crate made it: every such value is put between the request's fence marks, so
//! that nobody who writes a prompt has to think of it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use super::TemplateError;
use crate::fence::Fence;

/// Instructions that one rendering may execute.
const FUEL: u64 = 200_000;

/// What is said when a variable does not exist: the engine does not tell which.
pub(crate) const UNDEFINED: &str = "a variable that does not exist is used";

/// What a rendering may use.
pub(crate) struct Rendering<'a> {
    /// The variables.
    pub(crate) values: Value,
    /// Around data.
    pub(crate) fence: &'a Fence,
    /// Bytes.
    pub(crate) limit: usize,
}

/// Render a body that was checked.
pub(crate) fn render(body: &str, with: Rendering<'_>) -> Result<String, TemplateError> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(100);
    // A line with nothing but a tag leaves no empty line behind.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    language(&mut environment);
    let fence = with.fence.clone();
    environment.set_formatter(move |out, _, value| {
        let written = match value.kind() {
            ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
            ValueKind::None => Ok(()),
            ValueKind::Bool | ValueKind::Number => out.write_fmt(format_args!("{value}")),
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                if value.is_safe() { out.write_str(text) } else { out.write_str(&fence.inline(text)) }
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "a list or a map cannot be inserted: loop over it",
                ));
            }
        };
        written.map_err(|_| Error::from(ErrorKind::WriteFailure))
    });
    let template = environment.template_from_str(body).map_err(|error| explain(&error, false, with.limit))?;
    let output = Bounded::new(with.limit);
    let result = template.render_captured_to(with.values, output.clone());
    let full = output.is_full();
    result.map_err(|error| explain(&error, full, with.limit))?;
    Ok(output.text())
}

/// What a body reads.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Top-level variables.
    pub(crate) variables: BTreeSet<String>,
    /// `NAME` of `args.NAME`.
    pub(crate) arguments: BTreeSet<String>,
}

/// What a body reads; nothing for one that cannot be read.
pub(crate) fn uses(body: &str) -> Uses {
    let environment = Environment::empty();
    let mut uses = Uses::default();
    let Ok(template) = environment.template_from_str(body) else { return uses };
    uses.variables.extend(template.undeclared_variables(false));
    for path in template.undeclared_variables(true) {
        if let Some(argument) = path.strip_prefix("args.") {
            uses.arguments.insert(argument.split('.').next().unwrap_or(argument).to_owned());
        }
    }
    uses
}

fn language(environment: &mut Environment<'_>) {
    environment.add_filter("length", |value: Value| -> Result<usize, Error> {
        value.len().ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "this has no length"))
    });
    environment.add_filter("first", |value: Value| -> Result<Value, Error> { edge(&value, true) });
    environment.add_filter("last", |value: Value| -> Result<Value, Error> { edge(&value, false) });
    environment.add_filter("default", |value: Value, otherwise: Value| -> Value {
        let empty = value.is_undefined() || value.is_none() || value.as_str() == Some("");
        if empty { otherwise } else { value }
    });
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("lower", |text: String| text.to_lowercase());
    environment.add_test("defined", |value: Value| !value.is_undefined());
    environment.add_test("none", |value: Value| value.is_none());
}

fn edge(list: &Value, first: bool) -> Result<Value, Error> {
    if list.kind() != ValueKind::Seq {
        return Err(Error::new(ErrorKind::InvalidOperation, "only a list has a first and a last"));
    }
    let mut items = list.try_iter()?;
    Ok(if first { items.next() } else { items.last() }.unwrap_or(Value::from(())))
}

fn explain(error: &Error, full: bool, limit: usize) -> TemplateError {
    let what = match error.kind() {
        _ if full => format!("the text would be longer than {} KiB", limit / 1024),
        ErrorKind::OutOfFuel => "rendering takes too many steps".to_owned(),
        ErrorKind::UndefinedError => UNDEFINED.to_owned(),
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {}", crate::clean::line(detail, 200)),
            None => kind.to_string(),
        },
    };
    TemplateError { line: error.line().unwrap_or(1), what }
}

/// A writer that refuses what goes beyond its limit.
#[derive(Clone)]
struct Bounded(Arc<Mutex<Sink>>);

struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Sink { bytes: Vec::new(), limit, full: false })))
    }

    fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).full
    }

    fn text(&self) -> String {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only whole strings are written, so this is text.
        String::from_utf8(std::mem::take(&mut sink.bytes)).unwrap_or_default()
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sink.bytes.len() + bytes.len() > sink.limit {
            sink.full = true;
            return Err(io::Error::other("full"));
        }
        sink.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
