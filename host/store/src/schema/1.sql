-- Numbers that must survive whatever else is lost.
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('next_chain', 1);

-- Projection: a chain in one line. `version` is also what an append is checked against.
CREATE TABLE chains (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL,
    goal TEXT NOT NULL,
    phase TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    overall REAL NOT NULL,
    open_questions INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    usd_micros INTEGER NOT NULL,
    provider TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    context_file TEXT NOT NULL
) STRICT;

-- The history; everything else in this file but the blobs can be made from it again. Times are milliseconds since 1970.
-- A table with a row number, so that events lie in the order in which they were written: the steps of many chains that
-- share a transaction fill a few pages at the end, instead of changing a page for each chain and another for each long text.
CREATE TABLE events (
    chain INTEGER NOT NULL REFERENCES chains (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT;

-- Raw replies and the like, by their sha-256.
CREATE TABLE blobs (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

-- Projection: each stay in a phase. `error_category` is the kind of the last failure or refusal in it.
CREATE TABLE phase_visits (
    chain INTEGER NOT NULL REFERENCES chains (id),
    phase TEXT NOT NULL,
    visit INTEGER NOT NULL,
    entered INTEGER NOT NULL,
    left INTEGER,
    success INTEGER,
    elapsed_ms INTEGER,
    tokens INTEGER,
    usd_micros INTEGER,
    error_category TEXT,
    PRIMARY KEY (chain, phase, visit)
) STRICT, WITHOUT ROWID;

-- Projection: each run of a prompt. Nothing after `git_head` is known before it ended.
CREATE TABLE prompt_runs (
    chain INTEGER NOT NULL REFERENCES chains (id),
    effect INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    version TEXT NOT NULL,
    phase TEXT NOT NULL,
    visit INTEGER NOT NULL,
    started INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    possibly_billed_twice INTEGER NOT NULL,
    confidence_before REAL,
    variant TEXT,
    user TEXT,
    git_head TEXT,
    ended INTEGER,
    elapsed_ms INTEGER,
    ok INTEGER,
    error_category TEXT,
    provider TEXT,
    model TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    usd_micros INTEGER NOT NULL DEFAULT 0,
    from_memo INTEGER NOT NULL DEFAULT 0,
    confidence_after REAL,
    rating INTEGER,
    PRIMARY KEY (chain, effect)
) STRICT;
CREATE INDEX prompt_runs_ended ON prompt_runs (ended) WHERE ended IS NOT NULL;
