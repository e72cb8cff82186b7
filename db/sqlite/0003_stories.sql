-- 0003 stories: near-duplicates, what is related, what editors tied or cut, and how an act is undone.

-- The inverted index of near-duplicates: the 12 smallest hashes of an entry's runs of three words
-- and 4 of its first words; and what is compared exactly. Only as far back as copies are looked for.
CREATE TABLE print_keys (
    key      INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,               -- no reference: swept in the order of keys, and late
    PRIMARY KEY (key, entry_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE prints (
    entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,               -- its place in time
    shingles BLOB NOT NULL,                  -- 4 bytes for each run of three words, in their order
    head     TEXT NOT NULL                   -- how it begins, whose figures and names must agree
) STRICT;
CREATE INDEX prints_by_age ON prints (at);

-- Alike, but not alike enough to be told as one: shown, never folded.
CREATE TABLE related (
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    other_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    likeness REAL NOT NULL,                  -- containment, 0 to 1
    because  TEXT NOT NULL,
    PRIMARY KEY (entry_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX related_other ON related (other_id);

-- What editors tied together or cut apart, for good: the projection of their merges and splits.
CREATE TABLE bonds (
    one         INTEGER NOT NULL,            -- the lower entry id of the pair
    other       INTEGER NOT NULL,
    together    INTEGER NOT NULL CHECK (together IN (0, 1)),
    decision_id INTEGER NOT NULL REFERENCES decisions (id),
    PRIMARY KEY (one, other, decision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bonds_other ON bonds (other);
CREATE INDEX bonds_of_decision ON bonds (decision_id);

-- What an act changed, row by row, so that its undo restores exactly that.
CREATE TABLE journal (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    decision_id INTEGER NOT NULL REFERENCES decisions (id),
    tbl         TEXT NOT NULL,
    op          TEXT NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
    before      TEXT CHECK (before IS NULL OR json_valid(before)),
    after       TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;
CREATE INDEX journal_of_decision ON journal (decision_id);

-- What was a story is an article from here on: the copies of one text, told as one item. A story is
-- the articles that report one piece of news; it goes by the article that heads it.
ALTER TABLE stories RENAME TO articles;
ALTER TABLE entries RENAME COLUMN story_id TO article_id;
ALTER TABLE entries RENAME COLUMN story_because TO article_because;
ALTER TABLE verdicts RENAME COLUMN story_id TO article_id;
ALTER TABLE items RENAME COLUMN story_id TO article_id;
DROP INDEX stories_merged;
DROP INDEX stories_by_lead;
DROP INDEX entries_of_story;
DROP INDEX verdicts_by_state;
DROP INDEX verdicts_of_story;
DROP INDEX items_of_story;
CREATE INDEX articles_merged ON articles (merged_into) WHERE merged_into IS NOT NULL;
-- Without it each new entry would be looked for in all articles: SQLite checks the deferred key so.
CREATE INDEX articles_by_lead ON articles (lead_entry_id);
CREATE INDEX entries_of_article ON entries (article_id);
CREATE INDEX verdicts_by_state ON verdicts (topic_id, state, article_id);
CREATE INDEX verdicts_of_article ON verdicts (article_id);
CREATE INDEX items_of_article ON items (article_id);

ALTER TABLE articles ADD COLUMN story_id INTEGER NOT NULL DEFAULT 0;  -- the article that heads its story
ALTER TABLE articles ADD COLUMN cluster_id INTEGER;  -- the one that opened its cluster; NULL: never clustered
ALTER TABLE articles ADD COLUMN because TEXT NOT NULL DEFAULT 'first';  -- why it is told in its story
ALTER TABLE articles ADD COLUMN led_by INTEGER;      -- the entry that an editor chose for its lead
UPDATE articles SET story_id = coalesce(merged_into, id);
CREATE INDEX articles_of_story ON articles (story_id);
ALTER TABLE entries ADD COLUMN reissue_of INTEGER;   -- the entry that this one corrects

-- What the index of stories goes by, as it placed each article: it is built from these rows at start.
-- Only as far back as its window; it is truth that could be found out again.
CREATE TABLE reports (
    article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    entry_id   INTEGER NOT NULL,             -- that opened the article
    feed_id    INTEGER NOT NULL,
    at         INTEGER NOT NULL,             -- its place in time
    lang       TEXT NOT NULL,
    terms      BLOB NOT NULL                 -- words and weights, 4 bytes each
) STRICT;

-- A column's instalments may be numbered; `told`: the text itself tells the date, else it is the day of
-- publication.
ALTER TABLE entry_series ADD COLUMN number INTEGER;
ALTER TABLE entry_series ADD COLUMN told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1));
CREATE INDEX entry_series_by_number ON entry_series (series, number) WHERE number IS NOT NULL;

-- Articles that changed their story or cluster, in order: how other processes follow.
CREATE TABLE article_moves (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER NOT NULL
) STRICT;

-- Searches go through the entries in order of their place in time, newest first.
CREATE INDEX entries_by_place
    ON entries (min(coalesce(published_at, first_seen_at), first_seen_at));

-- Until when a publisher calls its document fresh, so that a shorter `every:` can take effect at
-- once and the feed is asked no sooner than its server allows. NULL: no poll has told yet.
ALTER TABLE feed_state ADD COLUMN fresh_until REAL;
