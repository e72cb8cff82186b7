"""One poller, one round, measured from inside its own process.

    python -m benchmarks.pollers ours URLS.txt FOLDER [--workers 32]
    python -m benchmarks.pollers reader URLS.txt FOLDER [--workers 8]

`benchmarks.poll` starts this anew for each phase, so that processor time and peak memory belong to
that round alone. FOLDER keeps the poller's store from one round to the next. The last line is a
JSON object; times are those of the round and of closing the store, without start-up and without
making the feeds known, which stand apart.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.show import finish

# What ours is asked to do besides storing: tags, a series, two topics (auto and review).
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
net: {workers: WORKERS, per_host: 16, spacing: 0s, allow: [127.0.0.0/8]}
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


def poll_ours(urls: Sequence[str], folder: Path, workers: int) -> dict[str, object]:
    """Poll with the flow that `aggregator poll --all` runs, everything switched on."""
    from aggregator.config import load_settings
    from aggregator.flow.poll import Orders, chosen, poll_round
    from aggregator.system import bring_into_line, open_kit

    config = folder / "feeds.yaml"
    lines = (f"  - {{url: {url!r}, name: f{number}}}\n" for number, url in enumerate(urls))
    config.write_text(CONFIG.replace("WORKERS", str(workers)) + "".join(lines), encoding="utf-8")
    with open_kit(load_settings(config)) as kit:
        bring_into_line(kit)
        with kit.store.read() as tx:
            feed_ids = chosen(tx, ())
        start_cpu = time.process_time()
        meter = Meter()
        report = poll_round(kit, Orders(owner=f"benchmark:{os.getpid()}", feed_ids=feed_ids))
        readers = [peak_mb(child.pid or 0) for child in multiprocessing.active_children()]
    return {
        **meter.read(),
        "start_cpu_s": start_cpu,
        "peak_mb": peak_mb(),
        "readers_mb": max((mb for mb in readers if mb is not None), default=None),
        "feeds": report.polled,
        "failed": report.failed,
        "not_modified": report.not_modified,
        "new_entries": report.new,
    }


def poll_reader(urls: Sequence[str], folder: Path, workers: int) -> dict[str, object]:
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
    for _, outcome in peer.update_feeds_iter(workers=workers, scheduled=False):
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


POLLERS = {"ours": (poll_ours, 32), "reader": (poll_reader, 8)}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one round and print what it took."""
    parser = argparse.ArgumentParser(prog="benchmarks.pollers")
    parser.add_argument("poller", choices=POLLERS)
    parser.add_argument("urls", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int)
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    poll, workers = POLLERS[args.poller]
    finish(poll(args.urls.read_text().split(), args.folder, args.workers or workers))


if __name__ == "__main__":
    main()
