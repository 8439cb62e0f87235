-- What was not ready when a release ended, with what told why.

ALTER TABLE release ADD COLUMN unready BLOB;
