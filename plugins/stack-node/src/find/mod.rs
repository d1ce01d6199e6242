//! Finds what single lines of a program say: which packages are put to use, guards and error handlers, settings, tests.

mod ciphers;
pub(crate) mod imports;
mod middleware;
mod routes;
mod tokens;

use std::collections::HashSet;

use oxc_ast::ast::{
    Argument, AssignmentExpression, CallExpression, Class, Expression, FormalParameters, Function, MethodDefinition,
    NewExpression, ObjectExpression, ObjectProperty, Program, StaticMemberExpression, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;

use crate::facts::{FileFacts, Found, Spot};
use crate::text::{Lines, shorten};
use crate::{models, names, rules};
use imports::{DEPTH, Imports};

/// Findings kept of one file and one key.
const PER_KEY: usize = 12;
/// Findings kept of one file.
const PER_FILE: usize = 160;

/// Adds everything that a program says.
pub(crate) fn program(program: &Program<'_>, source: &str, lines: &Lines<'_>, test: bool, facts: &mut FileFacts) {
    let mut imports = Imports::default();
    imports.visit_program(program);
    let mut finder = Finder {
        source,
        lines,
        imports: &imports,
        ciphers: ciphers::Ciphers::of(program, source),
        models: models::Collector::new(source, lines, &imports),
        found: Vec::new(),
        middleware: Vec::new(),
        routes: Vec::new(),
        seen: HashSet::new(),
        depth: 0,
        name: None,
        maker: None,
        made_at: None,
        test,
        tests: 0,
        first_test: None,
    };
    finder.visit_program(program);
    finder.unused_imports();
    facts.asks = imports.asks.clone();
    finder.summarise_tests();
    let Finder { mut found, routes, models, middleware, .. } = finder;
    facts.middleware = middleware;
    found.sort_by_key(|found| found.spot.line);
    facts.findings.append(&mut found);
    facts.routes = routes;
    facts.models = models.finish();
}

struct Finder<'s> {
    source: &'s str,
    lines: &'s Lines<'s>,
    imports: &'s Imports,
    ciphers: ciphers::Ciphers,
    models: models::Collector<'s>,
    found: Vec<Found>,
    middleware: Vec<(String, bool)>,
    routes: Vec<crate::facts::FixedRoute>,
    seen: HashSet<(String, String)>,
    depth: u32,
    /// What the function or object that comes next is bound to.
    name: Option<String>,
    /// What the function that is being read is bound to: what it returns goes by that name too.
    maker: Option<(String, u32)>,
    /// Where the function begins that makes the one that comes next.
    made_at: Option<u32>,
    test: bool,
    tests: usize,
    first_test: Option<(u32, String)>,
}

