//! Applications and routers: what is registered on them.

use std::rc::Rc;

use super::Machine;
use super::front::Front;
use super::render::{flatten, render};
use super::value::{Fields, Value};
use crate::ir::{Call, Expr, Module};
use crate::names::{self, Makes};

/// Registrations kept in a project, and routers.
const OPS: usize = 20_000;

/// A place where an application starts to listen.
pub struct Listener {
    /// File.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// The trimmed line.
    pub quote: String,
}

pub(super) struct Router {
    pub(super) makes: Makes,
    pub(super) ops: Vec<Op>,
    pub(super) prefix: Rc<str>,
    pub(super) fields: Fields,
    pub(super) mounted: bool,
}

pub(super) enum Op {
    Route(Rc<Registered>),
    Mount { paths: Vec<Rc<str>>, target: usize },
    Guard { site: Site, fronts: Vec<Front>, paths: Vec<Rc<str>> },
}

pub(super) struct Registered {
    /// Written as `route(path).get(…)`.
    pub(super) chained: bool,
    pub(super) method: &'static str,
    pub(super) paths: Vec<Rc<str>>,
    pub(super) handler: String,
    pub(super) guards: Vec<Front>,
    pub(super) site: Site,
}

#[derive(Clone)]
pub(super) struct Site {
    pub(super) at: usize,
    pub(super) line: u32,
    pub(super) quote: Rc<str>,
}

/// Who called the function that runs.
pub(super) struct Caller {
    site: Site,
    /// The text of the first argument that is a path, and of the last.
    path: bool,
    last: String,
}

