//! The words by which wiring is recognised: methods that register, packages that make routers, names routers go by.

/// Methods that register a handler for one HTTP method, with what they are shown as.
const VERBS: &[(&str, &str)] = &[
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
    ("del", "DELETE"),
    ("head", "HEAD"),
    ("options", "OPTIONS"),
    ("all", "ALL"),
    ("any", "ALL"),
    ("ws", "WS"),
    ("search", "SEARCH"),
    ("propfind", "PROPFIND"),
    ("copy", "COPY"),
    ("move", "MOVE"),
    ("lock", "LOCK"),
    ("unlock", "UNLOCK"),
    ("purge", "PURGE"),
    ("report", "REPORT"),
    ("trace", "TRACE"),
];

/// The HTTP method that a router's method registers; `getAsync` and its kin count.
pub(crate) fn verb(method: &str) -> Option<&'static str> {
    let method = method.strip_suffix("Async").unwrap_or(method);
    VERBS.iter().find(|(name, _)| *name == method).map(|(_, shown)| *shown)
}

/// Whether a method's name is a verb.
pub(crate) fn is_verb(method: &str) -> bool {
    verb(method).is_some()
}

/// Whether a method of this name registers or mounts something wherever it is found.
pub(crate) fn is_mounting(method: &str) -> bool {
    matches!(method, "use" | "useAsync" | "route" | "listen" | "createServer")
}

/// Whether a method of this name runs a function that it is given, or passes a list on.
pub(crate) fn is_passing(method: &str) -> bool {
    matches!(
        method,
        "register"
            | "group"
            | "Router"
            | "routes"
            | "prefix"
            | "forEach"
            | "map"
            | "filter"
            | "concat"
            | "reduce"
            | "push"
            | "then"
            | "apply"
            | "call"
            | "bind"
            | "param"
    )
}

/// Whether a method of this name runs a function for each element of a list.
pub(crate) fn runs_for_each(method: &str) -> bool {
    matches!(method, "forEach" | "map" | "flatMap" | "filter" | "some" | "every" | "find" | "reduce" | "each")
}

/// Whether a method is a verb that route tables are full of.
pub(crate) fn is_usual_verb(method: &str) -> bool {
    matches!(
        method.strip_suffix("Async").unwrap_or(method),
        "get" | "post" | "put" | "patch" | "delete" | "del" | "all" | "head" | "options" | "ws" | "any"
    )
}

/// Packages whose values create applications or routers: name, member (empty for the package itself), what is made.
pub(crate) const FACTORIES: &[(&str, &str, Makes)] = &[
    ("express", "", Makes::App),
    ("express", "application", Makes::App),
    ("express", "Router", Makes::Router),
    ("express", "express", Makes::App),
    ("router", "", Makes::Router),
    ("express-promise-router", "", Makes::Router),
    ("express-async-router", "AsyncRouter", Makes::Router),
    ("@koa/router", "", Makes::Router),
    ("@koa/router", "Router", Makes::Router),
    ("koa-router", "", Makes::Router),
    ("koa-joi-router", "", Makes::Router),
    ("koa", "", Makes::App),
    ("fastify", "", Makes::App),
    ("fastify", "fastify", Makes::App),
    ("restify", "createServer", Makes::App),
    ("polka", "", Makes::App),
    ("restana", "", Makes::App),
    ("connect", "", Makes::App),
    ("hyper-express", "Server", Makes::App),
    ("hyper-express", "Router", Makes::Router),
    ("ultimate-express", "", Makes::App),
    ("ultimate-express", "Router", Makes::Router),
    ("@hapi/hapi", "server", Makes::App),
    ("@hapi/hapi", "Server", Makes::App),
    ("@feathersjs/express", "", Makes::App),
    ("hono", "Hono", Makes::App),
];

/// What a factory makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Makes {
    /// Something that listens: its routes stand by themselves.
    App,
    /// Something that is mounted.
    Router,
}

/// Whether a package is one of [`FACTORIES`].
pub(crate) fn makes_routers(package: &str) -> bool {
    FACTORIES.iter().any(|(name, ..)| *name == package)
}

/// Whether a specifier names a package rather than a file of the project.
pub(crate) fn is_package(specifier: &str) -> bool {
    !(specifier.starts_with('.') || specifier.starts_with('/') || is_alias(specifier))
}

/// Whether a specifier uses one of the usual aliases for the source folder.
pub(crate) fn is_alias(specifier: &str) -> bool {
    ["@/", "~/", "#", "src/", "app/", "@src/", "@app/", "@server/", "@api/", "@routes", "@controllers", "@config"]
        .iter()
        .any(|prefix| specifier.starts_with(prefix))
}

/// Whether a name is one that applications and routers go by.
pub(crate) fn is_wiring_word(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "app" | "server" | "application" | "express" | "fastify" | "api" | "web" | "expressapp")
        || lower.ends_with("router")
        || lower.ends_with("routes")
        || lower.ends_with("route")
        || lower.ends_with("app")
}

/// Whether a known name is one that routers are made with.
pub(crate) fn makes_word(name: &str) -> bool {
    matches!(name, "express" | "Router" | "router" | "fastify" | "Fastify" | "Koa" | "polka" | "Hono" | "PromiseRouter")
}

