-- 0004 editions: an item's number in its topic, archives that never change but by withdrawal, and
-- documents kept once for each content.

-- In the order in which items were first out, from 1; NULL: not out yet. Never given again.
ALTER TABLE items ADD COLUMN number INTEGER;
CREATE UNIQUE INDEX items_by_number ON items (topic_id, number);
CREATE INDEX items_by_time ON items (visible_from);  -- what is still to come, of all topics

-- Items that readers had and an undo took back whole, so that their story, should it be published
-- again, has its id and its place again.
CREATE TABLE former_items (
    id                 INTEGER NOT NULL,
    topic_id           INTEGER NOT NULL REFERENCES topics (id),
    uri                TEXT NOT NULL,
    lead_entry_id      INTEGER NOT NULL,
    first_published_at INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    text_digest        INTEGER,
    visible_from       INTEGER NOT NULL,
    number             INTEGER,
    PRIMARY KEY (topic_id, uri)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_items_by_lead ON former_items (lead_entry_id);
CREATE TRIGGER items_leave AFTER DELETE ON items WHEN OLD.text_digest IS NOT NULL BEGIN
    INSERT OR REPLACE INTO former_items VALUES (OLD.id, OLD.topic_id, OLD.uri, OLD.lead_entry_id,
        OLD.first_published_at, OLD.updated_at, OLD.text_digest, OLD.visible_from, OLD.number);
END;

-- A complete archive (RFC 5005, section 4): the items from `first` to `last`.
CREATE TABLE archives (
    topic_id  INTEGER NOT NULL REFERENCES topics (id),
    number    INTEGER NOT NULL,              -- from 1, the oldest
    first     INTEGER NOT NULL,              -- numbers of items
    last      INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    PRIMARY KEY (topic_id, number)
) STRICT, WITHOUT ROWID;

-- Whose texts and names an archive holds, item by item: what a withdrawal takes out of it.
CREATE TABLE archived_sources (
    topic_id INTEGER NOT NULL,
    number   INTEGER NOT NULL,               -- of the item
    entry_id INTEGER NOT NULL,
    shown    INTEGER NOT NULL,               -- 0: taken out, to come back when it is let return
    PRIMARY KEY (topic_id, number, entry_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX archived_sources_by_entry ON archived_sources (entry_id);
CREATE INDEX archived_sources_out ON archived_sources (topic_id) WHERE NOT shown;
-- What comes back after the archive of its place was closed without it comes as the newest.
CREATE TRIGGER items_return AFTER INSERT ON items WHEN NEW.number IS NOT NULL BEGIN
    UPDATE items SET number = NULL WHERE id = NEW.id
      AND number <= (SELECT max(last) FROM archives WHERE topic_id = NEW.topic_id)
      AND NOT EXISTS (SELECT 1 FROM archived_sources
                      WHERE topic_id = NEW.topic_id AND number = NEW.number);
END;
CREATE INDEX feeds_private ON feeds (id) WHERE private;

-- Addresses that topics once had: where they went, or that they are gone for good.
CREATE TABLE former_slugs (
    slug     TEXT PRIMARY KEY,
    topic_id INTEGER REFERENCES topics (id), -- where it went; NULL: removed (410)
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Other codings than gzip, made once with the bytes.
ALTER TABLE documents ADD COLUMN zstd BLOB;
ALTER TABLE documents ADD COLUMN br BLOB;
