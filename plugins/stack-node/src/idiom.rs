//! Says how a project does something, in one sentence that names what was found.

use crate::bindings::{Finding, Report};

/// One sentence; `None` for a concept that nothing was found for.
pub fn sentence(concept: &str, report: &Report) -> Option<String> {
    let concept = concept.trim().to_ascii_lowercase();
    match concept.as_str() {
        "middleware" => middleware(report),
        "route" | "routes" | "endpoint" | "handler" => route(report),
        "model" | "models" | "schema" | "entity" => model(report),
        "test" | "tests" | "testing" => test(report),
        "error" | "error-handling" | "error-handler" | "errors" => error(report),
        "config" | "configuration" | "settings" => config(report),
        "auth" | "authentication" | "session" | "sessions" => auth(report),
        "validation" => named(report, "validation", "Input is validated with"),
        "logging" | "log" => named(report, "logging", "The project logs with"),
        "database" => named(report, "database", "The database is opened with"),
        _ => None,
    }
}

fn first<'r>(report: &'r Report, key: &str) -> Option<&'r Finding> {
    report.findings.iter().find(|finding| finding.key == key)
}

fn at(finding: &Finding) -> String {
    format!("{}:{}", finding.place.path, finding.place.line)
}

fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn server(report: &Report) -> Option<&str> {
    let mut frameworks = report.stacks.iter().flat_map(|stack| &stack.frameworks);
    frameworks.find(|framework| crate::frameworks::serves(&framework.name)).map(|framework| framework.name.as_str())
}

fn middleware(report: &Report) -> Option<String> {
    let mut names: Vec<&str> =
        report.findings.iter().filter_map(|finding| finding.key.strip_prefix("middleware.")).collect();
    names.sort_unstable();
    names.dedup();
    let example = report.findings.iter().find(|finding| finding.key.starts_with("middleware."));
    let guard = first(report, "auth.guard").or_else(|| first(report, "auth.middleware"));
    let mut sentence = match (server(report), example) {
        (Some("express"), Some(example)) => {
            format!(
                "A middleware is a function (req, res, next) given to app.use or named before a route's handler; in use: {} ({})",
                list(&names),
                at(example)
            )
        }
        (Some("express"), None) => {
            "A middleware is a function (req, res, next) given to app.use or named before a route's handler".to_owned()
        }
        (_, Some(example)) => format!("In use as middleware: {} ({})", list(&names), at(example)),
        (_, None) => return None,
    };
    if let Some(guard) = guard {
        sentence.push_str(&format!(
            "; {} guards ({})",
            guard.value.split(" on ").next().unwrap_or_default(),
            at(guard)
        ));
    }
    Some(sentence + ".")
}

fn route(report: &Report) -> Option<String> {
    // The first route that looks like the others, rather than a catch-all.
    let usual = |route: &&crate::bindings::Route| {
        matches!(route.method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") && route.path.len() > 1
    };
    let example = report.routes.iter().find(usual).or_else(|| report.routes.first())?;
    let mut files: Vec<&str> = report.routes.iter().map(|route| route.place.path.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let where_ = match files.as_slice() {
        [one] => format!("in {one}"),
        many => format!("in {} files, {} among them", many.len(), example.place.path),
    };
    Some(format!(
        "{} routes stand {where_}, written as `{}` for {} {} ({}:{}).",
        report.routes.len(),
        example.place.quote,
        example.method,
        example.path,
        example.place.path,
        example.place.line
    ))
}

fn model(report: &Report) -> Option<String> {
    let names: Vec<&str> = report.models.iter().take(6).map(|model| model.name.as_str()).collect();
    let example = report.models.first()?;
    let with = ["mongoose", "sequelize", "prisma", "typeorm", "drizzle"]
        .into_iter()
        .find(|name| report.stacks.iter().flat_map(|stack| &stack.frameworks).any(|framework| framework.name == *name));
    let with = with.map_or(String::new(), |with| format!(" with {with}"));
    let more = if report.models.len() > names.len() { " among others" } else { "" };
    Some(format!(
        "Models are defined{with}: {}{more}, such as `{}` ({}:{}).",
        list(&names),
        example.place.quote,
        example.place.path,
        example.place.line
    ))
}

fn test(report: &Report) -> Option<String> {
    let framework = first(report, "test.framework");
    let files: Vec<_> = report.findings.iter().filter(|finding| finding.key == "test.file").collect();
    let mut parts = Vec::new();
    if let Some(framework) = framework {
        parts.push(format!("with {} ({})", framework.value, at(framework)));
    }
    if let Some(file) = files.first() {
        let noun = if files.len() == 1 { "file" } else { "files" };
        parts.push(format!("in {} {noun} such as {}", files.len(), file.place.path));
    }
    if let Some(command) = &report.commands.test {
        parts.push(format!("run by `{command}`"));
    }
    (!parts.is_empty()).then(|| format!("Tests are written {}.", parts.join(", ")))
}

fn error(report: &Report) -> Option<String> {
    let handler = first(report, "error-handler")?;
    Some(match handler.value.as_str() {
        "inline" => {
            format!("Errors end in a middleware with four parameters, (err, req, res, next) ({}).", at(handler))
        }
        name => format!("Errors are handled by {name} ({}).", at(handler)),
    })
}

fn config(report: &Report) -> Option<String> {
    let variables: Vec<_> = report.findings.iter().filter(|finding| finding.key == "config.env").collect();
    let example = variables.first()?;
    let names: Vec<&str> = variables.iter().take(5).map(|finding| finding.value.as_str()).collect();
    let loader = first(report, "config.file")
        .map_or(String::new(), |loader| format!(", loaded by {} ({})", loader.value, at(loader)));
    let more = if variables.len() > names.len() { " and others" } else { "" };
    Some(format!("Settings are environment variables: {}{more} ({}){loader}.", list(&names), at(example)))
}

fn auth(report: &Report) -> Option<String> {
    let keys = ["auth.session", "auth.jwt", "auth.passport", "auth.password-hash", "auth.middleware"];
    let parts: Vec<String> = keys
        .into_iter()
        .filter_map(|key| first(report, key).map(|finding| format!("{} ({})", finding.value, at(finding))))
        .collect();
    (!parts.is_empty()).then(|| format!("Authentication rests on {}.", parts.join("; ")))
}

fn named(report: &Report, key: &str, lead: &str) -> Option<String> {
    let found = first(report, key)?;
    Some(format!("{lead} {} ({}).", found.value, at(found)))
}
