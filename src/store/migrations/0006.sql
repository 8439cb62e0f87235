-- What a list of instances shows of the newest release of each, kept beside it: to find it among all releases takes
-- longer than to read everything else of ten thousand instances.

CREATE TABLE newest_release (
    instance_id INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    number      INTEGER NOT NULL,
    started_at  TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    pinned      INTEGER NOT NULL
) STRICT;

INSERT INTO newest_release
    SELECT instance.id, release.id, number, started_at, outcome, revision, pinned
    FROM instance JOIN release ON release.rowid = (
        SELECT rowid FROM release WHERE instance_id = instance.id
        ORDER BY number DESC, started_at DESC, id DESC LIMIT 1);

CREATE TRIGGER release_added AFTER INSERT ON release BEGIN
    DELETE FROM newest_release WHERE instance_id = new.instance_id;
    INSERT INTO newest_release
        SELECT instance_id, id, number, started_at, outcome, revision, pinned
        FROM release WHERE instance_id = new.instance_id
        ORDER BY number DESC, started_at DESC, id DESC LIMIT 1;
END;
CREATE TRIGGER release_changed AFTER UPDATE OF number, started_at, outcome, revision, pinned ON release BEGIN
    DELETE FROM newest_release WHERE instance_id = new.instance_id;
    INSERT INTO newest_release
        SELECT instance_id, id, number, started_at, outcome, revision, pinned
        FROM release WHERE instance_id = new.instance_id
        ORDER BY number DESC, started_at DESC, id DESC LIMIT 1;
END;
CREATE TRIGGER release_removed AFTER DELETE ON release BEGIN
    DELETE FROM newest_release WHERE instance_id = old.instance_id;
    INSERT INTO newest_release
        SELECT instance_id, id, number, started_at, outcome, revision, pinned
        FROM release WHERE instance_id = old.instance_id
        ORDER BY number DESC, started_at DESC, id DESC LIMIT 1;
END;