/// Whether an unknown value under this name is an application: routes on it need no prefix.
pub(crate) fn is_app_word(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "app" | "server" | "application" | "fastify" | "expressapp" | "webapp" | "_app")
}

/// Whether an unknown value under this name is a router that is mounted somewhere.
pub(crate) fn is_router_word(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "router" | "route" | "routes" | "_router") || lower.ends_with("router")
}

/// Whether an expression's text reads like a path or prefix rather than a middleware.
pub(crate) fn is_path_word(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["path", "prefix", "url", "base", "root", "version", "endpoint", "env.", "uri", "mount"]
        .iter()
        .any(|word| lower.contains(word))
        && !text.contains('(')
}

/// Whether a middleware's text reads like a guard: something that lets only some people through.
pub(crate) fn is_guard(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    const WORDS: &[&str] = &[
        "auth",
        "login",
        "loggedin",
        "logged_in",
        "jwt",
        "passport",
        "permission",
        "permit",
        "role",
        "admin",
        "guard",
        "protect",
        "verifytoken",
        "checktoken",
        "ensure",
        "requireuser",
        "isowner",
        "acl",
        "private",
        "checkuser",
        "currentuser",
        "session",
        "apikey",
        "api_key",
    ];
    const NOT: &[&str] = &["author.", "authors", "limit", "valid", "schema", "csrf", "xsrf"];
    WORDS.iter().any(|word| lower.contains(word)) && !NOT.iter().any(|word| lower.contains(word))
}

/// What a middleware is in front of routes for, by its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InFront {
    /// It lets only some people through.
    Guard,
    /// It looks up who is signed in, and lets everybody through.
    Loader,
    /// It refuses forms of other sites.
    Csrf,
    /// It counts requests.
    Limit,
}

/// What a middleware is in front of routes for, as far as its text says it.
pub(crate) fn in_front(text: &str) -> Option<InFront> {
    let lower = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["csrf", "xsrf"]) {
        return Some(InFront::Csrf);
    }
    if says(&["limiter", "ratelimit", "rate_limit", "throttle", "slowdown"]) {
        return Some(InFront::Limit);
    }
    if !is_guard(text) || signs_in(&lower) {
        return None;
    }
    const LOADS: &[&str] =
        &["optional", "currentuser", "loaduser", "attachuser", "setuser", "deserializ", "('session'", "'anonymous'"];
    Some(if says(LOADS) { InFront::Loader } else { InFront::Guard })
}

/// `passport.authenticate('google')` begins or ends a sign-in, and `passport.authorize` connects an account of somebody; only
/// a strategy that looks at each request guards.
fn signs_in(lower: &str) -> bool {
    const EACH: &[&str] = &[
        "jwt",
        "bearer",
        "basic",
        "digest",
        "token",
        "apikey",
        "api-key",
        "headerapikey",
        "oidc",
        "'session'",
        "'anonymous'",
    ];
    let strategy = lower.split_once("passport.authenticate(").map(|(_, strategy)| strategy);
    lower.contains("passport.authorize(")
        || strategy.is_some_and(|strategy| {
            // The first argument: one strategy, or a list of them.
            let end = if strategy.starts_with('[') { strategy.find(']') } else { strategy.find([',', ')']) };
            let strategies = strategy.get(..end.unwrap_or(strategy.len())).unwrap_or_default();
            !EACH.iter().any(|each| strategies.contains(each))
        })
}

/// Whether a function of this name, by what it does, handles requests rather than guards them.
pub(crate) fn is_action(name: &str) -> bool {
    const STARTS: &[&str] =
        &["get", "post", "put", "patch", "delete", "create", "update", "handle", "render", "show", "on"];
    STARTS.iter().any(|start| {
        name.strip_prefix(start)
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_uppercase() || letter == '_'))
    }) || matches!(name, "login" | "logout" | "register" | "signup" | "signin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_told_apart() {
        assert!(is_package("express") && is_package("@nestjs/core"));
        assert!(!is_package("./a") && !is_package("../b") && !is_package("@/routes"));
    }

    #[test]
    fn what_stands_in_front_of_routes_is_told_apart_by_name() {
        for (text, expected) in [
            ("auth.requiresLogin", Some(InFront::Guard)),
            ("passport.authenticate('jwt', { session: false })", Some(InFront::Guard)),
            ("passport.authenticate('github', { failureRedirect: '/login' })", None),
            ("passport.authorize('jwt')", None),
            ("passport.authenticate(['local', 'jwt'])", Some(InFront::Guard)),
            ("passport.authenticate(['jwt', 'anonymous'])", Some(InFront::Loader)),
            ("passport.authenticate('session')", Some(InFront::Loader)),
            ("auth.optional", Some(InFront::Loader)),
            ("currentUser", Some(InFront::Loader)),
            ("csrf", Some(InFront::Csrf)),
            ("authLimiter", Some(InFront::Limit)),
            ("validate(schema)", None),
        ] {
            assert_eq!(in_front(text), expected, "{text}");
        }
    }

    #[test]
    fn guards_are_recognised_by_name() {
        assert!(is_guard("passportConfig.isAuthenticated") && is_guard("auth('getUsers')"));
        assert!(!is_guard("upload.single('image')") && !is_guard("validate(userSchema)"));
    }
}
