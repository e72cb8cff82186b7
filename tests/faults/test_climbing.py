"""An upgrade that is killed at a random moment leaves a store that opens."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.store.engine import SqliteStore, open_store
from aggregator.store.migrate import Ladder, our_ladder
from tests.corpus.river import end, full, seed
from tests.makers import an_arrival
from tests.store.acts import add_feed, keep

pytestmark = pytest.mark.faults

KILLS = 100 if full() else 12
ROWS = 100_000
CLIMB = """
import sys
from pathlib import Path
from tests.faults.test_climbing import taller
from aggregator.store.engine import SqliteStore, open_store
print("ready", flush=True)
path = Path(sys.argv[1])
store = open_store(path) if sys.argv[2] == "new" else SqliteStore(path, taller())
store.close()
print("done", flush=True)
"""


def taller() -> Ladder:
    """Return our ladder with two long rungs on top, as a later version might have."""
    ladder = our_ladder()
    ladder.add("9998_later", lambda db: long_rung(db.conn, "later"))
    ladder.add("9999_latest", lambda db: long_rung(db.conn, "latest"))
    return ladder


def long_rung(connection: object, name: str) -> None:
    run = connection.execute  # type: ignore[attr-defined]
    run(f"CREATE TABLE {name} (n INTEGER PRIMARY KEY, word TEXT)")
    run(
        f"WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT {ROWS})"
        f" INSERT INTO {name} SELECT n, hex(randomblob(20)) FROM counted"
    )


def killed_while_climbing(path: Path, kind: str, after: float) -> bool:
    """Open the store in another process and kill that; True when it was still at it."""
    climber = subprocess.Popen(
        [sys.executable, "-c", CLIMB, str(path), kind], stdout=subprocess.PIPE, text=True
    )
    assert climber.stdout is not None
    try:
        assert climber.stdout.readline() == "ready\n"
        time.sleep(after)
        climber.kill()
        return "done" not in climber.stdout.read()
    finally:
        end(climber)
        climber.stdout.close()


def longest(path: Path, kind: str) -> float:
    """Return how long an undisturbed climb takes here."""
    begun = time.monotonic()
    (open_store(path) if kind == "new" else SqliteStore(path, taller())).close()
    return time.monotonic() - begun


def test_a_new_store_that_was_killed_in_the_making_opens(tmp_path: Path) -> None:
    chance, most, hits = random.Random(seed()), longest(tmp_path / "calm.db", "new"), 0
    for n in range(KILLS):
        path = tmp_path / f"{n}.db"
        hits += killed_while_climbing(path, "new", chance.uniform(0, 1.2 * most))
        store = open_store(path)
        try:
            assert all(fine for _, fine, _ in store.doctor()), store.doctor()
            with store.write() as tx:
                keep(tx, an_arrival(feed_id=add_feed(tx).id))
        finally:
            store.close()
    assert hits, "no kill came while it climbed"


def test_an_upgrade_that_was_killed_is_whole_or_not_begun(tmp_path: Path) -> None:
    chance, hits = random.Random(seed()), 0
    old = tmp_path / "old.db"
    store = open_store(old)
    with store.write() as tx:
        keep(tx, an_arrival(feed_id=add_feed(tx).id))
    store.close()
    most = longest(Path(shutil.copy(old, tmp_path / "calm.db")), "taller")
    for n in range(KILLS):
        path = Path(shutil.copy(old, tmp_path / f"{n}.db"))
        hits += killed_while_climbing(path, "taller", chance.uniform(0, 1.1 * most))
        with closing(sqlite3.connect(path)) as connection:
            later = "SELECT name FROM sqlite_schema WHERE name LIKE 'late%' ORDER BY name"
            climbed = [name for (name,) in connection.execute(later)]
            assert climbed in ([], ["later", "latest"]), "all rungs or none"
            for name in climbed:
                (count,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
                assert count == ROWS
        if not climbed:
            open_store(path).close()  # the older version goes on as if nothing had been tried
        grown = SqliteStore(path, taller())
        try:
            assert all(fine for _, fine, _ in grown.doctor()), grown.doctor()
            with grown.read() as tx:
                assert tx.entries.count() == 1
        finally:
            grown.close()
    assert hits, "no kill came while it climbed"
