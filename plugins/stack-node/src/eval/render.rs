//! The text of an expression, as a reader would name a handler or a guard.

use crate::ir::{Expr, Module};
use crate::text::shorten;

/// A handler's text, in bytes.
const HANDLER: usize = 80;

/// The texts of an expression, or of each element of a list.
pub(super) fn flatten(module: &Module, expr: &Expr, out: &mut Vec<String>) {
    match expr {
        Expr::Array(parts) => parts.iter().for_each(|part| flatten(module, part, out)),
        other => out.push(render(module, other)),
    }
}

/// The text of an expression as a reader would name it.
pub(super) fn render(module: &Module, expr: &Expr) -> String {
    let mut text = String::new();
    write(module, expr, &mut text, 0);
    shorten(&text, HANDLER)
}

fn write(module: &Module, expr: &Expr, out: &mut String, depth: u32) {
    if depth > 12 || out.len() > 2 * HANDLER {
        return out.push('…');
    }
    let list = |parts: &[Expr], out: &mut String| {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write(module, part, out, depth + 1);
        }
    };
    match expr {
        Expr::Text(text) | Expr::Name(text) | Expr::Regex(text) => out.push_str(module.text(*text)),
        Expr::Str(text) => {
            out.push('\'');
            out.push_str(module.text(*text));
            out.push('\'');
        }
        Expr::Concat(_) => out.push_str("'…'"),
        Expr::Array(parts) => {
            out.push('[');
            list(parts, out);
            out.push(']');
        }
        Expr::Spread(inner) => {
            out.push_str("...");
            write(module, inner, out, depth + 1);
        }
        Expr::Object(_) => out.push_str("{…}"),
        Expr::This => out.push_str("this"),
        Expr::Super => out.push_str("super"),
        Expr::Member(object, name) => {
            write(module, object, out, depth + 1);
            out.push('.');
            out.push_str(module.text(*name));
        }
        Expr::Index(object, index) => {
            write(module, object, out, depth + 1);
            out.push('[');
            write(module, index, out, depth + 1);
            out.push(']');
        }
        Expr::Call(call) | Expr::New(call) => {
            if matches!(expr, Expr::New(_)) {
                out.push_str("new ");
            }
            write(module, &call.callee, out, depth + 1);
            out.push('(');
            list(&call.args, out);
            out.push(')');
        }
        Expr::Import(source) => {
            out.push_str("require('");
            out.push_str(module.text(*source));
            out.push_str("')");
        }
        Expr::ImportOf(_) => out.push_str("require(…)"),
        Expr::Function(index) => {
            let Some(function) = module.functions.get(*index as usize) else { return };
            match function.name {
                Some(name) => out.push_str(module.text(name)),
                None => {
                    out.push('(');
                    for (index, param) in function.params.iter().enumerate() {
                        if index > 0 {
                            out.push_str(", ");
                        }
                        match &param.pattern {
                            crate::ir::Pattern::Name(name) => out.push_str(module.text(*name)),
                            _ => out.push_str("{…}"),
                        }
                    }
                    out.push_str(") => …");
                }
            }
        }
        Expr::Class(_) => out.push_str("class"),
        Expr::Any(parts) | Expr::All(parts) => {
            if let Some(part) = parts.first() {
                write(module, part, out, depth + 1);
            }
        }
        Expr::Assign(_, value) | Expr::Pick(_, value, _) => write(module, value, out, depth + 1),
        Expr::Same(left, right) => {
            write(module, left, out, depth + 1);
            out.push_str(" === ");
            write(module, right, out, depth + 1);
        }
        Expr::Not(inner) => {
            out.push('!');
            write(module, inner, out, depth + 1);
        }
    }
}