impl Finder<'_> {
    fn add(&mut self, key: &str, value: &str, offset: u32) {
        let value = shorten(value, 160);
        if self.found.len() >= PER_FILE
            || self.found.iter().filter(|found| found.key == key).count() >= PER_KEY
            || !self.seen.insert((key.to_owned(), value.clone()))
        {
            return;
        }
        let spot = spot(self.lines, offset);
        self.found.push(Found { key: key.to_owned(), value, spot });
    }

    fn has_at(&self, key: &str, offset: u32) -> bool {
        let line = self.lines.line(offset);
        self.found.iter().any(|found| found.key == key && found.spot.line == line)
    }

    fn text(&self, span: Span, limit: usize) -> String {
        shorten(self.source.get(span.start as usize..span.end as usize).unwrap_or(""), limit)
    }

    /// A call or construction of something that a package gave.
    fn used(&mut self, callee: &Expression<'_>, arguments: &[Argument<'_>], span: Span, offset: u32, made: bool) {
        // The call of a call was seen at the inner one.
        if let Expression::CallExpression(inner) = callee.get_inner_expression()
            && inner.common_js_require().is_none()
        {
            return;
        }
        let Some((package, member)) = self.imports.of(callee) else { return };
        if self.test && !matches!(package.as_str(), "node:test" | "test") {
            return;
        }
        let Some(key) = rules::key_of(&package, &member) else { return };
        let name =
            if matches!(member.as_str(), "" | "default") { package.clone() } else { format!("{package}.{member}") };
        match key {
            "auth.session" => self.session(&package, arguments, offset),
            "auth.passport" if package == "passport" || made => self.passport(&package, &member, arguments, offset),
            "auth.passport" => {}
            "auth.password-hash" if package == "crypto" && self.ciphers.keyed_by(span) => {}
            "validation" => self.add(key, &package, offset),
            "auth.jwt" if member.ends_with("sign") => {
                let value = format!("{name}{}", self.signed(arguments));
                self.add(key, &value, offset);
            }
            "middleware.rate-limit" => {
                let value = format!("{name}{}", self.limited(arguments));
                self.add(key, &value, offset);
            }
            "middleware.csrf" if package == "lusca" && !member.is_empty() => self.add(key, &name, offset),
            // Its place says it already, as an option of the session.
            "session.store" if self.has_at("session.store", offset) => {}
            "session.store" if matches!(arguments.first(), Some(Argument::Identifier(_))) && member.is_empty() => {}
            "database" => {
                let target = arguments.first().map(|it| self.text(it.span(), 60)).unwrap_or_default();
                let target = if target.starts_with(['{', '"', '\'', '`']) || target.is_empty() {
                    String::new()
                } else {
                    format!(" to {target}")
                };
                self.add(key, &format!("{name}{target}"), offset);
            }
            _ => self.add(key, &name, offset),
        }
    }

    fn session(&mut self, package: &str, arguments: &[Argument<'_>], offset: u32) {
        let mut value = package.to_owned();
        if let Some(Expression::ObjectExpression(options)) = arguments.first().and_then(|it| it.as_expression()) {
            for property in &options.properties {
                let Some(property) = property.as_property() else { continue };
                let Some(name) = property.key.static_name() else { continue };
                match name.as_ref() {
                    "store" => {
                        let text = self.text(property.value.span(), 60);
                        let store = text.split(['(', '{']).next().unwrap_or_default();
                        value = format!("{package}, store {}", store.trim_start_matches("new ").trim());
                        self.add("session.store", &text, property.span.start);
                    }
                    "cookie" => {
                        let text = self.text(property.value.span(), 120);
                        self.add("session.cookie", &text, property.span.start);
                    }
                    "secret" => {
                        // The expression, never a literal: a secret is not to be repeated.
                        let text = match property.value.get_inner_expression() {
                            Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => {
                                "a literal in the code".to_owned()
                            }
                            other => self.text(other.span(), 60),
                        };
                        self.add("session.secret", &text, property.span.start);
                    }
                    _ => {}
                }
            }
        }
        self.add("auth.session", &value, offset);
    }

    fn passport(&mut self, package: &str, member: &str, arguments: &[Argument<'_>], offset: u32) {
        let first = arguments.first().and_then(|it| it.as_expression());
        match (package, member) {
            ("passport", "use") => {
                let strategy = arguments.iter().filter_map(|it| it.as_expression()).find_map(|it| self.imports.of(it));
                match strategy {
                    Some((strategy, _)) => self.add("auth.passport", &format!("strategy {strategy}"), offset),
                    None => {
                        let text = arguments.last().map(|it| self.text(it.span(), 40)).unwrap_or_default();
                        self.add("auth.passport", &format!("strategy {text}"), offset);
                    }
                }
            }
            ("passport", "authenticate") => {
                let name = first.map(|it| self.text(it.span(), 40)).unwrap_or_default();
                self.add("auth.passport", &format!("authenticate {}", name.trim_matches(['\'', '"', '`'])), offset);
            }
            ("passport", member) => self.add("auth.passport", &format!("passport.{member}"), offset),
            (package, _) => self.add("auth.passport", &format!("strategy {package}"), offset),
        }
    }

    /// A function by its parameters and what its body `does`: an error handler, or the definition of a guard.
    fn function(
        &mut self,
        name: Option<&str>,
        params: &FormalParameters<'_>,
        does: Option<middleware::Body>,
        offset: u32,
    ) {
        if self.test {
            return;
        }
        let names: Vec<_> = params.items.iter().map(|item| item.pattern.get_identifier_name()).collect();
        let name_at = |index: usize| {
            names.get(index).and_then(|name| name.as_ref()).map_or("", |name| name.as_str()).trim_start_matches('_')
        };
        let request = |text: &str| matches!(text, "" | "req" | "request");
        match names.len() {
            4 if matches!(name_at(0), "err" | "error" | "e" | "ex" | "exception")
                && request(name_at(1))
                && matches!(name_at(2), "" | "res" | "response")
                && does.is_none_or(|does| !does.only_forwards) =>
            {
                // An opening bracket alone on its line says nothing.
                let offset = params.items.first().map_or(offset, |first| first.span.start);
                let name = name.filter(|name| *name != "exports");
                self.add("error-handler", name.unwrap_or("inline"), offset);
            }
            3 if matches!(name_at(0), "req" | "request") && name_at(2) == "next" => {
                let stops = does.and_then(|does| does.stops);
                if let (Some(name), Some(stops)) = (name, stops)
                    && self.middleware.len() < PER_FILE
                {
                    self.middleware.push((name.to_owned(), stops));
                }
                if let Some(name) = name
                    && names::is_guard(name)
                    && !names::is_action(name)
                    && stops != Some(false)
                    && does.is_none_or(|does| does.goes_on)
                {
                    self.add("auth.guard", name, offset);
                }
            }
            _ => {}
        }
    }

    /// The function that comes next is made by the one around it.
    fn made(&mut self) {
        if let Some((name, offset)) = self.maker.take() {
            (self.name, self.made_at) = (Some(name), Some(offset));
        }
    }

    /// An import of a telling package that is passed on unused says something by itself; one whose name nothing reads does not.
    fn unused_imports(&mut self) {
        for imported in self.imports.packages.clone() {
            let (package, offset) = (&imported.package, imported.offset);
            if package == "node:test" {
                self.add("test.framework", "node:test", offset);
            }
            if self.test || !self.imports.is_read(&imported) {
                continue;
            }
            if let Some(key) = rules::key_of_import(package)
                && !self.found.iter().any(|found| found.key == key || found.value.contains(package))
            {
                self.add(key, package, offset);
            }
        }
    }

    fn summarise_tests(&mut self) {
        if let Some((offset, title)) = self.first_test.take()
            && self.test
        {
            let count = self.tests;
            let noun = if count == 1 { "test" } else { "tests" };
            let value = if title.is_empty() { format!("{count} {noun}") } else { format!("{count} {noun}: {title}") };
            self.add("test.file", &value, offset);
        }
    }

    fn test_call(&mut self, call: &CallExpression<'_>) {
        let callee = call.callee.get_inner_expression();
        let name = match callee {
            Expression::Identifier(it) => it.name.as_str(),
            Expression::StaticMemberExpression(it) => match it.object.get_inner_expression() {
                Expression::Identifier(object) => object.name.as_str(),
                _ => return,
            },
            _ => return,
        };
        if !matches!(name, "describe" | "it" | "test" | "suite" | "context") || call.arguments.len() < 2 {
            return;
        }
        let title = match call.arguments.first().and_then(|it| it.as_expression()) {
            Some(Expression::StringLiteral(it)) => it.value.to_string(),
            Some(_) => String::new(),
            None => return,
        };
        if matches!(name, "it" | "test") {
            self.tests += 1;
        }
        if self.first_test.is_none() {
            self.first_test = Some((call.span.start, title));
        }
    }

    fn app_call(&mut self, call: &CallExpression<'_>) {
        let Some(member) = call.callee.get_inner_expression().as_member_expression() else { return };
        let argument = |index: usize| call.arguments.get(index).and_then(|it| it.as_expression());
        let first = match argument(0) {
            Some(Expression::StringLiteral(it)) => it.value.as_str(),
            _ => "",
        };
        match member.static_property_name() {
            Some("set") if first == "view engine" => {
                if let Some(engine) = argument(1) {
                    let engine = self.text(engine.span(), 40);
                    self.add("template-engine", engine.trim_matches(['\'', '"', '`']), call.span.start);
                }
            }
            Some("render") if !first.is_empty() && is_response(member.object()) => {
                self.add("view", first, call.span.start);
            }
            Some("cookie") if !first.is_empty() && is_response(member.object()) => {
                self.add("cookie.set", first, call.span.start);
            }
            Some("isAuthenticated") if is_request(member.object()) => {
                self.add("auth.check", "req.isAuthenticated()", call.span.start);
            }
            _ => {}
        }
    }

    /// `validate(process.env)`: the names stand elsewhere.
    fn whole_environment(&mut self, arguments: &[Argument<'_>]) {
        for argument in arguments.iter().filter_map(|argument| argument.as_expression()) {
            if !self.test && is_environment(argument) {
                self.add("config.env", "process.env as a whole", argument.span().start);
            }
        }
    }

    fn environment(&mut self, object: &Expression<'_>, name: &str, offset: u32) {
        if !self.test && is_environment(object) {
            self.add("config.env", name, offset);
        }
    }
}

pub(crate) fn spot(lines: &Lines<'_>, offset: u32) -> Spot {
    // A line of brackets alone says nothing; what they open does.
    let first = lines.line(offset);
    let line = (first..first + 4).find(|line| tells(lines.quote(*line))).unwrap_or(first);
    Spot { line, quote: lines.quote(line).to_owned() }
}

/// So many letters that somebody learns something.
pub(crate) fn tells(quote: &str) -> bool {
    quote.chars().filter(|letter| letter.is_alphanumeric()).count() >= 3
}

/// A function written out.
fn is_function(value: &Expression<'_>) -> bool {
    matches!(value.get_inner_expression(), Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_))
}

fn is_environment(object: &Expression<'_>) -> bool {
    object.get_inner_expression().is_specific_member_access("process", "env")
        || matches!(object, Expression::StaticMemberExpression(it)
            if it.property.name == "env" && matches!(&it.object, Expression::ImportMeta(_)))
}

fn is_request(object: &Expression<'_>) -> bool {
    matches!(object, Expression::Identifier(it) if matches!(it.name.as_str(), "req" | "request" | "ctx"))
}

fn is_response(object: &Expression<'_>) -> bool {
    match object.get_inner_expression() {
        Expression::Identifier(it) => matches!(it.name.as_str(), "res" | "response" | "reply"),
        Expression::CallExpression(it) => {
            it.callee.as_member_expression().is_some_and(|member| is_response(member.object()))
        }
        _ => false,
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        if self.depth >= DEPTH {
            return;
        }
        self.depth += 1;
        if !matches!(
            it.get_inner_expression(),
            Expression::FunctionExpression(_)
                | Expression::ArrowFunctionExpression(_)
                | Expression::NewExpression(_)
                | Expression::CallExpression(_)
                | Expression::ClassExpression(_)
        ) {
            self.name = None;
        }
        walk::walk_expression(self, it);
        self.depth -= 1;
    }

    fn visit_statement(&mut self, it: &oxc_ast::ast::Statement<'a>) {
        if self.depth < DEPTH {
            self.depth += 1;
            walk::walk_statement(self, it);
            self.depth -= 1;
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let name = self.name.take();
        let offset = match it.callee.get_inner_expression().as_member_expression() {
            Some(oxc_ast::ast::MemberExpression::StaticMemberExpression(member)) => member.property.span.start,
            _ => it.span.start,
        };
        self.used(&it.callee, &it.arguments, it.span, offset, false);
        self.whole_environment(&it.arguments);
        self.app_call(it);
        self.token_call(it);
        self.paged_call(it);
        if self.test {
            self.test_call(it);
        } else {
            self.models.call(&it.callee, &it.arguments, it.span, name.as_deref());
        }
        self.visit_expression(&it.callee);
        // A wrapped handler keeps its name: `const list = wrap(async (req, res, next) => …)`.
        self.name = name;
        for argument in &it.arguments {
            self.visit_argument(argument);
            self.name = None;
        }
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        let name = self.name.take();
        self.used(&it.callee, &it.arguments, it.span, it.span.start, true);
        if !self.test {
            self.models.call(&it.callee, &it.arguments, it.span, name.as_deref());
        }
        walk::walk_new_expression(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        self.name = it.id.get_identifier_name().map(|name| name.to_string());
        if let (Some(init), oxc_ast::ast::BindingPattern::ObjectPattern(pattern)) = (&it.init, &it.id)
            && is_environment(init)
        {
            for property in &pattern.properties {
                if let Some(name) = property.key.static_name() {
                    self.environment(init, &name, property.span.start);
                }
            }
        }
        if let (Some(name), Some(init), false) = (&self.name, &it.init, self.test) {
            self.models.list(name, init);
        }
        walk::walk_variable_declarator(self, it);
        self.name = None;
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        self.visit_assignment_target(&it.left);
        self.name = it.left.as_simple_assignment_target().and_then(|target| match target {
            oxc_ast::ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(it) => Some(it.name.to_string()),
            other => {
                other.as_member_expression().and_then(|member| member.static_property_name()).map(|it| it.to_string())
            }
        });
        self.visit_expression(&it.right);
        self.name = None;
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        self.visit_property_key(&it.key);
        self.name = it.key.static_name().map(|name| name.into_owned());
        self.visit_expression(&it.value);
        self.name = None;
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        self.name = it.key.static_name().map(|name| name.into_owned());
        walk::walk_method_definition(self, it);
        self.name = None;
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        let name = it.id.as_ref().map(|id| id.name.to_string()).or_else(|| self.name.take());
        let body = it.body.as_deref();
        let does = body.and_then(|body| middleware::body(&it.params, |reader| reader.visit_function_body(body)));
        let made_at = self.made_at.take();
        self.function(name.as_deref(), &it.params, does, made_at.unwrap_or(it.span.start));
        self.name = None;
        let maker = name.map(|name| (name, it.span.start));
        let outer = std::mem::replace(&mut self.maker, maker);
        walk::walk_function(self, it, flags);
        self.maker = outer;
    }

    fn visit_arrow_function_expression(&mut self, it: &oxc_ast::ast::ArrowFunctionExpression<'a>) {
        let name = self.name.take();
        let does = middleware::body(&it.params, |reader| reader.visit_arrow_function_body(&it.body));
        let made_at = self.made_at.take();
        self.function(name.as_deref(), &it.params, does, made_at.unwrap_or(it.span.start));
        let maker = name.map(|name| (name, it.span.start));
        let outer = std::mem::replace(&mut self.maker, maker);
        walk::walk_arrow_function_expression(self, it);
        self.maker = outer;
    }

    /// `const mayEdit = (role) => (req, res, next) => …`: the middleware goes by the name of what makes it, and stands there.
    fn visit_arrow_function_body(&mut self, it: &oxc_ast::ast::ArrowFunctionBody<'a>) {
        if it.as_expression().is_some_and(is_function) {
            self.made();
        }
        walk::walk_arrow_function_body(self, it);
        (self.name, self.made_at) = (None, None);
    }

    fn visit_return_statement(&mut self, it: &oxc_ast::ast::ReturnStatement<'a>) {
        if it.argument.as_ref().is_some_and(is_function) {
            self.made();
        }
        walk::walk_return_statement(self, it);
        (self.name, self.made_at) = (None, None);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        if !self.test {
            self.models.class(it);
            routes::nest(it, self.lines, &mut self.routes);
        }
        walk::walk_class(self, it);
    }

    fn visit_object_expression(&mut self, it: &ObjectExpression<'a>) {
        self.paged_object(it);
        walk::walk_object_expression(self, it);
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        self.environment(&it.object, &it.property.name, it.span.start);
        if let Expression::StaticMemberExpression(object) = it.object.get_inner_expression()
            && is_request(&object.object)
        {
            self.token_source(&object.property.name, &it.property.name, it.span.start);
        }
        if !self.test
            && let Expression::StaticMemberExpression(object) = it.object.get_inner_expression()
            && object.property.name == "session"
            && is_request(&object.object)
        {
            self.add("session.use", &format!("req.session.{}", it.property.name), it.span.start);
        }
        walk::walk_static_member_expression(self, it);
    }

    fn visit_computed_member_expression(&mut self, it: &oxc_ast::ast::ComputedMemberExpression<'a>) {
        if let Expression::StringLiteral(name) = it.expression.get_inner_expression() {
            let name = name.value.to_string();
            self.environment(&it.object, &name, it.span.start);
            if let Expression::StaticMemberExpression(object) = it.object.get_inner_expression()
                && is_request(&object.object)
            {
                self.token_source(&object.property.name, &name, it.span.start);
            }
        }
        walk::walk_computed_member_expression(self, it);
    }
}
