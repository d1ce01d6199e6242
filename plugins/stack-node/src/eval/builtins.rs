//! Methods of arrays, strings, objects and the few platform modules that route tables are built with.

use std::rc::Rc;

use super::value::{HOLE, Value};
use super::{ELEMENTS, Machine, PROJECT};

impl Machine<'_> {
    /// A method that neither a router nor the program defines.
    pub(super) fn builtin(&mut self, receiver: &Value, name: &str, args: Vec<Value>) -> Value {
        match (receiver, name) {
            (Value::Array(values), _) => {
                let values = values.clone();
                self.array_method(receiver, &values, name, &args)
            }
            (Value::Str(_), "startsWith" | "endsWith" | "includes") if !self.picking => self.call_unknown(&args),
            (Value::Str(text), _) => text_method(text, name, &args).unwrap_or_else(|| self.call_unknown(&args)),
            (Value::Function(_), "call" | "apply" | "bind") => {
                let this = args.first().cloned().unwrap_or(Value::Unknown);
                let rest = match (name, args.get(1)) {
                    ("apply", Some(Value::Array(list))) => list.borrow().clone(),
                    ("apply", _) => Vec::new(),
                    _ => args.get(1..).unwrap_or_default().to_vec(),
                };
                if name == "bind" { receiver.clone() } else { self.call(receiver, rest, this) }
            }
            (Value::Package(package, member), _) => {
                let member = if member.is_empty() { name.to_owned() } else { format!("{member}.{name}") };
                self.call(&Value::Package(package.clone(), Rc::from(member)), args, Value::Unknown)
            }
            // Promises are transparent: what is awaited is what is passed on.
            (_, "then" | "finally" | "forEach" | "each") => {
                let mut result = Value::Unknown;
                for callback in &args {
                    let value = self.run_callback(callback, std::slice::from_ref(receiver));
                    if value.is_known() {
                        result = value;
                    }
                }
                result
            }
            (Value::Object(_), "catch") => receiver.clone(),
            _ => self.call_unknown(&args),
        }
    }

    fn array_method(
        &mut self,
        receiver: &Value,
        values: &Rc<std::cell::RefCell<Vec<Value>>>,
        name: &str,
        args: &[Value],
    ) -> Value {
        let elements = values.borrow().clone();
        self.fuel = self.fuel.saturating_sub(1 + elements.len() as u64);
        let callback = args.first().cloned().unwrap_or(Value::Unknown);
        match name {
            "forEach" | "some" | "every" => {
                self.for_each(receiver, elements, &callback);
                Value::Unknown
            }
            "map" | "flatMap" => {
                let mut mapped = Vec::new();
                for (_, value) in self.for_each(receiver, elements, &callback) {
                    match value {
                        Value::Array(inner) if name == "flatMap" => mapped.extend(inner.borrow().iter().cloned()),
                        value => mapped.push(value),
                    }
                }
                self.array(mapped)
            }
            // What may be left out stays.
            "filter" => {
                let asked = self.for_each(receiver, elements, &callback);
                self.array(
                    asked.into_iter().filter(|(_, kept)| kept.holds() != Some(false)).map(|(it, _)| it).collect(),
                )
            }
            "find" => {
                let asked = self.for_each(receiver, elements, &callback);
                let mut found = asked.into_iter().filter(|(_, is_it)| is_it.holds() != Some(false));
                found.next().map_or(Value::Unknown, |(element, _)| element)
            }
            "reduce" => {
                let mut rest = elements.into_iter();
                let mut result = args.get(1).cloned().or_else(|| rest.next()).unwrap_or(Value::Unknown);
                let outer = std::mem::replace(&mut self.picking, true);
                for (index, element) in rest.enumerate() {
                    if self.fuel == 0 {
                        break;
                    }
                    let index = Value::str(&index.to_string());
                    let next = self.run_callback(&callback, &[result.clone(), element, index, receiver.clone()]);
                    if next.is_known() {
                        result = next;
                    }
                }
                self.picking = outer;
                result
            }
            "sort" | "reverse" | "then" | "flat" => {
                if name == "then" {
                    return self.run_callback(&callback, std::slice::from_ref(receiver));
                }
                let mut flat = Vec::new();
                for element in elements {
                    match element {
                        Value::Array(inner) if name == "flat" => flat.extend(inner.borrow().iter().cloned()),
                        other => flat.push(other),
                    }
                }
                self.array(flat)
            }
            "concat" => {
                let mut joined = elements;
                for arg in args {
                    match arg {
                        Value::Array(inner) => joined.extend(inner.borrow().iter().take(ELEMENTS).cloned()),
                        other => joined.push(other.clone()),
                    }
                }
                joined.truncate(ELEMENTS);
                self.array(joined)
            }
            "push" | "unshift" => {
                let mut list = values.borrow_mut();
                for arg in args {
                    self.cells = self.cells.saturating_sub(1);
                    if list.len() < ELEMENTS && self.cells > 0 {
                        list.push(arg.clone());
                    }
                }
                Value::Unknown
            }
            "slice" => {
                let part = range(args, elements.len()).and_then(|range| elements.get(range));
                let part = part.map(<[Value]>::to_vec).unwrap_or(elements);
                self.array(part)
            }
            "join" => {
                let separator = if let Value::Str(text) = &callback { text.clone() } else { Rc::from(",") };
                let parts: Vec<_> = elements.iter().take(100).map(Value::as_text).collect();
                Value::str(&parts.join(&separator))
            }
            "pop" => elements.into_iter().next_back().unwrap_or(Value::Unknown),
            "shift" => elements.into_iter().next().unwrap_or(Value::Unknown),
            "at" => {
                let index = number(args.first()).and_then(|index| place(index, elements.len()));
                index.and_then(|index| elements.get(index).cloned()).unwrap_or(Value::Unknown)
            }
            "includes" if self.picking => match args.first() {
                Some(Value::Str(wanted)) => has(&elements, wanted).map_or(Value::Unknown, Value::Bool),
                _ => Value::Unknown,
            },
            _ => self.call_unknown(args),
        }
    }

    /// Runs a callback for each element of a list that is known; answers each element with what came of it.
    fn for_each(&mut self, receiver: &Value, elements: Vec<Value>, callback: &Value) -> Vec<(Value, Value)> {
        let outer = std::mem::replace(&mut self.picking, true);
        let mut answers = Vec::with_capacity(elements.len());
        for (index, element) in elements.into_iter().enumerate() {
            let value = match self.fuel {
                0 => Value::Unknown,
                _ => {
                    let index = Value::str(&index.to_string());
                    self.run_callback(callback, &[element.clone(), index, receiver.clone()])
                }
            };
            answers.push((element, value));
        }
        self.picking = outer;
        answers
    }

    /// `path`, `fs`, and the global objects.
    pub(super) fn platform(&mut self, package: &str, member: &str, args: Vec<Value>) -> Value {
        let first = args.first().cloned().unwrap_or(Value::Unknown);
        let text = |index: usize| args.get(index).map(Value::as_text);
        match (package, member) {
            ("path", "join" | "resolve" | "posix.join") => {
                let parts: Vec<_> = args.iter().map(Value::as_text).collect();
                Value::str(&join_paths(&parts))
            }
            ("path", "basename") => {
                let path = text(0).unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                let suffix = text(1).unwrap_or_default();
                Value::str(name.strip_suffix(suffix.as_ref()).unwrap_or(name))
            }
            ("path", "dirname") => {
                let path = text(0).unwrap_or_default();
                Value::str(path.rsplit_once('/').map_or("", |(parent, _)| parent))
            }
            ("path", "extname") => {
                let path = text(0).unwrap_or_default();
                Value::str(path.rfind('.').and_then(|at| path.get(at..)).unwrap_or(""))
            }
            ("path", "parse") => {
                let path = text(0).unwrap_or_default();
                let base = path.rsplit('/').next().unwrap_or_default();
                let object = Value::object();
                self.set(&object, Rc::from("name"), Value::str(base.rsplit_once('.').map_or(base, |(name, _)| name)));
                self.set(&object, Rc::from("base"), Value::str(base));
                object
            }
            ("fs" | "fs/promises", "readdirSync" | "readdir" | "promises.readdir") => {
                let Some(directory) = text(0) else { return Value::Unknown };
                let Some(directory) = directory.strip_prefix(PROJECT) else {
                    args.iter().for_each(|arg| {
                        self.run_callback(arg, &[]);
                    });
                    return Value::Unknown;
                };
                let names = self.files.list(directory.trim_end_matches('/'));
                let names = self.array(names.iter().map(|name| Value::str(name)).collect());
                for callback in args.get(1..).unwrap_or_default() {
                    self.run_callback(callback, &[Value::Unknown, names.clone()]);
                }
                names
            }
            ("global", "Object.keys") => match &first {
                Value::Object(object) => {
                    self.array(object.fields.borrow().keys().iter().cloned().map(Value::Str).collect())
                }
                _ => Value::Unknown,
            },
            ("global", "Object.values") => match &first {
                Value::Object(_) => self.array(self.elements(&first)),
                _ => Value::Unknown,
            },
            ("global", "Object.entries") => match &first {
                Value::Object(object) => {
                    let pairs = object.fields.borrow().pairs();
                    let pair = |(key, value)| Value::array(vec![Value::Str(key), value]);
                    self.array(pairs.into_iter().map(pair).collect())
                }
                _ => Value::Unknown,
            },
            ("global", "Object.assign") => {
                for source in args.get(1..).unwrap_or_default() {
                    if let Value::Object(source) = source {
                        let pairs = source.fields.borrow().pairs();
                        pairs.into_iter().for_each(|(key, value)| self.set(&first, key, value));
                    }
                }
                first
            }
            (
                "global",
                "Object.freeze" | "Promise.all" | "Promise.resolve" | "Promise.allSettled" | "Array.from" | "Map"
                | "Set",
            ) => first,
            ("global", "process.cwd") => Value::str(PROJECT),
            _ => self.call_unknown(&args),
        }
    }
}

