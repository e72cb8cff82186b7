"""`Reports` on SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.story import Bond, Mark, Report
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

_PAGE = 500
_SINCE = f"""
    SELECT a.id, a.cluster_id, a.story_id, coalesce(r.entry_id, a.lead_entry_id) AS entry_id,
           r.feed_id, r.lang, r.at, r.terms
    FROM articles a LEFT JOIN reports r ON r.article_id = a.id
    WHERE a.id > ? AND a.last_at >= ? AND a.cluster_id IS NOT NULL AND a.merged_into IS NULL
    ORDER BY a.id LIMIT {_PAGE}
"""
# What an article says that an editor's act opened.
_SAYS = f"""
    SELECT e.id, e.feed_id, e.title, e.summary, coalesce(e.lang, f.lang) AS lang,
           {rows.PLACE} AS at
    FROM entries e JOIN feeds f ON f.id = e.feed_id
    WHERE e.id IN (SELECT value FROM json_each(?))
"""
_MOVED = """
    SELECT a.id, iif(a.merged_into IS NULL, a.cluster_id, NULL), a.story_id
    FROM articles a WHERE a.id IN (SELECT value FROM json_each(?)) ORDER BY a.id
"""
# The journal tells what editors' acts moved, and what their undo put back.
_TOUCHED = """
    SELECT article_id FROM article_moves WHERE id > ?
    UNION SELECT coalesce(after, before) ->> 'id' FROM journal WHERE id > ? AND tbl = 'articles'
"""
_THERE_AGAIN = """
    SELECT 1 FROM journal
    WHERE id > ? AND tbl = 'articles' AND op = 'insert' AND after ->> 'id' <= ? LIMIT 1
"""
# What was said of entries, as it now binds their articles; later words stand over earlier ones.
_BONDS = """
    SELECT one.article_id, other.article_id, b.together
    FROM bonds b JOIN entries one ON one.id = b.one JOIN entries other ON other.id = b.other
    WHERE one.article_id <> other.article_id ORDER BY b.decision_id
"""
# Of each story that these articles are told in, the one that will be in the window longest.
_NEWEST = f"""
    SELECT asked.value, a.id
    FROM json_each(?) asked JOIN articles of ON of.id = asked.value
    JOIN articles a ON a.story_id = of.story_id JOIN entries e ON e.id = a.lead_entry_id
    WHERE a.cluster_id IS NOT NULL AND a.merged_into IS NULL
    ORDER BY {rows.PLACE}, a.id
"""


class SqliteReports:
    """`Reports` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def mark(self) -> Mark:
        """Return the highest numbers ever given."""
        found = dict(
            self._conn.execute(
                "SELECT name, seq FROM sqlite_sequence WHERE name IN"
                " ('articles', 'article_moves', 'journal')"
            ).fetchall()
        )
        return Mark(
            article=found.get("articles", 0),
            move=found.get("article_moves", 0),
            act=found.get("journal", 0),
        )

    def since(self, at: int, *, after: int = 0) -> Iterator[Report]:
        """Yield clustered articles in order of number, a page at a time."""
        if not after:
            after = self._first(at) - 1
        while page := self._conn.execute(_SINCE, (after, at)).fetchall():
            series = rows.instalments_by_id(self._conn, [row["entry_id"] for row in page])
            says = self._texts([row["entry_id"] for row in page if row["terms"] is None])
            for row in page:
                text = says.get(row["entry_id"])
                by = row if text is None else text
                yield Report(
                    article_id=ArticleId(row["id"]),
                    feed_id=FeedId(by["feed_id"]),
                    terms=row["terms"],
                    title="" if text is None else text["title"],
                    summary="" if text is None else text["summary"],
                    lang=by["lang"],
                    at=by["at"],
                    cluster_id=ArticleId(row["cluster_id"]),
                    story_id=ArticleId(row["story_id"]),
                    series=series.get(EntryId(row["entry_id"]), ()),
                )
            after = page[-1]["id"]

    def _first(self, at: int) -> int:
        """Return the first article of that time: those before need not be read."""
        row = self._conn.execute("SELECT min(article_id) FROM reports WHERE at >= ?", (at,))
        return int(row.fetchone()[0] or 1)

    def _texts(self, unplaced: Sequence[int]) -> Mapping[int, Row]:
        """Return what those entries say of which it is not kept by what they were placed."""
        if not unplaced:
            return {}
        return {row["id"]: row for row in self._conn.execute(_SAYS, (many(unplaced),))}

    def moved(self, after: Mark) -> Sequence[tuple[ArticleId, ArticleId | None, ArticleId]] | None:
        """Return where the moved stand now."""
        now = self.mark()
        first = self._conn.execute("SELECT min(id) FROM article_moves").fetchone()[0]
        if now.move != after.move and (first is None or first > after.move + 1):
            return None
        if self._conn.execute(_THERE_AGAIN, (after.act, after.article)).fetchone() is not None:
            return None
        touched = [row[0] for row in self._conn.execute(_TOUCHED, (after.move, after.act))]
        stand = {
            ArticleId(each): (None if cluster is None else ArticleId(cluster), ArticleId(story))
            for each, cluster, story in self._conn.execute(_MOVED, (many(touched),))
        }
        gone = [ArticleId(each) for each in touched if each not in stand]
        return [(each, *place) for each, place in stand.items()] + [
            (each, None, each) for each in gone
        ]

    def bonds(self) -> tuple[Bond, ...]:
        """Return what editors said, of each pair the last word.

        Stories outlive their first articles: where two are apart, their newest ones are too.
        """
        last: dict[tuple[int, int], bool] = {}
        for one, other, together in self._conn.execute(_BONDS):
            last[min(one, other), max(one, other)] = bool(together)
        cut = [pair for pair, together in last.items() if not together]
        newest = dict(self._conn.execute(_NEWEST, (many({each for two in cut for each in two}),)))
        for pair in cut:
            one, other = sorted(newest.get(each, each) for each in pair)
            if one != other:
                last.setdefault((one, other), False)
        return tuple(
            Bond(one=ArticleId(one), other=ArticleId(other), together=together)
            for (one, other), together in last.items()
        )

    def forget_moves(self, keep: int) -> int:
        """Forget the oldest moves."""
        return self._conn.execute(
            "DELETE FROM article_moves WHERE id <= (SELECT max(id) FROM article_moves) - ?", (keep,)
        ).rowcount

    def forget(self, before: int, limit: int) -> int:
        """Forget by what old articles were placed."""
        return self._conn.execute(
            "DELETE FROM reports WHERE article_id IN"
            " (SELECT article_id FROM reports WHERE at < ? LIMIT ?)",
            (before, limit),
        ).rowcount
