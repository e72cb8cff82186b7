"""All rows of a store, to be compared before and after."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

# The store's own driver: two builds of SQLite in one process undo each other's file locks.
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

GROWING = frozenset(
    {"decisions", "journal", "former_items"}
)  # what an undo adds to, and SQLite's own counters


def rows_of(file: Path, without: Collection[str] = GROWING) -> dict[str, list[tuple[object, ...]]]:
    """Return each table's rows in a stable order."""
    with closing(sqlite3.connect(file)) as conn:
        names = [
            name
            for (name,) in conn.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
            )
            if name not in without and not name.startswith("sqlite_")
        ]
        return {
            name: sorted(conn.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in names
        }
