-- What interpreters said of files. All of it can be computed again, so a file of another shape is deleted, not migrated.
CREATE TABLE summaries (
    plugin BLOB NOT NULL,
    -- Of path and content.
    file BLOB NOT NULL,
    -- A count of the writes, not a time: what was last used at the smallest count goes first.
    used INTEGER NOT NULL,
    -- Bytes of data and problem.
    size INTEGER NOT NULL,
    data BLOB NOT NULL,
    problem TEXT,
    -- Of everything that matters above: after a power cut, a row can be another's.
    checksum BLOB NOT NULL,
    UNIQUE (plugin, file)
) STRICT;
CREATE INDEX summaries_by_use ON summaries (used);

-- Kept up to date by every write: counting would read the whole file.
CREATE TABLE total (summaries INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES (0, 0);
