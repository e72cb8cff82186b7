-- 0004 editions: an item's number in its topic, archives that never change but by withdrawal, and
-- documents kept once for each content.

-- In the order in which items were first out, from 1; NULL: not out yet. Never given again.
ALTER TABLE items ADD COLUMN number INTEGER;
CREATE UNIQUE INDEX items_by_number ON items (topic_id, number) WHERE number IS NOT NULL;

-- A complete archive (RFC 5005, section 4): the items from `first` to `last`.
CREATE TABLE archives (
    topic_id  INTEGER NOT NULL REFERENCES topics (id),
    number    INTEGER NOT NULL,              -- from 1, the oldest
    first     INTEGER NOT NULL,              -- numbers of items
    last      INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    PRIMARY KEY (topic_id, number)
) STRICT, WITHOUT ROWID;

-- Addresses that topics once had: where they went, or that they are gone for good.
CREATE TABLE former_slugs (
    slug     TEXT PRIMARY KEY,
    topic_id INTEGER REFERENCES topics (id), -- where it went; NULL: removed (410)
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Other codings than gzip, made once with the bytes.
ALTER TABLE documents ADD COLUMN zstd BLOB;
ALTER TABLE documents ADD COLUMN br BLOB;
