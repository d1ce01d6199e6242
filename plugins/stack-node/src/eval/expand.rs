//! How routes read once every mount is resolved: a walk from every application through what is mounted on it.

use std::collections::HashSet;

use super::front::Front;
use super::routers::{Op, Registered, Site};
use super::value::HOLE;
use super::{InFrontOf, Machine, Wiring};
use crate::names::Makes;
use crate::text::shorten;

/// Routes listed for a project.
const ROUTES: usize = 5_000;
/// Steps of one expansion: mounts can multiply.
const STEPS: usize = 100_000;
/// The longest path shown, in bytes.
const PATH: usize = 300;

/// A route as it is served.
pub struct RouteRow {
    /// Upper case.
    pub method: String,
    /// With every prefix.
    pub path: String,
    /// The handler's text.
    pub handler: String,
    /// File of the registration.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// The trimmed line.
    pub quote: String,
}

struct Row {
    /// The file of the registration.
    at: usize,
    route: RouteRow,
    chained: bool,
}

/// `route(path).all(load).get(list)`: what comes before the others prepares them and serves nothing.
fn prepared(rows: &mut Vec<Row>) {
    let served: HashSet<(String, usize)> = rows
        .iter()
        .filter(|row| row.chained && row.route.method != "ALL")
        .map(|row| (row.route.path.clone(), row.at))
        .collect();
    rows.retain(|row| !row.chained || row.route.method != "ALL" || !served.contains(&(row.route.path.clone(), row.at)));
}

/// Where expansion starts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Apps,
    /// The application that stands in for those that could not be followed.
    Loose,
    Routers,
    Circles,
}

/// What is listed already.
#[derive(Default)]
struct Listed {
    rows: HashSet<(String, String, usize, u32)>,
    /// Registrations by file, line and method.
    sites: HashSet<(usize, u32, String)>,
    paths: HashSet<(String, String)>,
}

impl Listed {
    fn is_new(&mut self, row: &Row, stage: Stage) -> bool {
        let (method, path, line) = (row.route.method.clone(), row.route.path.clone(), row.route.line);
        let new = match stage {
            Stage::Apps => true,
            // A guess adds only what is new.
            Stage::Loose => !self.paths.contains(&(method.clone(), path.clone())),
            // What is served under a known prefix is not repeated under an unknown one.
            Stage::Routers | Stage::Circles => {
                !path.starts_with(HOLE) || !self.sites.contains(&(row.at, line, method.clone()))
            }
        };
        if !new || !self.rows.insert((method.clone(), path.clone(), row.at, line)) {
            return false;
        }
        if !path.starts_with(HOLE) {
            self.sites.insert((row.at, line, method.clone()));
        }
        self.paths.insert((method, path));
        true
    }
}

