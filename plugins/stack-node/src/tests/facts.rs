//! What is said of a project only where it is so: what is imported, what opens the database, what keeps passwords.

use super::{read, values};

#[test]
fn a_program_without_an_extension_is_read() {
    let www = "#!/usr/bin/env node\nconst app = require('../app');\nconst mongoose = require('mongoose');\n\
        mongoose.connect(process.env.MONGODB_URI);\nrequire('http').createServer(app).listen(process.env.PORT);\n";
    let seed = "#! /usr/bin/env node\nconst mongoose = require('mongoose');\nconst url = process.argv[2];\nmongoose.connect(url);\n";
    let files = [
        ("app.js", "const app = require('express')();\napp.get('/', h);\nmodule.exports = app;\n"),
        ("bin/www", www),
        ("a-seed.js", seed),
        ("package.json", "{ \"scripts\": { \"start\": \"node ./bin/www\" } }"),
    ];
    let report = read(&files);
    let database: Vec<(&str, &str)> = report
        .findings
        .iter()
        .filter(|found| found.key == "database")
        .map(|found| (found.place.path.as_str(), found.value.as_str()))
        .collect();
    // What nothing of the program asks for comes after it.
    let expected =
        [("bin/www", "mongoose.connect to process.env.MONGODB_URI"), ("a-seed.js", "mongoose.connect to url")];
    assert_eq!(database, expected);
    assert_eq!(values(&report, "config.env"), ["MONGODB_URI", "PORT"]);
    assert_eq!(values(&report, "entry-point"), ["bin/www listens", "bin/www (start)"]);
}

#[test]
fn a_text_that_is_no_program_is_no_problem() {
    let problem = |path: &str, text: &str| crate::parse::file(path, text).1;
    assert_eq!(problem("LICENSE", "The MIT License (MIT)\n"), None);
    assert!(problem("bin/www", "#!/usr/bin/env node\nThe MIT License (MIT)\n").is_some());
    assert!(problem("license.js", "The MIT License (MIT)\n").is_some());
}

#[test]
fn a_connection_that_the_program_asks_for_comes_before_a_script() {
    let connect = "const mongoose = require('mongoose');\nmodule.exports = () => mongoose.connect(uri);\n";
    let files = [
        ("artifacts/reset.js", "require('mongoose').connect(url);\n"),
        ("config/db.js", connect),
        ("lib/index.js", "import setUp from '../config/db';\nexport { setUp };\n"),
        ("server.js", "export * from './lib';\nrequire('express')().listen(1);\n"),
    ];
    assert_eq!(values(&read(&files), "database"), ["mongoose.connect to uri", "mongoose.connect to url"]);
    let files = [
        ("package.json", "{}"),
        ("prisma/schema.prisma", "datasource db {\n  provider = \"mysql\"\n}\n"),
        ("server.js", "const { PrismaClient } = require('@prisma/client');\nmodule.exports = new PrismaClient();\n"),
    ];
    assert_eq!(values(&read(&files), "database"), ["prisma to mysql", "@prisma/client.PrismaClient"]);
}

#[test]
fn an_import_that_nothing_reads_says_nothing() {
    let source = "const bcrypt = require('bcrypt-nodejs');\nimport * as joi from 'joi';\nconst { verify } = require('argon2');\n\
        // bcrypt.hashSync(password, bcrypt.genSaltSync())\nmodule.exports = (password) => password;\n";
    let report = read(&[("dao.js", source)]);
    assert_eq!(values(&report, "auth.password-hash"), Vec::<String>::new());
    assert_eq!(values(&report, "validation"), Vec::<String>::new());
    let passed =
        "const bcrypt = require('bcrypt');\nconst hash = promisify(bcrypt.hash);\nrequire('express-async-errors');\n";
    assert_eq!(values(&read(&[("dao.js", passed)]), "auth.password-hash"), ["bcrypt"]);
}

#[test]
fn the_key_of_a_cipher_is_no_password_hash() {
    let hashes = |source: &str| {
        values(&read(&[("a.js", &format!("const crypto = require('crypto');\n{source}"))]), "auth.password-hash")
    };
    for cipher in [
        "const key = crypto.scryptSync(secret, 'salt', 32);\nexports.close = () => crypto.createCipheriv(algorithm, key, iv);",
        "const open = (text) => crypto.createDecipheriv(algorithm, crypto.pbkdf2Sync(secret, salt, 1, 32, 'sha1'), iv);",
        "crypto.scrypt(secret, 'salt', 24, (err, key) => {\n  const cipher = crypto.createCipheriv(algorithm, key, iv);\n});",
        "function derive(secret) {\n  return crypto.scryptSync(secret, 'salt', 32);\n}\nconst made = derive(secret);\ncrypto.createCipheriv(a, made, iv);",
        "class Vault {\n  constructor() { this.key = crypto.scryptSync(s, 'salt', 32); }\n  close() { return crypto.createCipheriv(a, this.key, iv); }\n}",
    ] {
        assert_eq!(hashes(cipher), Vec::<String>::new(), "{cipher}");
    }
    let both = "const key = crypto.scryptSync(secret, 'salt', 32);\ncrypto.createCipheriv(a, key, iv);\n\
        exports.hash = (password) => crypto.pbkdf2Sync(password, salt, 1000, 64, 'sha512');";
    assert_eq!(hashes(both), ["crypto.pbkdf2Sync"]);
    assert_eq!(hashes("exports.hash = (p) => crypto.scryptSync(p, salt, 64);"), ["crypto.scryptSync"]);
}

#[test]
fn caches_are_found_where_they_are_made() {
    let source = "const app = require('express')();\nif (process.env.USE_REDIS === 'true') {\n  const make = require('express-expeditious');\n\
        const cache = make({\n    engine: require('expeditious-engine-redis')({ redis: {} }),\n  });\n  app.use(cache);\n}\n\
        const apicache = require('apicache');\napp.get('/a', apicache.middleware('5 minutes'), h);\n";
    let report = read(&[("server.js", source)]);
    assert_eq!(values(&report, "cache.middleware"), ["express-expeditious", "apicache.middleware"]);
    assert_eq!(values(&report, "cache.redis"), ["expeditious-engine-redis"]);
    assert_eq!(
        values(&read(&[("a.js", "import Keyv from 'keyv';\nexport const kept = new Keyv();\n")]), "cache"),
        ["keyv"]
    );
}

#[test]
fn views_that_are_rendered_are_named_once() {
    let source = "exports.form = (req, res) => res.render('book_form', { title });\n\
        exports.save = (req, res) => {\n  if (bad) return res.status(400).render('book_form');\n  res.render(page);\n  res.render('book_detail');\n};\nReactDOM.render('x', root);\n";
    assert_eq!(values(&read(&[("books.js", source)]), "view"), ["book_form", "book_detail"]);
}
