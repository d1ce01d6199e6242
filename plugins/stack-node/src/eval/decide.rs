//! Conditions: decided where a list that is known is gone through, because what is asked there is asked of its elements.
//! Elsewhere every branch is taken.

use std::rc::Rc;

use super::Machine;
use super::value::{HOLE, Scope, Value};
use crate::ir::{Expr, Stmt};

impl Machine<'_> {
    /// A branch that may or may not be the one: what leaves it says nothing of what comes after it.
    pub(super) fn branch(
        &mut self,
        at: usize,
        scope: &Rc<Scope>,
        test: &Expr,
        bodies: [&[Stmt]; 2],
        out: &mut Option<Value>,
    ) -> bool {
        let [then, otherwise] = bodies;
        let holds = if self.picking { self.eval(at, scope, test).holds() } else { None };
        match holds {
            Some(true) => self.exec(at, scope, then, out),
            Some(false) => self.exec(at, scope, otherwise, out),
            None => {
                self.exec(at, scope, then, out);
                self.exec(at, scope, otherwise, out);
                false
            }
        }
    }

    /// Expressions of several parts of which one is the value, and what is asked to tell which.
    pub(super) fn decide(&mut self, at: usize, scope: &Rc<Scope>, expr: &Expr) -> Value {
        match expr {
            Expr::Any(parts) => {
                let (mut found, mut unknown) = (Value::Unknown, false);
                for part in parts {
                    let value = self.eval(at, scope, part);
                    match &value {
                        Value::Bool(true) => return value,
                        Value::Bool(false) if found.is_known() => {}
                        _ if !found.is_known() || matches!(found, Value::Bool(false)) => {
                            unknown |= !value.is_known();
                            found = value;
                        }
                        _ => {}
                    }
                }
                // `unknown || false` is not known.
                if unknown && matches!(found, Value::Bool(_)) { Value::Unknown } else { found }
            }
            Expr::All(parts) => {
                let (mut last, mut unknown) = (Value::Unknown, false);
                for part in parts {
                    last = self.eval(at, scope, part);
                    if let Value::Bool(false) = last {
                        return last;
                    }
                    unknown |= !last.is_known();
                }
                if unknown && matches!(last, Value::Bool(_)) { Value::Unknown } else { last }
            }
            // Both sides may be anything where no list is gone through, and are not followed.
            Expr::Same(..) | Expr::Not(_) if !self.picking => Value::Unknown,
            Expr::Same(left, right) => match (self.eval(at, scope, left), self.eval(at, scope, right)) {
                (Value::Str(left), Value::Str(right)) if !left.contains(HOLE) && !right.contains(HOLE) => {
                    Value::Bool(left == right)
                }
                _ => Value::Unknown,
            },
            Expr::Not(inner) => self.eval(at, scope, inner).holds().map_or(Value::Unknown, |holds| Value::Bool(!holds)),
            Expr::Pick(test, then, otherwise) => {
                let holds = if self.picking { self.eval(at, scope, test).holds() } else { None };
                match holds {
                    Some(true) => self.eval(at, scope, then),
                    Some(false) => self.eval(at, scope, otherwise),
                    None => {
                        let (then, otherwise) = (self.eval(at, scope, then), self.eval(at, scope, otherwise));
                        if then.is_known() { then } else { otherwise }
                    }
                }
            }
            _ => Value::Unknown,
        }
    }
}
