//! Data models: mongoose schemas, sequelize definitions, decorated entities, drizzle tables, prisma schemas.

use std::collections::{HashMap, HashSet};

use oxc_ast::ast::{Argument, Class, ClassElement, Decorator, Expression, ObjectExpression, ObjectPropertyKind};
use oxc_span::Span;

use crate::facts::{FileFacts, Found, ModelFacts, OneOf, Refers, Spot};
use crate::find::imports::Imports;
use crate::find::spot;
use crate::limits::{Limit, limit, limited};
use crate::text::{Lines, cut};

/// Models kept of one file.
const MODELS: usize = 100;
/// Fields kept of one model.
const FIELDS: usize = 200;
/// Nested documents deeper than this are named, not opened.
const DEPTH: u32 = 4;

/// Collects the models of one file. A schema and the call that names it may stand apart.
pub(crate) struct Collector<'s> {
    source: &'s str,
    lines: &'s Lines<'s>,
    imports: &'s Imports,
    schemas: Vec<Schema>,
    named: Vec<Named>,
    models: Vec<ModelFacts>,
    /// Lists of texts by the name that they are bound to.
    lists: HashMap<String, String>,
}

struct Schema {
    variable: Option<String>,
    fields: Vec<Field>,
    span: Span,
}

/// A field, and the variable of the schema that it holds, if it may hold one.
#[derive(Clone)]
struct Field {
    name: String,
    holds: Option<String>,
    /// The model that its `ref` names.
    refers: Option<String>,
    /// The values that its `enum` lists, and where.
    limited: Option<(Limit, u32)>,
    /// Where its name begins.
    start: u32,
}

/// `model('User', schema)`.
struct Named {
    name: String,
    variable: Option<String>,
    span: Span,
}

impl<'s> Collector<'s> {
    pub(crate) fn new(source: &'s str, lines: &'s Lines<'s>, imports: &'s Imports) -> Self {
        Self {
            source,
            lines,
            imports,
            schemas: Vec::new(),
            named: Vec::new(),
            models: Vec::new(),
            lists: HashMap::new(),
        }
    }

