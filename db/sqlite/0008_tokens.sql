-- 0008 tokens: private feeds.

CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    digest       BLOB NOT NULL UNIQUE,       -- of the secret, which is told once and never kept
    hint         TEXT NOT NULL,              -- its first characters, to tell tokens apart
    label        TEXT NOT NULL,              -- whose it is
    topics       TEXT NOT NULL CHECK (json_valid(topics)),  -- ids; []: all
    query        INTEGER NOT NULL DEFAULT 0 CHECK (query IN (0, 1)),  -- whether q.atom may be asked
    private      INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),  -- whether it shows private feeds
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;
