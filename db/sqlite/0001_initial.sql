-- 0001 the whole of 0.1.0: feeds and what polling taught us, entries, stories, topics,
-- editors' decisions, and the documents made of them. Runs on SQLite 3.40 and later.
-- Times are UTC seconds: REAL where a schedule needs the fraction. Hashes that are looked up
-- are signed 64-bit numbers. Numbers that people or published ids may hold are never given
-- twice (AUTOINCREMENT).
PRAGMA application_id = 1095190354;  -- "AGGR": tells a store of ours from another program's

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Manners are a host's, not a feed's: one row for every host that any feed lies on.
CREATE TABLE hosts (
    host       TEXT PRIMARY KEY,
    next_ok_at REAL NOT NULL DEFAULT 0       -- no claim before: spacing, Retry-After
) STRICT, WITHOUT ROWID;

-- What editors and publishers say of a feed. A poll writes the publisher's columns at most.
CREATE TABLE feeds (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    url      TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL UNIQUE,
    spec     TEXT NOT NULL CHECK (json_valid(spec)),      -- the editor's, whole
    private  INTEGER NOT NULL CHECK (private IN (0, 1)),  -- follows from spec: never public
    origin   TEXT NOT NULL,
    status   TEXT NOT NULL,
    title    TEXT,                           -- the publisher's, as are the next three
    site_url TEXT,
    lang     TEXT,
    icon     TEXT,
    added_at INTEGER NOT NULL
) STRICT;