    /// Looks at a call or construction, bound to `name` if it is bound.
    pub(crate) fn call(&mut self, callee: &Expression<'_>, arguments: &[Argument<'_>], span: Span, name: Option<&str>) {
        if self.schemas.len() + self.named.len() + self.models.len() > 4 * MODELS {
            return;
        }
        let callee = callee.get_inner_expression();
        let last = last_name(callee);
        let argument = |index: usize| arguments.get(index).and_then(|it| it.as_expression());
        match last.as_str() {
            "Schema" => {
                if let Some(Expression::ObjectExpression(fields)) = argument(0) {
                    let mut found = Vec::new();
                    fields_of(self.source, fields, "", 0, &mut found);
                    if let Some(Expression::ObjectExpression(options)) = argument(1) {
                        let mut names = Vec::new();
                        timestamps(options, &mut names);
                        found.extend(names.into_iter().map(|name| Field {
                            name,
                            holds: None,
                            refers: None,
                            limited: None,
                            start: span.start,
                        }));
                    }
                    self.schemas.push(Schema { variable: name.map(str::to_owned), fields: found, span });
                }
            }
            "add" => {
                if let (Expression::StaticMemberExpression(member), Some(Expression::ObjectExpression(fields))) =
                    (callee, argument(0))
                    && let Expression::Identifier(schema) = &member.object
                    && let Some(known) =
                        self.schemas.iter_mut().find(|it| it.variable.as_deref() == Some(schema.name.as_str()))
                {
                    fields_of(self.source, fields, "", 0, &mut known.fields);
                }
            }
            "model" => {
                if let (Some(Expression::StringLiteral(model)), Some(schema)) = (argument(0), argument(1)) {
                    let variable = match schema.get_inner_expression() {
                        Expression::Identifier(it) => Some(it.name.to_string()),
                        other => other
                            .as_member_expression()
                            .and_then(|member| member.static_property_name())
                            .map(|name| name.to_string()),
                    };
                    self.named.push(Named { name: model.value.to_string(), variable, span });
                }
            }
            "define" => {
                if let (Some(Expression::StringLiteral(model)), Some(Expression::ObjectExpression(fields))) =
                    (argument(0), argument(1))
                    && self.is_sequelize(fields.span)
                {
                    let name = model.value.to_string();
                    self.table(name, fields, span, argument(2));
                }
            }
            "init" => {
                if let (Some(Expression::ObjectExpression(fields)), Some(Expression::ObjectExpression(options))) =
                    (argument(0), argument(1))
                    && let Expression::StaticMemberExpression(member) = callee
                    && self.is_sequelize(fields.span)
                {
                    let name = match &member.object {
                        Expression::Identifier(it) => it.name.to_string(),
                        _ => text_of(options, "modelName").unwrap_or_else(|| "model".to_owned()),
                    };
                    self.table(name, fields, span, argument(1));
                }
            }
            "pgTable" | "mysqlTable" | "sqliteTable" => {
                if let (Some(Expression::StringLiteral(model)), Some(Expression::ObjectExpression(fields))) =
                    (argument(0), argument(1))
                {
                    let name = model.value.to_string();
                    self.table(name, fields, span, None);
                }
            }
            _ => {}
        }
    }

    /// Columns name a type of sequelize; other things called `define` and `init` do not.
    fn is_sequelize(&self, span: Span) -> bool {
        let text = self.source.get(span.start as usize..span.end as usize).unwrap_or("");
        let text = cut(text, 4_000);
        ["DataTypes.", "Sequelize.", "DataType.", "DataTypes["].iter().any(|mark| text.contains(mark))
            || (self.imports.has("sequelize") && text.contains("type"))
    }

    fn table(&mut self, name: String, fields: &ObjectExpression<'_>, span: Span, options: Option<&Expression<'_>>) {
        let mut names: Vec<_> = fields
            .properties
            .iter()
            .filter_map(|property| property.as_property()?.key.static_name())
            .map(|name| name.into_owned())
            .take(FIELDS)
            .collect();
        if let Some(Expression::ObjectExpression(options)) = options {
            timestamps(options, &mut names);
        }
        self.models.push(ModelFacts {
            name,
            fields: names,
            refers: Vec::new(),
            limited: Vec::new(),
            spot: spot(self.lines, span.start),
        });
    }

    /// Looks at a class: an entity says so with a decorator.
    pub(crate) fn class(&mut self, class: &Class<'_>) {
        let entity = class.decorators.iter().find(|decorator| {
            matches!(decorator_name(decorator).as_str(), "Entity" | "Table" | "Schema" | "ObjectType")
        });
        let Some(entity) = entity else { return };
        let mut fields = Vec::new();
        for element in &class.body.body {
            if let ClassElement::PropertyDefinition(it) = element
                && !it.decorators.is_empty()
                && let Some(name) = it.key.static_name()
                && fields.len() < FIELDS
            {
                fields.push(name.into_owned());
            }
        }
        if let (Some(name), false) = (class.name(), fields.is_empty()) {
            let start = class.id.as_ref().map_or(entity.span.start, |id| id.span.start);
            let (name, refers, limited) = (name.to_string(), Vec::new(), Vec::new());
            self.models.push(ModelFacts { name, fields, refers, limited, spot: spot(self.lines, start) });
        }
    }

    /// Names of fields; those of a schema that a field holds follow it.
    fn opened(&self, fields: &[Field]) -> Vec<String> {
        let mut names = Vec::new();
        for field in fields {
            names.push(field.name.clone());
            let inner = self.schemas.iter().find(|schema| field.holds.is_some() && schema.variable == field.holds);
            for part in inner.iter().flat_map(|schema| &schema.fields) {
                names.push(format!("{}.{}", field.name, part.name));
            }
        }
        names.truncate(FIELDS);
        names
    }

    /// The same of the references of fields.
    fn references(&self, fields: &[Field]) -> Vec<Refers> {
        let at = |start: u32| spot(self.lines, start);
        let mut found = Vec::new();
        for field in fields {
            let own = |model| Refers { field: field.name.clone(), model, spot: at(field.start) };
            found.extend(field.refers.clone().map(own));
            let inner = self.schemas.iter().find(|schema| field.holds.is_some() && schema.variable == field.holds);
            for part in inner.iter().flat_map(|schema| &schema.fields) {
                let inner = |model| {
                    let field = format!("{}.{}", field.name, part.name);
                    Refers { field, model, spot: at(part.start) }
                };
                found.extend(part.refers.clone().map(inner));
            }
        }
        found.truncate(FIELDS);
        found
    }

    /// The same of fields that take one of some values.
    fn limits(&self, fields: &[Field]) -> Vec<OneOf> {
        let one_of = |field: String, (limit, start): &(Limit, u32)| {
            let values = match limit {
                Limit::Values(values) => values.clone(),
                Limit::Of(name) => self.lists.get(name).cloned().unwrap_or_else(|| format!("the values of {name}")),
            };
            OneOf { field, values, spot: spot(self.lines, *start) }
        };
        let mut found = Vec::new();
        for field in fields {
            found.extend(field.limited.iter().map(|limit| one_of(field.name.clone(), limit)));
            let inner = self.schemas.iter().find(|schema| field.holds.is_some() && schema.variable == field.holds);
            for part in inner.iter().flat_map(|schema| &schema.fields) {
                found.extend(part.limited.iter().map(|limit| one_of(format!("{}.{}", field.name, part.name), limit)));
            }
        }
        found.truncate(FIELDS);
        found
    }

    /// Remembers a list of texts, which a schema may name.
    pub(crate) fn list(&mut self, name: &str, value: &Expression<'_>) {
        if self.lists.len() < MODELS
            && let Some(Limit::Values(values)) = limit(self.source, value, true)
        {
            self.lists.insert(name.to_owned(), values);
        }
    }

    /// The models in order of lines. A schema that nothing names is known by its variable.
    pub(crate) fn finish(mut self) -> Vec<ModelFacts> {
        let mut used = vec![false; self.schemas.len()];
        let held: HashSet<String> =
            self.schemas.iter().flat_map(|schema| &schema.fields).filter_map(|field| field.holds.clone()).collect();
        for named in std::mem::take(&mut self.named) {
            let inside = |schema: &Schema| schema.span.start >= named.span.start && schema.span.end <= named.span.end;
            let position = self
                .schemas
                .iter()
                .position(|schema| named.variable.is_some() && schema.variable == named.variable)
                .or_else(|| self.schemas.iter().position(inside));
            if let Some((schema, used)) = position.and_then(|at| Some((self.schemas.get(at)?, used.get_mut(at)?))) {
                *used = true;
                let spot = spot(self.lines, schema.span.start);
                let fields = self.opened(&schema.fields);
                let (refers, limited) = (self.references(&schema.fields), self.limits(&schema.fields));
                self.models.push(ModelFacts { name: named.name, fields, refers, limited, spot });
            }
        }
        let spans: Vec<_> = self.schemas.iter().map(|schema| schema.span).collect();
        for (schema, used) in self.schemas.iter().zip(used) {
            let nested = spans.iter().any(|outer| outer.start < schema.span.start && schema.span.end < outer.end);
            let part = schema.variable.as_ref().is_some_and(|name| held.contains(name));
            let name = schema.variable.as_deref().map(schema_name);
            if let (false, false, false, Some(name)) = (used, nested, part, name)
                && !schema.fields.is_empty()
            {
                let fields = self.opened(&schema.fields);
                let (refers, limited) = (self.references(&schema.fields), self.limits(&schema.fields));
                self.models.push(ModelFacts {
                    name,
                    fields,
                    refers,
                    limited,
                    spot: spot(self.lines, schema.span.start),
                });
            }
        }
        self.models.sort_by_key(|model| model.spot.line);
        self.models.truncate(MODELS);
        self.models
    }
}

