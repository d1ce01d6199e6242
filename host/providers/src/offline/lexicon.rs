//! Word lists by which a goal is read. Data, so that a word is added with a word.

use super::goal::Kind;

/// Words that carry no subject.
#[rustfmt::skip]
pub(super) const STOP: &[&str] = &[
    "the", "and", "for", "with", "that", "this", "from", "into", "our", "your", "their", "its", "all", "any", "each",
    "every", "when", "then", "than", "them", "they", "there", "these", "those", "which", "who", "what", "where",
    "how", "why", "have", "has", "had", "are", "was", "were", "will", "would", "should", "could", "can", "may",
    "must", "not", "but", "also", "only", "some", "more", "most", "very", "too", "out", "over", "under", "about",
    "after", "before", "between", "without", "within", "via", "per", "being", "been", "sometimes", "always", "often",
    "never", "again", "now", "just", "like", "please", "app", "application", "project", "site", "website", "system",
    "service", "server", "code", "codebase", "feature", "functionality", "thing", "things", "stuff", "way", "etc",
    "something", "able", "want", "need", "needs", "make", "makes", "use", "using", "used", "uses", "get", "set",
    "let", "new", "old", "existing", "better", "nice", "good", "fast", "secure", "simple", "modern", "robust",
    "everywhere", "anything", "nothing", "anywhere", "else", "nearly", "almost", "instead", "today",
    "currently", "same", "several", "out",
    "scalable", "friendly", "add", "fix", "implement", "create", "build", "support", "update", "improve", "change",
    "remove", "delete", "refactor", "introduce", "wrong", "broken", "bug", "error", "errors", "work", "works",
    "working", "proper", "properly", "based", "way", "one", "two", "three", "day", "days", "hour", "hours", "minute",
    "minutes", "second", "seconds", "keep", "both", "api", "route", "routes", "endpoint", "endpoints", "file",
    "files", "data", "page", "pages", "request", "requests", "response", "handler", "handlers", "you", "we",
    "user's", "js", "run", "running", "nicer", "cleaner", "simpler", "easier", "faster", "quicker", "safer", "nice", "failing", "fails", "failed", "crash", "crashes", "slow", "some", "controller", "controllers", "show", "shows", "report", "count", "service", "services", "module", "modules", "middleware", "upgrade", "bump", "optimize", "faster", "clean", "rename", "write",
    "document", "introduce", "more", "somebody", "someone", "anybody", "nobody", "whenever", "own", "themselves", "want",
    "wants", "latest", "newest", "security", "performance", "quality", "usability", "speed", "current", "version", "allow", "allows", "lets", "see", "get", "gets", "send", "sends", "sent", "such", "long", "takes", "take",
];

/// What most of the code is built with.
#[rustfmt::skip]
pub(super) const GROUND: &[&str] = &[
    "express", "node", "nodejs", "npm", "javascript", "typescript",
];

/// English words that almost every English goal has one of.
#[rustfmt::skip]
pub(super) const ENGLISH: &[&str] = &[
    "the", "a", "an", "to", "of", "in", "on", "and", "or", "for", "with", "is", "are", "be", "should", "when", "so",
    "that", "this", "our", "from", "into", "by", "it", "we", "users", "user", "all", "not", "no", "add", "fix",
    "make", "create", "remove", "implement", "update", "refactor", "support", "allow", "build", "write", "test",
    "tests", "use", "replace", "upgrade", "improve", "login", "api",
];

/// Words for somebody who uses what is built.
#[rustfmt::skip]
pub(super) const ACTORS: &[&str] = &[
    "user", "users", "customer*", "admin", "admins", "administrator*", "visitor*", "guest*", "member*", "client",
    "clients", "staff", "employee*", "manager*", "moderator*", "editor*", "seller*", "buyer*", "vendor*", "shopper*",
    "everyone", "everybody", "anyone", "anybody", "public", "logged in", "signed in", "anonymous", "owner*",
    "developer*", "support team", "author*", "writer*", "reader*", "follower*", "reviewer*", "subscriber*", "people",
];

/// Standards that measure what a bare adjective does not.
#[rustfmt::skip]
pub(super) const STANDARDS: &[&str] = &[
    "owasp", "asvs", "gdpr", "pci", "soc2", "soc 2", "iso", "wcag", "nist", "hipaa", "rfc", "p50", "p90", "p95",
    "p99", "slo", "sla", "lighthouse",
];

