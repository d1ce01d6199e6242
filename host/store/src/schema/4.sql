-- Projection: what became of confidences. A score, by its area and the effect whose reply brought it, has one outcome.
CREATE TABLE predictions (
    chain INTEGER NOT NULL REFERENCES chains (id),
    area TEXT NOT NULL,
    scored_by INTEGER NOT NULL,
    model TEXT NOT NULL,
    confidence REAL NOT NULL,
    held INTEGER NOT NULL,
    overrules INTEGER NOT NULL,
    PRIMARY KEY (chain, area, scored_by)
) STRICT, WITHOUT ROWID;
