"""Whole polls of feeds on a local origin, ours beside a peer's, in one run.

    python -m benchmarks.poll --make 500 [--peer reader] [--latency]
    python -m benchmarks.poll URLS.txt [--tree DIR] [--peer reader] [--latency]

Phases: `full` (an empty store), `unchanged` (the same again), `changed` (a tenth of the feeds has
new entries); with --latency also `latency` (unchanged, 128 workers, an origin that takes 100 ms).
Each poller runs each phase in a fresh process. CPU is that of the poller with its reader processes,
which also stand apart; the ratio is ours / the peer's, so .14 is a seventh. With --make, or with
--tree DIR (what make_origin.py wrote, to be flipped for `changed`), the new entries of both are
compared with the truth: a fast poll that stores too little is no result, and the exit code is 1.

AGGREGATOR_SHARED names the folder of make_origin.py and serve_origin.py (in tools/). Only addresses
of the loopback are polled.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.show import figure, finish, table

LATENCY_MS = 100
LATENCY_WORKERS = 128
ROUND_LIMIT = 1800  # seconds for one phase of one poller
COLUMNS = (
    "phase",
    "poller",
    "CPU s/1000",
    "of it readers",
    "wall s/1000",
    "peak MB",
    "reader MB",
    "new",
    "failed",
    "CPU ours/peer",
)

Round = dict[str, Any]


def tools() -> Path:
    """Return where the origin's scripts lie."""
    shared = os.environ.get("AGGREGATOR_SHARED")
    if not shared:
        sys.exit("--make needs AGGREGATOR_SHARED: the folder whose tools/ hold make_origin.py")
    return Path(shared) / "tools"


