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
    skipped      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(skipped)),
        -- numbers up to there that could not be seen then: they are sent should they come back
    next_at      REAL,                       -- when the next letter is due
    taken_until  REAL,                       -- till then one process has it, and no other sends
    taken_to     INTEGER,                    -- the highest item number of a letter that may be out
    failures     INTEGER NOT NULL DEFAULT 0,
    problem      TEXT,
    UNIQUE (topic_id, address)
) STRICT;
CREATE INDEX letter_readers_due ON letter_readers (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX letter_readers_asked ON letter_readers (ask_at) WHERE ask_at IS NOT NULL;

-- Each wish for letters, for a week: how often an address may be written to that never said yes.
CREATE TABLE letter_wishes (
    box      TEXT NOT NULL,                  -- whose it is, however the address is written
    topic_id INTEGER NOT NULL REFERENCES topics (id),
    at       INTEGER NOT NULL,
    asks     INTEGER NOT NULL                -- 1: a question goes out for it
) STRICT;
CREATE INDEX letter_wishes_of_box ON letter_wishes (box, at);
CREATE INDEX letter_wishes_by_time ON letter_wishes (at);

-- What webhooks know of a topic's newest items: who was told that one is out is told that it went.
CREATE TABLE hook_items (
    topic_id   INTEGER NOT NULL REFERENCES topics (id),
    number     INTEGER NOT NULL,             -- of the item
    item_id    INTEGER NOT NULL,
    uri        TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('out', 'taken_back', 'withdrawn')),
    updated_at INTEGER NOT NULL,             -- of the item, when it was looked at last
    PRIMARY KEY (topic_id, number)
) STRICT, WITHOUT ROWID;

-- What a webhook is still to be told: one row an item, event and address. An undo may take the item
-- out; what went is told all the same.
CREATE TABLE hook_deliveries (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id INTEGER NOT NULL REFERENCES topics (id),
    url      TEXT NOT NULL,
    event    TEXT NOT NULL CHECK (event IN ('published', 'updated', 'withdrawn', 'taken_back')),
    item_id  INTEGER NOT NULL,
    uri      TEXT NOT NULL,
    number   INTEGER,
    made_at  REAL NOT NULL,
    due_at   REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    problem  TEXT,
    UNIQUE (topic_id, url, event, item_id)
) STRICT;
CREATE INDEX hook_deliveries_due ON hook_deliveries (due_at);

-- How it stands with each address that was called.
CREATE TABLE hook_states (
    topic_id  INTEGER NOT NULL REFERENCES topics (id),
    url       TEXT NOT NULL,
    told_at   REAL,                          -- when it took a call last
    failed_at REAL,                          -- when it did not
    failures  INTEGER NOT NULL DEFAULT 0,    -- calls in vain, in a row
    lost      INTEGER NOT NULL DEFAULT 0,    -- things it was never told: given up
    ended_at  REAL,                          -- it said 410: not called any more
    problem   TEXT,
    PRIMARY KEY (topic_id, url)
) STRICT, WITHOUT ROWID;
