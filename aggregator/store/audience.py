"""Counts of readers, on SQLite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from aggregator.model.audience import Passage, Reading
from aggregator.model.ids import TopicId
from aggregator.store.sqlite import Connection

_ADD = """
    INSERT INTO audience
        (day, path, agent, requests, not_modified, bytes, subscribers, addresses)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (day, path, agent) DO UPDATE SET
        requests = requests + excluded.requests,
        not_modified = not_modified + excluded.not_modified,
        bytes = bytes + excluded.bytes,
        subscribers = max(subscribers, excluded.subscribers),
        addresses = addresses + excluded.addresses
"""
# The verdict that holds is dated by its decision, or by when the topic's own rule brought it.
_PASSAGES = """
    SELECT e.published_at, e.first_seen_at AS seen_at, v.since AS approved_at,
           max(i.first_published_at, i.visible_from) AS in_feed_at, i.pushed_at
    FROM items i JOIN entries e ON e.id = i.lead_entry_id
    JOIN verdicts v ON v.topic_id = i.topic_id AND v.article_id = i.article_id
    WHERE i.topic_id = ? AND i.first_published_at >= ? AND i.number IS NOT NULL
    ORDER BY i.id
"""
# Told for each subscriber, hence bounded; what was out long before nobody waited for.
_PUSHED = """
    UPDATE items SET pushed_at = :at
    WHERE topic_id = :topic_id AND pushed_at IS NULL
      AND number > (SELECT max(number) FROM items WHERE topic_id = :topic_id) - :last
      AND visible_from BETWEEN max(:since, :at - 3600) AND :at
"""
_LAST_PUSHED = 500


class SqliteAudience:
    """`Audience` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, readings: Iterable[Reading]) -> None:
        """Add counts to those of the same day, path and agent."""
        self._conn.executemany(_ADD, [astuple(each) for each in readings])

    def readings(self, path: str, *, since: str) -> tuple[Reading, ...]:
        """Return what was counted of a topic from this day on."""
        found = self._conn.execute(
            "SELECT * FROM audience WHERE day >= ? AND path = ? ORDER BY day, agent", (since, path)
        )
        return tuple(Reading(**dict(row)) for row in found)

    def forget(self, before: str) -> None:
        """Drop the counts of days before this one."""
        self._conn.execute("DELETE FROM audience WHERE day < ?", (before,))

    def mark_pushed(self, topic_id: TopicId, at: float, *, since: float) -> None:
        """Note that what came into the feed in the last hour, and since then, is pushed by now."""
        asked = {"topic_id": topic_id, "at": at, "since": since, "last": _LAST_PUSHED}
        self._conn.execute(_PUSHED, asked)

    def passages(self, topic_id: TopicId, *, since: int) -> tuple[Passage, ...]:
        """Return the ways of the items that were first out at this time or later."""
        found = self._conn.execute(_PASSAGES, (topic_id, since))
        return tuple(Passage(**dict(row)) for row in found)
