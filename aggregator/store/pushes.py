"""Agreements with hubs, and the leases under which pushed bodies are kept."""

from __future__ import annotations

from dataclasses import asdict, replace

from aggregator.model.feed import Claim
from aggregator.model.ids import FeedId
from aggregator.model.push import Push, PushId, PushState
from aggregator.store import rows
from aggregator.store.leases import a_state
from aggregator.store.sqlite import Connection, Row

CLOCK_SLACK = 60.0  # seconds a clock may be set back without anything being planned anew
OWNER = "push"  # of a lease that keeps what a hub brought

_COLUMNS = (
    "feed_id, hub, topic, token_hash, secret, state, asked_at, verified_at, expires_at, next_at,"
    " failures, problem, last_at"
)
_ADD = (
    f"INSERT INTO pushes ({_COLUMNS}) VALUES (:feed_id, :hub, :topic, :token_hash, :secret,"
    " :state, :asked_at, :verified_at, :expires_at, :next_at, :failures, :problem, :last_at)"
)
_SAVE = (
    "UPDATE pushes SET hub = :hub, topic = :topic, token_hash = :token_hash, secret = :secret,"
    " state = :state, asked_at = :asked_at, verified_at = :verified_at,"
    " expires_at = :expires_at, next_at = :next_at, failures = :failures, problem = :problem,"
    " last_at = :last_at WHERE id = :id"
)


class SqlitePushes:
    """`Pushes` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def get(self, push_id: PushId) -> Push | None:
        """Return the one of this number."""
        return self._one("SELECT * FROM pushes WHERE id = ?", push_id)

    def by_token(self, token_hash: str) -> Push | None:
        """Return the one whose callback this is."""
        return self._one("SELECT * FROM pushes WHERE token_hash = ?", token_hash)

    def of_feed(self, feed_id: FeedId) -> tuple[Push, ...]:
        """Return all of a feed, in order of id."""
        found = self._conn.execute("SELECT * FROM pushes WHERE feed_id = ? ORDER BY id", (feed_id,))
        return tuple(_a_push(row) for row in found)

    def due(self, now: float, limit: int) -> tuple[Push, ...]:
        """Return those whose time has come, the oldest of each hub first, then the next of each."""
        found = self._conn.execute(
            "SELECT * FROM pushes WHERE next_at <= ? ORDER BY"
            " row_number() OVER (PARTITION BY hub ORDER BY next_at, id), next_at, id LIMIT ?",
            (now, limit),
        )
        return tuple(_a_push(row) for row in found)

    def add(self, push: Push) -> Push:
        """Keep a new one under a number of its own."""
        cursor = self._conn.execute(_ADD, asdict(push))
        return replace(push, id=PushId(cursor.lastrowid or 0))

    def save(self, push: Push) -> None:
        """Replace all that is kept of it."""
        self._conn.execute(_SAVE, asdict(push))

    def drop(self, push_id: PushId) -> None:
        """Forget it."""
        self._conn.execute("DELETE FROM pushes WHERE id = ?", (push_id,))

    def renew_all(self, now: float) -> None:
        """Make every live one due."""
        self._conn.execute(
            "UPDATE pushes SET next_at = min(next_at, ?) WHERE state = ?", (now, PushState.LIVE)
        )

    def replan(self, now: float) -> None:
        """Make due whatever was asked for in the future: the clock went back since."""
        self._conn.execute(
            "UPDATE pushes SET next_at = ?1 WHERE asked_at > ?1 + ?2 AND next_at IS NOT NULL",
            (now, CLOCK_SLACK),
        )

    def rest(self, feed_id: FeedId, until: float | None) -> None:
        """Let the feed be polled rarely until then; None: as any other."""
        self._conn.execute(
            "UPDATE feed_state SET pushed_until = ?1 WHERE feed_id = ?2 AND pushed_until IS NOT ?1",
            (until, feed_id),
        )

    def poll_by(self, feed_id: FeedId, at: float | None = None) -> None:
        """Have the feed polled by then, unless it is due earlier or must be left alone."""
        self._conn.execute(
            "UPDATE feed_state"
            " SET next_poll_at = min(next_poll_at, coalesce(?, last_poll_at + interval, 0.0))"
            " WHERE feed_id = ? AND lease_owner IS NULL AND next_poll_at IS NOT NULL"
            " AND failures = 0",
            (at, feed_id),
        )

    def take(self, feed_id: FeedId, now: float, lease: float) -> Claim | None:
        """Claim a feed that is polled and nobody polls now; its state is as it was before."""
        row = self._conn.execute(
            "SELECT * FROM feed_state WHERE feed_id = ? AND next_poll_at IS NOT NULL"
            " AND (lease_owner IS NULL OR next_poll_at <= ?)",
            (feed_id, now),
        ).fetchone()
        if row is None:
            return None
        self._conn.execute(
            "UPDATE feed_state SET next_poll_at = ?, lease_owner = ?, generation = generation + 1"
            " WHERE feed_id = ?",
            (now + lease, OWNER, feed_id),
        )
        feed = rows.feeds_by_id(self._conn, [feed_id])[feed_id]
        return Claim(feed=feed, state=a_state(row, generation=row["generation"] + 1))

    def _one(self, query: str, key: str | int) -> Push | None:
        row = self._conn.execute(query, (key,)).fetchone()
        return None if row is None else _a_push(row)


def _a_push(row: Row) -> Push:
    return Push(
        id=PushId(row["id"]),
        feed_id=FeedId(row["feed_id"]),
        hub=row["hub"],
        topic=row["topic"],
        token_hash=row["token_hash"],
        secret=row["secret"],
        state=PushState(row["state"]),
        asked_at=row["asked_at"],
        verified_at=row["verified_at"],
        expires_at=row["expires_at"],
        next_at=row["next_at"],
        failures=row["failures"],
        problem=row["problem"],
        last_at=row["last_at"],
    )
