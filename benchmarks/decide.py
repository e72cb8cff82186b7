"""What it takes to decide a poll of 30 new entries, with so many entries inside the window.

    python -m benchmarks.decide [--window 100000 ...] [--polls 60] [--seed 7]

A store on disk is filled by the flow itself, poll after poll, with made news (half of it reports of
events, some of those near-copies) until the window holds so many entries; then polls are clocked,
each kept in a transaction of its own, as one that comes alone is. `ms` is the processor time of the
whole: drafting (cleaning, tags, series, rules, print), identity, near-duplicates, the story index,
keeping (rows, search index, prints, verdicts), and the commit; the middle one of all polls. Parts
are means. `loop_us` is what 1000 turns of a bare loop take in the same run: on another day, or
another machine, compare by it.

Then a process of its own opens that store, as a daemon does at its start, and builds the index by
its first poll: how long that takes, and what it has of memory beside a process without (`kb_entry`:
for each entry of the window).
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from time import process_time_ns
from typing import Any

if __name__ == "__main__":  # sqlite-utils would load it; who only imports this keeps their own
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]

from aggregator.config import load_settings
from aggregator.core import articles, cluster, drafting
from aggregator.flow import absorb
from aggregator.flow.absorb import prepare
from aggregator.flow.kit import Kit, books
from aggregator.flow.memory import StoryMemory
from aggregator.flow.polled import Polled
from aggregator.flow.turn import keep_group, turn_of
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Caching, Fetched
from aggregator.store import engine, keeping, prints, words
from aggregator.system import bring_into_line, open_kit
from benchmarks.decide_news import News
from benchmarks.near_store import loop_us
from benchmarks.show import figure, finish, table

FEEDS = 300
POLL = 30  # entries
START = 1_800_000_000
ASKED, AIM = 30.0, 15.0  # ms a poll
CONFIG = """\
version: 1
site: {title: Benchmark}
store: STORE
tags: {world: [kalo, teran], markets: [sope, duvi]}
topics:
  - {slug: world, title: World, mode: auto, match: 'tag:world OR tag:markets'}
