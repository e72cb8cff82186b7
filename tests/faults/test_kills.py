"""kill -9 at any moment of polling and publishing: nothing lost, nothing twice, nothing torn."""

from __future__ import annotations

import gzip
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

from aggregator.formats.rendering import etag_of
from tests.corpus.river import Desk, document_of, full, index, sample, seed, served
from tests.faults.growing import Growing
from tests.faults.watching import Watcher, unequal_pairs

pytestmark = pytest.mark.faults

KILLS = 100 if full() else 10
# Real documents served beside the growing ones. Where the full figures are asked for it is all of
# them: a hundred kills are then some 200 acts of two seconds each, under ten minutes with the rest.
REAL = 12


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kill a command that we started as the leader of a group, and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ends_within(process: subprocess.Popen[str], seconds: float) -> bool:
    """Wait that long at the most; return whether the command ended by itself."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def members(group: int) -> list[int]:
    """Return the processes of a group that are alive."""
    alive = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, their_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(their_group) == group and state != "Z":
            alive.append(int(stat.parent.name))
    return alive


@pytest.fixture
def chance() -> random.Random:
    return random.Random(seed())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of documents with a few real ones in it, or with all of them."""
    feeds = tmp_path / "feeds"
    sample(feeds, len(index()) if full() else REAL, seed())
    (feeds / "index.csv").unlink()  # so that the growing ones are served as well
    return feeds


@pytest.fixture
def growing(folder: Path) -> Growing:
    return Growing(folder, seed())


@pytest.fixture
def opml(folder: Path, growing: Growing, tmp_path: Path) -> Iterator[Path]:
    with served(folder, tmp_path / "origin") as listed:
        yield listed


def a_desk(folder: Path, opml: Path) -> Desk:
    desk = Desk.at(folder)
    assert desk.run("feeds", "import", str(opml)).code == 0
    return desk


def after_a_kill(desk: Desk, growing: Growing, complete: dict[str, set[str]]) -> None:
    """What must hold of the store at any time; `complete`: real documents' entries."""
    assert desk.ask("PRAGMA integrity_check") == [("ok",)]
    assert desk.ask("PRAGMA foreign_key_check") == []
    assert not desk.ask("SELECT 1 FROM entries GROUP BY feed_id, key_hash HAVING count(*) > 1")
    kept = desk.kept()
    for url, etag in desk.ask(
        "SELECT f.url, s.etag FROM feeds f JOIN feed_state s ON s.feed_id = f.id"
        " WHERE s.etag IS NOT NULL"
    ):
        name = document_of(url)
        stands_for = growing.told[etag] if name in growing.names else complete[name]
        assert stands_for <= kept[name], f"the validators of {name} are ahead of its entries"
    for path, body, packed, etag in desk.ask("SELECT path, body, gzip, etag FROM documents"):
        assert gzip.decompress(packed) == body, path
        assert etag_of(body) == etag, path


def told(desk: Desk) -> dict[tuple[str, str], tuple[str, str]]:
    """Return by document and guid the title and summary that are kept."""
    return {
        (document_of(url), guid): (title, summary)
        for url, guid, title, summary in desk.ask(
            "SELECT f.url, e.guid, e.title, e.summary FROM entries e JOIN feeds f"
            " ON f.id = e.feed_id"
        )
    }


def stories(desk: Desk) -> set[frozenset[tuple[str, str]]]:
    """Return which entries tell the same."""
    found: dict[int, set[tuple[str, str]]] = {}
    for story, url, guid in desk.ask(
        "SELECT e.article_id, f.url, e.guid FROM entries e JOIN feeds f ON f.id = e.feed_id"
    ):
        found.setdefault(story, set()).add((document_of(url), guid))
    return {frozenset(each) for each in found.values()}