impl Machine<'_> {
    /// Lists every route under every prefix it is served at: first from applications, then from what nothing mounts, whose
    /// prefix is unknown, last from what is mounted in circles only.
    pub(super) fn expand(self) -> Wiring {
        let mut wiring = Wiring::default();
        let mut visited = vec![false; self.routers.len()];
        let mut steps = STEPS;
        let mut listed = Listed::default();
        for stage in [Stage::Apps, Stage::Loose, Stage::Routers, Stage::Circles] {
            for (index, router) in self.routers.iter().enumerate() {
                let loose = self.loose_app == Some(index);
                let starts = match stage {
                    Stage::Apps => router.makes == Makes::App && !router.mounted && !loose,
                    Stage::Loose => loose && !router.mounted,
                    Stage::Routers => router.makes == Makes::Router && !router.mounted,
                    Stage::Circles => true,
                };
                if !starts || visited.get(index).copied().unwrap_or(true) {
                    continue;
                }
                let prefix = if router.makes == Makes::App { "" } else { HOLE };
                let (mut rows, stack) = (Vec::new(), Vec::new());
                let visited = &mut visited;
                let mut out = Expansion { rows: &mut rows, wiring: &mut wiring, steps: &mut steps, stack, visited };
                self.walk(index, prefix, &mut Vec::new(), &mut out);
                wiring.exhausted |= rows.len() >= 2 * ROUTES;
                prepared(&mut rows);
                rows.retain(|row| listed.is_new(row, stage));
                let (known, unresolved): (Vec<Row>, Vec<Row>) =
                    rows.into_iter().partition(|row| row.route.path != HOLE);
                wiring.unresolved.extend(unresolved.into_iter().map(|row| row.route));
                let room = ROUTES - wiring.routes.len().min(ROUTES);
                wiring.left_out += known.len().saturating_sub(room);
                wiring.routes.extend(known.into_iter().take(room).map(|row| row.route));
            }
        }
        wiring.listeners = self.listeners;
        wiring.exhausted |= steps == 0 || self.fuel == 0;
        wiring
    }

    fn walk(&self, router: usize, prefix: &str, guards: &mut Vec<Guarding>, out: &mut Expansion<'_>) {
        let Some(it) = self.routers.get(router) else { return };
        if out.stack.contains(&router) || out.stack.len() > 30 || prefix.len() > PATH {
            return;
        }
        out.stack.push(router);
        if let Some(visited) = out.visited.get_mut(router) {
            *visited = true;
        }
        let prefix = join(prefix, &it.prefix);
        let mark = guards.len();
        for op in &it.ops {
            if *out.steps == 0 || out.rows.len() >= 2 * ROUTES {
                break;
            }
            *out.steps -= 1;
            match op {
                Op::Guard { site, fronts, paths } => {
                    let below: Vec<String> =
                        paths.iter().filter(|path| !path.is_empty()).map(|path| join(&prefix, path)).collect();
                    if guards.len() < 60 {
                        guards.extend(fronts.iter().map(|front| Guarding {
                            front: front.clone(),
                            site: site.clone(),
                            below: below.clone(),
                        }));
                    }
                }
                Op::Mount { paths, target } => {
                    for path in paths {
                        self.walk(*target, &join(&prefix, path), guards, out);
                    }
                }
                Op::Route(route) => self.row(route, &prefix, guards, out),
            }
        }
        guards.truncate(mark);
        out.stack.pop();
    }

    fn row(&self, route: &Registered, prefix: &str, guards: &[Guarding], out: &mut Expansion<'_>) {
        let Some(loaded) = self.modules.get(route.site.at) else { return };
        if loaded.test {
            return;
        }
        let own = route.guards.iter().map(|front| (front, &route.site, None));
        let mut counted = HashSet::new();
        let prepares = route.chained && route.method == "ALL";
        let full: Vec<String> = route.paths.iter().map(|path| join(prefix, path)).collect();
        let before = guards.iter().filter_map(|guard| {
            let below = guard.below.iter().find(|below| full.iter().any(|path| stands_below(path, below)));
            (guard.below.is_empty() || below.is_some()).then_some((&guard.front, &guard.site, below))
        });
        for (front, site, below) in before.chain(own) {
            if prepares || !counted.insert(&front.text) || out.wiring.guards.len() > 200 {
                continue;
            }
            let file = self.modules.get(site.at).map_or("", |loaded| loaded.path.as_ref());
            let entry = out.wiring.guards.entry(front.text.clone()).or_insert_with(|| InFrontOf {
                kind: front.kind,
                name: front.name.clone(),
                list: front.list.clone(),
                file: file.to_owned(),
                line: site.line,
                quote: site.quote.to_string(),
                below: below.cloned(),
                count: 0,
            });
            entry.count += 1;
        }
        for path in &route.paths {
            let full = join(prefix, path);
            let row = RouteRow {
                method: route.method.to_owned(),
                path: if full.is_empty() { "/".to_owned() } else { shorten(&full, PATH) },
                handler: route.handler.clone(),
                file: loaded.path.to_string(),
                line: route.site.line,
                quote: route.site.quote.to_string(),
            };
            out.rows.push(Row { at: route.site.at, route: row, chained: route.chained });
        }
    }
}

/// Middleware that stands in front of the routes that follow it.
struct Guarding {
    front: Front,
    site: Site,
    /// The paths that it is bound to; empty for all.
    below: Vec<String>,
}

fn stands_below(path: &str, below: &str) -> bool {
    let below = below.trim_end_matches(['/', '*']);
    path.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

struct Expansion<'w> {
    rows: &'w mut Vec<Row>,
    wiring: &'w mut Wiring,
    steps: &'w mut usize,
    stack: Vec<usize>,
    visited: &'w mut Vec<bool>,
}

/// A prefix and a path, with one slash between them; `/` alone adds nothing to a prefix.
fn join(prefix: &str, path: &str) -> String {
    if path.is_empty() || (path == "/" && !prefix.is_empty()) {
        return prefix.to_owned();
    }
    let prefix = prefix.trim_end_matches('/');
    if path.starts_with('/') || path.starts_with(HOLE) || (prefix.is_empty() && path.starts_with(['*', '('])) {
        return format!("{prefix}{path}");
    }
    format!("{prefix}/{path}")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn prefixes_and_paths_join_with_one_slash() {
        let cases = [
            ("", "/", "/"),
            ("/api", "/", "/api"),
            ("/api/", "/users", "/api/users"),
            ("/", "/users", "/users"),
            ("/api", "users", "/api/users"),
            ("/api", "{?}/x", "/api{?}/x"),
            ("{?}", "/x", "{?}/x"),
            ("", "*", "*"),
            ("/a", "*", "/a/*"),
            ("/a", "", "/a"),
        ];
        for (prefix, path, expected) in cases {
            assert_eq!(join(prefix, path), expected, "{prefix} + {path}");
        }
    }
}
