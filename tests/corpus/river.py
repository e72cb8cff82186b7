"""A loopback origin of real feeds in a process of its own, and our command line beside it."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

CONFIG = """\
version: 1
site: {{title: River desk, url: https://news.example.org, contact: desk@example.org}}
store: store/news.db
defaults: {{every: {every}}}
net: {{workers: 16, spacing: 0s, timeout: {timeout}, allow: ["127.0.0.0/8"]}}
topics:
  - {{slug: all-news, title: All news, mode: auto, match: '*'}}
"""


def shared() -> Path:
    """Return the shared corpus and tools; fails when their place is not given."""
    place = Path(os.environ["AGGREGATOR_SHARED"])
    assert (place / "corpus" / "feeds").is_dir(), f"{place} holds no corpus"
    return place


def full() -> bool:
    """Whether the full figures of the issue are asked for."""
    return os.environ.get("AGGREGATOR_FULL") == "1"


def seed() -> int:
    """Return the seed of this run; printed, so that a failure can be had again."""
    print(f"AGGREGATOR_SEED={_seed()}")
    return _seed()


@cache
def _seed() -> int:
    return int(os.environ.get("AGGREGATOR_SEED") or time.time())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: subprocess.Popen[str]) -> None:
    """End a process that we started, by its own handle."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def served(folder: Path, out: Path, *options: str) -> Iterator[Path]:
    """Serve a folder of feeds by `serve_origin.py`; gives the OPML list of their addresses."""
    out.mkdir(parents=True, exist_ok=True)
    tool = shared() / "tools" / "serve_origin.py"
    words = (sys.executable, str(tool), str(folder), "--port", str(free_port()), *options)
    log = out / "origin.log"
    with log.open("w") as said:
        origin = subprocess.Popen(
            [*words, "--out", str(out)], stdout=said, stderr=said, text=True, cwd=out
        )
    try:
        deadline = time.monotonic() + 20
        while "lists:" not in log.read_text():
            assert origin.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield out / "feeds.opml"
    finally:
        end(origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One configuration and its store, worked by the command line."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, *, every: str = "auto", timeout: str = "20s") -> Desk:
        """Write a configuration without feeds into a new folder."""
        folder.mkdir(parents=True)
        (folder / "feeds.yaml").write_text(CONFIG.format(every=every, timeout=timeout))
        return cls(folder=folder)

    @property
    def store(self) -> Path:
        return self.folder / "store" / "news.db"

    def words(self, *words: str) -> list[str]:
        """Return the command line of these words."""
        config = str(self.folder / "feeds.yaml")
        return [sys.executable, "-m", "aggregator", "-c", config, *words]

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command without waiting for it."""
        piped = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
        return subprocess.Popen(self.words(*words), text=True, **piped)

    def run(self, *words: str, timeout: float = 300, **options: Any) -> Done:
        """Run a command to its end."""
        ended = subprocess.run(
            self.words(*words), capture_output=True, text=True, timeout=timeout, **options
        )
        return Done(code=ended.returncode, out=ended.stdout, err=ended.stderr)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the store directly, read-only."""
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=20)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of what a poll that brings nothing must leave alone."""
        names = (
            "entries entry_bodies entry_tags entry_series revisions articles admissions verdicts"
            " items decisions documents seen topic_dirty topics feeds withdrawals related prints"
        )
        return {name: sorted(self.ask(f"SELECT * FROM {name}"), key=repr) for name in names.split()}

    def kept(self) -> dict[str, set[str]]:
        """Return the guids of stored entries by the name of their document."""
        found: dict[str, set[str]] = {}
        for url, guid in self.ask(
            "SELECT f.url, e.guid FROM feeds f LEFT JOIN entries e ON e.feed_id = f.id"
        ):
            found.setdefault(document_of(url), set()).update(() if guid is None else (guid,))
        return found


def document_of(url: str) -> str:
    """Return the name of the file that an address of the origin serves."""
    return unquote(url.rsplit("/", 1)[-1])


def index() -> dict[str, dict[str, str]]:
    """Return what is known of each real document."""
    with (shared() / "corpus" / "feeds" / "index.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def sample(into: Path, how_many: int, chosen_by: int, *, always: Sequence[str] = ()) -> list[str]:
    """Lay a random sample of the real documents into a folder, with their index."""
    rows = index()
    others = sorted(rows.keys() - set(always))
    picked = sorted({*always, *random.Random(chosen_by).sample(others, how_many)})
    into.mkdir(parents=True)
    for name in picked:
        shutil.copy2(shared() / "corpus" / "feeds" / name, into / name)
    with (into / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[picked[0]]))
        writer.writeheader()
        writer.writerows(rows[name] for name in picked)
    return picked
