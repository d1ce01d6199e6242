-- Projection: uncertainties that were closed. `closed_by` is the run of a prompt that did it, if one did.
CREATE TABLE closings (
    chain INTEGER NOT NULL REFERENCES chains (id),
    area TEXT NOT NULL,
    at INTEGER NOT NULL,
    closed_by INTEGER,
    blocked INTEGER NOT NULL,
    PRIMARY KEY (chain, area)
) STRICT, WITHOUT ROWID;
