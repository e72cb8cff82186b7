"""`Retention` on SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.ids import ArticleId
from aggregator.ports.retention import Forgotten, Mark
from aggregator.store.sqlite import Connection, many
from aggregator.store.words import WordIndex, said_of

_PLACE = "min(coalesce(e.published_at, e.first_seen_at), e.first_seen_at)"  # as the index has it
_NEXT = f"""
    SELECT {_PLACE} AS place, e.id, a.story_id FROM entries e JOIN articles a ON a.id = e.article_id
    WHERE {_PLACE} >= :place AND ({_PLACE}, e.id) > (:place, :id) AND {_PLACE} < :before
    ORDER BY {_PLACE}, e.id LIMIT :limit
"""
# A story goes as a whole: its address, its head and its copies name one another.
_OVER = f"""
    SELECT asked.value FROM json_each(:stories) asked
    WHERE NOT EXISTS (
        SELECT 1 FROM articles a JOIN entries e ON e.article_id = a.id
        JOIN feeds f ON f.id = e.feed_id
        WHERE a.story_id = asked.value
          AND {_PLACE} >= :now - max(coalesce(json_extract(f.spec, '$.keep'), :keep), :least)
    ) AND NOT EXISTS (
        SELECT 1 FROM articles a JOIN items i ON i.article_id = a.id
        WHERE a.story_id = asked.value
    ) AND NOT EXISTS (
        SELECT 1 FROM articles a JOIN verdicts v ON v.article_id = a.id
        WHERE a.story_id = asked.value AND v.decision_id IS NOT NULL
    ) AND NOT EXISTS (
        SELECT 1 FROM articles a JOIN entries e ON e.article_id = a.id
        WHERE a.story_id = asked.value AND (
            EXISTS (SELECT 1 FROM decisions WHERE entry_id = e.id)
            OR EXISTS (SELECT 1 FROM former_items WHERE lead_entry_id = e.id)
            OR EXISTS (SELECT 1 FROM bonds WHERE one = e.id)
            OR EXISTS (SELECT 1 FROM bonds WHERE other = e.id)
        )
    )
"""
_OLDEST_KEEP = "SELECT min(json_extract(spec, '$.keep')) FROM feeds"


class SqliteRetention:
    """`Retention` on SQLite."""

    def __init__(self, conn: Connection, index: WordIndex) -> None:
        self._conn = conn
        self._index = index

    def forget(self, after: Mark, now: float, *, keep: int, least: int, limit: int) -> Forgotten:
        """Delete the next old stories that nothing holds."""
        (shortest,) = self._conn.execute(_OLDEST_KEEP).fetchone()
        before = now - max(min(keep, keep if shortest is None else shortest), least)
        asked = {"place": after[0], "id": after[1], "before": before, "limit": limit}
        looked_at = self._conn.execute(_NEXT, asked).fetchall()
        stories = sorted({row["story_id"] for row in looked_at})
        found = self._conn.execute(
            _OVER, {"stories": many(stories), "now": now, "keep": keep, "least": least}
        )
        entries = self._delete([ArticleId(row[0]) for row in found])
        full = len(looked_at) == limit
        mark = (looked_at[-1]["place"], looked_at[-1]["id"]) if full else None
        return Forgotten(entries=entries, mark=mark)

    def _delete(self, stories: Sequence[ArticleId]) -> int:
        """Delete stories with all that hangs on them; `seen` alone outlives them."""
        if not stories:
            return 0
        articles = [
            row[0]
            for row in self._conn.execute(
                "SELECT id FROM articles WHERE story_id IN (SELECT value FROM json_each(?))"
                " ORDER BY merged_into IS NULL, id",  # who was merged names the one it went into
                (many(stories),),
            )
        ]
        entries = self._conn.execute(
            "SELECT id, title, summary, withdrawn_at FROM entries"
            " WHERE article_id IN (SELECT value FROM json_each(?))",
            (many(articles),),
        ).fetchall()
        self._index.take_out(
            [
                said_of(row["id"], row["title"], row["summary"])
                for row in entries
                if row["withdrawn_at"] is None
            ]
        )
        for table in ("verdicts", "entries"):
            self._conn.executemany(
                f"DELETE FROM {table} WHERE article_id = ?", [(each,) for each in articles]
            )
        self._conn.executemany("DELETE FROM articles WHERE id = ?", [(each,) for each in articles])
        return len(entries)
