-- 0002 what 0.2.0 learns of feeds and hosts: rhythm, publishers' hours, moves, pushes by hubs,
-- OPML lists that are followed, article pages, and the ledger of what was asked of whom.
-- Only adds: a store of 0.1.0 keeps every row.
ALTER TABLE feed_state ADD COLUMN moved_since REAL;
ALTER TABLE feed_state ADD COLUMN gap INTEGER;           -- median seconds between two entries
ALTER TABLE feed_state ADD COLUMN usual_at INTEGER;      -- second of the UTC day of a dated column
ALTER TABLE feed_state ADD COLUMN usual_days INTEGER;    -- a bit for each day, Monday the lowest
ALTER TABLE feed_state ADD COLUMN skip_hours INTEGER NOT NULL DEFAULT 0;   -- a bit for each, GMT
ALTER TABLE feed_state ADD COLUMN skip_days INTEGER NOT NULL DEFAULT 0;    -- Monday the lowest
ALTER TABLE feed_state ADD COLUMN tolerant INTEGER NOT NULL DEFAULT 0 CHECK (tolerant IN (0, 1));
ALTER TABLE feed_state ADD COLUMN read_by TEXT;          -- readers' version the validators stand for
ALTER TABLE feed_state ADD COLUMN pushed_until REAL;
ALTER TABLE feed_state ADD COLUMN notice TEXT;
ALTER TABLE feeds ADD COLUMN moved_from TEXT;            -- the address editors wrote, left by a redirect
ALTER TABLE entries ADD COLUMN held_why TEXT;            -- what keeps it from being published unseen

-- What was asked and what it brought, a line a day: the ledger that publishers and editors see.
-- A day is the number of whole days since 1970-01-01 UTC.
CREATE TABLE host_days (
    host         TEXT NOT NULL,
    day          INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    not_modified INTEGER NOT NULL,
    failed       INTEGER NOT NULL,           -- no answer, or a status of 400 and above
    bytes        INTEGER NOT NULL,           -- of bodies, as they came over the wire
    private      INTEGER NOT NULL,           -- of the requests, those for feeds with a login
    PRIMARY KEY (host, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE feed_days (
    feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    day     INTEGER NOT NULL,
    new     INTEGER NOT NULL,
    revised INTEGER NOT NULL,
    PRIMARY KEY (feed_id, day)
) STRICT, WITHOUT ROWID;

-- OPML documents that are followed: what they name is polled, what leaves them is retired.
CREATE TABLE lists (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    url           TEXT NOT NULL UNIQUE,
    spec          TEXT NOT NULL CHECK (json_valid(spec)),     -- what its feeds are given
    origin        TEXT NOT NULL,
    status        TEXT NOT NULL,
    title         TEXT,                      -- the publisher's
    next_poll_at  REAL,                      -- NULL: never
    etag          TEXT,
    last_modified TEXT,
    last_poll_at  REAL,
    last_ok_at    REAL,
    failures      INTEGER NOT NULL DEFAULT 0,
    problem       TEXT,
    added_at      INTEGER NOT NULL
) STRICT;
ALTER TABLE feeds ADD COLUMN list_id INTEGER REFERENCES lists (id);
ALTER TABLE feeds ADD COLUMN listed_as TEXT;   -- its address there, which stays when the feed moves
CREATE INDEX feeds_of_list ON feeds (list_id) WHERE list_id IS NOT NULL;

-- Subscriptions to hubs. The token of a callback is kept as a hash, the secret as it is: bodies
-- are signed with it.
CREATE TABLE pushes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id     INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    hub         TEXT NOT NULL,
    topic       TEXT NOT NULL,               -- rel=self, which is what was subscribed to
    token_hash  TEXT NOT NULL UNIQUE,
    secret      TEXT NOT NULL,
    state       TEXT NOT NULL,
    asked_at    REAL NOT NULL,
    verified_at REAL,
    expires_at  REAL,
    next_at     REAL,                        -- when to renew or try again; NULL: never
    failures    INTEGER NOT NULL DEFAULT 0,
    problem     TEXT,
    last_at     REAL                         -- when the hub last brought something that was signed
) STRICT;
CREATE INDEX pushes_of_feed ON pushes (feed_id);
CREATE INDEX pushes_due ON pushes (next_at) WHERE next_at IS NOT NULL;

-- Article pages of feeds that only tease: each is asked for once. due_at is NULL when it is done.
CREATE TABLE pages (
    entry_id   INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    host       TEXT NOT NULL,
    due_at     REAL,
    tries      INTEGER NOT NULL DEFAULT 0,
    fetched_at REAL,
    problem    TEXT,
    body       BLOB                          -- sanitised HTML, as in entry_bodies
) STRICT;
CREATE INDEX pages_due ON pages (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE robots (
    host       TEXT PRIMARY KEY,             -- host, and port where it is not the scheme's
    fetched_at REAL NOT NULL,
    status     INTEGER,                      -- NULL: no answer
    body       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
