"""The store on SQLite: one writer, readers beside it, and who may do what when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import StoreError
from aggregator.store import checks
from aggregator.store.migrate import Ladder, climb, our_ladder
from aggregator.store.sqlite import connect, translated
from aggregator.store.tx import SqliteTx

_IDLE_READERS = 8  # connections kept open for the next reads


def open_store(
    path: str | Path,
    *,
    create: bool = True,
    before_commit: Callable[[], None] | None = None,
) -> SqliteStore:
    """Open the store at a path, or one in memory (":memory:"), and bring it up to date.

    Without `create` a store must be there already. Raises `StoreError` where it cannot be opened,
    `StoreCorrupt` where the file is no store of ours, `StoreTooNew` where a newer version wrote
    it, `StoreBusy` where another process holds it for too long.
    """
    if "://" in str(path):
        raise StoreError(f"{path}: this version keeps its store in a SQLite file; give its path")
    file = None if str(path) == ":memory:" else Path(path)
    if file is not None:
        _find(file, create=create)
    store = SqliteStore(file, our_ladder(), create=create)
    store.before_commit = before_commit
    return store


def _find(file: Path, *, create: bool) -> None:
    if file.is_dir():
        raise StoreError(f"{file}: is a folder; give the path of a file in it")
    if file.exists():
        return
    if not create:
        raise StoreError(f"{file}: there is no store here yet; `aggregator run` makes one")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{file}: its folder cannot be made: {error}") from error


class SqliteStore:
    """`Store` on SQLite.

    Writes take turns on one connection. Reads of a file have a connection each and see the store
    as it was when their first question was asked; they never wait. In memory there is but one
    connection, and reads take turns with writes.

    Within one thread: a read inside a write joins it and sees what it wrote; a read inside a read
    is the same read; a write inside a write is a part of it that can fail alone (and may ask for
    `durable` only if the outer one is); a write inside a read of a file leaves that read's view
    as it was. No transaction may be held across an `await`, or outlive its thread.
    """

    def __init__(self, path: Path | None, ladder: Ladder, *, create: bool = True) -> None:
        self.path = path
        self.before_commit: Callable[[], None] | None = None
        """Called just before each commit; raising there fails the transaction (a test's seam)."""
        self._place = str(path or "the store in memory")
        self._ladder = ladder
        self._turn = threading.RLock()
        self._writing_thread: int | None = None
        self._durable = False
        self._commits = 0  # of those that changed anything
        self._changes_before = 0
        self._local = threading.local()
        self._pool = threading.Lock()
        self._idle: list[SqliteTx] = []
        self._watch_turn = threading.Lock()
        self._closed = False
        with translated(self._place):
            writer = connect(path)
            try:
                climb(writer, path, ladder, create=create)
                self._watch = writer if path is None else connect(path, reader=True)
            except BaseException:
                writer.close()
                raise
        self._writer = SqliteTx(writer, self._place)

    @contextmanager
    def read(self) -> Iterator[SqliteTx]:
        """Begin a consistent view."""
        under_way: SqliteTx | None = getattr(self._local, "reading", None)
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        if under_way is not None:
            yield under_way
            return
        with translated(self._place), self._reader() as tx:
            self._local.reading = tx
            try:
                yield tx
            finally:
                self._local.reading = None

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[SqliteTx]:
        """Take the writer's turn: all is kept when the block ends well, nothing when it raises.

        Raises `StoreBusy` when another process writes for longer than we wait.
        """
        with self._turn:
            if self._writing_thread is not None:
                if durable and not self._durable:
                    raise RuntimeError("a durable write inside a plain one cannot keep its promise")
                with self._writer.savepoint():
                    yield self._writer
                return
            self._refuse_closed()
            with translated(self._place):
                self._begin(durable)
                try:
                    yield self._writer
                    self._writer.prints.write()
                    self._writer.words.write()
                    if self.before_commit is not None:
                        self.before_commit()
                    self._commit()
                finally:
                    self._end()

    def version(self) -> int:
        """Return a number that changes when anybody, in any process, has written."""
        self._refuse_closed()
        if self.path is None:
            return self._commits
        with translated(self._place), self._watch_turn:
            # Counts the commits of every other connection, our writer's among them.
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def doctor(self) -> tuple[tuple[str, bool, str], ...]:
        """Return (check, fine, what was found) for each thing that can be wrong with the store."""
        return tuple(checks.examine(self.path, self._ladder, read=self.read, write=self.write))

    def close(self) -> None:
        """Close every connection; a read under way in another thread closes its own at its end."""
        with self._turn:
            if self._writing_thread is not None:
                raise RuntimeError("the store cannot be closed inside a write")
            with self._pool:
                if self._closed:
                    return
                self._closed = True
                idle, self._idle = self._idle, []
            for tx in idle:
                tx.conn.close()
            with self._watch_turn:
                self._watch.close()
            self._writer.conn.close()

    def _begin(self, durable: bool) -> None:
        conn = self._writer.conn
        if self.path is None:
            conn.execute("PRAGMA query_only = OFF")  # a read around this write may have set it
        conn.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        conn.execute("BEGIN IMMEDIATE")
        self._durable = durable
        self._changes_before = conn.total_changes
        self._writing_thread = threading.get_ident()

    def _commit(self) -> None:
        conn = self._writer.conn
        conn.execute("COMMIT")
        self._commits += conn.total_changes != self._changes_before

    def _end(self) -> None:
        self._writing_thread = None
        self._writer.words.back_to(0)
        self._writer.prints.back_to(0)
        conn = self._writer.conn
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        if self.path is None and getattr(self._local, "reading", None) is not None:
            conn.execute("PRAGMA query_only = ON")  # back in the read around this write

    @contextmanager
    def _reader(self) -> Iterator[SqliteTx]:
        if self.path is None:
            with self._turn:
                self._refuse_closed()
                self._writer.conn.execute("PRAGMA query_only = ON")
                try:
                    yield self._writer
                finally:
                    if not self._closed:
                        self._writer.conn.execute("PRAGMA query_only = OFF")
            return
        tx = self._borrow(self.path)
        try:
            tx.conn.execute("BEGIN")
            yield tx
        finally:
            self._give_back(tx)

    def _borrow(self, path: Path) -> SqliteTx:
        with self._pool:
            self._refuse_closed()
            if self._idle:
                return self._idle.pop()
        return SqliteTx(connect(path, reader=True), self._place)

    def _give_back(self, tx: SqliteTx) -> None:
        if tx.conn.in_transaction:
            tx.conn.execute("ROLLBACK")
        with self._pool:
            if not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(tx)
                return
        tx.conn.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self._place}: the store has been closed")