-- What polling taught us: hot, narrow, and apart from what editors say. A lease is next_poll_at
-- pushed ahead, so one index serves due feeds and lost workers; generation fences a late worker.
CREATE TABLE feed_state (
    feed_id        INTEGER PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
    host           TEXT NOT NULL REFERENCES hosts (host),
    next_poll_at   REAL,                     -- NULL: never (paused, retired, gone)
    lease_owner    TEXT,                     -- set while next_poll_at is the end of a lease
    generation     INTEGER NOT NULL DEFAULT 0,
    interval       INTEGER NOT NULL,
    ttl            INTEGER,                  -- what the document last read asks for
    etag           TEXT,                     -- as the server wrote it, quotes and W/ kept
    last_modified  TEXT,                     -- as the server wrote it: sent back, never parsed
    body_hash      INTEGER,
    last_status    INTEGER,
    last_poll_at   REAL,
    last_ok_at     REAL,
    last_new_at    REAL,
    failures       INTEGER NOT NULL DEFAULT 0,
    problem        TEXT,
    moved_to       TEXT,
    moved_count    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX feed_state_due ON feed_state (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX feed_state_host ON feed_state (host);
CREATE INDEX feed_state_leases ON feed_state (host) WHERE lease_owner IS NOT NULL;

CREATE TABLE polls (
    id      INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    at      REAL NOT NULL,
    status  INTEGER,
    ms      INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    new     INTEGER NOT NULL,
    revised INTEGER NOT NULL,
    problem TEXT
) STRICT;
CREATE INDEX polls_of_feed ON polls (feed_id);   -- then by id: in order of time

-- A story outlives a merge as a signpost (merged_into), for its public address may be known.
CREATE TABLE stories (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id     TEXT NOT NULL UNIQUE CHECK (public_id <> ''),
    lead_entry_id INTEGER NOT NULL REFERENCES entries (id) DEFERRABLE INITIALLY DEFERRED,
    first_at      INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    size          INTEGER NOT NULL,
    merged_into   INTEGER REFERENCES stories (id)
) STRICT;
CREATE INDEX stories_merged ON stories (merged_into) WHERE merged_into IS NOT NULL;
-- Without it each new entry would be looked for in all stories: SQLite checks the deferred key so.
CREATE INDEX stories_by_lead ON stories (lead_entry_id);

CREATE TABLE entries (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id       INTEGER NOT NULL REFERENCES feeds (id),
    story_id      INTEGER NOT NULL REFERENCES stories (id),
    story_because TEXT NOT NULL,             -- why it is told there: "first", "same address …"
    guid          TEXT NOT NULL,
    key_hash      INTEGER NOT NULL,          -- identity within the feed
    url_hash      INTEGER,                   -- of the canonical address
    body_hash     INTEGER,                   -- of 30 words and more
    url           TEXT,
    title         TEXT NOT NULL,
    summary       TEXT NOT NULL,
    author        TEXT,
    lang          TEXT,
    published_at  INTEGER,
    updated_at    INTEGER,
    first_seen_at INTEGER NOT NULL,
    rev           INTEGER NOT NULL DEFAULT 1,
    withdrawn_at  INTEGER,
    withdrawn_why TEXT,                      -- of the block it met on arrival
    extra         TEXT CHECK (extra IS NULL OR json_valid(extra))  -- what few entries have
) STRICT;
CREATE INDEX entries_of_feed ON entries (feed_id);
CREATE INDEX entries_of_story ON entries (story_id);
CREATE INDEX entries_by_url ON entries (url_hash) WHERE url_hash IS NOT NULL;
CREATE INDEX entries_by_body ON entries (body_hash) WHERE body_hash IS NOT NULL;

-- The known-check of every poll. It outlives its entries, so that tidying never brings an old
-- item back as new; hence no reference to them.
CREATE TABLE seen (
    feed_id  INTEGER NOT NULL,
    key_hash INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,
    digest   INTEGER NOT NULL,
    url_hash INTEGER,
    PRIMARY KEY (feed_id, key_hash)
) STRICT, WITHOUT ROWID;

-- Content as sanitised HTML, zstd-compressed UTF-8, apart from the columns that lists read.
CREATE TABLE entry_bodies (
    entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    body     BLOB NOT NULL
) STRICT;

CREATE TABLE revisions (
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    rev      INTEGER NOT NULL,               -- of the text kept here
    at       INTEGER NOT NULL,               -- when it was replaced
    title    TEXT NOT NULL,
    summary  TEXT NOT NULL,
    body     BLOB,                           -- as in entry_bodies
    PRIMARY KEY (entry_id, rev)
) STRICT;

CREATE TABLE entry_tags (
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    ord      INTEGER NOT NULL,
    name     TEXT NOT NULL,
    source   TEXT NOT NULL,
    because  TEXT NOT NULL,
    PRIMARY KEY (entry_id, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_tags_by_name ON entry_tags (name);

CREATE TABLE entry_series (
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    ord      INTEGER NOT NULL,
    series   TEXT NOT NULL,
    date     TEXT,                           -- ISO
    because  TEXT NOT NULL,
    PRIMARY KEY (entry_id, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_series_by_name ON entry_series (series, date);

-- Full text of title and summary, rowid = entry id, of entries that are not withdrawn. It holds
-- tokens of core/text.py joined by spaces, each of them one token here too. Written by the store
-- itself (triggers cost three times as much). No content is kept, so a row is deleted by the
-- very tokens it was written with: a rung must rebuild this table whenever the tokenizer changes.
CREATE VIRTUAL TABLE entry_words USING fts5 (
    title, summary, content = '', tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TABLE topics (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    slug       TEXT NOT NULL UNIQUE,
    spec       TEXT NOT NULL CHECK (json_valid(spec)),
    origin     TEXT NOT NULL,
    status     TEXT NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    filed_spec TEXT                          -- rule and vocabulary stored entries were filed by
) STRICT;

CREATE TABLE admissions (
    topic_id  INTEGER NOT NULL REFERENCES topics (id),
    entry_id  INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    by_editor INTEGER NOT NULL CHECK (by_editor IN (0, 1)),
    because   TEXT NOT NULL,
    PRIMARY KEY (entry_id, topic_id, by_editor)
) STRICT, WITHOUT ROWID;

-- Editors' acts. Appended, never changed; they speak of entries, which may be tidied away.
CREATE TABLE decisions (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    verb     TEXT NOT NULL,
    topic_id INTEGER,
    entry_id INTEGER,
    payload  TEXT NOT NULL CHECK (json_valid(payload)),
    why      TEXT NOT NULL,
    undo_of  INTEGER REFERENCES decisions (id)
) STRICT;
CREATE INDEX decisions_on_entry ON decisions (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX decisions_undone ON decisions (undo_of) WHERE undo_of IS NOT NULL;
CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'a decision is never changed; undo it with another');
END;
CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'a decision is never deleted; undo it with another');
END;

-- The projection of rules and decisions; it can be rebuilt from them.
CREATE TABLE verdicts (
    topic_id    INTEGER NOT NULL REFERENCES topics (id),
    story_id    INTEGER NOT NULL REFERENCES stories (id),
    state       TEXT NOT NULL,
    because     TEXT NOT NULL,
    pinned      INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    title       TEXT,
    summary     TEXT,
    note        TEXT,
    decision_id INTEGER REFERENCES decisions (id),
    since       INTEGER NOT NULL,
    PRIMARY KEY (topic_id, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdicts_by_state ON verdicts (topic_id, state, story_id);
CREATE INDEX verdicts_of_story ON verdicts (story_id);

-- A story's place in a published topic. The uri is frozen: it stays with its story for good.
CREATE TABLE items (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_id           INTEGER NOT NULL REFERENCES topics (id),
    story_id           INTEGER NOT NULL REFERENCES stories (id),
    uri                TEXT NOT NULL,
    lead_entry_id      INTEGER NOT NULL REFERENCES entries (id),
    first_published_at INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    text_digest        INTEGER,
    visible_from       INTEGER NOT NULL,
    visible_until      INTEGER,
    UNIQUE (topic_id, uri),
    UNIQUE (topic_id, story_id)
) STRICT;
CREATE INDEX items_in_order ON items (topic_id, first_published_at DESC, id DESC);
CREATE INDEX items_of_story ON items (story_id);
CREATE INDEX items_by_lead ON items (lead_entry_id);

-- What waits to be published: several marks a topic, for a delay is a mark ahead of now.
CREATE TABLE topic_dirty (
    topic_id   INTEGER NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
    not_before REAL NOT NULL,
    PRIMARY KEY (topic_id, not_before)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    path         TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL,
    gzip         BLOB NOT NULL,
    etag         TEXT NOT NULL,
    kept_at      INTEGER NOT NULL            -- when these bytes were first kept
) STRICT;

-- What was taken out and may not return, until lifted.
CREATE TABLE withdrawals (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('entry', 'url', 'body', 'feed', 'host')),
    value       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    decision_id INTEGER NOT NULL REFERENCES decisions (id),
    lifted_at   INTEGER
) STRICT;
CREATE INDEX withdrawals_in_force ON withdrawals (kind) WHERE lifted_at IS NULL;
CREATE INDEX withdrawals_by_decision ON withdrawals (decision_id);
