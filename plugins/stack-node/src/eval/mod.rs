//! Runs the wiring of all files together, abstractly: what cannot be known is unknown, every branch is taken, loops run
//! over the lists that are known. Steps, depth and calls are bounded, so any input ends.

mod builtins;
mod calls;
mod decide;
mod expand;
mod front;
mod render;
mod routers;
mod run;
mod value;

pub use expand::RouteRow;
pub use routers::Listener;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::ir::{Module, Sym};
use crate::names::InFront;
use crate::resolve::Files;
use routers::Router;
use value::{ClassRef, Closure, Scope, Value};

/// Steps of one link.
const FUEL: u64 = 1_000_000;
/// Nested evaluations.
const DEPTH: u32 = 800;
/// A file that is asked for deeper than this runs later; what asks sees its exports filled then.
const LOAD_DEPTH: u32 = 400;
/// Calls of one function.
const CALLS: u32 = 3_000;
/// Calls of one function that only calls others, and how many such calls may nest.
const MAYBE_CALLS: u32 = 8;
const MAYBE_DEPTH: u32 = 5;
/// Cells (elements, properties, some bytes of text) that values may take, all together.
const CELLS: usize = 400_000;
/// Elements kept of one list or object.
const ELEMENTS: usize = 5_000;

/// The path of a directory of the project as a program sees it: no real path looks like this.
const PROJECT: &str = "project:/";

/// A file that takes part.
pub struct Source {
    /// Relative to the project.
    pub path: String,
    /// Its wiring.
    pub module: Module,
    /// A test: it is run only when something else asks for it.
    pub test: bool,
}

/// What running found.
#[derive(Default)]
pub struct Wiring {
    /// Routes in the order of mounting.
    pub routes: Vec<RouteRow>,
    /// Where applications listen.
    pub listeners: Vec<Listener>,
    /// Middleware that stands in front of routes, by its text.
    pub guards: BTreeMap<String, InFrontOf>,
    /// Routes that were found and are not listed: there are too many.
    pub left_out: usize,
    /// Routes whose path is not known at all.
    pub unresolved: Vec<RouteRow>,
    /// Running ended before everything was followed.
    pub exhausted: bool,
}

/// Where a middleware was first seen, and on how many routes.
pub struct InFrontOf {
    /// What it is there for, as far as its name says it.
    pub(crate) kind: InFront,
    /// The name that it is defined by, which may be another one; empty for a function of a package.
    pub name: String,
    /// The list that it was first seen in, where the line names only that.
    pub list: Option<String>,
    /// File.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// The trimmed line.
    pub quote: String,
    /// The path that it is bound to, where it is bound to one.
    pub below: Option<String>,
    /// Routes.
    pub count: usize,
}

struct Loaded {
    path: Rc<str>,
    module: Rc<Module>,
    exports: Value,
    scope: Option<Rc<Scope>>,
    started: bool,
    test: bool,
}

/// The machine.
struct Machine<'f> {
    files: &'f Files,
    modules: Vec<Loaded>,
    by_path: HashMap<Rc<str>, usize>,
    routers: Vec<Router>,
    listeners: Vec<Listener>,
    fuel: u64,
    depth: u32,
    maybe: u32,
    /// A list that is known is gone through: what is asked of its elements is decided. Elsewhere every branch is taken.
    picking: bool,
    /// Cells that are left.
    cells: usize,
    /// Registrations so far.
    ops: usize,
    callers: Vec<routers::Caller>,
    calls: HashMap<(usize, u32), u32>,
    closures: Vec<Rc<Closure>>,
    classes: Vec<Rc<ClassRef>>,
    seen_classes: HashMap<(usize, u32), bool>,
    loose_app: Option<usize>,
    /// By file: names that are bound once, and where.
    bindings: HashMap<usize, Rc<HashMap<Sym, Option<front::Bound>>>>,
}

/// Runs everything and expands the routes. `entries` are the files that programs start with: where files need each other in
/// a circle, the order of loading decides what each sees, and it is the order from an entry that its author saw work.
pub fn wire(sources: Vec<Source>, files: &Files, entries: &[String]) -> Wiring {
    let mut machine = Machine {
        files,
        modules: Vec::new(),
        by_path: HashMap::new(),
        routers: Vec::new(),
        listeners: Vec::new(),
        fuel: FUEL,
        depth: 0,
        maybe: 0,
        picking: false,
        cells: CELLS,
        ops: 0,
        callers: Vec::new(),
        calls: HashMap::new(),
        closures: Vec::new(),
        classes: Vec::new(),
        seen_classes: HashMap::new(),
        loose_app: None,
        bindings: HashMap::new(),
    };
    for source in sources {
        let path: Rc<str> = Rc::from(source.path.as_str());
        machine.by_path.insert(path.clone(), machine.modules.len());
        machine.modules.push(Loaded {
            path,
            module: Rc::new(source.module),
            exports: Value::object(),
            scope: None,
            started: false,
            test: source.test,
        });
    }
    for entry in entries {
        if let Some(index) = machine.by_path.get(entry.as_str()).copied()
            && !machine.is_test(index)
        {
            machine.load(index);
        }
    }
    for index in machine.order() {
        machine.load(index);
    }
    machine.run_uncalled();
    machine.expand()
}
