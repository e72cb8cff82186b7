"""Entries, their texts, tags and what was seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from aggregator.core.urls import host_of, lies_on
from aggregator.model.entry import Entry, EntryView, Instalment, Known, Revision
from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.intake import Candidate, Intake, Kept, Past
from aggregator.store import keeping, rows, words
from aggregator.store.packing import unpack
from aggregator.store.prints import SqlitePrints
from aggregator.store.sqlite import LAST_ID, Connection, Row, many

_CANDIDATE = (
    "SELECT id, feed_id, article_id, url_hash, body_hash, first_seen_at, title FROM entries"
)
# In a topic that tells stories the verdict is that of the article which stands for the story. An
# editor's word (the last) stands over the rule's.
_VERDICTS = """
    SELECT a.entry_id, t.slug, coalesce(v.state, (
        SELECT told.state FROM articles mine JOIN articles other ON other.story_id = mine.story_id
        JOIN verdicts told ON told.topic_id = t.id AND told.article_id = other.id
        WHERE mine.id = e.article_id AND json_extract(t.spec, '$.tell') = 'stories' LIMIT 1
    ), 'new'), a.because
    FROM admissions a JOIN entries e ON e.id = a.entry_id JOIN topics t ON t.id = a.topic_id
    LEFT JOIN verdicts v ON v.topic_id = a.topic_id AND v.article_id = e.article_id
    WHERE a.entry_id IN (SELECT value FROM json_each(?)) ORDER BY t.slug, a.by_editor
