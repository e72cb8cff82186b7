-- 0005 corrections: what happened to an item after readers had it.

CREATE TABLE corrections (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id INTEGER NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
    item_id  INTEGER NOT NULL,               -- an undo may take the item out for a while
    entry_id INTEGER NOT NULL,               -- the lead it was of: shown only while that may be
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('edited', 'withdrawn', 'returned')),
    policy   TEXT NOT NULL,                  -- what its feed had it told by: silent, bump …
    title    TEXT NOT NULL,                  -- as readers knew it; '' where it may be shown no more
    why      TEXT NOT NULL,                  -- in words: what changed, or who took it out
    diff     TEXT CHECK (diff IS NULL OR json_valid(diff))
        -- of words: {"title": [["=", "…"], ["-", "…"], ["+", "…"]], "text": …}
) STRICT;
CREATE INDEX corrections_of_topic ON corrections (topic_id, kind, id);
CREATE INDEX corrections_of_item ON corrections (item_id, id);
CREATE INDEX entries_by_withdrawal ON entries (withdrawn_at) WHERE withdrawn_at IS NOT NULL;

-- What readers last had of an item, for the next comparison.
CREATE TABLE item_texts (
    item_id  INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    entry_id INTEGER NOT NULL,               -- its lead then
    rev      INTEGER NOT NULL,               -- of that entry
    ours     INTEGER NOT NULL,               -- a hash of what editors said of it
    title    TEXT NOT NULL,
    body     BLOB                            -- plain text, packed as entry_bodies
) STRICT;
