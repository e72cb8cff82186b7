-- 0006 hub: who is pushed what (WebSub), and what is still to be delivered.

CREATE TABLE hub_subscriptions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    path        TEXT NOT NULL,               -- of a document: "topics/global-lane.atom"
    callback    TEXT NOT NULL,
    host        TEXT NOT NULL,               -- the callback's domain or network: what is counted
    secret      TEXT,
    lease_until REAL NOT NULL,
    since       REAL NOT NULL,
    failures    INTEGER NOT NULL DEFAULT 0,  -- calls in vain since the last that was answered
    problem     TEXT,
    took        REAL,                        -- seconds until the last answer
    last_at     REAL,                        -- when it last took a body
    address     TEXT,                        -- the machine it was last found at
    asker       TEXT NOT NULL DEFAULT '',    -- who asked for it, as a hash
    UNIQUE (path, callback)
) STRICT;
CREATE INDEX hub_subscriptions_end ON hub_subscriptions (lease_until);
CREATE INDEX hub_subscriptions_host ON hub_subscriptions (host);
CREATE INDEX hub_subscriptions_address ON hub_subscriptions (address);

-- Requests that wait for the subscriber's word (verification of intent). Whoever names another mode
-- or secret has a request of their own: nobody takes the place of somebody else's.
CREATE TABLE hub_requests (
    path     TEXT NOT NULL,
    callback TEXT NOT NULL,
    mode     TEXT NOT NULL CHECK (mode IN ('subscribe', 'unsubscribe', 'denied')),
    host     TEXT NOT NULL,
    secret   TEXT NOT NULL,                  -- '': none
    lease    INTEGER NOT NULL,               -- seconds
    why      TEXT NOT NULL DEFAULT '',
    at       REAL NOT NULL,
    due_at   REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    asker    TEXT NOT NULL DEFAULT '',       -- as a hash under a salt that nobody keeps
    PRIMARY KEY (path, callback, mode, secret)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_requests_due ON hub_requests (due_at);
CREATE INDEX hub_requests_asker ON hub_requests (asker);

-- One a subscription at most: who is slow gets the newest bytes, not each of them.
CREATE TABLE hub_deliveries (
    subscription_id INTEGER PRIMARY KEY REFERENCES hub_subscriptions (id) ON DELETE CASCADE,
    made_at  REAL NOT NULL,                  -- when the document changed
    due_at   REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    version  INTEGER NOT NULL DEFAULT 1      -- goes up when the document changes meanwhile
) STRICT;
CREATE INDEX hub_deliveries_due ON hub_deliveries (due_at);

-- Outside hubs and rssCloud servers to be told that a topic changed.
CREATE TABLE pings (
    target   TEXT NOT NULL,                  -- the hub's address
    path     TEXT NOT NULL,
    made_at  REAL NOT NULL,
    due_at   REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    version  INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (target, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX pings_due ON pings (due_at);
