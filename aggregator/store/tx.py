"""One transaction on SQLite: the rooms over one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.store.entries import SqliteEntries
from aggregator.store.feeds import SqliteFeeds
from aggregator.store.meta import SqliteMeta
from aggregator.store.publications import SqlitePublications
from aggregator.store.sqlite import Connection, translated
from aggregator.store.stories import SqliteStories
from aggregator.store.topics import SqliteTopics
from aggregator.store.withdrawals import SqliteWithdrawals


class SqliteTx:
    """`Tx` on SQLite. It holds no state of its own, so a connection keeps one for all its turns."""

    def __init__(self, conn: Connection, place: str) -> None:
        self.conn = conn
        self._place = place
        self.feeds = SqliteFeeds(conn)
        self.entries = SqliteEntries(conn)
        self.stories = SqliteStories(conn)
        self.topics = SqliteTopics(conn)
        self.publications = SqlitePublications(conn)
        self.withdrawals = SqliteWithdrawals(conn)
        self.meta = SqliteMeta(conn)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Begin a part that can fail alone; the driver's errors leave it as ours."""
        with translated(self._place):
            self.conn.execute("SAVEPOINT part")  # SQLite finds the innermost of a name
            try:
                yield
            except BaseException:
                if self.conn.in_transaction:  # a full disk ends the whole transaction by itself
                    self.conn.execute("ROLLBACK TO part")
                    self.conn.execute("RELEASE part")
                raise
            self.conn.execute("RELEASE part")
