"""Another process holds the writer's turn: polls wait or step back, reads go on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.corpus.river import Desk, end, served
from tests.faults.growing import Growing

pytestmark = pytest.mark.faults

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("COMMIT")
"""


@contextmanager
def held_by_another(store: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Let another process be the one that writes, for so many seconds."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "held\n"
        yield other
    finally:
        end(other)
        other.stdout.close()


@pytest.fixture
def growing(tmp_path: Path) -> Growing:
    folder = tmp_path / "feeds"
    folder.mkdir()
    return Growing(folder, 1)


@pytest.fixture
def desk(growing: Growing, tmp_path: Path) -> Iterator[Desk]:
    with served(tmp_path / "feeds", tmp_path / "origin") as opml:
        desk = Desk.at(tmp_path / "desk")
        assert desk.run("feeds", "import", str(opml)).code == 0
        assert desk.run("run", "--once").code == 0
        yield desk


def all_kept(desk: Desk, growing: Growing) -> bool:
    kept = desk.kept()
    return all(kept[name] == set(growing.titles(name)) for name in growing.names)


def test_a_poll_waits_for_a_writer_and_reads_go_on(desk: Desk, growing: Growing) -> None:
    growing.step()
    with held_by_another(desk.store, 5.0) as other:
        polling = desk.start("poll", "--all", stderr=subprocess.PIPE)
        try:
            listed = desk.run("--json", "feeds", "list", timeout=30)
            found = desk.run("--json", "entries", "search", "item", timeout=30)
            assert other.poll() is None, "the reads were done while the other held the store"
            assert listed.code == found.code == 0, listed.err + found.err
            assert len(listed.json) == len(growing.names)
            assert found.json
            _, told = polling.communicate(timeout=60)
        finally:
            end(polling)
    assert polling.returncode == 0, told
    assert all_kept(desk, growing)


def test_a_poll_that_waits_too_long_says_so_and_loses_nothing(desk: Desk, growing: Growing) -> None:
    growing.step()
    with held_by_another(desk.store, 60.0):
        done = desk.run("poll", "--all", timeout=50)
    assert done.code == 1, done.err
    assert "another process has been writing" in done.err
    assert "Traceback" not in done.err
    done = desk.run("poll", "--all")
    assert done.code == 0, done.err
    assert all_kept(desk, growing)


def test_a_lock_that_comes_between_fetch_and_keeping_loses_nothing(
    desk: Desk, growing: Growing
) -> None:
    """The claim is written, then another takes the writer's turn for longer than we wait."""
    growing.step()
    polling = desk.start("poll", "--all", stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while not desk.ask("SELECT 1 FROM feed_state WHERE lease_owner IS NOT NULL"):
            assert polling.poll() is None
            assert time.monotonic() < deadline
        with held_by_another(desk.store, 25.0):
            _, told = polling.communicate(timeout=90)
    finally:
        end(polling)
    assert "Traceback" not in told
    assert polling.returncode in (0, 1, 3), told
    assert desk.run("poll", "--all").code == 0
    assert all_kept(desk, growing)
    with sqlite3.connect(desk.store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
