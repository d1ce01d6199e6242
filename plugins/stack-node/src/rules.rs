//! Which use of which package says what about a project. Data, so that a package is added with a line.

/// A use of a package: calling or constructing it or one of its members.
pub(crate) struct Rule {
    /// The package; a trailing `*` stands for any ending.
    pub package: &'static str,
    /// Members that count, by their last name; empty for any.
    pub members: &'static [&'static str],
    /// The finding's key.
    pub key: &'static str,
}

const fn rule(package: &'static str, members: &'static [&'static str], key: &'static str) -> Rule {
    Rule { package, members, key }
}

/// First match wins.
pub(crate) const RULES: &[Rule] = &[
    rule("express-session", &[], "auth.session"),
    rule("cookie-session", &[], "auth.session"),
    rule("client-sessions", &[], "auth.session"),
    rule("koa-session", &[], "auth.session"),
    rule("@fastify/session", &[], "auth.session"),
    rule("iron-session", &[], "auth.session"),
    rule("next-auth", &[], "auth.session"),
    rule("connect-mongo*", &[], "session.store"),
    rule("connect-redis", &[], "session.store"),
    rule("connect-pg-simple", &[], "session.store"),
    rule("connect-session-sequelize", &[], "session.store"),
    rule("connect-sqlite3", &[], "session.store"),
    rule("session-file-store", &[], "session.store"),
    rule("memorystore", &[], "session.store"),
    rule("express-mysql-session", &[], "session.store"),
    rule("jsonwebtoken", &["sign", "verify", "decode"], "auth.jwt"),
    rule("express-jwt", &[], "auth.jwt"),
    rule("koa-jwt", &[], "auth.jwt"),
    rule("@fastify/jwt", &[], "auth.jwt"),
    rule("jwt-simple", &["encode", "decode"], "auth.jwt"),
    rule("jose", &["SignJWT", "jwtVerify"], "auth.jwt"),
    rule("@nestjs/jwt", &["JwtService", "register", "registerAsync"], "auth.jwt"),
    rule("passport", &["use", "authenticate", "initialize", "session", "serializeUser"], "auth.passport"),
    rule("passport-*", &[], "auth.passport"),
    rule("@node-saml/passport-saml", &[], "auth.passport"),
    rule("@simplewebauthn/server", &[], "auth.webauthn"),
    rule("otpauth", &[], "auth.two-factor"),
    rule("otplib", &[], "auth.two-factor"),
    rule("speakeasy", &[], "auth.two-factor"),
    rule("bcrypt*", &["hash", "hashSync", "compare", "compareSync"], "auth.password-hash"),
    rule("@node-rs/bcrypt", &[], "auth.password-hash"),
    rule("argon2", &["hash", "verify"], "auth.password-hash"),
    rule("crypto", &["scrypt", "scryptSync", "pbkdf2", "pbkdf2Sync"], "auth.password-hash"),
    rule("mongoose", &["connect", "createConnection"], "database"),
    rule("mongodb", &["connect", "MongoClient"], "database"),
    rule("mongodb-memory-server", &["create", "MongoMemoryServer"], "database"),
    rule("monk", &[], "database"),
    rule("sequelize", &["Sequelize", ""], "database"),
    rule("sequelize-typescript", &["Sequelize"], "database"),
    rule("typeorm", &["createConnection", "DataSource"], "database"),
    rule("@nestjs/typeorm", &["forRoot", "forRootAsync"], "database"),
    rule("@nestjs/mongoose", &["forRoot", "forRootAsync"], "database"),
    rule("@prisma/client", &["PrismaClient"], "database"),
    rule("knex", &["", "knex"], "database"),
    rule("pg", &["Pool", "Client"], "database"),
    rule("mysql*", &["createConnection", "createPool"], "database"),
    rule("better-sqlite3", &[""], "database"),
    rule("sqlite3", &["Database"], "database"),
    rule("drizzle-orm*", &["drizzle"], "database"),
    rule("redis", &["createClient"], "cache.redis"),
    rule("ioredis", &["", "Redis", "Cluster"], "cache.redis"),
    rule("node-cache", &[""], "cache.memory"),
    rule("lru-cache", &["", "LRUCache"], "cache.memory"),
    rule("memcached", &[""], "cache.memcached"),
    rule("memjs", &["create", "Client"], "cache.memcached"),
    rule("memory-cache", &[], "cache.memory"),
    rule("quick-lru", &[], "cache.memory"),
    rule("express-expeditious", &[], "cache.middleware"),
    rule("expeditious", &[], "cache"),
    rule("expeditious-engine-redis", &[], "cache.redis"),
    rule("expeditious-engine-memory", &[], "cache.memory"),
    rule("express-redis-cache", &[], "cache.redis"),
    rule("apicache", &[], "cache.middleware"),
    rule("apicache-plus", &[], "cache.middleware"),
    rule("route-cache", &[], "cache.middleware"),
    rule("express-cache-middleware", &[], "cache.middleware"),
    rule("cacheman*", &[], "cache"),
    rule("cache-manager-redis*", &[], "cache.redis"),
    rule("cache-manager-ioredis*", &[], "cache.redis"),
    rule("cache-manager", &["caching", "createCache", "multiCaching"], "cache"),
    rule("@nestjs/cache-manager", &["register", "registerAsync"], "cache"),
    rule("keyv", &["", "Keyv"], "cache"),
    rule("@keyv/redis", &[], "cache.redis"),
    rule("cors", &[], "middleware.cors"),
    rule("@koa/cors", &[], "middleware.cors"),
    rule("@fastify/cors", &[], "middleware.cors"),
    rule("helmet", &[], "middleware.helmet"),
    rule("express-rate-limit", &[], "middleware.rate-limit"),
    rule("express-slow-down", &[], "middleware.rate-limit"),
    rule("express-brute", &[], "middleware.rate-limit"),
    rule("rate-limiter-flexible", &[], "middleware.rate-limit"),
    rule("@fastify/rate-limit", &[], "middleware.rate-limit"),
    rule("csurf", &[], "middleware.csrf"),
    rule("lusca", &[], "middleware.csrf"),
    rule("csrf-csrf", &[], "middleware.csrf"),
    rule("csrf-sync", &[], "middleware.csrf"),
    rule("tiny-csrf", &[], "middleware.csrf"),
    rule("body-parser", &[], "middleware.body-parser"),
    rule("koa-bodyparser", &[], "middleware.body-parser"),
    rule("express", &["json", "urlencoded", "raw"], "middleware.body-parser"),
    rule("express", &["static"], "middleware.static"),
    rule("serve-static", &[], "middleware.static"),
    rule("compression", &[], "middleware.compression"),
    rule("cookie-parser", &[], "middleware.cookie-parser"),
    rule("method-override", &[], "middleware.method-override"),
    rule("connect-flash", &[], "middleware.flash"),
    rule("express-flash", &[], "middleware.flash"),
    rule("xss-clean", &[], "middleware.xss-clean"),
    rule("express-mongo-sanitize", &[], "middleware.mongo-sanitize"),
    rule("hpp", &[], "middleware.hpp"),
    rule("errorhandler", &[], "error-handler"),
    rule("joi", &[], "validation"),
    rule("@hapi/joi", &[], "validation"),
    rule("zod", &[], "validation"),
    rule("yup", &[], "validation"),
    rule("ajv", &[], "validation"),
    rule("celebrate", &[], "validation"),
    rule("express-validator*", &[], "validation"),
    rule("validator", &[], "validation"),
    rule("class-validator", &[], "validation"),
    rule("superstruct", &[], "validation"),
    rule("winston", &["createLogger", "Logger", "configure"], "logging"),
    rule("pino*", &[], "logging"),
    rule("bunyan*", &["createLogger"], "logging"),
    rule("log4js", &["configure", "getLogger"], "logging"),
    rule("morgan", &[], "logging"),
    rule("koa-logger", &[], "logging"),
    rule("express-winston", &[], "logging"),
    rule("multer*", &[], "upload"),
    rule("express-fileupload", &[], "upload"),
    rule("formidable", &[], "upload"),
    rule("busboy", &[], "upload"),
    rule("nodemailer", &["createTransport"], "mail"),
    rule("@sendgrid/mail", &[], "mail"),
    rule("mailgun*", &[], "mail"),
    rule("postmark", &[], "mail"),
    rule("resend", &[], "mail"),
    rule("notifier", &[], "mail"),
    rule("email-templates", &[], "mail"),
    rule("emailjs", &[], "mail"),
    rule("node-mailjet", &[], "mail"),
    rule("mandrill*", &[], "mail"),
    rule("sparkpost", &[], "mail"),
    rule("@aws-sdk/client-ses*", &["SESClient", "SESv2Client", "SES"], "mail"),
    rule("stripe", &[], "payment"),
    rule("paypal-rest-sdk", &[], "payment"),
    rule("@paypal/*", &[], "payment"),
    rule("braintree", &[], "payment"),
    rule("razorpay", &[], "payment"),
    rule("square", &[], "payment"),
    rule("@mollie/api-client", &[], "payment"),
    rule("bull", &[], "queue"),
    rule("bullmq", &["Queue", "Worker"], "queue"),
    rule("agenda", &[], "queue"),
    rule("amqplib*", &["connect"], "queue"),
    rule("kafkajs", &["Kafka"], "queue"),
    rule("bee-queue", &[], "queue"),
    rule("node-cron", &["schedule"], "queue"),
    rule("cron", &["CronJob"], "queue"),
    rule("node-schedule", &["scheduleJob"], "queue"),
    rule("socket.io", &[], "websocket"),
    rule("ws", &["Server", "WebSocketServer"], "websocket"),
    rule("express-ws", &[], "websocket"),
    rule("sockjs", &["createServer"], "websocket"),
    rule("swagger-jsdoc", &[], "docs.openapi"),
    rule("swagger-ui-express", &["setup"], "docs.openapi"),
    rule("swagger-ui-dist", &[], "docs.openapi"),
    rule("express-openapi-validator", &[], "docs.openapi"),
    rule("@nestjs/swagger", &["createDocument", "setup"], "docs.openapi"),
    rule("@asteasolutions/zod-to-openapi", &["OpenAPIRegistry", "OpenApiGeneratorV3"], "docs.openapi"),
    rule("dotenv*", &["config"], "config.file"),
    rule("convict", &[], "config.file"),
    rule("aws-sdk", &["S3"], "storage"),
    rule("@aws-sdk/client-s3", &["S3Client", "S3"], "storage"),
    rule("cloudinary", &["config"], "storage"),
    rule("i18next", &["init", "use"], "i18n"),
    rule("i18n", &["configure"], "i18n"),
    rule("graphql-http*", &[], "graphql"),
    rule("express-graphql", &[], "graphql"),
    rule("@apollo/server", &["ApolloServer"], "graphql"),
    rule("apollo-server*", &["ApolloServer"], "graphql"),
    rule("http-proxy-middleware", &[], "middleware.proxy"),
    rule("connect-timeout", &[], "middleware.timeout"),
    rule("express-handlebars", &[], "template-engine"),
];

fn covers(pattern: &str, package: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => package.starts_with(start),
        None => pattern == package,
    }
}

