-- The first version. Times are RFC 3339 in UTC with nine digits, so that they sort as text; words
-- and names are bare text, lists are JSON, what is large is gzipped JSON in the last columns.

CREATE TABLE definition (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE instance (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    definition_id  INTEGER NOT NULL REFERENCES definition (id),
    runtime        TEXT NOT NULL,
    namespace      TEXT,
    namespace_mode TEXT,
    cluster_uid    TEXT,
    overrides      TEXT NOT NULL,
    created_at     TEXT NOT NULL,
    status         TEXT,
    status_reason  TEXT,
    status_at      TEXT
) STRICT;
CREATE INDEX instance_by_definition ON instance (definition_id);

-- A revision taken in from a cluster's record is there for that instance alone: `only_for`.
CREATE TABLE revision (
    id            INTEGER PRIMARY KEY,
    definition_id INTEGER NOT NULL REFERENCES definition (id) ON DELETE CASCADE,
    only_for      INTEGER REFERENCES instance (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    digest        TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    object_count  INTEGER NOT NULL,
    source        TEXT NOT NULL,
    content       BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX revision_by_number ON revision (definition_id, number) WHERE only_for IS NULL;
CREATE UNIQUE INDEX revision_taken_in ON revision (only_for, digest, created_at)
    WHERE only_for IS NOT NULL;
CREATE INDEX revision_by_definition ON revision (definition_id, created_at);

-- Ids are random; two databases may have counted to the same number.
CREATE TABLE release (
    instance_id         INTEGER NOT NULL REFERENCES instance (id) ON DELETE CASCADE,
    id                  TEXT NOT NULL,
    number              INTEGER NOT NULL,
    deployer            TEXT NOT NULL,
    started_at          TEXT NOT NULL,
    ended_at            TEXT,
    outcome             TEXT NOT NULL,
    definition          TEXT NOT NULL,
    revision            INTEGER NOT NULL,
    digest              TEXT NOT NULL,
    revision_created_at TEXT NOT NULL,
    overrides           TEXT NOT NULL,
    deeds               BLOB,
    rendered            BLOB,
    PRIMARY KEY (instance_id, id)
) STRICT;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE runtime (
    name        TEXT PRIMARY KEY,
    cluster_uid TEXT,
    server      TEXT,
    ca_digest   TEXT,
    seen_at     TEXT NOT NULL
) STRICT;
