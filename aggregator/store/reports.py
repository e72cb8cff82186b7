"""`Reports` on SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.story import Bond, Mark, Report
from aggregator.store import rows
from aggregator.store.sqlite import Connection

_PAGE = 500
_SINCE = f"""
    SELECT a.id, a.cluster_id, a.story_id, e.id AS entry_id, e.feed_id, e.title, e.summary,
           coalesce(e.lang, f.lang) AS lang, {rows.PLACE} AS place
    FROM articles a JOIN entries e ON e.id = a.lead_entry_id JOIN feeds f ON f.id = e.feed_id
    WHERE a.id > ? AND a.last_at >= ? AND a.cluster_id IS NOT NULL AND a.merged_into IS NULL
    ORDER BY a.id LIMIT {_PAGE}
"""
_MOVED = """
    SELECT a.id, iif(a.merged_into IS NULL, a.cluster_id, NULL), a.story_id
    FROM articles a WHERE a.id IN (SELECT article_id FROM article_moves WHERE id > ?)
    ORDER BY a.id
"""
# What was said of entries, as it now binds their articles; later words stand over earlier ones.
_BONDS = """
    SELECT one.article_id, other.article_id, b.together
    FROM bonds b JOIN entries one ON one.id = b.one JOIN entries other ON other.id = b.other
    WHERE one.article_id <> other.article_id ORDER BY b.decision_id
"""


class SqliteReports:
    """`Reports` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def mark(self) -> Mark:
        """Return the highest numbers ever given."""
        found = dict(
            self._conn.execute(
                "SELECT name, seq FROM sqlite_sequence WHERE name IN ('articles', 'article_moves')"
            ).fetchall()
        )
        return Mark(article=found.get("articles", 0), move=found.get("article_moves", 0))

    def since(self, at: int, *, after: int = 0) -> Iterator[Report]:
        """Yield clustered articles in order of number, a page at a time."""
        while page := self._conn.execute(_SINCE, (after, at)).fetchall():
            series = rows.instalments_by_id(self._conn, [row["entry_id"] for row in page])
            for row in page:
                yield Report(
                    article_id=ArticleId(row["id"]),
                    feed_id=FeedId(row["feed_id"]),
                    title=row["title"],
                    summary=row["summary"],
                    lang=row["lang"],
                    at=row["place"],
                    cluster_id=ArticleId(row["cluster_id"]),
                    story_id=ArticleId(row["story_id"]),
                    series=series.get(EntryId(row["entry_id"]), ()),
                )
            after = page[-1]["id"]

    def moved(self, after: int) -> Sequence[tuple[ArticleId, ArticleId | None, ArticleId]] | None:
        """Return where the moved stand now."""
        first = self._conn.execute("SELECT min(id) FROM article_moves").fetchone()[0]
        if first is None or first > after + 1:
            return None
        return [
            (ArticleId(each), None if cluster is None else ArticleId(cluster), ArticleId(story))
            for each, cluster, story in self._conn.execute(_MOVED, (after,))
        ]

    def bonds(self) -> tuple[Bond, ...]:
        """Return what editors said, of each pair the last word."""
        last: dict[tuple[int, int], bool] = {}
        for one, other, together in self._conn.execute(_BONDS):
            last[min(one, other), max(one, other)] = bool(together)
        return tuple(
            Bond(one=ArticleId(one), other=ArticleId(other), together=together)
            for (one, other), together in last.items()
        )

    def forget_moves(self, keep: int) -> int:
        """Forget the oldest moves."""
        return self._conn.execute(
            "DELETE FROM article_moves WHERE id <= (SELECT max(id) FROM article_moves) - ?", (keep,)
        ).rowcount