/// The key that calling `member` (dotted, empty for the package itself) of a package stands for.
pub(crate) fn key_of(package: &str, member: &str) -> Option<&'static str> {
    let last = member.rsplit('.').next().unwrap_or(member);
    let last = if last == "default" { "" } else { last };
    RULES
        .iter()
        .find(|rule| covers(rule.package, package) && (rule.members.is_empty() || rule.members.contains(&last)))
        .map(|rule| rule.key)
}

/// The key that importing a package stands for when no use of it was seen. A package that is part of the platform, or
/// that is mostly imported for something else, says nothing by being imported.
pub(crate) fn key_of_import(package: &str) -> Option<&'static str> {
    if matches!(
        package,
        "crypto" | "express" | "mongoose" | "mongodb" | "sequelize" | "typeorm" | "@prisma/client" | "passport"
    ) || package.starts_with("drizzle-orm")
    {
        return None;
    }
    RULES.iter().find(|rule| covers(rule.package, package)).map(|rule| rule.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_decide_what_a_package_says() {
        assert_eq!(key_of("express", "json"), Some("middleware.body-parser"));
        assert_eq!(key_of("express", "Router"), None);
        assert_eq!(key_of("bcryptjs", "compareSync"), Some("auth.password-hash"));
        assert_eq!(key_of("connect-mongo", "create"), Some("session.store"));
        assert_eq!(key_of("sequelize", ""), Some("database"));
        assert_eq!(key_of_import("crypto"), None);
        assert_eq!(key_of_import("xss-clean"), Some("middleware.xss-clean"));
    }
}
