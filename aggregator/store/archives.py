"""Closed stretches of what a topic published, on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model.ids import EntryId, TopicId
from aggregator.model.publication import Archive
from aggregator.store.publications import ARCHIVABLE, VISIBLE
from aggregator.store.sqlite import Connection, many

_OPEN = f"""
    SELECT i.number {VISIBLE} AND i.number >
        (SELECT coalesce(max(last), 0) FROM archives WHERE topic_id = :topic_id)
    ORDER BY i.number
"""
_LEFT_OUT = """
    UPDATE items SET number = NULL WHERE topic_id = :topic_id
      AND number > (SELECT coalesce(max(last), 0) FROM archives
                    WHERE topic_id = :topic_id AND number < :archive)
      AND number <= :last AND number NOT IN (SELECT value FROM json_each(:numbers))
"""
# That its own time has come somewhere: until then nobody names it.
_OUT = """
    EXISTS (SELECT 1 FROM items o WHERE o.article_id = e.article_id AND o.visible_from <= :now
              AND (o.visible_until IS NULL OR o.visible_until > :now))
"""
_PUBLIC = f"""
    EXISTS (SELECT 1 FROM entries e JOIN feeds f ON f.id = e.feed_id
            WHERE e.id = s.entry_id AND e.withdrawn_at IS NULL AND NOT f.private
              AND ({_OUT} OR NOT EXISTS (SELECT 1 FROM items w WHERE w.article_id = e.article_id
                                           AND w.visible_from > :now)))
"""
# Looked for from what is withdrawn, private or to wait, which is little, not from what is archived.
# Out is back when its source may be shown again, or when the item is shown by another one.
_TOUCHED = f"""
    SELECT s.number FROM entries gone CROSS JOIN archived_sources s ON s.entry_id = gone.id
    WHERE gone.withdrawn_at IS NOT NULL AND s.topic_id = :topic_id AND s.shown
    UNION
    SELECT s.number FROM feeds closed CROSS JOIN entries gone ON gone.feed_id = closed.id
        CROSS JOIN archived_sources s ON s.entry_id = gone.id
    WHERE closed.private AND s.topic_id = :topic_id AND s.shown
    UNION
    SELECT s.number FROM items later INDEXED BY items_by_time
        CROSS JOIN entries e ON e.article_id = later.article_id
        CROSS JOIN archived_sources s ON s.entry_id = e.id
    WHERE later.visible_from > :now AND s.topic_id = :topic_id AND s.shown
      AND ((later.topic_id = s.topic_id AND later.number = s.number) OR NOT {_OUT})
    UNION
    SELECT s.number FROM archived_sources s INDEXED BY archived_sources_out
    WHERE s.topic_id = :topic_id AND NOT s.shown
      AND ({_PUBLIC} OR NOT EXISTS (
          SELECT 1 FROM archived_sources o
          WHERE o.topic_id = s.topic_id AND o.number = s.number AND o.shown))
      AND s.number IN (SELECT i.number {ARCHIVABLE} AND i.number = s.number)
    ORDER BY 1
"""
_URIS = """
    SELECT number, uri FROM items WHERE topic_id = ?1
        AND number IN (SELECT value FROM json_each(?2))
    UNION SELECT number, uri FROM former_items WHERE topic_id = ?1
        AND number IN (SELECT value FROM json_each(?2))
"""


class SqliteArchives:
    """`Archives` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def all(self, topic_id: TopicId) -> tuple[Archive, ...]:
        """Return the topic's archives, oldest first."""
        found = self._conn.execute(
            "SELECT number, first, last, closed_at FROM archives WHERE topic_id = ?"
            " ORDER BY number",
            (topic_id,),
        )
        return tuple(Archive(**dict(row)) for row in found)

    def newest(self, topic_id: TopicId) -> Archive | None:
        """Return the topic's last archive."""
        row = self._conn.execute(
            "SELECT number, first, last, closed_at FROM archives WHERE topic_id = ?"
            " ORDER BY number DESC LIMIT 1",
            (topic_id,),
        ).fetchone()
        return None if row is None else Archive(**dict(row))

    def open(self, topic_id: TopicId, now: float) -> tuple[int, ...]:
        """Return the numbers of the items visible now that lie in no archive, ascending."""
        found = self._conn.execute(_OPEN, {"topic_id": topic_id, "now": now})
        return tuple(row[0] for row in found)

    def close(
        self, topic_id: TopicId, archive: Archive, sources: Mapping[int, Sequence[EntryId]]
    ) -> None:
        """Add an archive; what is of its stretch and not in it is not numbered any more."""
        self._conn.execute(
            "INSERT INTO archives (topic_id, number, first, last, closed_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (topic_id, archive.number, archive.first, archive.last, archive.closed_at),
        )
        self._conn.execute(
            _LEFT_OUT,
            {
                "topic_id": topic_id,
                "archive": archive.number,
                "last": archive.last,
                "numbers": many(sources),
            },
        )
        self._conn.executemany(
            "INSERT OR IGNORE INTO archived_sources (topic_id, number, entry_id, shown)"
            " VALUES (?, ?, ?, 1)",
            [(topic_id, number, entry_id) for number, told in sources.items() for entry_id in told],
        )

    def holding(self, entry_ids: Sequence[EntryId]) -> tuple[TopicId, ...]:
        """Return topics with an archive that one of these entries is told or named in."""
        found = self._conn.execute(
            "SELECT DISTINCT topic_id FROM archived_sources"
            " WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY topic_id",
            (many(entry_ids),),
        )
        return tuple(TopicId(row[0]) for row in found)

    def touched(self, topic_id: TopicId, now: float) -> tuple[int, ...]:
        """Return the numbers of archived items whose sources are not those that were shown."""
        found = self._conn.execute(_TOUCHED, {"topic_id": topic_id, "now": now})
        return tuple(row[0] for row in found)

    def tell(self, topic_id: TopicId, number: int, sources: Sequence[EntryId], now: float) -> None:
        """Note by whom an archived item is told now; by nobody: it was taken out."""
        place, told = (topic_id, number), set(sources)
        before = self._conn.execute(
            f"SELECT s.entry_id, {_PUBLIC} AS public FROM archived_sources s"
            " WHERE s.topic_id = :topic_id AND s.number = :number",
            {"topic_id": topic_id, "number": number, "now": now},
        ).fetchall()
        # Who told it and may not is waited for; who may and does not, tells something else now.
        waiting = [row[0] for row in before if row[0] not in told and not (told and row["public"])]
        self._conn.execute("DELETE FROM archived_sources WHERE topic_id = ? AND number = ?", place)
        rows = [(*place, each, 1) for each in sorted(told)] + [
            (*place, each, 0) for each in waiting
        ]
        self._conn.executemany("INSERT INTO archived_sources VALUES (?, ?, ?, ?)", rows)

    def uris(self, topic_id: TopicId, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return the ids of these items, those that an undo took away included."""
        found = self._conn.execute(_URIS, (topic_id, many(numbers)))
        return dict(found.fetchall())
