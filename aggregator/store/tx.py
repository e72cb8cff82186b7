"""One transaction on SQLite: the rooms over one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.store.archives import SqliteArchives
from aggregator.store.audience import SqliteAudience
from aggregator.store.confidential import SqliteConfidential
from aggregator.store.corrections import SqliteCorrections
from aggregator.store.entries import SqliteEntries
from aggregator.store.feeds import SqliteFeeds
from aggregator.store.hooks import SqliteHooks
from aggregator.store.hosts import SqliteHosts
from aggregator.store.hub import SqliteHub
from aggregator.store.journal import SqliteJournal
from aggregator.store.keys import SqliteKeys
from aggregator.store.learning import SqliteLearning
from aggregator.store.ledger import SqliteLedger
from aggregator.store.letters import SqliteLetters
from aggregator.store.lists import SqliteLists
from aggregator.store.marks import SqliteMarks
from aggregator.store.meta import SqliteMeta
from aggregator.store.pages import SqlitePages
from aggregator.store.placing import SqlitePlacing
from aggregator.store.prints import SqlitePrints
from aggregator.store.publications import SqlitePublications
from aggregator.store.pushes import SqlitePushes
from aggregator.store.reports import SqliteReports
from aggregator.store.retelling import SqliteRetelling
from aggregator.store.retention import SqliteRetention
from aggregator.store.searching import SqliteSearching
from aggregator.store.series import SqliteColumns
from aggregator.store.sqlite import Connection, translated
from aggregator.store.stories import SqliteStories
from aggregator.store.tokens import SqliteTokens
from aggregator.store.topics import SqliteTopics
from aggregator.store.withdrawals import SqliteWithdrawals
from aggregator.store.words import WordIndex


class SqliteTx:
    """`Tx` on SQLite; a connection keeps one for all its turns."""

    def __init__(self, conn: Connection, place: str) -> None:
        self.conn = conn
        self._place = place
        self.feeds = SqliteFeeds(conn)
        self.words = WordIndex(conn)
        self.prints = SqlitePrints(conn)
        self.entries = SqliteEntries(conn, self.words, self.prints)
        self.stories = SqliteStories(conn)
        self.searching = SqliteSearching(conn, self.words)
        self.topics = SqliteTopics(conn)
        self.publications = SqlitePublications(conn)
        self.archives = SqliteArchives(conn)
        self.marks = SqliteMarks(conn)
        self.audience = SqliteAudience(conn)
        self.withdrawals = SqliteWithdrawals(conn)
        self.meta = SqliteMeta(conn)
        self.pushes = SqlitePushes(conn)
        self.pages = SqlitePages(conn)
        self.ledger = SqliteLedger(conn)
        self.learning = SqliteLearning(conn, self.words)
        self.hosts = SqliteHosts(conn)
        self.hub = SqliteHub(conn)
        self.lists = SqliteLists(conn)
        self.journal = SqliteJournal(conn)
        self.reports = SqliteReports(conn)
        self.retelling = SqliteRetelling(conn)
        self.columns = SqliteColumns(conn)
        self.keys = SqliteKeys(conn)
        self.placing = SqlitePlacing(conn)
        self.corrections = SqliteCorrections(conn)
        self.tokens = SqliteTokens(conn)
        self.letters = SqliteLetters(conn)
        self.hooks = SqliteHooks(conn)
        self.confidential = SqliteConfidential(conn)
        self.retention = SqliteRetention(conn, self.words)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Begin a part that can fail alone; the driver's errors leave it as ours."""
        with translated(self._place):
            marks = self.words.mark(), self.prints.mark()
            self.conn.execute("SAVEPOINT part")  # SQLite finds the innermost of a name
            try:
                yield
            except BaseException:
                self.words.back_to(marks[0])
                self.prints.back_to(marks[1])
                if self.conn.in_transaction:  # a full disk ends the whole transaction by itself
                    self.conn.execute("ROLLBACK TO part")
                    self.conn.execute("RELEASE part")
                raise
            self.conn.execute("RELEASE part")
