//! Ways in which people wire routers together.

use super::{read, routes};

const APP: &str = "const express = require('express');\nconst app = express();\n";

fn app(rest: &str) -> String {
    format!("{APP}{rest}")
}

#[test]
fn one_file_with_everything() {
    let source = app(
        "app.get('/', home);\napp.post(\"/login\", limiter, wrap(login));\napp.all('/any', (req, res) => {});\n\
        app.get(['/a', '/b'], list);\napp.get(/^\\/v\\d/, old);\napp.get('view engine');\napp.route('/x').get(a).post(b);\n\
        // app.get('/gone', gone)\napp.delete(`/t/${id}`, t);\napp.listen(3000);",
    );
    let expected = [
        "GET /",
        "POST /login",
        "ALL /any",
        "GET /a",
        "GET /b",
        "GET /^\\/v\\d/",
        "GET /x",
        "POST /x",
        "DELETE /t/{?}",
    ];
    assert_eq!(routes(&[("app.js", &source)]), expected);
}

#[test]
fn handlers_and_places_are_those_a_reader_would_name() {
    let source = app(
        "app\n  .route('/x')\n  .all(load)\n  .get(auth('read'), ctrl.list)\n  .post(wrap(async (req, res) => {}));\n",
    );
    let report = read(&[("app.js", &source)]);
    let rows: Vec<_> = report
        .routes
        .iter()
        .map(|it| format!("{} {} {} {}", it.method, it.handler, it.place.line, it.place.quote))
        .collect();
    let expected = [
        "GET ctrl.list 6 .get(auth('read'), ctrl.list)",
        "POST wrap((req, res) => …) 7 .post(wrap(async (req, res) => {}));",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn prefixes_join_across_files() {
    let app = app("const { prefix } = require('./config');\nconst users = require('./routes/users');\n\
        app.use(prefix, require('./routes'));\napp.use('/v2' + prefix, users);\napp.use(process.env.BASE + '/x', users);\n\
        app.use(process.env.BASE || '/d', users);");
    let files = [
        ("app.js", app.as_str()),
        ("config.js", "module.exports = { prefix: '/api' };"),
        (
            "routes/index.js",
            "const { Router } = require('express');\nconst r = Router();\nr.use('/users', auth, require('./users'));\nmodule.exports = r;",
        ),
        (
            "routes/users.js",
            "var express = require('express'), r = module.exports = express.Router();\nr.get('/', list).get('/:id', show);",
        ),
    ];
    let expected = [
        "GET /api/users",
        "GET /api/users/:id",
        "GET /v2/api",
        "GET /v2/api/:id",
        "GET {?}/x",
        "GET {?}/x/:id",
        "GET /d",
        "GET /d/:id",
    ];
    assert_eq!(routes(&files), expected);
}

#[test]
fn es_modules_and_typescript() {
    let files = [
        (
            "src/main.ts",
            "import express, { type Express } from 'express';\nimport api from './api/index.js';\nimport { health as h } from './api';\n\
            const app: Express = express();\napp.use('/api' as string, api);\napp.use(h!);\nexport default app;",
        ),
        (
            "src/api/index.ts",
            "import { Router } from 'express';\nexport { router as health } from './health';\nimport { Path } from './paths';\n\
            export * from './paths';\nconst api: Router = Router();\napi.get(Path.Items, <any>list);\nexport default api;",
        ),
        (
            "src/api/health.ts",
            "import * as express from 'express';\nexport const router = express.Router();\nrouter.get('/health', (_req, res) => res.json({}));",
        ),
        ("src/api/paths.ts", "export enum Path { Items = '/items', Item = `/items/:id` }"),
    ];
    assert_eq!(routes(&files), ["GET /api/items", "GET /health"]);
}

#[test]
fn functions_that_take_the_application() {
    let app = app("require('./legacy')(app, {});\nrequire('./more').init({ app });\nconst make = require('./make');\n\
        app.use('/made', make('a'));\napp.use('/made', make('b'));");
    let files = [
        ("app.js", app.as_str()),
        (
            "legacy.js",
            "module.exports = function (server, options) {\n  if (options) {\n    server.get('/old', function (req, res) {});\n  }\n};",
        ),
        ("more.js", "exports.init = ({ app }) => {\n  app.post('/more', h);\n};"),
        (
            "make.js",
            "const { Router } = require('express');\nmodule.exports = (name) => {\n  const r = new Router();\n  r.get('/' + name, h);\n  return r;\n};",
        ),
        ("lost.js", "module.exports = (app) => { app.get('/lost', h); };"),
        ("adrift.js", "const r = require('express').Router();\nr.get('/adrift', h);\nmodule.exports = r;"),
    ];
    assert_eq!(routes(&files), ["GET /old", "POST /more", "GET /made/a", "GET /made/b", "GET /lost", "GET {?}/adrift"]);
}

#[test]
fn loops_over_lists() {
    let app = app(
        "const auth = require('./auth');\nconst defaultRoutes = [\n  { path: '/auth', route: auth },\n  { path: '/docs', route: auth },\n];\n\
        defaultRoutes.forEach((route) => {\n  app.use(route.path, route.route);\n});\n\
        for (const [name, handler] of Object.entries({ one: h, two: h })) app.get(`/${name}`, handler);\n\
        for (let i = 0; i < pages.length; i++) { app.get(pages[i], h); }\nvar pages = ['/p'];\n\
        ['get', 'post'].forEach((method) => app[method]('/m', h));\n\
        new Map([['/q', h]]).forEach(noop);",
    );
    let files = [
        ("app.js", app.as_str()),
        ("auth.js", "const r = require('express').Router();\nr.post('/login', h);\nmodule.exports = r;"),
    ];
    let expected = ["POST /auth/login", "POST /docs/login", "GET /one", "GET /two", "GET /m", "POST /m"];
    assert_eq!(routes(&files), expected);
}

#[test]
fn files_of_a_directory_are_loaded_by_name() {
    let app = app(
        "const fs = require('fs');\nconst path = require('path');\nfs.readdirSync(path.join(__dirname, 'routes')).forEach((file) => {\n\
        app.use('/' + path.basename(file, '.js'), require('./routes/' + file));\n  require(path.join(__dirname, 'routes', file));\n});",
    );
    let router = "const r = require('express').Router();\nr.get('/', h);\nmodule.exports = r;";
    let files = [("app.js", app.as_str()), ("routes/cats.js", router), ("routes/dogs.js", router)];
    assert_eq!(routes(&files), ["GET /cats", "GET /dogs"]);
}

#[test]
fn classes_hold_applications_and_routers() {
    let files = [
        (
            "src/app.ts",
            "import express from 'express';\nclass App {\n  public app: express.Application;\n  constructor(private routes: Route[]) {\n    this.app = express();\n    this.initialize(routes);\n  }\n\
            private initialize(routes: Route[]) {\n    routes.forEach((route) => {\n      this.app.use('/', route.router);\n    });\n  }\n  listen() { this.app.listen(3000); }\n}\nexport default App;",
        ),
        (
            "src/users.route.ts",
            "import { Router } from 'express';\nimport { Base } from './base';\nexport default class UsersRoute extends Base {\n  public path = '/users';\n  public router = Router();\n  constructor() {\n    super();\n    this.init();\n  }\n\
            private init() {\n    this.router.get(`${this.path}`, this.controller.list);\n    this.router.put(`${this.path}/:id(\\\\d+)`, h);\n  }\n}",
        ),
        ("src/base.ts", "export class Base { protected controller = {}; }"),
        (
            "src/server.ts",
            "import App from './app';\nimport UsersRoute from './users.route';\nconst app = new App([new UsersRoute()]);\napp.listen();",
        ),
    ];
    assert_eq!(routes(&files), ["GET /users", "PUT /users/:id(\\d+)"]);
    let report = read(&files);
    assert_eq!(super::values(&report, "entry-point"), ["src/app.ts listens"]);
}

#[test]
fn files_that_need_each_other_are_loaded_from_the_entry() {
    let files = [
        ("package.json", "{\"scripts\": {\"start\": \"node server.js\"}}"),
        ("a_service.js", "const { logger } = require('./server');\nexports.find = () => logger.info('x');"),
        (
            "server.js",
            "const express = require('express');\nconst app = express();\nconst users = require('./users');\napp.use('/users', users);\nmodule.exports = { app, logger: console };",
        ),
        (
            "users.js",
            "const router = require('express').Router();\nconst service = require('./a_service');\nrouter.get('/', service.find);\nmodule.exports = router;",
        ),
    ];
    assert_eq!(routes(&files), ["GET /users"]);
}

#[test]
fn a_helper_that_registers_is_cited_where_it_is_called() {
    let files = [
        (
            "helpers.js",
            "const helpers = module.exports;\nhelpers.page = function (...args) {\n  const [router, name] = args;\n  router.get(name, mw, wrap(args[2]));\n  router.get(`/api${name}`, wrap(args[2]));\n};",
        ),
        (
            "app.js",
            "const express = require('express');\nconst { page } = require('./helpers');\nconst router = express.Router();\npage(router, '/tos', controllers.tos);\nexpress().use(router);",
        ),
    ];
    let report = read(&files);
    let rows: Vec<_> = report
        .routes
        .iter()
        .map(|it| format!("{} {} {}:{}", it.path, it.handler, it.place.path, it.place.line))
        .collect();
    assert_eq!(rows, ["/tos controllers.tos app.js:4", "/api/tos controllers.tos app.js:4"]);
}

#[test]
fn asynchronous_starts_and_several_applications() {
    let source = "const express = require('express');\nasync function start() {\n  await db.connect();\n  const app = express();\n  const admin = express();\n\
        admin.get('/stats', h);\n  app.use('/admin', admin);\n  const { default: api } = await import('./api.mjs');\n  app.use('/api', api);\n}\n\
        mongoose.connect(uri).then(() => { start(); });\nconst other = express();\nother.get('/other', h);";
    let files = [
        ("app.js", source),
        (
            "api.mjs",
            "import { Router } from 'express';\nconst api = Router();\napi.patch('/x', h);\nexport { api as default };",
        ),
    ];
    assert_eq!(routes(&files), ["GET /admin/stats", "PATCH /api/x", "GET /other"]);
}

#[test]
fn other_frameworks_that_register_alike() {
    let koa = "const Koa = require('koa');\nconst Router = require('@koa/router');\nconst app = new Koa();\nconst router = new Router({ prefix: '/k' });\n\
        router.get('named', '/x', (ctx) => {});\napp.use(router.routes()).use(router.allowedMethods());";
    assert_eq!(routes(&[("koa.js", koa)]), ["GET /k/x"]);
    let fastify = "import Fastify from 'fastify';\nconst app = Fastify({ logger: true });\napp.register(users, { prefix: '/users' });\napp.route({ method: ['GET', 'HEAD'], url: '/r', handler: show });\n\
        async function users(fastify, options) {\n  fastify.get('/', async (request, reply) => {});\n}";
    assert_eq!(routes(&[("server.mjs", fastify)]), ["GET /users", "GET /r", "HEAD /r"]);
    let nest = "@Controller('cats')\nexport class CatsController {\n  @Get(':id')\n  @UseGuards(AuthGuard)\n  find() {}\n  @Post()\n  create() {}\n}";
    assert_eq!(routes(&[("cats.controller.ts", nest)]), ["GET /cats/:id", "POST /cats"]);
}

#[test]
fn clients_and_tests_are_not_servers() {
    let files = [
        (
            "client.js",
            "const axios = require('axios');\naxios.get('/users', { params });\nexport const find = (api) => api.get('/x', config);\nconst m = new Map();\nm.get('/x', y);",
        ),
        (
            "test/app.test.js",
            "const app = require('express')();\napp.get('/only-in-a-test', h);\nrequest(app).get('/users').expect(200);",
        ),
    ];
    assert_eq!(routes(&files), Vec::<String>::new());
}

#[test]
fn windows_line_ends_marks_and_hashbangs() {
    let source = "\u{feff}#!/usr/bin/env node\r\nconst app = require('express')();\r\n\r\napp.get('/crlf', h);\r\n";
    let report = read(&[("bin/www.js", source)]);
    assert_eq!(
        report.routes.iter().map(|it| (it.place.line, it.place.quote.as_str())).collect::<Vec<_>>(),
        [(4, "app.get('/crlf', h);")]
    );
}

#[test]
fn a_path_that_is_not_known_is_no_route() {
    let app = "const app = require('express')();\nconst files = new Map([['/a.js', 'x']]);\n\
        for (const [url] of files) app.get(url, h);\napp.get(process.argv[2], guess);\nlisted.forEach((url) => app.get(url, h));\n";
    let report = read(&[("app.js", app)]);
    let paths: Vec<&str> = report.routes.iter().map(|route| route.path.as_str()).collect();
    assert_eq!(paths, ["/a.js"]);
    let unknown: Vec<&str> = report
        .findings
        .iter()
        .filter(|found| found.key == "unresolved.route")
        .map(|found| found.value.as_str())
        .collect();
    assert!(unknown.contains(&"the path of GET → guess is not known"), "{unknown:?}");
}

#[test]
fn what_there_is_no_room_for_is_named() {
    let one = |number: usize| {
        let path = format!("routes/a-rather-long-name-of-a-file-{number:05}.js");
        let text =
            format!("const app = require('express')();\napp.get('/a/rather/long/path/{number}', handler{number});\n");
        (path, text)
    };
    let files: Vec<(String, String)> = (0..4_500).map(one).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let report = read(&files);
    let told = report.findings.iter().find(|found| found.key == "truncated").map(|found| found.value.as_str());
    let left = files.len() - report.routes.len();
    assert!(left > 0, "all of them have room");
    let expected = format!("{left} more routes were found than are listed: there is no room for them in one report");
    assert_eq!(told, Some(expected.as_str()));
}

/// A folder of routers, all of which an index finds by reading the folder.
fn folder(index: &str) -> Vec<String> {
    let index = format!(
        "const fs = require('fs');\nconst path = require('path');\nconst r = require('express').Router();\n{index}\nmodule.exports = r;"
    );
    let router =
        |path: &str| format!("const r = require('express').Router();\nr.get('{path}', h);\nmodule.exports = r;");
    let (auth, users, cities) = (router("/login"), router("/"), router("/all"));
    let strip = "const strip = (file) => {\n  return file.split('.').slice(0, -1).join('.').toString()\n}\nmodule.exports = { strip }";
    let app = app("app.use(require('./routes'));");
    routes(&[
        ("app.js", &app),
        ("names.js", strip),
        ("routes/auth.js", &auth),
        ("routes/cities.js", &cities),
        ("routes/index.js", &index),
        ("routes/users.js", &users),
    ])
}

#[test]
fn a_callback_of_a_list_runs_for_each_element_and_decides_what_it_compares() {
    let expected = ["GET /login", "GET /cities/all", "GET /users"];
    let first = "const { strip } = require('../names');\nr.use('/', require('./auth'));\n";
    for rest in [
        // The callback of a filter that mounts.
        "fs.readdirSync(`${__dirname}/`).filter((file) => {\n  const name = strip(file)\n\
        return name !== 'index' && name !== 'auth' && file !== '.DS_Store' ? r.use(`/${name}`, require(`./${name}`)) : ''\n})",
        // A filter that leaves out, and a number from the end.
        "const own = ['index.js', 'auth.js'];\nfs.readdirSync(__dirname).filter((file) => !own.includes(file) && file.slice(-3) === '.js')\n\
        .forEach((file) => r.use('/' + file.slice(0, -3), require(path.join(__dirname, file))));",
        // A predicate that answers in several places, and one that goes by a name.
        "const code = (file) => !file.startsWith('index');\nfs.readdirSync(__dirname).filter(code).filter((file) => {\n\
        if (file === 'auth.js') return false;\n  return /js$/.test(file);\n}).map((file) => strip(file)).some((name) => { r.use(`/${name}`, require(`./${name}`)); });",
        // Branches that leave.
        "fs.readdirSync(__dirname).forEach((file) => {\n  if (file === 'index.js') return;\n  const name = file.replace('.js', '');\n\
        if (name === 'auth') {\n    console.log(name);\n    return;\n  }\n  r.use(`/${name}`, require(`./${name}`));\n});",
        "for (const file of fs.readdirSync(__dirname)) {\n  if (file === path.basename(__filename) || file === 'auth.js') continue;\n\
        r.use('/' + strip(file), require('./' + file));\n}",
        "fs.readdirSync(__dirname).reduce((all, file) => {\n  const name = strip(file);\n  if (name === 'cities' || name === 'users') {\n\
        all.use('/' + name, require('./' + name));\n  }\n  return all;\n}, r);",
    ] {
        assert_eq!(folder(&format!("{first}{rest}")), expected, "{rest}");
    }
}

#[test]
fn what_a_predicate_does_not_tell_stays() {
    let source = app("for (const name of ['a', 'b', 'c'].filter((name) => enabled(name) && name !== 'c')) {\n\
        if (process.env.NODE_ENV === 'test') continue;\n  app.get(`/${name}`, h);\n}\n\
        const all = ['d', 'e'].filter((name) => {\n  if (flags[name]) return false;\n  return true;\n});\nall.forEach((name) => app.get(`/${name}`, h));\n\
        const mode = 'old';\nif (mode === 'new') app.get('/new', h);\nmode === 'new' ? app.get('/newer', h) : app.get('/older', h);");
    let expected = ["GET /a", "GET /b", "GET /d", "GET /e", "GET /new", "GET /newer", "GET /older"];
    assert_eq!(routes(&[("app.js", &source)]), expected);
}

#[test]
fn what_answers_everything_with_404_is_no_route() {
    let source = app(
        "const api = `/${process.env.API}`;\napp.get('/a', h);\napp.get('/gone', (req, res) => res.status(404).end());\n\
        app.use('/b', (req, res) => { if (!req.x) return res.sendStatus(404); res.json({}); });\napp.get('*', (req, res) => res.sendFile('index.html'));\n\
        app.use(api, (req, res) => res.status(404).json('No API route found'));\napp.all('/{*rest}', routeNotFound);\n\
        app.all('*', (req, res, next) => { next(new ApiError(httpStatus.NOT_FOUND, 'Not found')); });\n\
        app.use('*', function (req, res) {\n  res.status(404);\n  if (req.accepts('html')) return res.render('404');\n  res.end();\n});",
    );
    assert_eq!(routes(&[("app.js", &source)]), ["GET /a", "GET /gone", "ALL /b", "GET *"]);
}