feeds:
"""
# What is clocked: the places where they are called from, and what the table calls them.
PARTS: tuple[tuple[Any, str, str], ...] = (
    (drafting, "print_of", "print"),
    (prints.SqlitePrints, "near", "near"),
    (articles, "compare", "compare"),
    (StoryMemory, "_bring", "follow"),
    (cluster.StoryIndex, "place", "index"),
    (absorb, "refresh_articles", "verdicts"),
    (keeping, "keep", "keep"),
    (prints.SqlitePrints, "write", "keys"),
    (words.WordIndex, "write", "words"),
    (engine.SqliteStore, "_commit", "commit"),
)


class Desk:
    """A newsroom whose polls are made up here, and whose clock goes on with them."""

    def __init__(self, kit: Kit, news: News, now: float = START) -> None:
        self.now = now
        self.kit = replace(kit, clock=lambda: self.now)
        bring_into_line(self.kit)
        self.news = news
        self.polls = 0
        with self.kit.store.read() as tx:
            self._feeds = [feed.id for feed in tx.feeds.all()]
            self._books = books(tx, self.kit.settings)

    def poll(self) -> tuple[int, int]:
        """Have one feed bring 30 new entries; return the nanoseconds of drafting and the rest."""
        feed_id = self._feeds[self.polls % len(self._feeds)]
        self.polls += 1
        at = int(self.now)
        made = ParsedFeed(
            format="rss20",
            title="Made",
            lang="en",
            entries=tuple(self.news.entry(at - place) for place in range(POLL)),
        )
        with self.kit.store.write() as tx:
            (claim,) = tx.feeds.claim(
                [feed_id], self.now, limit=1, lease=60, owner="b", per_host=1, spacing=0
            )
        answer = Fetched(
            url=claim.feed.spec.url,
            status=200,
            body=b"",
            content_type=None,
            etag=f'"{self.polls}"',
            last_modified=None,
            caching=Caching(),
        )
        begun = process_time_ns()
        arrived = Polled(claim=claim, outcome=answer, turn=turn_of(self.kit, claim), body_hash=at)
        with self.kit.store.read() as tx:
            polled = prepare(tx, arrived, made, self._books)
        drafted = process_time_ns()
        (done,) = keep_group(self.kit, [polled])
        kept = process_time_ns()
        if (done.new, done.problem) != (POLL, None):
            sys.exit(f"a poll brought {done.new} entries: {done.problem}")
        return drafted - begun, kept - drafted


@contextmanager
def newsroom(folder: Path, seed: int, *, now: float = START) -> Iterator[Desk]:
    """Open the newsroom of a folder."""
    config = folder / "feeds.yaml"
    lines = (f"  - {{url: 'https://f{n}.example/rss', name: f{n}}}\n" for n in range(FEEDS))
    config.write_text(CONFIG.replace("STORE", "decide.db") + "".join(lines), encoding="utf-8")
    with open_kit(load_settings(config)) as kit:
        yield Desk(kit, News(seed), now)


@contextmanager
def clocked() -> Iterator[dict[str, int]]:
    """Have the parts add up their nanoseconds."""
    took = {name: 0 for _, _, name in PARTS}
    before = [(place, called, getattr(place, called)) for place, called, _ in PARTS]

    def timed(act: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(act)
        def run(*given: Any, **named: Any) -> Any:
            begun = process_time_ns()
            try:
                return act(*given, **named)
            finally:
                took[name] += process_time_ns() - begun

        return run

    for (place, called, act), (_, _, name) in zip(before, PARTS, strict=True):
        setattr(place, called, timed(act, name))
    try:
        yield took
    finally:
        for place, called, act in before:
            setattr(place, called, act)


def measured(desk: Desk, window: int, polls: int) -> dict[str, Any]:
    """Fill the window, and clock polls: whole ones, and as many by their parts."""
    print(f"{window:,} entries …", file=sys.stderr, flush=True)
    pace = 0.9 * desk.kit.settings.window / max(window / POLL, 1)  # none leaves it meanwhile
    desk.now = START if desk.polls == 0 else desk.now
    while desk.polls * POLL < window:
        desk.now += pace
        desk.poll()
    whole = []
    for _ in range(polls):
        desk.now += pace / 10
        whole.append(sum(desk.poll()))
    drafting_ns = 0
    with clocked() as took:
        for _ in range(polls):
            desk.now += pace / 10
            drafting_ns += desk.poll()[0]
    parts = {"draft": drafting_ns - took["print"], **took}
    middle = statistics.median(whole) / 1e6
    return {
        "window": window,
        "ms": figure(middle),
        "least_ms": figure(min(whole) / 1e6),
        "us": figure(1000 * middle / POLL),
        "parts": {name: figure(ns / 1e6 / polls) for name, ns in parts.items()},
        "loop_us": loop_us(),
    }


def started(folder: Path, seed: int, now: float) -> dict[str, float]:
    """Return what a process of its own takes to build the index, and what it then holds."""
    command = [sys.executable, "-m", "benchmarks.decide", "--start", str(folder)]
    done = subprocess.run(
        [*command, "--seed", str(seed), "--at", str(now)], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def start(folder: Path, seed: int, now: float) -> None:
    """Build the index as a first poll does; be that process."""
    with newsroom(folder, seed, now=now) as desk:
        before, begun = _resident_mb(), process_time_ns()
        with desk.kit.store.write() as tx:
            index = desk.kit.stories.stories(tx, desk.kit.settings, int(now)).index()
        took = process_time_ns() - begun
        print(
            json.dumps(
                {
                    "seconds": figure(took / 1e9),
                    "articles": len(index),
                    "mb": figure(_resident_mb()),
                    "index_mb": figure(_resident_mb() - before),
                }
            )
        )


def _resident_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def main(arguments: Sequence[str]) -> None:
    """Fill, clock and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decide", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--window", type=int, nargs="+", default=[100_000], help="entries, rising")
    parser.add_argument("--polls", type=int, default=60, help="that are clocked")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at", type=float, default=float(START), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    if asked.start is not None:
        start(asked.start, asked.seed, asked.at)
        return
    found = []
    with tempfile.TemporaryDirectory(prefix="aggregator-decide-") as place:
        folder = Path(place)
        with newsroom(folder, asked.seed) as desk:
            for window in sorted(asked.window):
                found.append(measured(desk, window, asked.polls))
                held = desk.polls * POLL
                begun = started(folder, asked.seed, desk.now)
                found[-1]["start"] = begun | {"kb_entry": figure(begun["index_mb"] * 1024 / held)}
    columns = ("entries", "ms", "least", *found[0]["parts"], "start s", "MB", "KB an entry")
    rows = [
        (
            each["window"],
            each["ms"],
            each["least_ms"],
            *each["parts"].values(),
            each["start"]["seconds"],
            each["start"]["mb"],
            each["start"]["kb_entry"],
        )
        for each in found
    ]
    print(f"a poll of {POLL} new entries, ms of processor time; seed {asked.seed}")
    print(table(columns, rows))
    last = found[-1]
    met = "yes" if last["ms"] <= ASKED else "NO"
    print(f"\n{last['ms']} ms; asked {ASKED:g}: {met}; aim {AIM:g}")
    finish({"benchmark": "decide", "poll": POLL, "seed": asked.seed, **last, "windows": found})


if __name__ == "__main__":
    main(sys.argv[1:])
