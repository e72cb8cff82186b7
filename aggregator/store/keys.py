"""`Keys` on SQLite."""

from __future__ import annotations

from aggregator.model.ids import EntryId, FeedId
from aggregator.model.keys import StoredKey
from aggregator.store.sqlite import Connection

_PAGE = (
    "SELECT id, feed_id, guid, key_hash, url, url_hash, title, published_at FROM entries"
    " WHERE id > ? AND url IS NOT NULL ORDER BY id LIMIT ?"
)
_BARRED = """
    UPDATE withdrawals SET value = ? WHERE kind = 'url' AND value = ? AND decision_id IN
        (SELECT decision_id FROM withdrawals WHERE kind = 'entry' AND value = ?)
"""


class SqliteKeys:
    """`Keys` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def page(self, after: EntryId, *, limit: int) -> tuple[StoredKey, ...]:
        """Return the keys of so many entries that have an address, in order of id."""
        return tuple(
            StoredKey(
                entry_id=EntryId(row["id"]),
                feed_id=FeedId(row["feed_id"]),
                key=row["guid"],
                key_hash=row["key_hash"],
                url=row["url"],
                url_hash=row["url_hash"],
                title=row["title"],
                published_at=row["published_at"],
            )
            for row in self._conn.execute(_PAGE, (after, limit))
        )

    def count(self) -> int:
        """Return how many entries have an address."""
        query = "SELECT count(*) FROM entries WHERE url IS NOT NULL"
        return int(self._conn.execute(query).fetchone()[0])

    def holder(self, feed_id: FeedId, key_hash: int) -> EntryId | None:
        """Return the entry that goes by this key in the feed."""
        row = self._conn.execute(
            "SELECT entry_id FROM seen WHERE feed_id = ? AND key_hash = ?", (feed_id, key_hash)
        ).fetchone()
        return None if row is None else EntryId(row[0])

    def others(self, feed_id: FeedId, entry_id: EntryId) -> int:
        """Return by how many keys but its own an entry is known; reads all keys of the feed."""
        query = (
            "SELECT count(*) FROM seen s JOIN entries e ON e.id = s.entry_id"
            " WHERE s.feed_id = ? AND s.entry_id = ? AND s.key_hash <> e.key_hash"
        )
        return int(self._conn.execute(query, (feed_id, entry_id)).fetchone()[0])

    def change(self, before: StoredKey, after: StoredKey) -> None:
        """Write another key and address of an entry wherever they stand."""
        self._conn.execute(
            "UPDATE entries SET guid = ?, key_hash = ?, url_hash = ? WHERE id = ?",
            (after.key, after.key_hash, after.url_hash, before.entry_id),
        )
        self._conn.execute(
            "UPDATE seen SET key_hash = ?, url_hash = ?"
            " WHERE feed_id = ? AND key_hash = ? AND entry_id = ?",
            (after.key_hash, after.url_hash, before.feed_id, before.key_hash, before.entry_id),
        )
        if after.url_hash not in (before.url_hash, None):
            values = (str(after.url_hash), str(before.url_hash), str(before.entry_id))
            self._conn.execute(_BARRED, values)
