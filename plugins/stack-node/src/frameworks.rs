//! The packages that make a stack what it is, and the names they are known by.

/// Package, name, and whether it serves requests.
const FRAMEWORKS: &[(&str, &str, bool)] = &[
    ("express", "express", true),
    ("koa", "koa", true),
    ("fastify", "fastify", true),
    ("@nestjs/core", "nestjs", true),
    ("next", "next", true),
    ("nuxt", "nuxt", true),
    ("@hapi/hapi", "hapi", true),
    ("hapi", "hapi", true),
    ("restify", "restify", true),
    ("polka", "polka", true),
    ("hono", "hono", true),
    ("sails", "sails", true),
    ("@adonisjs/core", "adonis", true),
    ("@feathersjs/feathers", "feathers", true),
    ("@apollo/server", "apollo", true),
    ("apollo-server", "apollo", true),
    ("apollo-server-express", "apollo", true),
    ("mongoose", "mongoose", false),
    ("mongodb", "mongodb", false),
    ("sequelize", "sequelize", false),
    ("@prisma/client", "prisma", false),
    ("prisma", "prisma", false),
    ("typeorm", "typeorm", false),
    ("knex", "knex", false),
    ("objection", "objection", false),
    ("@mikro-orm/core", "mikro-orm", false),
    ("drizzle-orm", "drizzle", false),
    ("pg", "pg", false),
    ("mysql2", "mysql2", false),
    ("mysql", "mysql", false),
    ("sqlite3", "sqlite3", false),
    ("better-sqlite3", "better-sqlite3", false),
    ("redis", "redis", false),
    ("ioredis", "ioredis", false),
    ("passport", "passport", false),
    ("express-session", "express-session", false),
    ("jsonwebtoken", "jsonwebtoken", false),
    ("socket.io", "socket.io", false),
    ("graphql", "graphql", false),
    ("react", "react", false),
    ("vue", "vue", false),
    ("@angular/core", "angular", false),
    ("svelte", "svelte", false),
    ("typescript", "typescript", false),
    ("jest", "jest", false),
    ("mocha", "mocha", false),
    ("vitest", "vitest", false),
    ("ava", "ava", false),
    ("tap", "tap", false),
    ("jasmine", "jasmine", false),
    ("cypress", "cypress", false),
    ("@playwright/test", "playwright", false),
    ("supertest", "supertest", false),
];

/// The name a package is known by, if it makes the stack.
pub(crate) fn name_of(package: &str) -> Option<&'static str> {
    FRAMEWORKS.iter().find(|(known, ..)| *known == package).map(|(_, name, _)| *name)
}

/// Whether a framework, by the name it is known by, serves requests.
pub(crate) fn serves(name: &str) -> bool {
    FRAMEWORKS.iter().any(|(_, known, serves)| *known == name && *serves)
}

/// Whether a framework, by the name it is known by, runs tests.
pub(crate) fn tests(name: &str) -> bool {
    matches!(name, "jest" | "mocha" | "vitest" | "ava" | "tap" | "jasmine" | "cypress" | "playwright")
}
