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
            (Value::Str(text), _) => string_method(text, name, &args).unwrap_or_else(|| self.call_unknown(&args)),
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
                for (index, element) in elements.into_iter().enumerate() {
                    if self.fuel == 0 {
                        break;
                    }
                    self.run_callback(&callback, &[element, Value::str(&index.to_string()), receiver.clone()]);
                }
                Value::Unknown
            }
            "map" | "flatMap" => {
                let mut mapped = Vec::new();
                for (index, element) in elements.into_iter().enumerate() {
                    if self.fuel == 0 {
                        break;
                    }
                    let index = Value::str(&index.to_string());
                    match self.run_callback(&callback, &[element, index, receiver.clone()]) {
                        Value::Array(inner) if name == "flatMap" => mapped.extend(inner.borrow().iter().cloned()),
                        value => mapped.push(value),
                    }
                }
                self.array(mapped)
            }
            "reduce" => {
                let mut result = args.get(1).cloned().unwrap_or(Value::Unknown);
                for element in elements {
                    if self.fuel == 0 {
                        break;
                    }
                    let next = self.run_callback(&callback, &[result.clone(), element]);
                    if next.is_known() {
                        result = next;
                    }
                }
                result
            }
            "filter" | "sort" | "reverse" | "then" | "flat" => {
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
            "slice" => self.array(elements),
            "join" => {
                let separator = if let Value::Str(text) = &callback { text.clone() } else { Rc::from(",") };
                let parts: Vec<_> = elements.iter().take(100).map(Value::as_text).collect();
                Value::str(&parts.join(&separator))
            }
            "find" | "pop" | "shift" | "at" => elements.into_iter().next().unwrap_or(Value::Unknown),
            _ => self.call_unknown(args),
        }
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

fn string_method(text: &Rc<str>, name: &str, args: &[Value]) -> Option<Value> {
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
        "slice" | "substring" | "substr" => {
            let numbers = (arg(0)?.parse::<usize>().ok()?, arg(1).and_then(|end| end.parse::<usize>().ok()));
            let end = numbers.1.unwrap_or(text.len());
            Value::str(text.get(numbers.0..end).unwrap_or(HOLE))
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