"""
_MOST_RERUNS = 50  # of one instalment, the first ones


class SqliteEntries:
    """`Entries` on SQLite."""

    def __init__(self, conn: Connection, index: words.WordIndex, prints: SqlitePrints) -> None:
        self._conn = conn
        self._index = index
        self._prints = prints

    def known(self, feed_id: FeedId, key_hashes: Sequence[int]) -> Mapping[int, Known]:
        """Return what is remembered of these keys of a feed, deleted entries included."""
        found = self._conn.execute(
            "SELECT key_hash, entry_id, digest, url_hash FROM seen WHERE feed_id = ?"
            " AND key_hash IN (SELECT value FROM json_each(?))",
            (feed_id, many(key_hashes)),
        )
        return {
            key_hash: Known(entry_id=EntryId(entry_id), digest=digest, url_hash=url_hash)
            for key_hash, entry_id, digest, url_hash in found
        }

    def past(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, Past]:
        """Return how often each was revised and its publisher's last date, of those still there."""
        found = self._conn.execute(
            "SELECT id, rev, updated_at FROM entries WHERE id IN (SELECT value FROM json_each(?))",
            (many(entry_ids),),
        )
        return {
            EntryId(entry_id): Past(rev=rev, updated_at=updated_at)
            for entry_id, rev, updated_at in found
        }

    def candidates(
        self,
        url_hashes: Sequence[int],
        body_hashes: Sequence[int],
        instalments: Sequence[tuple[str, str | int]] = (),
    ) -> tuple[Candidate, ...]:
        """Return stored entries that share a hash or an instalment, in order of id."""
        found = self._conn.execute(
            f"{_CANDIDATE} WHERE url_hash IN (SELECT value FROM json_each(?))"
            f" UNION {_CANDIDATE} WHERE body_hash IN (SELECT value FROM json_each(?))"
            " ORDER BY id",
            (many(url_hashes), many(body_hashes)),
        ).fetchall()
        if not instalments:
            return tuple(_a_candidate(row, ()) for row in found)
        same = [each for key in instalments for each in self._of_instalment(*key)]
        by_id = {row["id"]: row for row in (*found, *same)}
        series = self.instalments([EntryId(entry_id) for entry_id in by_id])
        return tuple(_a_candidate(by_id[each], series.get(each, ())) for each in sorted(by_id))

    def instalments(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, tuple[Instalment, ...]]:
        """Return the columns' days that these entries are, of those that are."""
        return rows.instalments_by_id(self._conn, entry_ids)

    def _of_instalment(self, series: str, which: str | int) -> list[Row]:
        column = "number" if isinstance(which, int) else "date"
        return self._conn.execute(
            f"{_CANDIDATE} WHERE id IN (SELECT entry_id FROM entry_series"
            f" WHERE series = ? AND {column} = ? ORDER BY entry_id LIMIT {_MOST_RERUNS})",
            (series, which),
        ).fetchall()

    def keep(self, intake: Intake) -> tuple[Kept, ...]:
        """Write all of it, search index included; see `keeping.keep`."""
        return keeping.keep(self._conn, intake, self._index, self._prints)

    def get(self, entry_id: EntryId) -> Entry | None:
        """Return the entry of this number."""
        told = rows.told_by_id(self._conn, [entry_id]).get(entry_id)
        return None if told is None else told.entry

    def view(self, entry_id: EntryId) -> EntryView | None:
        """Return an entry as doors show it."""
        return next(iter(self.views([entry_id])), None)

    def views(self, entry_ids: Sequence[EntryId]) -> tuple[EntryView, ...]:
        """Return entries as doors show them, in the order asked for; those there are.

        Their topics are those that admit the entry itself, with the verdict on its story there.
        """
        sources = rows.sources_by_id(self._conn, entry_ids)
        wanted = (many(sources),)
        stories = {
            entry_id: (ArticleId(story_id), str(public_id))
            for entry_id, story_id, public_id in self._conn.execute(
                "SELECT e.id, s.id, s.public_id FROM entries e"
                " JOIN articles a ON a.id = e.article_id JOIN articles s ON s.id = a.story_id"
                " WHERE e.id IN (SELECT value FROM json_each(?))",
                wanted,
            )
        }
        topics: defaultdict[int, dict[str, tuple[str, str, str]]] = defaultdict(dict)
        for entry_id, slug, state, because in self._conn.execute(_VERDICTS, wanted):
            topics[entry_id][slug] = (slug, state, because)
        return tuple(
            EntryView(
                entry=sources[entry_id].entry,
                feed=sources[entry_id].feed,
                story_id=stories[entry_id][0],
                story_public_id=stories[entry_id][1],
                topics=tuple(topics[entry_id].values()),
            )
            for entry_id in entry_ids
            if entry_id in sources
        )

    def hashes(self, entry_id: EntryId) -> tuple[int | None, int | None]:
        """Return the entry's (url_hash, body_hash); of none there is, neither."""
        row = self._conn.execute(
            "SELECT url_hash, body_hash FROM entries WHERE id = ?", (entry_id,)
        ).fetchone()
        return (None, None) if row is None else (row["url_hash"], row["body_hash"])

    def by_url(self, url_hash: int) -> tuple[EntryId, ...]:
        """Return the entries whose canonical address has this hash, in order of id."""
        return self._ids("SELECT id FROM entries WHERE url_hash = ? ORDER BY id", url_hash)

    def revisions(self, entry_id: EntryId) -> tuple[Revision, ...]:
        """Return older texts, oldest first; `body` is the content, else the summary."""
        found = self._conn.execute(
            "SELECT * FROM revisions WHERE entry_id = ? ORDER BY rev", (entry_id,)
        )
        return tuple(
            Revision(
                entry_id=entry_id,
                rev=row["rev"],
                at=row["at"],
                title=row["title"],
                body=unpack(row["body"]) or row["summary"],
            )
            for row in found
        )

    def revised(self, since: int) -> tuple[EntryId, ...]:
        """Return the entries whose text was replaced from then on, in order of id."""
        return self._ids(
            "SELECT DISTINCT entry_id FROM revisions WHERE at >= ? ORDER BY entry_id", since
        )

    def newest(
        self, *, since: int = 0, before_id: int | None = None, limit: int
    ) -> tuple[Entry, ...]:
        """Return entries by id, newest first, whose place in time is not before `since`."""
        ids = self._ids(
            f"SELECT e.id FROM entries e WHERE e.id < ? AND {rows.PLACE} >= ?"
            " ORDER BY e.id DESC LIMIT ?",
            LAST_ID if before_id is None else before_id,
            since,
            limit,
        )
        told = rows.told_by_id(self._conn, ids)
        return tuple(told[entry_id].entry for entry_id in ids)

    def search(self, fts: str, *, before_id: int | None = None, limit: int) -> tuple[EntryId, ...]:
        """Return ids whose tokens match an FTS5 expression, newest first, none withdrawn.

        Raises `UsageError` when FTS5 cannot read the expression.
        """
        self._index.write()
        return words.search(self._conn, fts, before_id=before_id, limit=limit)

    def count(self) -> int:
        """Return how many entries are kept."""
        (count,) = self._conn.execute("SELECT count(*) FROM entries").fetchone()
        return int(count)

    def set_withdrawn(self, entry_ids: Sequence[EntryId], at: int | None) -> int:
        """Withdraw entries, which also takes them out of search; None brings them back.

        Returns of how many that is news.
        """
        touched = self._conn.execute(
            "SELECT id, title, summary FROM entries"
            " WHERE id IN (SELECT value FROM json_each(?)) AND (withdrawn_at IS NULL) = ?",
            (many(entry_ids), at is not None),
        ).fetchall()
        texts = [words.said_of(row["id"], row["title"], row["summary"]) for row in touched]
        (self._index.add if at is None else self._index.take_out)(texts)
        self._conn.executemany(
            "UPDATE entries SET withdrawn_at = ?, withdrawn_why = NULL WHERE id = ?",
            [(at, entry_id) for entry_id, _, _ in texts],
        )
        return len(texts)

    def take_back(self, entry_ids: Sequence[EntryId], at: int, why: str) -> None:
        """Withdraw entries, and remember why; of those withdrawn already only that."""
        self.set_withdrawn(entry_ids, at)
        self.explain_withdrawn(entry_ids, why)

    def explain_withdrawn(self, entry_ids: Sequence[EntryId], why: str | None) -> None:
        """Remember, or forget, why entries are withdrawn; the others stay as they are."""
        self._conn.execute(
            "UPDATE entries SET withdrawn_why = ?1 WHERE withdrawn_at IS NOT NULL"
            " AND id IN (SELECT value FROM json_each(?2))",
            (why, many(entry_ids)),
        )

    def taken_back(self, feed_id: FeedId, why: str) -> tuple[EntryId, ...]:
        """Return a feed's entries that were withdrawn for this reason, in order of id."""
        found = self._conn.execute(
            "SELECT id FROM entries WHERE feed_id = ? AND withdrawn_why = ? ORDER BY id",
            (feed_id, why),
        )
        return tuple(EntryId(row[0]) for row in found)

    def of_feed(self, feed_id: FeedId) -> tuple[EntryId, ...]:
        """Return a feed's entries, in order of id."""
        return self._ids("SELECT id FROM entries WHERE feed_id = ? ORDER BY id", feed_id)

    def of_host(self, host: str) -> tuple[EntryId, ...]:
        """Return entries whose article or whose feed lies on this host or below, in order of id.

        Reads every address: a host is withdrawn once in a while, and an index would be paid for
        with every entry.
        """
        wanted = host_of(f"http://{host}/") or host.lower()
        found = self._conn.execute(
            "SELECT e.id, e.url, s.host FROM entries e JOIN feed_state s USING (feed_id)"
            " ORDER BY e.id"
        )
        return tuple(
            EntryId(entry_id)
            for entry_id, url, feed_host in found
            if lies_on(feed_host, wanted) or lies_on(host_of(url or "") or "", wanted)
        )

    def _ids(self, query: str, *values: int) -> tuple[EntryId, ...]:
        return tuple(EntryId(row[0]) for row in self._conn.execute(query, values))


def _a_candidate(row: Row, series: tuple[Instalment, ...]) -> Candidate:
    return Candidate(
        entry_id=EntryId(row["id"]),
        feed_id=FeedId(row["feed_id"]),
        article_id=ArticleId(row["article_id"]),
        url_hash=row["url_hash"],
        body_hash=row["body_hash"],
        first_seen_at=row["first_seen_at"],
        title=row["title"],
        series=series,
    )
