-- 0007 audience: how many read, without knowing who.

-- Of one day and one document's family: "topics/global-lane". Addresses are counted by salted
-- hashes that are thrown away with the day's salt.
CREATE TABLE audience (
    day          TEXT NOT NULL,              -- UTC, ISO
    path         TEXT NOT NULL,
    agent        TEXT NOT NULL,              -- a reader's name, without its version
    requests     INTEGER NOT NULL,
    not_modified INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    subscribers  INTEGER NOT NULL,           -- as the agent told, its most that day; 0: told none
    addresses    INTEGER NOT NULL,           -- distinct ones
    PRIMARY KEY (day, path, agent)
) STRICT, WITHOUT ROWID;

-- When an item was pushed for the first time, for the figure of freshness.
ALTER TABLE items ADD COLUMN pushed_at REAL;

-- Whether any document changed is asked often: without this, each answer walks over its bytes.
CREATE INDEX documents_etags ON documents (path, etag);
