"""`Placing` on SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.placing import Placed
from aggregator.model.topic import Decision
from aggregator.store import rows
from aggregator.store.sqlite import Connection, many

_STORY = """
    SELECT id, cluster_id, story_id, because, led_by FROM articles
    WHERE size > 0 AND story_id = (SELECT story_id FROM articles WHERE id = ?) ORDER BY id
"""
# A merge and a split name all their entries in the payload, the first one in the column.
_DECISIONS = """
    SELECT * FROM decisions WHERE topic_id IS NULL AND verb <> 'undo' AND id IN (
        SELECT id FROM decisions WHERE entry_id IN (SELECT value FROM json_each(?1))
        UNION SELECT decision_id FROM bonds WHERE one IN (SELECT value FROM json_each(?1))
        UNION SELECT decision_id FROM bonds WHERE other IN (SELECT value FROM json_each(?1))
    ) ORDER BY id
"""


class SqlitePlacing:
    """`Placing` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def key_hash(self, entry_id: EntryId) -> int | None:
        """Return by which hash an entry is known in its feed."""
        query = "SELECT key_hash FROM entries WHERE id = ?"
        row = self._conn.execute(query, (entry_id,)).fetchone()
        return None if row is None else int(row[0])

    def withdrawn_why(self, entry_id: EntryId) -> str | None:
        """Return what took an entry out where no editor named it."""
        query = "SELECT withdrawn_why FROM entries WHERE id = ?"
        row = self._conn.execute(query, (entry_id,)).fetchone()
        return None if row is None else row["withdrawn_why"]

    def joined(self, entry_id: EntryId) -> str:
        """Return why an entry is of its article."""
        query = "SELECT article_because FROM entries WHERE id = ?"
        row = self._conn.execute(query, (entry_id,)).fetchone()
        return "" if row is None else str(row[0])

    def story(self, article_id: ArticleId) -> tuple[Placed, ...]:
        """Return the articles of the story that this one is told in, in order of id."""
        return tuple(
            Placed(
                article_id=ArticleId(row["id"]),
                cluster_id=None if row["cluster_id"] is None else ArticleId(row["cluster_id"]),
                story_id=ArticleId(row["story_id"]),
                because=row["because"],
                led_by=None if row["led_by"] is None else EntryId(row["led_by"]),
            )
            for row in self._conn.execute(_STORY, (article_id,))
        )

    def decisions(self, entry_ids: Sequence[EntryId]) -> tuple[Decision, ...]:
        """Return editors' acts on these entries beyond any topic, in order of id."""
        found = self._conn.execute(_DECISIONS, (many(entry_ids),))
        return tuple(rows.a_decision(row) for row in found)