/// `userSchema` is `User`.
fn schema_name(variable: &str) -> String {
    let stem =
        variable.strip_suffix("Schema").or(variable.strip_suffix("schema")).unwrap_or(variable).trim_end_matches('_');
    let stem = if stem.is_empty() || stem == "exports" { variable } else { stem };
    let mut letters = stem.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn last_name(callee: &Expression<'_>) -> String {
    match callee {
        Expression::Identifier(it) => it.name.to_string(),
        other => other
            .as_member_expression()
            .and_then(|member| member.static_property_name())
            .map(|name| name.to_string())
            .unwrap_or_default(),
    }
}

fn decorator_name(decorator: &Decorator<'_>) -> String {
    match decorator.expression.get_inner_expression() {
        Expression::CallExpression(call) => last_name(call.callee.get_inner_expression()),
        other => last_name(other),
    }
}

fn text_of(object: &ObjectExpression<'_>, key: &str) -> Option<String> {
    object.properties.iter().filter_map(|property| property.as_property()).find_map(|property| {
        match (&property.value, property.key.is_specific_static_name(key)) {
            (Expression::StringLiteral(it), true) => Some(it.value.to_string()),
            _ => None,
        }
    })
}

fn timestamps(options: &ObjectExpression<'_>, names: &mut Vec<String>) {
    let on = options.properties.iter().filter_map(|property| property.as_property()).any(|property| {
        property.key.is_specific_static_name("timestamps")
            && matches!(&property.value, Expression::BooleanLiteral(it) if it.value)
            || property.key.is_specific_static_name("timestamps")
                && matches!(&property.value, Expression::ObjectExpression(_))
    });
    if on {
        for name in ["createdAt", "updatedAt"] {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
}

fn fields_of(source: &str, object: &ObjectExpression<'_>, prefix: &str, depth: u32, out: &mut Vec<Field>) {
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
        let Some(key) = property.key.static_name() else { continue };
        if out.len() >= FIELDS {
            return;
        }
        let name = if prefix.is_empty() { key.into_owned() } else { format!("{prefix}.{key}") };
        let (holds, refers) = (held(&property.value, 0), refers(&property.value, 0));
        let limited = limited(source, &property.value, 0);
        out.push(Field { name: name.clone(), holds, refers, limited, start: property.span.start });
        if let Some(nested) = nested(&property.value)
            && depth < DEPTH
        {
            fields_of(source, nested, &name, depth + 1, out);
        }
    }
}

/// The model that `{ type: ObjectId, ref: 'User' }` names, in a list or not. A type alone names none: a number of reviews is no
/// review.
fn refers(value: &Expression<'_>, depth: u32) -> Option<String> {
    match value.get_inner_expression() {
        Expression::ArrayExpression(it) if depth < DEPTH => {
            refers(it.elements.first().and_then(|it| it.as_expression())?, depth + 1)
        }
        Expression::ObjectExpression(it) if depth < DEPTH => text_of(it, "ref").or_else(|| {
            let mut properties = it.properties.iter().filter_map(|property| property.as_property());
            let kind = properties.find(|property| property.key.is_specific_static_name("type"))?;
            matches!(kind.value.get_inner_expression(), Expression::ArrayExpression(_))
                .then(|| refers(&kind.value, depth + 1))?
        }),
        _ => None,
    }
}

/// The variable in `lines: [lineSchema]`, `{ type: addressSchema }` and the like; built-in types are variables too, which
/// does no harm: no schema bears their names.
fn held(value: &Expression<'_>, depth: u32) -> Option<String> {
    match value.get_inner_expression() {
        Expression::Identifier(it) => Some(it.name.to_string()),
        Expression::ArrayExpression(it) if depth < DEPTH => {
            held(it.elements.first().and_then(|it| it.as_expression())?, depth + 1)
        }
        Expression::ObjectExpression(it) if depth < DEPTH => it
            .properties
            .iter()
            .filter_map(|property| property.as_property())
            .find(|property| property.key.is_specific_static_name("type"))
            .and_then(|property| held(&property.value, depth + 1)),
        _ => None,
    }
}

/// The fields inside a field: a nested document, a list of them, or a schema written in place.
fn nested<'e, 'a>(value: &'e Expression<'a>) -> Option<&'e ObjectExpression<'a>> {
    match value.get_inner_expression() {
        Expression::ObjectExpression(it) => {
            let kind = it
                .properties
                .iter()
                .filter_map(|property| property.as_property())
                .find(|property| property.key.is_specific_static_name("type"));
            match kind {
                // `{ type: String }` is a field; a document may itself have a field called `type`.
                Some(kind) => match kind.value.get_inner_expression() {
                    Expression::ObjectExpression(inner)
                        if !inner.properties.iter().any(|property| {
                            property.as_property().is_some_and(|it| it.key.is_specific_static_name("type"))
                        }) =>
                    {
                        Some(inner)
                    }
                    Expression::ObjectExpression(_) => Some(it),
                    Expression::ArrayExpression(_) | Expression::NewExpression(_) => nested(&kind.value),
                    _ => None,
                },
                None if it.properties.is_empty() => None,
                None => Some(it),
            }
        }
        Expression::ArrayExpression(it) => it.elements.first().and_then(|it| it.as_expression()).and_then(nested),
        Expression::NewExpression(it) => match it.arguments.first().and_then(|it| it.as_expression()) {
            Some(Expression::ObjectExpression(fields)) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a prisma schema line by line: `model User {`, then a name and a type a line.
pub(crate) fn prisma(content: &str, facts: &mut FileFacts) {
    let mut model: Option<ModelFacts> = None;
    let mut datasource = false;
    for (index, line) in content.lines().enumerate() {
        let text = line.trim();
        let place = || Spot { line: index as u32 + 1, quote: cut(text, crate::text::QUOTE_LIMIT).to_owned() };
        if let Some(rest) = text.strip_prefix("model ") {
            let name = rest.trim_end_matches('{').trim().to_owned();
            model =
                Some(ModelFacts { name, fields: Vec::new(), refers: Vec::new(), limited: Vec::new(), spot: place() });
        } else if text.starts_with("datasource ") {
            datasource = true;
        } else if text.starts_with('}') {
            datasource = false;
            if let Some(model) = model.take()
                && facts.models.len() < MODELS
            {
                facts.models.push(model);
            }
        } else if let Some(model) = &mut model {
            let name = text.split_whitespace().next().unwrap_or("");
            if name.starts_with(|letter: char| letter.is_alphabetic()) && model.fields.len() < FIELDS {
                model.fields.push(name.to_owned());
                if let (Some(other), true) = (text.split_whitespace().nth(1), text.contains("@relation")) {
                    let other = other.trim_end_matches(['?', '[', ']']).to_owned();
                    model.refers.push(Refers { field: name.to_owned(), model: other, spot: place() });
                }
            }
        } else if datasource
            && let Some((key, value)) = text.split_once('=')
            && key.trim() == "provider"
        {
            let value = format!("prisma to {}", value.trim().trim_matches('"'));
            facts.findings.push(Found { key: "database".to_owned(), value, spot: place() });
        }
    }
}