def test_kills_at_random_moments_lose_nothing_and_tear_nothing(
    folder: Path, growing: Growing, opml: Path, tmp_path: Path, chance: random.Random
) -> None:
    site = tmp_path / "site"
    calm = a_desk(tmp_path / "calm", opml)
    begun = time.monotonic()
    assert calm.run("poll", "--all").code in (0, 3)
    longest = time.monotonic() - begun
    complete = {name: guids for name, guids in calm.kept().items() if name not in growing.names}

    desk = a_desk(tmp_path / "desk", opml)
    assert desk.run("publish", "--out", str(site)).code == 0
    acts = cycle(
        [
            ("poll", "--all"),
            ("publish", "--out", str(site)),
            ("run", "--once"),
            ("poll", "--all"),
            ("publish",),
        ]
    )
    killed = 0
    # How long each act takes, as far as is known: a poll that brings little is over long before
    # the first one would be, and a kill must come while there is something to kill.
    lasts: dict[tuple[str, ...], float] = {}
    with Watcher(site) as watcher:
        while killed < KILLS:
            growing.step()
            words = next(acts)
            lasting = lasts.get(words, longest)
            begun = time.monotonic()
            victim = desk.start(*words, start_new_session=True)
            if ends_within(victim, chance.uniform(0.1, 1.2 * lasting)):
                lasts[words] = time.monotonic() - begun
            else:
                lasts[words] = min(longest, 1.25 * lasting)
                killed += 1
            kill_group(victim)
            after_a_kill(desk, growing, complete)
        assert desk.run("poll", "--all").code in (0, 3)
        assert desk.run("publish", "--out", str(site)).code == 0
    assert watcher.torn == []
    assert watcher.reads > 0

    after_a_kill(desk, growing, complete)
    assert calm.run("poll", "--all").code in (0, 3)
    assert told(desk) == told(calm), "an entry is missing, or has another text"
    for name in growing.names:
        kept = {guid: title for (of, guid), (title, _) in told(desk).items() if of == name}
        assert kept == growing.titles(name)
    assert stories(desk) == stories(calm)
    assert unequal_pairs(site) == []
    for path, body in desk.ask("SELECT path, body FROM documents"):
        assert (site / path).read_bytes() == body
    assert not list(site.rglob(".*part"))


def test_a_killed_daemon_leaves_no_process_behind(
    growing: Growing, opml: Path, tmp_path: Path
) -> None:
    desk = a_desk(tmp_path / "desk", opml)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    victim = desk.start("run", "--port", str(port), start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while len(members(victim.pid)) < 3:  # itself, a resource tracker, a reader
            assert victim.poll() is None, "it ended before its readers were there"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        victim.kill()
        victim.wait()
        deadline = time.monotonic() + 30
        while left := members(victim.pid):
            assert time.monotonic() < deadline, f"still there: {left}"
            time.sleep(0.05)
    finally:
        kill_group(victim)


def test_a_killed_poll_is_taken_up_at_once(growing: Growing, opml: Path, tmp_path: Path) -> None:
    """The lock dies with its holder, and the leases of the dead are given back."""
    desk = a_desk(tmp_path / "desk", opml)
    victim = desk.start("poll", "--all", start_new_session=True)
    deadline = time.monotonic() + 30
    while not desk.ask("SELECT 1 FROM feed_state WHERE lease_owner IS NOT NULL"):
        assert victim.poll() is None, "it ended before it claimed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    kill_group(victim)
    done = desk.run("--json", "run", "--once")
    assert done.code in (0, 3), done.err
    (unpolled,) = desk.ask("SELECT count(*) FROM feed_state WHERE last_poll_at IS NULL")[0]
    assert unpolled == 0
    assert not desk.ask("SELECT 1 FROM feed_state WHERE lease_owner IS NOT NULL")


def test_a_store_without_its_write_ahead_log_is_whole(
    growing: Growing, opml: Path, tmp_path: Path
) -> None:
    """What was only in the lost log comes again: validators went with their entries."""
    desk = a_desk(tmp_path / "desk", opml)
    victim = desk.start("poll", "--all", start_new_session=True)
    deadline = time.monotonic() + 60
    while not desk.ask("SELECT 1 FROM entries LIMIT 1"):
        assert victim.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kill_group(victim)
    for suffix in ("-wal", "-shm"):
        Path(f"{desk.store}{suffix}").unlink(missing_ok=True)
    done = desk.run("poll", "--all")
    assert done.code in (0, 3), done.err
    with sqlite3.connect(desk.store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    for name in growing.names:
        assert desk.kept()[name] == set(growing.titles(name))