def make_tree(folder: Path, feeds: int, seed: int) -> None:
    """Write a tree of made feeds in two states."""
    script = tools() / "make_origin.py"
    subprocess.run(
        [sys.executable, str(script), str(folder), "-n", str(feeds), "--seed", str(seed)],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def flip(tree: Path) -> None:
    """Let the origin serve the other state from now on."""
    script = tools() / "make_origin.py"
    command = [sys.executable, str(script), str(tree), "--flip"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serving(tree: Path, feeds: int, out: Path, *, port: int, latency: int = 0) -> Iterator[str]:
    """Serve a tree, one address a feed, in a process of its own; yields which server it is."""
    nginx = not latency and shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    how = ["--nginx"] if nginx else ["--latency-ms", str(latency)]
    where = ["--hosts", str(feeds), "--port", str(port), "--out", str(out)]
    server = subprocess.Popen(
        [sys.executable, str(tools() / "serve_origin.py"), str(tree), *where, *how],
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            assert server.stdout is not None
            if not server.stdout.readline():
                sys.exit("the origin did not start")
            yield "nginx" if nginx else "serve_origin.py"
        finally:
            server.terminate()


def free_port() -> int:
    """Return a port nobody uses on the loopback now."""
    with socket.create_server(("127.0.10.1", 0)) as probe:
        return int(probe.getsockname()[1])


def run_round(poller: str, urls: Path, folder: Path, workers: int | None) -> Round:
    """Let a poller do one round in a fresh process and return what it measured."""
    command = [sys.executable, "-m", "benchmarks.pollers", poller, str(urls), str(folder)]
    if workers is not None:
        command += ["--workers", str(workers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=ROUND_LIMIT)
    if done.returncode:
        sys.exit(f"{poller} ended with {done.returncode}")
    measured: Round = json.loads(done.stdout.splitlines()[-1])
    wanted = len(urls.read_text().split())
    if measured["feeds"] != wanted:
        sys.exit(f"{poller} polled {measured['feeds']} of {wanted} feeds: nothing to compare")
    return measured


def told(ours: Round, peer: Round | None, truth: int | None) -> dict[str, object]:
    """Return a phase as the last line has it."""
    result: dict[str, object] = _per_1000(ours)
    if truth is not None:
        result["expected_entries"] = truth
        result["right"] = ours["new_entries"] == truth
    if peer is not None:
        result["ratio"] = figure(ours["cpu_s"] / max(peer["cpu_s"], 1e-9))
        result["wall_ratio"] = figure(ours["wall_s"] / max(peer["wall_s"], 1e-9))
        result["peer"] = _per_1000(peer)
    return result


def _per_1000(measured: Round) -> dict[str, object]:
    feeds = measured["feeds"]
    names = ("cpu_s", "wall_s", "readers_cpu_s")
    return {
        **{f"{name}_per_1000": figure(1000 * measured[name] / feeds) for name in names},
        "feeds_per_s": figure(feeds / max(measured["wall_s"], 1e-9)),
        "start_cpu_s": figure(measured["start_cpu_s"]),
        **{name: measured[name] for name in ("peak_mb", "readers_mb", "new_entries", "failed")},
    }


def rows(phase: str, result: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield a phase as lines of the table: ours, then the peer's."""
    for name, part in (("ours", result), ("peer", result.get("peer"))):
        if part is not None:
            yield (
                phase,
                name,
                part["cpu_s_per_1000"],
                part["readers_cpu_s_per_1000"],
                part["wall_s_per_1000"],
                part["peak_mb"],
                part["readers_mb"],
                part["new_entries"],
                part["failed"],
                result.get("ratio") if name == "ours" else None,
            )


def refuse_the_internet(urls: Sequence[str]) -> None:
    """End here unless every address is one of the loopback."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        try:
            local = host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            local = False
        if not local:
            sys.exit(f"{url}: not on the loopback; a benchmark asks nobody else's server")


class Bench:
    """One run: the feeds, the stores of both pollers, and what each phase gave."""

    def __init__(self, work: Path, peer: str | None, tree: Path | None) -> None:
        self.peer, self.tree = peer, tree
        self.results: dict[str, dict[str, Any]] = {}
        self._homes = {name: work / name for name in ("ours", *([peer] if peer else []))}
        for home in self._homes.values():
            home.mkdir()
        known = (tree / "truth.json") if tree is not None else None
        self.truth: dict[str, Any] | None = json.loads(known.read_text()) if known else None

    def phase(self, name: str, urls: Path, expected: int | None, workers: int | None) -> None:
        """Run one phase with every poller."""
        print(f"{name} …", file=sys.stderr, flush=True)
        ours = run_round("ours", urls, self._homes["ours"], workers)
        peer = run_round(self.peer, urls, self._homes[self.peer], workers) if self.peer else None
        self.results[name] = told(ours, peer, expected)

    def phases(self, urls: Path) -> None:
        """Run full, unchanged and, where there is a tree to flip, changed."""
        truth = self.truth or {}
        self.phase("full", urls, truth.get("entries"), None)
        self.phase("unchanged", urls, 0 if truth else None, None)
        if self.tree is not None:
            flip(self.tree)
            self.phase("changed", urls, truth.get("new_entries_in_state1"), None)

    def right(self) -> bool:
        """Whether ours stored what there was in every phase, as far as the truth is known."""
        return all(result.get("right", True) for result in self.results.values())


def run(args: argparse.Namespace, work: Path) -> tuple[Bench, str]:
    """Run every phase; returns the results and what served the feeds."""
    if args.urls is not None:
        refuse_the_internet(args.urls.read_text().split())
        bench = Bench(work, args.peer, args.tree)
        bench.phases(args.urls)
        if args.latency:  # as slow as the given origin is
            bench.phase("latency", args.urls, None, LATENCY_WORKERS)
        return bench, "given"
    tree, port = work / "origin", free_port()
    make_tree(tree, args.make, args.seed)
    bench = Bench(work, args.peer, tree)
    with serving(tree, args.make, work, port=port) as server:
        bench.phases(work / "urls.txt")
    if args.latency:
        with serving(tree, args.make, work, port=port, latency=LATENCY_MS):
            # The validators may be another server's: one round to learn them.
            run_round("ours", work / "urls.txt", work / "ours", LATENCY_WORKERS)
            if args.peer:
                run_round(args.peer, work / "urls.txt", work / args.peer, LATENCY_WORKERS)
            bench.phase("latency", work / "urls.txt", 0, LATENCY_WORKERS)
    return bench, server


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="benchmarks.poll", description=(__doc__ or "").strip())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("urls", type=Path, nargs="?", help="a file of addresses, one a line")
    parser.add_argument("--make", type=int, metavar="N", help="make and serve N feeds instead")
    parser.add_argument("--tree", type=Path, help="the tree that URLS serves, for `changed`")
    parser.add_argument("--peer", choices=["reader"], help="the poller to measure against")
    parser.add_argument("--latency", action="store_true", help="one more phase, 128 workers")
    parser.add_argument("--seed", type=int, default=7, help="of the made feeds")
    args = parser.parse_args(argv)
    if (args.urls is None) == (args.make is None):
        parser.error("give either a file of addresses or --make N")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table and the last line; 1 when something was not stored."""
    args = parsed(argv)
    with tempfile.TemporaryDirectory(prefix="aggregator-poll-") as folder:
        bench, server = run(args, Path(folder))
    print(f"served by {server}, seed {args.seed}")
    lines = [row for phase, result in bench.results.items() for row in rows(phase, result)]
    print(table(COLUMNS, lines))
    finish(
        {
            "benchmark": "poll",
            "feeds": args.make,
            "seed": args.seed,
            "server": server,
            "peer": args.peer,
            **bench.results,
        }
    )
    return 0 if bench.right() else 1


if __name__ == "__main__":
    sys.exit(main())
