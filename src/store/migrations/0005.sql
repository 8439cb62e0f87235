-- A list of releases reads nothing that is large. Which images a release changed is noted when it begins, and of the
-- images themselves only those that an instance sent last are kept; what earlier versions kept with each release is
-- summed up bit by bit. All that is shown lies in one index, in the order in which it is shown.

ALTER TABLE release ADD COLUMN images_changed TEXT;

CREATE INDEX release_shown ON release (
    instance_id, number DESC, started_at DESC, id DESC, deployer, ended_at, outcome, reason,
    definition, revision, digest, revision_created_at, returns_to, pinned, overrides, counts,
    images_changed
);
CREATE INDEX release_to_sum_up ON release (instance_id, number DESC, started_at DESC, id DESC)
    WHERE images IS NOT NULL OR (counts IS NULL AND deeds IS NOT NULL);

CREATE TABLE sent_images (
    instance_id INTEGER PRIMARY KEY REFERENCES instance (id) ON DELETE CASCADE,
    release_id  TEXT NOT NULL,
    images      TEXT NOT NULL
) STRICT;
INSERT INTO sent_images
    SELECT instance_id, id, images FROM release AS newest
    WHERE images IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM release AS newer
        WHERE newer.instance_id = newest.instance_id AND newer.images IS NOT NULL
          AND (newer.number, newer.started_at, newer.id)
              > (newest.number, newest.started_at, newest.id));
