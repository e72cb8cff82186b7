"""What can be wrong with a store on SQLite, one check at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from aggregator.errors import StoreError
from aggregator.store.migrate import Ladder, database
from aggregator.store.sqlite import SQLITE_VERSION, Connection, translated
from aggregator.store.tx import SqliteTx

SAFE_SQLITE = (3, 51, 3)  # before it, checkpoints of two connections at once can lose pages
_LEAST_FREE = 200 * 1024 * 1024  # bytes; a WAL of full size, its checkpoint, and some days

Finding = tuple[str, bool, str]
Opening = Callable[[], AbstractContextManager[SqliteTx]]


def examine(
    path: Path | None, ladder: Ladder, *, read: Opening, write: Opening
) -> Iterator[Finding]:
    """Yield (check, fine, what was found); a check that cannot be made is not fine."""
    yield sqlite_version(SQLITE_VERSION)
    for name, check in (
        ("file", _quick_check),
        ("journal", _journal),
        ("references", _references),
    ):
        yield _answered(name, read, check)
    yield _answered("ladder", read, lambda conn: _ladder(conn, ladder))
    yield _answered("search index", write, _search_index)
    yield _space(path)


def sqlite_version(version: tuple[int, int, int]) -> Finding:
    """Judge the SQLite that is used; wal.html tells of the fault mended in 3.51.3."""
    number = ".".join(map(str, version))
    if version >= SAFE_SQLITE:
        return "sqlite", True, number
    return (
        "sqlite",
        False,
        f"{number} can corrupt a WAL database under concurrent checkpoints; "
        "install pysqlite3 0.6.1 or later, or a Python with SQLite 3.51.3 or later",
    )


def _answered(
    name: str, opening: Opening, check: Callable[[Connection], tuple[bool, str]]
) -> Finding:
    try:
        with opening() as tx, translated("the store"):
            fine, found = check(tx.conn)
    except StoreError as error:
        return name, False, str(error)
    return name, fine, found


def _quick_check(conn: Connection) -> tuple[bool, str]:
    found = [str(row[0]) for row in conn.execute("PRAGMA quick_check(5)")]
    if found == ["ok"]:
        return True, "quick_check found nothing wrong"
    return False, f"damaged: {'; '.join(found)}; put a backup in its place"


def _journal(conn: Connection) -> tuple[bool, str]:
    mode = str(conn.execute("PRAGMA journal_mode").fetchone()[0])
    if mode in {"wal", "memory"}:
        return True, mode
    return False, f"{mode}: readers wait for the writer; is the store on a network file system?"


def _references(conn: Connection) -> tuple[bool, str]:
    broken = [str(row[0]) for row in conn.execute("PRAGMA foreign_key_check")]
    if not broken:
        return True, "every row that is referred to is there"
    tables = ", ".join(sorted(set(broken)))
    return False, f"{len(broken)} rows refer to rows that are not there, in {tables}"


def _ladder(conn: Connection, ladder: Ladder) -> tuple[bool, str]:
    pending = ladder.pending(database(conn))
    if not pending:
        return True, f"at {ladder.names[-1]}"
    return False, f"still to climb: {', '.join(pending)}; opening the store anew climbs them"


def _search_index(conn: Connection) -> tuple[bool, str]:
    conn.execute("INSERT INTO entry_words (entry_words) VALUES ('integrity-check')")
    (indexed,) = conn.execute("SELECT count(*) FROM entry_words_docsize").fetchone()
    (entries,) = conn.execute("SELECT count(*) FROM entries WHERE withdrawn_at IS NULL").fetchone()
    return indexed == entries, f"holds {indexed} of {entries} entries"


def _space(path: Path | None) -> Finding:
    if path is None:
        return "space", True, "kept in memory"
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        return "space", False, str(error)
    return "space", free >= _LEAST_FREE, f"{free // 1_000_000:,} MB free"
