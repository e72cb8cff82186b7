"""One poller, one round, measured from inside its own process.

    python -m benchmarks.pollers ours URLS.txt FOLDER [--workers 32] [--manners] [--now T]
                                                      [--profile FILE]
    python -m benchmarks.pollers reader URLS.txt FOLDER [--workers 8]
    python -m benchmarks.pollers floor URLS.txt FOLDER [--workers 16]

`benchmarks.poll` starts this anew for each phase, so that processor time and peak memory belong to
that round alone. FOLDER keeps the poller's store from one round to the next. The last line is a
JSON object; times are those of the round and of closing the store, without start-up and without
making the feeds known, which stand apart. With --manners ours asks a host as it would out there
(one connection, a second between two polls); with --now its clock begins at that UTC second; with
--profile it writes what cProfile saw of the processor time of every thread, to be read with
`python -m pstats FILE`, and is slower for it.
"""

from __future__ import annotations

import argparse
import cProfile
import logging
import multiprocessing
import os
import pstats
import resource
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.show import finish

# What ours is asked to do: tags, a series looked for in bodies, two topics (auto and review), and
# whatever needs no switch (address guard, sanitising, stories, full-text search, flood guard,
# rhythm, the sampled comparison with feedparser, the ledger).
CONFIG = """\
version: 1
site: {title: Benchmark}
store: ours.db
tags:
  world: [world, "naïve", Müller]
  markets: [markets, shipping, "R&D"]
  climate: [climate, science]
series:
  - {name: Global Lane, any: [{title: 'Global Lane'}, {body: 'Blog Posts:\\s*Global Lane'}]}
net: {workers: WORKERS, timeout: TIMEOUT, allow: [127.0.0.0/8]MANNERS}
topics:
  - slug: global-lane
    title: Global Lane
    mode: auto
    match: 'series:"Global Lane" OR (tag:world AND tag:markets)'
  - slug: climate
    title: Climate
    mode: review
    match: 'tag:climate NOT title:naïve'
feeds:
"""
NO_SPACING = ", per_host: 16, spacing: 0s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a round is polled."""

    workers: int
    timeout: str = "20s"
    manners: bool = False  # spacing and connections a host as they are by default
    now: float | None = None  # UTC seconds at which our clock begins; None: as it is
    profile: Path | None = None


@dataclass(slots=True)
class Meter:
    """Processor and wall seconds since it was made; a child counts once it was waited for."""

    wall: float = 0.0
    own: float = 0.0
    children: float = 0.0

    def __post_init__(self) -> None:
        self.wall, self.own, self.children = self.now()

    @staticmethod
    def now() -> tuple[float, float, float]:
        """Return (wall, own, children) so far."""
        child = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.perf_counter(), time.process_time(), child.ru_utime + child.ru_stime

    def read(self) -> dict[str, float]:
        """Return the seconds since then."""
        wall, own, children = self.now()
        return {
            "wall_s": wall - self.wall,
            "cpu_s": own - self.own + children - self.children,
            "own_cpu_s": own - self.own,
            "readers_cpu_s": children - self.children,
        }


