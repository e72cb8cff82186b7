"""Turns of hosts for what is no feed's poll: pages, lists, robots.txt."""

from __future__ import annotations

from aggregator.store.sqlite import Connection

BUSY = 0.5  # seconds until a host whose feed is being polled is looked at again


class SqliteHosts:
    """`Hosts` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def take(self, host: str, now: float, *, hold: float, per_host: int) -> float:
        """Take the host's turn; return `now`, or when to try again."""
        self._conn.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
        (free_at,) = self._conn.execute(
            "SELECT next_ok_at FROM hosts WHERE host = ?", (host,)
        ).fetchone()
        if free_at > now:
            return float(free_at)
        (polled,) = self._conn.execute(
            "SELECT count(*) FROM feed_state"
            " WHERE host = ? AND lease_owner IS NOT NULL AND next_poll_at > ?",
            (host, now),
        ).fetchone()
        if polled >= per_host:
            return now + BUSY
        self._conn.execute("UPDATE hosts SET next_ok_at = ? WHERE host = ?", (now + hold, host))
        return now

    def give_back(self, host: str, *, held_until: float, free_at: float) -> None:
        """End a turn; a pause that came meanwhile stands."""
        self._conn.execute(
            "UPDATE hosts SET next_ok_at = ? WHERE host = ? AND next_ok_at = ?",
            (free_at, host, held_until),
        )
