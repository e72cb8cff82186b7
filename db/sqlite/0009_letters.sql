-- 0009 letters and webhooks.

CREATE TABLE letter_readers (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id     INTEGER NOT NULL REFERENCES topics (id),
    address      TEXT NOT NULL,
    every        TEXT NOT NULL CHECK (every IN ('daily', 'weekly')),
    secret       TEXT NOT NULL UNIQUE,       -- in the addresses of confirm and unsubscribe
    wants        TEXT CHECK (wants IN ('daily', 'weekly')), -- asked for and not confirmed yet
    asked_at     INTEGER NOT NULL,           -- when that was asked for last
    ask_at       REAL,                       -- when the question about it is due; NULL: it is out
    confirmed_at INTEGER,                    -- NULL: gets nothing: never said yes, or said no since
    ended_at     INTEGER,
    sent_to      INTEGER NOT NULL DEFAULT 0, -- the highest item number sent
    next_at      REAL,                       -- when the next letter is due
    failures     INTEGER NOT NULL DEFAULT 0,
    problem      TEXT,
    UNIQUE (topic_id, address)
) STRICT;
CREATE INDEX letter_readers_due ON letter_readers (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX letter_readers_asked ON letter_readers (ask_at) WHERE ask_at IS NOT NULL;

-- What a webhook is still to be told: one row an item and address.
CREATE TABLE hook_deliveries (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id INTEGER NOT NULL REFERENCES topics (id),
    url      TEXT NOT NULL,
    event    TEXT NOT NULL CHECK (event IN ('item', 'edited', 'withdrawn')),
    item_id  INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE, -- an undo may take it out
    made_at  REAL NOT NULL,
    due_at   REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    problem  TEXT,
    UNIQUE (topic_id, url, event, item_id)
) STRICT;
CREATE INDEX hook_deliveries_due ON hook_deliveries (due_at);
CREATE INDEX hook_deliveries_of_item ON hook_deliveries (item_id);
