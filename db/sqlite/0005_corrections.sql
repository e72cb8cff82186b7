-- 0005 corrections: what happened to an item after readers had it.

CREATE TABLE corrections (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id INTEGER NOT NULL REFERENCES topics (id),
    item_id  INTEGER NOT NULL REFERENCES items (id),
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('edited', 'withdrawn', 'returned')),
    title    TEXT NOT NULL,                  -- as readers knew it; '' where it may be shown no more
    why      TEXT NOT NULL,                  -- '' or in words: who took it out, and why
    diff     TEXT CHECK (diff IS NULL OR json_valid(diff))  -- of words: [["=", "…"], ["-", "…"], ["+", "…"]]
) STRICT;
CREATE INDEX corrections_of_topic ON corrections (topic_id, id);
CREATE INDEX corrections_of_item ON corrections (item_id);

-- What readers last had of an item, for the next comparison: title and plain text, as entry_bodies.
CREATE TABLE item_texts (
    item_id INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    body    BLOB NOT NULL
) STRICT;
