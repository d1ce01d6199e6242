//! Lowers statements, functions and classes. Branches are flattened, since a route behind an `if` is still a route.

use oxc_ast::ast::{
    BindingPattern, ClassElement, Declaration, ExportDefaultDeclarationKind, Expression, ForStatementInit,
    ForStatementLeft, FormalParameters, ImportDeclarationSpecifier, MethodDefinitionKind, Statement, TSModuleReference,
};

use super::lower::{Lower, compares};
use super::refusal;
use crate::ir::{Class, Expr, Function, Method, Param, Pattern, Stmt, Wires};

/// Deeper statements are not followed.
const DEPTH: u32 = 200;

impl Lower<'_> {
    /// A list of statements, with function declarations first, as they are hoisted, and export lists last.
    pub(super) fn body(&mut self, statements: &[Statement<'_>]) -> Vec<Stmt> {
        let mut out = Vec::new();
        let mut last = Vec::new();
        for statement in statements {
            self.hoist(statement, &mut out);
        }
        for statement in statements {
            self.statement(statement, &mut out, &mut last);
        }
        out.append(&mut last);
        out
    }

    fn hoist(&mut self, statement: &Statement<'_>, out: &mut Vec<Stmt>) {
        if let Statement::ExportDefaultDeclaration(it) = statement
            && let ExportDefaultDeclarationKind::FunctionDeclaration(function) = &it.declaration
        {
            let value = Expr::Function(self.function_of(function));
            if let Some(id) = &function.id {
                let name = self.sym(&id.name);
                out.push(Stmt::Bind(Pattern::Name(name), value));
                let default = self.sym("default");
                out.push(Stmt::Export(default, Expr::Name(name)));
            } else {
                let default = self.sym("default");
                out.push(Stmt::Export(default, value));
            }
        }
        let (declaration, exported) = match statement {
            Statement::ExportDeclaration(it) => (Some(&it.declaration), true),
            other => (other.as_declaration(), false),
        };
        if let Some(Declaration::FunctionDeclaration(function)) = declaration
            && let Some(id) = &function.id
            && function.body.is_some()
        {
            let name = self.sym(&id.name);
            let value = Expr::Function(self.function_of(function));
            out.push(Stmt::Bind(Pattern::Name(name), value));
            if exported {
                out.push(Stmt::Export(name, Expr::Name(name)));
            }
        }
    }

    /// A branch that is kept apart. What leaves it leaves the loop or the callback around it.
    fn branch(&mut self, statement: &Statement<'_>) -> Vec<Stmt> {
        let mut out = Vec::new();
        let outer = std::mem::replace(&mut self.leaves, true);
        self.nested(statement, &mut out);
        self.leaves = outer;
        out
    }

    /// A statement that runs or not, or again and again: nothing is known of where leaving it leads.
    fn within(&mut self, statement: &Statement<'_>, out: &mut Vec<Stmt>) {
        let outer = std::mem::take(&mut self.leaves);
        self.nested(statement, out);
        self.leaves = outer;
    }

    fn looped(&mut self, statement: &Statement<'_>) -> Vec<Stmt> {
        let mut body = Vec::new();
        let outer = std::mem::replace(&mut self.listing, true);
        self.within(statement, &mut body);
        self.listing = outer;
        body
    }

    fn nested(&mut self, statement: &Statement<'_>, out: &mut Vec<Stmt>) {
        if let Statement::BlockStatement(block) = statement {
            let mut inner = self.body(&block.body);
            out.append(&mut inner);
        } else {
            let mut last = Vec::new();
            self.statement(statement, out, &mut last);
            out.append(&mut last);
        }
    }

    fn statement(&mut self, statement: &Statement<'_>, out: &mut Vec<Stmt>, last: &mut Vec<Stmt>) {
        if self.depth > DEPTH || self.full() {
            return;
        }
        self.depth += 1;
        self.lower_statement(statement, out, last);
        self.depth -= 1;
    }

    fn lower_statement(&mut self, statement: &Statement<'_>, out: &mut Vec<Stmt>, last: &mut Vec<Stmt>) {
        match statement {
            Statement::BlockStatement(_) => self.nested(statement, out),
            Statement::ExpressionStatement(it) => {
                let value = self.expr(&it.expression);
                out.push(Stmt::Expr(value));
            }
            Statement::ReturnStatement(it) => {
                if let Some(argument) = &it.argument {
                    let value = self.expr(argument);
                    out.push(Stmt::Return(value));
                }
                if self.leaves {
                    out.push(Stmt::Leave);
                }
            }
            Statement::ContinueStatement(_) if self.leaves => out.push(Stmt::Leave),
            Statement::IfStatement(it) if self.listing && compares(&it.test, 0) => {
                let test = self.expr(&it.test);
                let then = self.branch(&it.consequent);
                let otherwise = it.alternate.as_ref().map(|alternate| self.branch(alternate)).unwrap_or_default();
                out.push(Stmt::If(test, then, otherwise));
            }
            Statement::IfStatement(it) => {
                self.within(&it.consequent, out);
                if let Some(alternate) = &it.alternate {
                    self.within(alternate, out);
                }
            }
            Statement::TryStatement(it) => {
                let outer = std::mem::take(&mut self.leaves);
                let mut inner = self.body(&it.block.body);
                self.leaves = outer;
                out.append(&mut inner);
                if let Some(finalizer) = &it.finalizer {
                    let mut inner = self.body(&finalizer.body);
                    out.append(&mut inner);
                }
            }
            Statement::SwitchStatement(it) => {
                let outer = std::mem::take(&mut self.leaves);
                for case in &it.cases {
                    let mut inner = self.body(&case.consequent);
                    out.append(&mut inner);
                }
                self.leaves = outer;
            }
            Statement::LabeledStatement(it) => self.within(&it.body, out),
            Statement::WhileStatement(it) => self.within(&it.body, out),
            Statement::DoWhileStatement(it) => self.within(&it.body, out),
            Statement::ForOfStatement(it) => {
                let pattern = self.loop_pattern(&it.left);
                let over = self.expr(&it.right);
                let body = self.looped(&it.body);
                out.push(Stmt::Each(pattern, over, body));
            }
            Statement::ForInStatement(it) => {
                let pattern = self.loop_pattern(&it.left);
                let over = self.expr(&it.right);
                let body = self.looped(&it.body);
                out.push(Stmt::Keys(pattern, over, body));
            }
            Statement::ForStatement(it) => {
                let mut body = self.looped(&it.body);
                match self.counted(it) {
                    Some((pattern, over)) => out.push(Stmt::Keys(pattern, over, body)),
                    None => out.append(&mut body),
                }
            }
            Statement::ImportDeclaration(it) => {
                if it.import_kind.is_type() {
                    return;
                }
                let source = self.sym(&it.source.value);
                for specifier in it.specifiers.iter().flatten() {
                    let name = self.sym(&specifier.local().name);
                    let value = match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(named) => {
                            let imported = self.sym(&named.imported.name());
                            Expr::Member(Box::new(Expr::Import(source)), imported)
                        }
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                            let default = self.sym("default");
                            Expr::Member(Box::new(Expr::Import(source)), default)
                        }
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => Expr::Import(source),
                    };
                    out.push(Stmt::Bind(Pattern::Name(name), value));
                }
                if it.specifiers.as_ref().is_none_or(|list| list.is_empty()) {
                    out.push(Stmt::Expr(Expr::Import(source)));
                }
            }
            Statement::ExportAllDeclaration(it) => {
                let source = self.sym(&it.source.value);
                match &it.exported {
                    Some(name) => {
                        let name = self.sym(&name.name());
                        out.push(Stmt::Export(name, Expr::Import(source)));
                    }
                    None => out.push(Stmt::ExportAll(source)),
                }
            }
            Statement::ExportNamedDeclaration(it) => {
                for specifier in &it.specifiers {
                    let local = self.sym(&specifier.local.name());
                    let exported = self.sym(&specifier.exported.name());
                    last.push(Stmt::Export(exported, Expr::Name(local)));
                }
            }
            Statement::ExportFromDeclaration(it) => {
                let source = self.sym(&it.source.value);
                for specifier in &it.specifiers {
                    let local = self.sym(&specifier.local.name());
                    let exported = self.sym(&specifier.exported.name());
                    out.push(Stmt::Export(exported, Expr::Member(Box::new(Expr::Import(source)), local)));
                }
            }
            Statement::ExportDefaultDeclaration(it) => {
                let default = self.sym("default");
                let value = match &it.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(_) => return,
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        let value = Expr::Class(self.class(class));
                        match &class.id {
                            Some(id) => {
                                let name = self.sym(&id.name);
                                out.push(Stmt::Bind(Pattern::Name(name), value));
                                Expr::Name(name)
                            }
                            None => value,
                        }
                    }
                    other => match other.as_expression() {
                        Some(expression) => self.expr(expression),
                        None => return,
                    },
                };
                out.push(Stmt::Export(default, value));
            }
            Statement::TSExportAssignment(it) => {
                let value = self.expr(&it.expression);
                let target = Expr::Member(Box::new(Expr::Name(self.sym("module"))), self.sym("exports"));
                out.push(Stmt::Expr(Expr::Assign(Box::new(target), Box::new(value))));
            }
            Statement::ExportDeclaration(it) => {
                let names = self.declaration(&it.declaration, out);
                out.extend(names.into_iter().map(|name| Stmt::Export(name, Expr::Name(name))));
            }
            other => {
                if let Some(declaration) = other.as_declaration() {
                    self.declaration(declaration, out);
                }
            }
        }
    }

    /// Lowers a declaration and answers the names it binds. Functions were hoisted and count as none.
    fn declaration(&mut self, declaration: &Declaration<'_>, out: &mut Vec<Stmt>) -> Vec<u32> {
        match declaration {
            Declaration::VariableDeclaration(it) => {
                let mut names = Vec::new();
                for declarator in &it.declarations {
                    for id in declarator.id.get_binding_identifiers() {
                        names.push(self.sym(&id.name));
                    }
                    let pattern = self.pattern(&declarator.id);
                    if let Some(init) = &declarator.init {
                        let value = self.expr(init);
                        out.push(Stmt::Bind(pattern, value));
                    }
                }
                names
            }
            Declaration::ClassDeclaration(it) => {
                let Some(id) = &it.id else { return Vec::new() };
                let name = self.sym(&id.name);
                let value = Expr::Class(self.class(it));
                out.push(Stmt::Bind(Pattern::Name(name), value));
                vec![name]
            }
            Declaration::TSEnumDeclaration(it) => {
                let name = self.sym(&it.id.name);
                let mut members = Vec::new();
                for member in &it.body.members {
                    let key = self.sym(&member.id.static_name());
                    let value = match &member.initializer {
                        Some(initializer) => self.expr(initializer),
                        None => self.text(member.span),
                    };
                    members.push((Some(key), value));
                }
                out.push(Stmt::Bind(Pattern::Name(name), Expr::Object(members)));
                vec![name]
            }
            Declaration::TSImportEqualsDeclaration(it) => {
                if let TSModuleReference::ExternalModuleReference(reference) = &it.module_reference {
                    let name = self.sym(&it.id.name);
                    let source = self.sym(&reference.expression.value);
                    out.push(Stmt::Bind(Pattern::Name(name), Expr::Import(source)));
                    return vec![name];
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn loop_pattern(&mut self, left: &ForStatementLeft<'_>) -> Pattern {
        match left {
            ForStatementLeft::VariableDeclaration(it) => match it.declarations.first() {
                Some(declarator) => self.pattern(&declarator.id),
                None => Pattern::Ignore,
            },
            ForStatementLeft::AssignmentTargetIdentifier(it) => Pattern::Name(self.sym(&it.name)),
            _ => Pattern::Ignore,
        }
    }

    /// `for (let i = 0; i < list.length; i++)` is a loop over the indices of `list`.
    fn counted(&mut self, it: &oxc_ast::ast::ForStatement<'_>) -> Option<(Pattern, Expr)> {
        let ForStatementInit::VariableDeclaration(init) = it.init.as_ref()? else { return None };
        let pattern = self.pattern(&init.declarations.first()?.id);
        let Expression::BinaryExpression(test) = it.test.as_ref()?.get_inner_expression() else { return None };
        let Expression::StaticMemberExpression(length) = test.right.get_inner_expression() else { return None };
        (length.property.name == "length").then(|| (pattern, self.expr(&length.object)))
    }

    pub(super) fn pattern(&mut self, pattern: &BindingPattern<'_>) -> Pattern {
        if self.depth > DEPTH {
            return Pattern::Ignore;
        }
        self.depth += 1;
        let lowered = match pattern {
            BindingPattern::BindingIdentifier(it) => Pattern::Name(self.sym(&it.name)),
            BindingPattern::ObjectPattern(it) => {
                let properties = it.properties.iter().filter_map(|property| {
                    let key = self.key(&property.key)?;
                    Some((key, self.pattern(&property.value)))
                });
                Pattern::Object(properties.collect())
            }
            BindingPattern::ArrayPattern(it) => {
                let elements = it.elements.iter().map(|element| match element {
                    Some(element) => self.pattern(element),
                    None => Pattern::Ignore,
                });
                Pattern::Array(elements.collect())
            }
            BindingPattern::AssignmentPattern(it) => {
                let inner = self.pattern(&it.left);
                Pattern::Default(Box::new(inner), Box::new(self.expr(&it.right)))
            }
        };
        self.depth -= 1;
        lowered
    }

    pub(super) fn params(&mut self, params: &FormalParameters<'_>) -> Vec<Param> {
        let mut lowered = Vec::new();
        for item in &params.items {
            let mut pattern = self.pattern(&item.pattern);
            if let Some(initializer) = &item.initializer {
                pattern = Pattern::Default(Box::new(pattern), Box::new(self.expr(initializer)));
            }
            let field = item.accessibility.is_some() || item.readonly;
            lowered.push(Param { pattern, field, rest: false });
        }
        if let Some(rest) = &params.rest {
            let pattern = self.pattern(&rest.rest.argument);
            lowered.push(Param { pattern, field: false, rest: true });
        }
        lowered
    }

    pub(super) fn function_of(&mut self, function: &oxc_ast::ast::Function<'_>) -> u32 {
        let name = function.id.as_ref().map(|id| self.sym(&id.name));
        let params = self.params(&function.params);
        let outer = std::mem::take(&mut self.leaves);
        let body = function.body.as_ref().map(|body| self.body(&body.statements)).unwrap_or_default();
        self.leaves = outer;
        let refuses = function.body.as_ref().is_some_and(|body| refusal::statements(&body.statements));
        self.function(Function { name, params, body, arrow: false, wires: Wires::No, refuses });
        self.module.functions.len() as u32 - 1
    }

    pub(super) fn class(&mut self, class: &oxc_ast::ast::Class<'_>) -> u32 {
        let name = class.id.as_ref().map(|id| self.sym(&id.name));
        let parent = class.heritage_expression().map(|parent| self.expr(parent));
        let mut lowered = Class { name, parent, ..Class::default() };
        if self.depth > DEPTH {
            return self.push_class(lowered);
        }
        self.depth += 1;
        for element in &class.body.body {
            match element {
                ClassElement::MethodDefinition(it) => {
                    if it.value.body.is_none() {
                        continue;
                    }
                    let function = self.function_of(&it.value);
                    if it.kind == MethodDefinitionKind::Constructor {
                        lowered.constructor = Some(function);
                    } else if it.kind != MethodDefinitionKind::Set
                        && let Some(name) = self.key(&it.key)
                    {
                        let getter = it.kind == MethodDefinitionKind::Get;
                        lowered.methods.push(Method { name, function, fixed: it.r#static, getter });
                    }
                }
                ClassElement::PropertyDefinition(it) => {
                    if let (Some(name), Some(value)) = (self.key(&it.key), &it.value) {
                        let value = self.expr(value);
                        lowered.fields.push((name, value, it.r#static));
                    }
                }
                _ => {}
            }
        }
        self.depth -= 1;
        self.push_class(lowered)
    }
}