/// A whole number, as it was written.
fn number(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Str(text)) => text.parse().ok(),
        _ => None,
    }
}

/// Where an index points, from the end where it is negative.
fn place(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    usize::try_from(if index < 0 { len + index } else { index }).ok()
}

/// The part that `slice` takes; nothing where a number is not known.
fn range(args: &[Value], len: usize) -> Option<std::ops::Range<usize>> {
    let at = |index: Option<&Value>, without: usize| match index {
        None => Some(without),
        some => number(some).map(|index| place(index, len).unwrap_or(0).min(len)),
    };
    let (start, end) = (at(args.first(), 0)?, at(args.get(1), len)?);
    Some(start..end.max(start))
}

/// Whether a list holds a text; not known where it may hold anything.
fn has(elements: &[Value], wanted: &Rc<str>) -> Option<bool> {
    let is = |element: &Value| matches!(element, Value::Str(text) if text == wanted);
    let sure = |element: &Value| matches!(element, Value::Str(text) if !text.contains(HOLE));
    match (elements.iter().any(is), elements.iter().all(sure) && !wanted.contains(HOLE)) {
        (true, _) => Some(true),
        (false, sure) => sure.then_some(false),
    }
}

fn text_method(text: &Rc<str>, name: &str, args: &[Value]) -> Option<Value> {
    let arg = |index: usize| match args.get(index) {
        Some(Value::Str(text)) => Some(text.clone()),
        _ => None,
    };
    Some(match name {
        "toString" | "trim" | "normalize" | "valueOf" => Value::str(text.trim()),
        "toLowerCase" => Value::str(&text.to_lowercase()),
        "toUpperCase" => Value::str(&text.to_uppercase()),
        "concat" => Value::str(&format!("{text}{}", arg(0)?)),
        "replace" | "replaceAll" => match (arg(0), arg(1)) {
            (Some(from), Some(to)) if !from.is_empty() => Value::str(&text.replacen(from.as_ref(), &to, 1)),
            _ => Value::str(HOLE),
        },
        "split" => {
            let separator = arg(0)?;
            if separator.is_empty() {
                return None;
            }
            Value::array(text.split(separator.as_ref()).take(100).map(Value::str).collect())
        }
        "startsWith" | "endsWith" | "includes" => {
            let part = arg(0)?;
            // The text around a hole is known, and what fills it is not.
            if text.contains(HOLE) || part.contains(HOLE) {
                return None;
            }
            Value::Bool(match name {
                "startsWith" => text.starts_with(part.as_ref()),
                "endsWith" => text.ends_with(part.as_ref()),
                _ => text.contains(part.as_ref()),
            })
        }
        "slice" => Value::str(range(args, text.len()).and_then(|range| text.get(range)).unwrap_or(HOLE)),
        "substring" | "substr" => {
            let start = usize::try_from(number(args.first())?).ok()?;
            let end = match (args.get(1), number(args.get(1)).and_then(|end| usize::try_from(end).ok())) {
                (None, _) => Some(text.len()),
                (_, Some(end)) if name == "substr" => start.checked_add(end).map(|end| end.min(text.len())),
                (_, end) => end.map(|end| end.min(text.len())),
            };
            Value::str(end.and_then(|end| text.get(start..end)).unwrap_or(HOLE))
        }
        _ => return None,
    })
}

/// Joins paths as `path.join` does; a later path of the project starts afresh.
fn join_paths(parts: &[Rc<str>]) -> String {
    let mut rooted = false;
    let mut names: Vec<&str> = Vec::new();
    for part in parts {
        let part = match part.strip_prefix(PROJECT) {
            Some(rest) => {
                rooted = true;
                names.clear();
                rest
            }
            None => part.as_ref(),
        };
        for name in part.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    names.pop();
                }
                name => names.push(name),
            }
        }
    }
    let slash = !rooted && parts.first().is_some_and(|part| part.starts_with('/'));
    format!("{}{}{}", if rooted { PROJECT } else { "" }, if slash { "/" } else { "" }, names.join("/"))
}
