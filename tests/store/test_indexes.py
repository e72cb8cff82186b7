"""What must not be searched row by row, however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.store.engine import open_store
from aggregator.store.sqlite import Connection

GROWING = {"entries", "articles"}


def keys_to_growing_tables(conn: Connection) -> Iterator[tuple[str, str]]:
    tables = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for key in conn.execute(f'PRAGMA foreign_key_list("{table}")').fetchall():
            if key["table"] in GROWING:
                yield table, key["from"]


def test_a_key_to_entries_or_stories_is_looked_up_by_an_index() -> None:
    """SQLite looks for referring rows when such a row goes, or comes while a key is deferred."""
    store = open_store(":memory:")
    with store.read() as tx:
        keys = list(keys_to_growing_tables(tx.conn))
        plans = {
            (table, column): tx.conn.execute(
                f'EXPLAIN QUERY PLAN SELECT 1 FROM "{table}" WHERE "{column}" = ?', (1,)
            ).fetchall()
            for table, column in keys
        }
    store.close()
    assert ("articles", "lead_entry_id") in plans
    scanned = [key for key, plan in plans.items() if any("SCAN" in step["detail"] for step in plan)]
    assert scanned == []
