"""Small facts."""

from __future__ import annotations

from aggregator.store.sqlite import Connection


class SqliteMeta:
    """`Meta` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def get(self, name: str) -> str | None:
        """Return the value, None when there is none."""
        row = self._conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        """Keep the value in place of any other."""
        self._conn.execute(
            "INSERT INTO meta (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def set_once(self, name: str, value: str) -> str:
        """Keep the value unless one is there; return the one that holds."""
        held = self.get(name)
        if held is None:
            self.set(name, value)
        return value if held is None else held
