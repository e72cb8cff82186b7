"""Who publishes, when, in which process and surroundings, changes no byte (DESIGN §2, law 9)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from aggregator.flow.curate import withdraw
from aggregator.model.topic import PublishSpec, Verb
from aggregator.store.engine import open_store
from tests.flow.newsroom import HOUR, LONG, Newsroom, Told, topic

ROOT = Path(__file__).parents[2]
SURROUNDINGS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
)


def a_desk_with_work_left(path: Path) -> float:
    """Fill a store with archives, stories of several outlets, notes, and much not published yet.

    Return its time.
    """
    with closing(open_store(path)) as store:
        newsroom = Newsroom(store)
        newsroom.follow(
            ["wire", "daily", "herald"],
            [
                topic(publish=PublishSpec(items=3)),
                topic("port", "port OR harbour", publish=PublishSpec(items=50)),
            ],
        )
        for n in range(8):
            newsroom.now += HOUR
            told = Told(guid=f"{n}", title=f"Grain {n} & port", text=f"<b>{n}</b> ships. {n}")
            newsroom.hears("wire", replace(told, at=int(newsroom.now)))
        newsroom.act(Verb.NOTE, "Grain 3 & port", note="So it is.\n\nReally")
        newsroom.now += HOUR
        for name in ("daily", "herald", "wire"):
            title = f"Grain in the harbour, says {name}"
            newsroom.serves(name, Told(guid="all", title=title, text=LONG, at=int(newsroom.now)))
        newsroom.poll("daily", "herald", "wire")
        gone = str(newsroom.entry("Grain 1 & port").id)
        withdraw(newsroom.kit, gone, reason="asked to", actor="ida")
        return newsroom.now


def published_in_a_process(store: Path, now: float, surroundings: dict[str, str]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.flow.publishing_afresh", str(store), str(now)],
        env=os.environ | surroundings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def copied(store: Path, to: Path) -> Path:
    to.mkdir()
    with closing(sqlite3.connect(store)) as db:  # what lies in its log, too
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copy2(store, to / store.name))


def test_two_seconds_later_in_another_process_the_same_bytes_are_published(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    now = a_desk_with_work_left(store)
    one, other = (
        published_in_a_process(copied(store, tmp_path / str(at)), now + 2 * at, surroundings)
        for at, surroundings in enumerate(SURROUNDINGS, start=1)
    )
    assert one == other
    assert {"topics/grain.atom", "topics/port.json", "topics/grain/archive/1.rss"} <= one.keys()


def test_publishing_again_what_is_published_writes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    now = a_desk_with_work_left(store)
    first = published_in_a_process(store, now, SURROUNDINGS[0])
    assert published_in_a_process(store, now + HOUR, SURROUNDINGS[1]) == first