impl Machine<'_> {
    pub(super) fn caller(&self, at: usize, call: &Call) -> Caller {
        let module = self.module(at);
        let path = call.args.iter().any(|arg| match arg {
            Expr::Str(text) => module.text(*text).starts_with('/'),
            Expr::Concat(_) => true,
            _ => false,
        });
        let last = call.args.last().map(|arg| render(&module, arg)).unwrap_or_default();
        let site = Site { at, line: call.line, quote: self.text(at, call.quote) };
        Caller { site, path, last }
    }

    pub(super) fn new_router(&mut self, makes: Makes) -> usize {
        let router = Router { makes, ops: Vec::new(), prefix: Rc::from(""), fields: Fields::default(), mounted: false };
        if self.routers.len() < OPS {
            self.routers.push(router);
        }
        self.routers.len() - 1
    }

    fn push(&mut self, router: usize, op: Op) {
        self.fuel = self.fuel.saturating_sub(1);
        if let Some(router) = self.routers.get_mut(router)
            && self.ops < OPS
        {
            self.ops += 1;
            router.ops.push(op);
        }
    }

    /// A method of an application, router, route chain or server; `None` for anything else.
    pub(super) fn router_method(
        &mut self,
        at: usize,
        call: &Call,
        receiver: &Value,
        name: &str,
        args: &[Value],
    ) -> Option<Value> {
        let site = Site { at, line: call.line, quote: self.text(at, call.quote) };
        match receiver {
            Value::Chain(router, paths) => {
                if let Some(method) = names::verb(name) {
                    self.register(*router, method, paths.to_vec(), (&call.args, args), site, true);
                }
                Some(receiver.clone())
            }
            Value::Server => {
                if name == "listen" {
                    self.listen(site);
                }
                self.call_unknown(args);
                Some(receiver.clone())
            }
            Value::Router(router) => {
                let own = self.routers.get(*router).and_then(|router| router.fields.get(name).cloned());
                if let Some(own) = own {
                    return Some(self.call(&own, args.to_vec(), receiver.clone()));
                }
                Some(self.on_router(call, *router, name, args, site))
            }
            _ => None,
        }
    }

    fn listen(&mut self, site: Site) {
        if self.listeners.len() < 50
            && let Some(loaded) = self.modules.get(site.at)
            && !loaded.test
        {
            let file = loaded.path.to_string();
            self.listeners.push(Listener { file, line: site.line, quote: site.quote.to_string() });
        }
    }

    fn on_router(&mut self, call: &Call, router: usize, name: &str, args: &[Value], site: Site) -> Value {
        let receiver = Value::Router(router);
        if let Some(method) = names::verb(name) {
            // `app.get('view engine')` reads a setting.
            if args.len() < 2 {
                return Value::Unknown;
            }
            let named = matches!((args.first(), args.get(1)), (Some(Value::Str(first)), Some(Value::Str(second)))
                if args.len() > 2 && !first.starts_with('/') && second.starts_with('/'));
            let at = usize::from(named);
            let paths = args.get(at).map(paths_of).unwrap_or_default();
            // A helper that registers what it is given: its caller wrote the route.
            if !matches!(call.args.get(at), Some(Expr::Str(_) | Expr::Regex(_)))
                && let Some(caller) = self.callers.last()
                && caller.path
            {
                let (site, handler, guards) = (caller.site.clone(), caller.last.clone(), Vec::new());
                let route = Registered { method, paths, handler, guards, site, chained: false };
                self.push(router, Op::Route(Rc::new(route)));
                return receiver;
            }
            let handlers = (call.args.get(at + 1..).unwrap_or_default(), args.get(at + 1..).unwrap_or_default());
            self.register(router, method, paths, handlers, site, false);
            return receiver;
        }
        match name {
            "use" | "useAsync" => self.mount(router, call, args, site),
            "route" | "routeAsync" => match args.first() {
                Some(Value::Object(_)) => self.route_object(router, args.first(), call.args.first(), &site),
                Some(Value::Array(entries)) if matches!(entries.borrow().first(), Some(Value::Object(_))) => {
                    for entry in entries.borrow().clone() {
                        self.route_object(router, Some(&entry), None, &site);
                    }
                }
                Some(path) => return Value::Chain(router, paths_of(path).into()),
                None => return Value::Chain(router, Rc::from([Rc::from("/")])),
            },
            "listen" => {
                self.listen(site);
                self.call_unknown(args);
                return Value::Server;
            }
            "register" | "group" => {
                let (prefix, plugin) = match (args.first(), args.get(1)) {
                    (Some(Value::Str(prefix)), Some(plugin)) => (prefix.clone(), plugin.clone()),
                    (Some(plugin), options) => {
                        let prefix = options.map_or(Value::Unknown, |options| self.property(options, "prefix"));
                        let prefix = if let Value::Str(prefix) = prefix { prefix } else { Rc::from("") };
                        (prefix, plugin.clone())
                    }
                    _ => return receiver,
                };
                if let plugin @ Value::Function(_) = self.undefault(&plugin) {
                    let child = self.new_router(Makes::Router);
                    self.mark(child);
                    self.push(router, Op::Mount { paths: vec![prefix], target: child });
                    let options = args.get(1).cloned().unwrap_or(Value::Unknown);
                    self.call(&plugin, vec![Value::Router(child), options], Value::Unknown);
                }
            }
            "prefix" => {
                if let (Some(Value::Str(prefix)), Some(router)) = (args.first(), self.routers.get_mut(router)) {
                    router.prefix = prefix.clone();
                }
            }
            "allowedMethods" => return Value::Unknown,
            "set" | "enable" | "disable" | "param" | "engine" | "routes" | "middleware" => {}
            "bind" => {}
            _ => {
                self.call_unknown(args);
            }
        }
        receiver
    }

    fn mark(&mut self, router: usize) {
        if let Some(router) = self.routers.get_mut(router) {
            router.mounted = true;
        }
    }

    fn register(
        &mut self,
        router: usize,
        method: &'static str,
        paths: Vec<Rc<str>>,
        (handlers, values): (&[Expr], &[Value]),
        site: Site,
        chained: bool,
    ) {
        let module = self.module(site.at);
        let mut texts = Vec::new();
        handlers.iter().for_each(|handler| flatten(&module, handler, &mut texts));
        let handler = texts.pop().unwrap_or_default();
        if paths.iter().all(|path| is_any(path)) && refuses(&module, handlers.last(), &handler) {
            return;
        }
        let mut guards = self.fronts(site.at, handlers, values);
        // The last is the handler.
        guards.truncate(texts.len());
        let guards = guards.into_iter().flatten().collect();
        self.push(router, Op::Route(Rc::new(Registered { method, paths, handler, guards, site, chained })));
    }

    /// `{ method, url, handler }` of fastify and hapi.
    fn route_object(&mut self, router: usize, entry: Option<&Value>, expr: Option<&Expr>, site: &Site) {
        let Some(entry) = entry else { return };
        let path = match self.property(entry, "url") {
            Value::Unknown => self.property(entry, "path"),
            url => url,
        };
        let methods: Vec<Rc<str>> = match self.property(entry, "method") {
            Value::Str(method) => vec![method],
            Value::Array(methods) => methods.borrow().iter().map(Value::as_text).collect(),
            _ => return,
        };
        let module = self.module(site.at);
        let handler = match expr {
            Some(Expr::Object(properties)) => properties
                .iter()
                .find(|(key, _)| key.is_some_and(|key| module.text(key) == "handler"))
                .map(|(_, value)| render(&module, value))
                .unwrap_or_default(),
            _ => String::new(),
        };
        for method in methods {
            let method = match method.as_ref() {
                "*" => "ALL",
                other => names::verb(&other.to_ascii_lowercase()).unwrap_or("ALL"),
            };
            let registered = Registered {
                method,
                paths: paths_of(&path),
                handler: handler.clone(),
                guards: Vec::new(),
                site: site.clone(),
                chained: false,
            };
            self.push(router, Op::Route(Rc::new(registered)));
        }
    }

    fn mount(&mut self, router: usize, call: &Call, args: &[Value], site: Site) {
        let module = self.module(site.at);
        let first = call.args.first().map(|arg| render(&module, arg)).unwrap_or_default();
        let has_path = args.len() > 1
            && match args.first() {
                Some(Value::Str(_) | Value::Regex(_)) => true,
                Some(Value::Array(values)) => {
                    matches!(values.borrow().first(), Some(Value::Str(_) | Value::Regex(_)))
                }
                Some(Value::Unknown) => names::is_path_word(&first),
                _ => false,
            };
        let paths = match args.first() {
            Some(path) if has_path => paths_of(path),
            _ => vec![Rc::from("")],
        };
        let mut targets = Vec::new();
        let from = usize::from(has_path);
        args.get(from..).unwrap_or_default().iter().for_each(|arg| self.targets(arg, &mut targets, 0));
        let (mut texts, mut guards) = (Vec::new(), Vec::new());
        for (index, arg) in call.args.iter().enumerate().skip(from) {
            let mut mounted = Vec::new();
            args.get(index).into_iter().for_each(|value| self.targets(value, &mut mounted, 0));
            // `authRoutes` guards nothing, known or not.
            let router = match arg {
                Expr::Name(name) | Expr::Member(_, name) => names::is_wiring_word(module.text(*name)),
                Expr::Import(_) | Expr::ImportOf(_) => true,
                _ => false,
            };
            if mounted.is_empty() && !router {
                flatten(&module, arg, &mut texts);
                let values = args.get(index).map(std::slice::from_ref).unwrap_or_default();
                guards.extend(self.fronts(site.at, std::slice::from_ref(arg), values).into_iter().flatten());
            }
        }
        if targets.is_empty()
            && has_path
            && let Some(Expr::Function(index)) = call.args.last()
            && module.functions.get(*index as usize).is_some_and(|function| function.params.len() == 2)
        {
            if refuses(&module, call.args.last(), "") {
                return;
            }
            let handler = texts.pop().unwrap_or_default();
            let guards = Vec::new();
            let route = Registered { method: "ALL", paths, handler, guards, site, chained: false };
            self.push(router, Op::Route(Rc::new(route)));
            return;
        }
        guards.retain(|front| !is_set_up(&front.text));
        if targets.is_empty() {
            if !guards.is_empty() {
                self.push(router, Op::Guard { site, fronts: guards, paths });
            }
            return;
        }
        for target in targets {
            self.mark(target);
            if guards.is_empty() || self.routers.len() >= OPS {
                self.push(router, Op::Mount { paths: paths.clone(), target });
            } else {
                // Guards of one mount hold for that mount only.
                let between = self.new_router(Makes::Router);
                self.mark(between);
                self.push(between, Op::Guard { site: site.clone(), fronts: guards.clone(), paths: vec![Rc::from("")] });
                self.push(between, Op::Mount { paths: vec![Rc::from("")], target });
                self.push(router, Op::Mount { paths: paths.clone(), target: between });
            }
        }
    }

    fn targets(&mut self, value: &Value, out: &mut Vec<usize>, height: u32) {
        match self.undefault(value) {
            Value::Router(target) => out.push(target),
            Value::Array(values) if height < 4 => {
                values.borrow().clone().iter().for_each(|value| self.targets(value, out, height + 1));
            }
            _ => {}
        }
    }
}

fn paths_of(value: &Value) -> Vec<Rc<str>> {
    match value {
        Value::Array(values) => values.borrow().iter().take(200).map(Value::as_text).collect(),
        other => vec![other.as_text()],
    }
}

/// Whether a path is any path.
fn is_any(path: &str) -> bool {
    let rest = path.trim_start_matches('/');
    matches!(rest, "*" | "(.*)" | ":path(.*)") || rest.starts_with("*") && !rest.contains('/') || rest.starts_with("{*")
}

/// Whether a handler says that what is asked for is not there, by what it does or by its name.
fn refuses(module: &Module, handler: Option<&Expr>, name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match handler {
        Some(Expr::Function(index)) => module.functions.get(*index as usize).is_some_and(|function| function.refuses),
        _ => name.contains("notfound") || name.contains("404"),
    }
}

/// Middleware that prepares something for everybody and lets everybody through.
fn is_set_up(text: &str) -> bool {
    ["session(", "session", "initialize()", "cookieSession", "cookie", "lusca"]
        .iter()
        .any(|word| text == *word || (word.len() > 4 && text.contains(word)))
}