def peak_mb(pid: int | str = "self") -> float | None:
    """Return the most memory a process had resident, in MB; None where it cannot be told.

    Not `ru_maxrss`: a child inherits its parent's there.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return round(int(found[0]) / 1024, 1) if found else None


@contextmanager
def profiled(file: Path | None) -> Iterator[None]:
    """Write what took this process's time to a file, all threads added up; None: do nothing.

    Threads that go on afterwards (the watchdog's, the reader pool's) are left out: whoever ends a
    profile closes its open calls by his own clock.
    """
    if file is None:
        yield
        return
    seen: list[tuple[threading.Thread, cProfile.Profile]] = []

    def watch(*_: object) -> None:
        """Take the place of this hook in the thread that just began."""
        profile = cProfile.Profile(time.thread_time)
        with suppress(ValueError):  # since Python 3.12 only one thread can be watched
            profile.enable()
            seen.append((threading.current_thread(), profile))

    threading.setprofile(watch)
    watch()
    try:
        yield
    finally:
        threading.setprofile(None)
        (_, own), *others = seen
        own.disable()
        stats = pstats.Stats(own)
        for thread, profile in others:
            if not thread.is_alive():
                stats.add(profile)
        stats.dump_stats(file)


def settled_cpu() -> float:
    """Return the CPU seconds of our child processes once they have started and rest."""
    before, now = -1.0, 0.0
    while now != before:
        time.sleep(0.5)
        before, now = now, sum(cpu_of(each.pid or 0) for each in multiprocessing.active_children())
    return now


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process that runs; 0 when it is gone.

    By the scheduler's nanoseconds where it tells them: ticks are 10 ms, and what two processes
    used of theirs would be a tenth of an unchanged poll of 500 feeds.
    """
    place = Path(f"/proc/{pid}")
    with suppress(OSError, IndexError):
        tasks = [task.read_text().split() for task in place.glob("task/*/schedstat")]
        if tasks:
            return sum(int(task[0]) for task in tasks) / 1e9
    try:
        fields = (place / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def poll_ours(urls: Sequence[str], folder: Path, terms: Terms) -> dict[str, object]:
    """Poll with the flow that `aggregator poll --all` runs, everything switched on.

    A peer of another benchmark brings numpy, which sqlite-utils loads where it is: 10 MB that an
    installation has not.
    """
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
    from aggregator.config import load_settings
    from aggregator.flow.poll import Orders, chosen, poll_round
    from aggregator.system import bring_into_line, open_kit

    config = folder / "feeds.yaml"
    said = CONFIG.replace("WORKERS", str(terms.workers)).replace("TIMEOUT", terms.timeout)
    said = said.replace("MANNERS", "" if terms.manners else NO_SPACING)
    lines = (f"  - {{url: {url!r}, name: f{number}}}\n" for number, url in enumerate(urls))
    config.write_text(said + "".join(lines), encoding="utf-8")
    with open_kit(load_settings(config)) as opened:
        kit = opened if terms.now is None else replace(opened, clock=_clock_from(terms.now))
        bring_into_line(kit)
        with kit.store.read() as tx:
            feed_ids = chosen(tx, ())
        kit.reader.warm()  # as the daemon does, ahead of its first poll
        readers_start = settled_cpu()
        start_cpu = time.process_time()
        meter = Meter()
        with profiled(terms.profile):
            report = poll_round(kit, Orders(owner=f"benchmark:{os.getpid()}", feed_ids=feed_ids))
        wall = meter.read()["wall_s"]
        recent = kit.clock() - kit.settings.window
        readers = [peak_mb(child.pid or 0) for child in multiprocessing.active_children()]
    used = meter.read()
    return {
        **used,
        "cpu_s": used["cpu_s"] - readers_start,
        "readers_cpu_s": max(used["readers_cpu_s"] - readers_start, 0.0),
        "wall_s": wall,
        "start_cpu_s": start_cpu,
        "peak_mb": peak_mb(),
        "readers_mb": max((mb for mb in readers if mb is not None), default=None),
        "feeds": report.polled,
        "failed": report.failed,
        "not_modified": report.not_modified,
        "new_entries": report.new,
        "in_window": _entries_since(folder / "ours.db", recent),
    }


def _clock_from(start: float) -> Callable[[], float]:
    begun = time.monotonic()
    return lambda: start + time.monotonic() - begun


def _entries_since(store: Path, at: float) -> int:
    """Return how many entries of a store are not older, by their place in time."""
    place = "min(coalesce(published_at, first_seen_at), first_seen_at)"
    with closing(sqlite3.connect(store)) as conn:
        query = f"SELECT count(*) FROM entries WHERE {place} >= ?"
        return int(conn.execute(query, (int(at),)).fetchone()[0])


def poll_reader(urls: Sequence[str], folder: Path, terms: Terms) -> dict[str, object]:
    """Poll with lemon24/reader, as its documentation does it."""
    from reader import make_reader

    peer = make_reader(str(folder / "reader.db"))
    known = {feed.url for feed in peer.get_feeds()}
    for url in urls:
        if url not in known:
            peer.add_feed(url, allow_invalid_url=True)
    start_cpu = time.process_time()
    failed = not_modified = new = polled = 0
    meter = Meter()
    for _, outcome in peer.update_feeds_iter(workers=terms.workers, scheduled=False):
        polled += 1
        if isinstance(outcome, Exception):
            failed += 1
        elif outcome is None:
            not_modified += 1
        else:
            new += outcome.new
    peer.close()
    return {
        **meter.read(),
        "start_cpu_s": start_cpu,
        "peak_mb": peak_mb(),
        "readers_mb": None,
        "feeds": polled,
        "failed": failed,
        "not_modified": not_modified,
        "new_entries": new,
    }


def poll_floor(urls: Sequence[str], folder: Path, terms: Terms) -> dict[str, object]:
    """Poll with as little as Python allows."""
    from benchmarks.floor import know, poll

    file = folder / "floor.db"
    feeds = know(file, list(urls))
    start_cpu = time.process_time()
    meter = Meter()
    counts = poll(file, feeds, terms.workers)
    return {
        **meter.read(),
        "start_cpu_s": start_cpu,
        "peak_mb": peak_mb(),
        "readers_mb": None,
        "feeds": counts.feeds,
        "failed": counts.failed,
        "not_modified": counts.not_modified,
        "new_entries": counts.new,
    }


Poll = Callable[[Sequence[str], Path, Terms], dict[str, object]]
POLLERS: dict[str, tuple[Poll, int]] = {  # with the workers each is best at
    "ours": (poll_ours, 32),
    "reader": (poll_reader, 8),
    "floor": (poll_floor, 16),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one round and print what it took."""
    parser = argparse.ArgumentParser(prog="benchmarks.pollers")
    parser.add_argument("poller", choices=POLLERS)
    parser.add_argument("urls", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--timeout", default="20s")
    parser.add_argument("--manners", action="store_true")
    parser.add_argument("--now", type=float)
    parser.add_argument("--profile", type=Path)
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    poll, workers = POLLERS[args.poller]
    terms = Terms(
        workers=args.workers or workers,
        timeout=args.timeout,
        manners=args.manners,
        now=args.now,
        profile=args.profile,
    )
    finish(poll(args.urls.read_text().split(), args.folder, terms))


if __name__ == "__main__":
    main()
