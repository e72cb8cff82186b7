"""The driver: the only file that imports it, opens its connections and reads its errors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where it is

from aggregator.errors import (
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreSlow,
)

Connection = sqlite3.Connection
Row = sqlite3.Row
StatementError = sqlite3.OperationalError
SQLITE_VERSION: tuple[int, int, int] = sqlite3.sqlite_version_info
LAST_ID = (1 << 63) - 1  # no row has a higher one

BUSY_TIMEOUT = 10.0  # seconds
_WRITER_CACHE_KIB = 4_096
_READER_CACHE_KIB = 512
_CHECKPOINT_PAGES = 4_000  # 16 MB: pages that change often are written to the file less often
_LOOK_EVERY = 100  # instructions of SQLite's between two looks at the clock: a row has dozens
_WAL_LIMIT_BYTES = 64 * 1024 * 1024  # what a burst may leave behind on the disk

# Primary result codes (sqlite.org/rescode.html); an extended code carries one in its low byte.
STATEMENT_ERROR = 1
_READ_ONLY, _INTERRUPTED, _IO_ERROR, _CANNOT_OPEN = 8, 9, 10, 14
_BUSY = {5, 6}
_CORRUPT, _FULL, _CONSTRAINT, _NOT_A_DATABASE = 11, 13, 19, 26


def connect(path: Path | None, *, reader: bool = False) -> Connection:
    """Open a connection that any thread may use, one at a time; None opens a store in memory.

    Transactions are begun and ended by our own words only. A reader cannot write.
    """
    conn: Connection = sqlite3.connect(
        ":memory:" if path is None else str(path),
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        conn.row_factory = Row
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA temp_store = MEMORY")
        cache = _READER_CACHE_KIB if reader else _WRITER_CACHE_KIB
        conn.execute(f"PRAGMA cache_size = -{cache}")
        conn.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
        conn.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        if reader:
            conn.execute("PRAGMA query_only = ON")
    except BaseException:
        conn.close()
        raise
    return conn


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one: `executescript` would commit (DESIGN §5)."""
    waiting = ""
    for line in script.splitlines(keepends=True):
        waiting += line
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""
    if waiting.strip():
        yield waiting


def many(values: Iterable[int]) -> str:
    """Return numbers as one parameter for `IN (SELECT value FROM json_each(?))`.

    One statement then serves any number of values, and stays in the statement cache.
    """
    return json.dumps([*values])


@contextmanager
def ended_after(conn: Connection, seconds: float | None) -> Iterator[None]:
    """Give up what is asked within after so many seconds: raises `StoreSlow`. None: never.

    For reading alone: a change that is given up ends its transaction (sqlite.org/c3ref/interrupt).
    """
    if seconds is None:
        yield
        return
    until = time.monotonic() + seconds
    conn.set_progress_handler(lambda: time.monotonic() > until, _LOOK_EVERY)
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != _INTERRUPTED:
            raise
        raise StoreSlow(
            f"the search takes longer than {seconds:g} s; "
            "add a rare word, a tag, a feed or after: with a late date"
        ) from error
    finally:
        conn.set_progress_handler(None, 0)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the driver's errors into ours, with words that say what to do; `place` is the file.

    Misuse of the driver (which carries no result code) is a bug and passes unchanged.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            raise
        raise _ours(place, code & 0xFF, str(error)) from error


def _ours(place: str, code: int, said: str) -> StoreError:
    if code in _BUSY:
        return StoreBusy(
            f"{place}: another process has been writing for more than {BUSY_TIMEOUT:.0f} s "
            f"({said}); try again, or end that process"
        )
    if code == _FULL:
        return StoreFull(f"{place}: no space is left ({said}); free some on that disk")
    if code == _NOT_A_DATABASE:
        return StoreCorrupt(
            f"{place}: this is no SQLite database ({said}); name another file as `store:`, "
            "or move this one away to start anew"
        )
    if code == _CORRUPT:
        return StoreCorrupt(
            f"{place}: the file is damaged ({said}); stop the daemon and put a backup in its "
            "place, without the -wal and -shm files beside it"
        )
    if code == _CONSTRAINT:
        return StoreRefused(f"{place}: {said}")
    if code == _READ_ONLY:
        return StoreError(f"{place}: cannot be written ({said}); check owner and permissions")
    if code == _CANNOT_OPEN:
        return StoreError(f"{place}: cannot be opened ({said}); check the folder and permissions")
    if code == _IO_ERROR:
        return StoreError(f"{place}: the disk failed ({said}); check the disk, then `doctor`")
    return StoreError(f"{place}: {said}")
