-- What `history` shows of a release without opening what is packed: how many objects met which fate
-- and the images of its containers as JSON, why it failed, and which release it returned to.

ALTER TABLE release ADD COLUMN reason TEXT;
ALTER TABLE release ADD COLUMN returns_to INTEGER;
ALTER TABLE release ADD COLUMN counts TEXT;
ALTER TABLE release ADD COLUMN images TEXT;
