-- Whether a release's revision was named, so that it is held until the next deploy that names none.

ALTER TABLE release ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
