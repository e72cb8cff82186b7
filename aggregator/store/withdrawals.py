"""What was taken out and may not return."""

from __future__ import annotations

from aggregator.model.ids import DecisionId, EntryId, FeedId
from aggregator.model.intake import Blocks
from aggregator.store.sqlite import Connection


class SqliteWithdrawals:
    """`Withdrawals` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, kind: str, value: str, reason: str, at: int, decision_id: DecisionId) -> None:
        """Block what this value names until its decision is lifted."""
        self._conn.execute(
            "INSERT INTO withdrawals (kind, value, reason, at, decision_id) VALUES (?, ?, ?, ?, ?)",
            (kind, value, reason, at, decision_id),
        )

    def lift(self, decision_id: DecisionId, at: int) -> None:
        """End every block that this decision made."""
        self._conn.execute(
            "UPDATE withdrawals SET lifted_at = ? WHERE decision_id = ? AND lifted_at IS NULL",
            (at, decision_id),
        )

    def blocks(self) -> Blocks:
        """Return the blocks in force; where several name one thing, the latest reason."""
        blocks = Blocks()
        for kind, value, reason in self._conn.execute(
            "SELECT kind, value, reason FROM withdrawals WHERE lifted_at IS NULL ORDER BY id"
        ):
            if kind == "entry":
                blocks.entries[EntryId(int(value))] = reason
            elif kind == "url":
                blocks.urls[int(value)] = reason
            elif kind == "body":
                blocks.bodies[int(value)] = reason
            elif kind == "feed":
                blocks.feeds[FeedId(int(value))] = reason
            else:
                blocks.hosts[value] = reason
        return blocks
