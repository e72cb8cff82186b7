"""The ladder: finds the rungs under `db/`, tells whose a file is, and climbs what is missing."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database, Migrations

import aggregator
from aggregator.errors import StoreBusy, StoreCorrupt, StoreError, StoreTooNew
from aggregator.store.sqlite import Connection, statements

APPLICATION_ID = 0x41474752  # "AGGR"; set by rung 0001
SET_NAME = "aggregator"
_LOCK_WAIT = 60.0  # seconds another process may take to climb
_LOCK_STEP = 0.05


class Ladder:
    """The rungs one version knows, kept by sqlite-utils in `_sqlite_migrations`."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._migrations = Migrations(SET_NAME)

    def add(self, name: str, climb_one: Callable[[Database], None]) -> None:
        """Put a rung on top; it must not commit."""
        self._migrations(name=name)(climb_one)
        self.names.append(name)

    def apply(self, db: Database) -> None:
        """Climb every missing rung."""
        self._migrations.apply(db)

    def pending(self, db: Database) -> list[str]:
        """Return the rungs still to climb."""
        return [rung.name for rung in self._migrations.pending(db)]

    def unknown(self, db: Database) -> list[str]:
        """Return rungs the store has climbed that this version does not know."""
        return [rung.name for rung in self._migrations.applied(db) if rung.name not in self.names]


def our_ladder() -> Ladder:
    """Return the rungs under `db/sqlite`, in order of name."""
    ladder = Ladder()
    for file in sorted(_folder().glob("*.sql")):
        ladder.add(file.stem, _rung(file.read_text(encoding="utf-8")))
    return ladder


def _folder() -> Path:
    """Return where the rungs lie: in the package (a wheel), or beside it (an editable install)."""
    package = Path(aggregator.__file__).parent
    for root in (package, package.parent):
        if (folder := root / "db" / "sqlite").is_dir():
            return folder
    raise StoreError(f"{package}: the folder db/sqlite is missing; install aggregator again")


def _rung(script: str) -> Callable[[Database], None]:
    def climb_one(db: Database) -> None:
        for statement in statements(script):
            db.conn.execute(statement)

    return climb_one


def database(conn: Connection) -> Database:
    """Return the connection as sqlite-utils sees it; it adds no plugin and sets no pragma."""
    return Database(conn, recursive_triggers=False, execute_plugins=False)


def climb(conn: Connection, path: Path | None, ladder: Ladder, *, create: bool) -> None:
    """Bring a store up to date: all missing rungs are climbed, or none.

    Processes that open the store at once wait for one another. Raises `StoreCorrupt` for another
    program's database, `StoreTooNew` for a newer version's, `StoreBusy` when the wait is too long.
    """
    db, place = database(conn), str(path or "the store in memory")
    _refuse_strangers(db, ladder, place, create=create)
    if path is not None and _wal(conn) and not ladder.pending(db):
        return
    with _only_one(path) if path is not None else nullcontext():
        if path is not None:
            conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("BEGIN IMMEDIATE")
        try:
            _refuse_strangers(db, ladder, place, create=create)
            ladder.apply(db)
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise


def _wal(conn: Connection) -> bool:
    return bool(conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def _refuse_strangers(db: Database, ladder: Ladder, place: str, *, create: bool) -> None:
    # Tables first: a store being made beside us gets its first table and its owner in one commit.
    (tables,) = db.conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (owner,) = db.conn.execute("PRAGMA application_id").fetchone()
    if not tables and not create:
        raise StoreError(f"{place}: there is no store here yet; `aggregator run` makes one")
    if tables and owner != APPLICATION_ID:
        raise StoreCorrupt(
            f"{place}: this is another program's database; name another file as `store:`"
        )
    unknown = ladder.unknown(db)
    if unknown:
        raise StoreTooNew(
            f"{place}: was written by a newer version (it has climbed {', '.join(unknown)}); "
            "upgrade aggregator, or restore a backup made before the upgrade"
        )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold PATH.migrating. The file stays: removing it would let two hold two of them."""
    lock = path.with_name(f"{path.name}.migrating")
    deadline = time.monotonic() + _LOCK_WAIT
    try:
        file = lock.open("ab")
    except OSError as error:
        raise StoreError(f"{lock}: cannot be written: {error.strerror}") from error
    with file:
        while not _locked(file):
            if time.monotonic() > deadline:
                raise StoreBusy(
                    f"{path}: another process has been upgrading the store for more than "
                    f"{_LOCK_WAIT:.0f} s; wait for it, then try again"
                )
            time.sleep(_LOCK_STEP)
        yield


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