/// Words about the shape of what is stored.
#[rustfmt::skip]
pub(super) const SHAPE: &[&str] = &[
    "schema*", "migrat*", "column*", "index", "indexes", "indices", "field", "fields", "soft delete*", "table",
    "tables",
];

/// Words that stand for another language, with its name.
#[rustfmt::skip]
pub(super) const FOREIGN: &[(&str, &[&str])] = &[
    ("German", &[
        "der", "das", "und", "ein", "eine", "einen", "mit", "für", "nicht", "hinzufügen", "den", "dem", "wenn",
        "soll", "füge", "bitte",
    ]),
    ("French", &[
        "le", "les", "des", "une", "avec", "pour", "pas", "ajouter", "ajoutez", "corriger", "quand", "du", "dans",
        "sur",
    ]),
    ("Spanish", &[
        "el", "los", "las", "una", "con", "para", "que", "añadir", "agregar", "arregla", "arreglar", "cuando", "del",
        "por",
    ]),
    ("Italian", &[
        "il", "gli", "della", "con", "per", "aggiungi", "aggiungere", "quando", "che", "nel", "una",
    ]),
    ("Portuguese", &[
        "os", "uma", "com", "para", "não", "adicionar", "quando", "corrigir", "dos", "em",
    ]),
    ("Dutch", &[
        "het", "een", "voor", "met", "toevoegen", "niet", "wanneer", "de", "en",
    ]),
    ("Polish", &[
        "dodaj", "dla", "nie", "oraz", "jest", "do", "się",
    ]),
];

/// Words that say the kind. The first in the goal decides; weak ones only where no strong one stands.
#[rustfmt::skip]
pub(super) const KINDS: &[(Kind, bool, &[&str])] = &[
    (Kind::Bug, true, &[
        "fix*", "bug", "bugs", "broken", "breaks", "wrong", "wrongly", "crash*", "incorrect*", "fails", "failing",
        "regression", "does not work", "doesnt work", "not working", "leak", "leaks", "deadlock*", "debug", "hangs",
        "corrupt*", "throws",
    ]),
    (Kind::Refactoring, true, &[
        "refactor*", "restructur*", "reorgani*", "clean up", "clean it up", "clean this up", "clean them up", "cleanup", "decouple", "extract", "split", "rename",
        "deduplicat*", "untangle", "consolidate", "tidy", "rewrite",
    ]),
    (Kind::Removal, true, &[
        "remove", "removing", "delete", "drop", "get rid", "deprecate", "retire", "strip out",
    ]),
    (Kind::Upgrade, true, &[
        "upgrade", "upgrading", "bump", "update express", "update node", "update dependencies",
        "update the dependencies",
    ]),
    (Kind::Performance, true, &[
        "optimi*", "speed up", "faster", "fast", "slow", "slowness", "performance", "latency", "reduce memory",
        "throughput",
    ]),
    (Kind::Docs, true, &[
        "document", "documentation", "readme", "write docs", "jsdoc", "changelog",
    ]),
    (Kind::Feature, true, &[
        "add", "adds", "adding", "implement*", "introduce", "create", "build", "integrate", "support", "enable",
        "allow", "allows", "should be able", "can now", "replace", "switch", "migrate", "convert", "move", "store",
        "send", "show", "expose", "protect", "limit", "log", "cache", "validate", "paginate", "encrypt", "require",
        "write tests", "cover", "test",
    ]),
    (Kind::Feature, false, &["provide", "want", "wants", "need", "needs", "let", "lets", "handle", "new"]),
    (Kind::Unclear, false, &["make", "improve", "change", "set", "use", "update", "better", "should", "must"]),
];

/// Words by which a sentence tells that something goes wrong.
#[rustfmt::skip]
pub(super) const FAILURES: &[&str] = &[
    "bug", "bugs", "broken", "breaks", "wrong", "wrongly", "crash*", "incorrect*", "fails", "failed", "failing", "regression", "leak", "leaks",
    "hangs", "hang", "corrupt*", "throws", "does not", "doesnt", "do not work", "dont work", "not working", "cannot", "cant", "no longer",
    "are not sent", "is not sent", "not shown", "not saved", "not updated", "report that", "reports that", "complain*", "missing", "twice",
    "returns 500", "error 500", "500 error", "get logged out", "gets logged out", "get signed out", "gets signed out",
    "get kicked out", "gets kicked out", "time out", "times out", "timed out", "disappear*", "vanish*", "stuck", "loses",
    "lose their", "lets any*", "lets every*", "allows any*", "allows every*",
];
