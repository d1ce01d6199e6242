//! Input that is broken, endless or made to hurt: it ends, within bounds, and costs one file at most.

use super::{index, read, routes};
use crate::Node;
use crate::bindings::{StackInterpreter, Summary};

/// Runs with the stack that a guest has, or more: a debug build uses several times what the guest does.
fn deep<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(512 << 20).spawn(run).expect("a thread").join().expect("no panic")
}

#[test]
fn garbage_is_a_problem_of_its_file() {
    let files = [
        ("a.js", "\u{0}\u{1}\u{2} not a program {{{"),
        ("b.js", "const app = require('express')();\napp.get('/b', h);"),
        ("package.json", "{ nonsense"),
        ("empty.js", ""),
        ("c.ts", "const x: = ;"),
    ];
    let problems: Vec<_> = index(&files).iter().map(|it| it.problem.is_some()).collect();
    assert_eq!(problems, [true, false, true, false, true]);
    assert_eq!(routes(&files), ["GET /b"]);
}

#[test]
fn nesting_is_read_to_a_depth_and_refused_beyond() {
    let nested =
        |depth: usize| format!("require('express')().get('/x', h);\nx = {}1{};", "(".repeat(depth), ")".repeat(depth));
    let problem = move |depth: usize| {
        let source = nested(depth);
        deep(move || index(&[("a.js", &source)]).first().and_then(|it| it.problem.clone()))
    };
    assert_eq!(problem(2_000), None);
    assert_eq!(problem(10_000).as_deref(), Some("more than 2400 nested brackets"));
    let deep_code = format!("{}app.get('/x', h){}", "f(function () { ".repeat(900), "})".repeat(900));
    deep(move || index(&[("a.js", &deep_code)]));
}

#[test]
fn long_chains_and_sums_are_taken_apart() {
    let sum = format!("const app = require('express')();\napp.get({}, h);", vec!["'/a'"; 5_000].join(" + "));
    let chain = format!("const app = require('express')();\napp{};", ".get('/x', h)".repeat(2_000));
    let (sum, chain) = deep(move || (routes(&[("a.js", &sum)]), routes(&[("b.js", &chain)])));
    assert_eq!(sum.len(), 1);
    assert!(chain.len() <= 1);
}

#[test]
fn circles_of_files_and_mounts_end() {
    let files = [
        (
            "a.js",
            "const r = require('express').Router();\nmodule.exports = r;\nr.use('/b', require('./b'));\nr.get('/a', h);",
        ),
        (
            "b.js",
            "const r = require('express').Router();\nmodule.exports = r;\nr.use('/a', require('./a'));\nr.use('/self', r);\nr.get('/b', h);",
        ),
        (
            "c.js",
            "const app = require('express')();\napp.use(require('./a'));\nfunction f(x) { app.use(x); f(x); g(x); }\nfunction g(app) { f(app); app.get('/g', h); }\nf(app);",
        ),
    ];
    let found = routes(&files);
    assert!(found.contains(&"GET /a".to_owned()) && found.contains(&"GET /b/b".to_owned()), "{found:?}");
    assert!(found.len() < 100);
}

#[test]
fn mounts_that_multiply_are_cut_off() {
    let mut source = String::from("const { Router } = require('express');\nconst r0 = require('express')();\n");
    for level in 1..40 {
        let outer = level - 1;
        source +=
            &format!("const r{level} = Router();\nr{outer}.use('/a', r{level});\nr{outer}.use('/b', r{level});\n");
    }
    source += "r39.get('/x', h);";
    let report = deep(move || read(&[("app.js", &source)]));
    assert!(report.routes.len() <= 5_000);
}

#[test]
fn many_routes_and_endless_loops_stay_within_the_report() {
    let mut files = Vec::new();
    for file in 0..10 {
        let mut source = String::from("const app = require('express')();\n");
        (0..10_000).for_each(|route| source += &format!("app.get('/{file}/{route}', h);\n"));
        files.push((format!("r{file}.js"), source));
    }
    files.push(("loop.js".to_owned(), "const a = [];\nfor (const x of a) a.push(x);\na.push(a, a);\nfor (const i of a) for (const j of a) for (const k of a) app.get(i + j + k, h);\nlet s = 'x';\nfor (;;) { s += s; }\nclass A extends A { constructor() { super(); new A(); } }\nnew A();".to_owned()));
    let report = deep(move || {
        let files: Vec<_> = files.iter().map(|(path, source)| (path.as_str(), source.as_str())).collect();
        read(&files)
    });
    assert_eq!(report.routes.len(), 5_000);
    let bytes: usize = report
        .routes
        .iter()
        .map(|it| it.path.len() + it.handler.len() + it.place.quote.len() + it.place.path.len() + 40)
        .sum();
    assert!(bytes < 1 << 20);
}

#[test]
fn lists_that_grow_take_bounded_room() {
    let double = "a = a.concat(a);\n".repeat(40);
    let source = format!(
        "const app = require('express')();\nlet a = ['x'];\n{double}const b = a.map((x) => a.map((y) => a.map((z) => x + y + z)));\n\
         let o = {{}};\n{}b.forEach((x) => app.get('/' + x, h));\na.push(a);\napp.use(a);",
        "o = { a: o, b: { ...o }, ['c']: [o, o] };\n".repeat(50)
    );
    let report = deep(move || read(&[("app.js", &source)]));
    assert!(report.routes.len() <= 5_000);
}

#[test]
fn summaries_of_another_form_count_as_empty() {
    let data = vec![0xff; 64];
    let report = Node::link(vec![Summary { path: "a.js".to_owned(), data, problem: None }]);
    assert!(report.routes.is_empty() && report.stacks.is_empty());
    assert!(Node::link(Vec::new()).findings.is_empty());
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let files = [
        ("b.js", "const app = require('express')();\napp.get('/b', h);\nprocess.env.B;"),
        (
            "a.js",
            "const { x, y } = require('./b');\nconst m = require('mongoose').model('A', new (require('mongoose').Schema)({ a: String }));",
        ),
    ];
    let once = index(&files);
    let twice = index(&files);
    assert!(once.iter().zip(&twice).all(|(left, right)| left.data == right.data));
    let turned: Vec<_> = twice.into_iter().rev().collect();
    assert_eq!(format!("{:?}", Node::link(once)), format!("{:?}", Node::link(turned)));
}
