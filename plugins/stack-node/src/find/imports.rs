//! Which local name stands for which package: `import`, `require`, and what is taken out of either.

use std::collections::{HashMap, HashSet};

use oxc_ast::ast::{
    BindingPattern, ExportAllDeclaration, ExportFromDeclaration, Expression, IdentifierReference, ImportDeclaration,
    ImportDeclarationSpecifier, ImportExpression, TSImportEqualsDeclaration, TSModuleReference, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};

use crate::names;

/// Depth of statements and expressions that is visited.
pub(crate) const DEPTH: u32 = 400;

/// Specifiers of files kept of one file.
const ASKS: usize = 300;

/// A package, where it is imported, and the names that it is bound to there.
#[derive(Clone)]
pub(crate) struct Imported {
    pub(crate) package: String,
    pub(crate) offset: u32,
    /// Empty where it is imported for its effect, or put to use on the spot.
    names: Vec<String>,
}

/// Local names with the package and the dotted member they stand for.
#[derive(Default)]
pub(crate) struct Imports {
    names: HashMap<String, (String, String)>,
    /// In order.
    pub(crate) packages: Vec<Imported>,
    /// Other files of the project that are asked for, as it is written.
    pub(crate) asks: Vec<String>,
    /// Every name that is read somewhere.
    read: HashSet<String>,
    /// What the import that comes next is bound to.
    bound: Vec<String>,
    depth: u32,
}

impl Imports {
    fn add(&mut self, local: &str, package: &str, member: &str) {
        if names::is_package(package) {
            let package = package.strip_prefix("node:").unwrap_or(package);
            self.names.insert(local.to_owned(), (package.to_owned(), member.to_owned()));
        }
    }

    fn package(&mut self, package: &str, offset: u32, names: Vec<String>) {
        if names::is_package(package) {
            self.packages.push(Imported { package: package.to_owned(), offset, names });
        } else {
            self.ask(package);
        }
    }

    fn ask(&mut self, specifier: &str) {
        if !names::is_package(specifier) && self.asks.len() < ASKS {
            self.asks.push(specifier.to_owned());
        }
    }

    /// Whether the file imports a package.
    pub(crate) fn has(&self, package: &str) -> bool {
        self.packages.iter().any(|imported| imported.package == package)
    }

    /// Whether an import is there for something: it has no name, or one that is read.
    pub(crate) fn is_read(&self, imported: &Imported) -> bool {
        imported.names.is_empty() || imported.names.iter().any(|name| self.read.contains(name))
    }

    /// The package and dotted member that an expression stands for.
    pub(crate) fn of(&self, expression: &Expression<'_>) -> Option<(String, String)> {
        self.of_at(expression, 0)
    }

    fn of_at(&self, expression: &Expression<'_>, depth: u32) -> Option<(String, String)> {
        if depth > 20 {
            return None;
        }
        match expression.get_inner_expression() {
            Expression::Identifier(it) => self.names.get(it.name.as_str()).cloned(),
            Expression::CallExpression(it) => match it.common_js_require() {
                Some(source) if names::is_package(&source.value) => {
                    Some((source.value.strip_prefix("node:").unwrap_or(&source.value).to_owned(), String::new()))
                }
                Some(_) => None,
                // `require('connect-mongo')(session)` and builders such as `zod.string().min(1)`.
                None => self.of_at(&it.callee, depth + 1),
            },
            Expression::NewExpression(it) => self.of_at(&it.callee, depth + 1),
            Expression::AwaitExpression(it) => self.of_at(&it.argument, depth + 1),
            other => {
                let member = other.as_member_expression()?;
                let name = member.static_property_name()?;
                // `db.mongoose`: handed about under its own name.
                let Some((package, path)) = self.of_at(member.object(), depth + 1) else {
                    return (name == "mongoose").then(|| ("mongoose".to_owned(), String::new()));
                };
                let path =
                    if path.is_empty() || path == "default" { name.to_string() } else { format!("{path}.{name}") };
                (path.len() < 120).then_some((package, path))
            }
        }
    }

    fn bind(&mut self, pattern: &BindingPattern<'_>, package: &str, member: &str) {
        match pattern {
            BindingPattern::BindingIdentifier(it) => self.add(&it.name, package, member),
            BindingPattern::ObjectPattern(it) => {
                for property in &it.properties {
                    let Some(key) = property.key.static_name() else { continue };
                    let member = if member.is_empty() { key.to_string() } else { format!("{member}.{key}") };
                    if let Some(id) = property.value.get_binding_identifier() {
                        self.add(&id.name, package, &member);
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Visit<'a> for Imports {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        if self.depth < DEPTH {
            self.depth += 1;
            walk::walk_expression(self, it);
            self.depth -= 1;
        }
    }

    fn visit_statement(&mut self, it: &oxc_ast::ast::Statement<'a>) {
        if self.depth < DEPTH {
            self.depth += 1;
            walk::walk_statement(self, it);
            self.depth -= 1;
        }
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        if it.import_kind.is_type() {
            return;
        }
        let names = it.specifiers.iter().flatten().map(|specifier| specifier.local().name.to_string()).collect();
        self.package(&it.source.value, it.span.start, names);
        for specifier in it.specifiers.iter().flatten() {
            let member = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => named.imported.name().to_string(),
                _ => String::new(),
            };
            let member = if member == "default" { String::new() } else { member };
            self.add(&specifier.local().name, &it.source.value, &member);
        }
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        if let TSModuleReference::ExternalModuleReference(reference) = &it.module_reference {
            self.package(&reference.expression.value, it.span.start, vec![it.id.name.to_string()]);
            self.add(&it.id.name, &reference.expression.value, "");
        }
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let Some(init) = &it.init {
            // Only what is certainly the package's own is bound, not every result of a call to it.
            let direct = match init.get_inner_expression() {
                Expression::CallExpression(call) => {
                    call.common_js_require().is_some()
                        || matches!(call.callee.get_inner_expression(), Expression::CallExpression(inner) if inner.common_js_require().is_some())
                        || matches!(&call.callee, Expression::Identifier(_))
                            && self.of(&call.callee).is_some_and(|(package, _)| package.starts_with("connect-"))
                }
                Expression::StaticMemberExpression(_) | Expression::Identifier(_) => true,
                Expression::NewExpression(it) => {
                    self.of(&it.callee).is_some_and(|(package, _)| package.contains("passport"))
                }
                _ => false,
            };
            if direct && let Some((package, member)) = self.of(init) {
                self.bind(&it.id, &package, &member);
            }
            let required = match init.get_inner_expression() {
                Expression::StaticMemberExpression(member) => member.object.get_inner_expression(),
                other => other,
            };
            if matches!(required, Expression::CallExpression(call) if call.common_js_require().is_some()) {
                self.bound = it.id.get_binding_identifiers().iter().map(|id| id.name.to_string()).collect();
            }
        }
        walk::walk_variable_declarator(self, it);
        self.bound.clear();
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.read.insert(it.name.to_string());
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.ask(&it.source.value);
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.ask(&it.source.value);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        if let Expression::StringLiteral(source) = it.source.get_inner_expression() {
            self.ask(&source.value);
        }
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &oxc_ast::ast::CallExpression<'a>) {
        if let Some(source) = it.common_js_require() {
            let source = source.value.to_string();
            let names = std::mem::take(&mut self.bound);
            self.package(&source, it.span.start, names);
        }
        walk::walk_call_expression(self, it);
    }
}
