"""Whole polls of feeds on a local origin, ours beside a floor and a peer, in one run.

    python -m benchmarks.poll --make 500 [2000 …] [--floor] [--peer reader]
                              [--latency] [--errors] [--slow] [--profile DIR] [--strict]
                              [--stories] [--now T]
    python -m benchmarks.poll URLS.txt [--tree DIR] [--floor] [--peer reader] [--latency]
                              [--stories --now T]

Phases: `full` (an empty store), `unchanged` (the same again), `changed` (a tenth of the feeds has
new entries). With --latency, on an origin that takes 100 ms: `latency` (unchanged, 128 workers, as
many hosts as feeds), `spaced` (the same with one connection a host and a second between two polls,
as is the default), and `shared` (so too, four feeds a host), the last two beside the least that
manners allow. With --errors and --slow, from an empty store, on an origin where 5 % of the feeds
fail and 5 % come at two bytes a second: `clean`, `clean again`, `hurt`, `hurt again`; wall time may
grow by one deadline. nginx serves where it is installed, apart from delays and faults.

Everything is switched on: conditional requests, address guard, fast reader and guarded feedparser
(with the sampled comparison), sanitising, identity, flood guard, stories, tags, a series looked
for in bodies, two topics (automatic and reviewed), full-text search, rhythm, history and ledger.
Only host spacing is off where it does not say otherwise.

Each poller runs each phase in a fresh process. CPU is that of the process with its reader
processes, which also stand apart; a ratio is ours / the other's, so .14 is a seventh. With --make,
or with --tree DIR (what make_origin.py wrote, to be flipped for `changed`), the new entries are
compared with the truth: a fast poll that stores too little is no result, and the exit code is 1.
With --strict it is 1 as well when a target is missed. --profile writes what cProfile saw of ours.

The made entries are two months old: outside the window in which near-copies and reports of one
story are looked for. With --stories our clock is that of the origin's tree, which brings a fifth of
them inside; with --now it begins at any UTC second, ten minutes later with each phase. What is
dated in the future counts as of now: a clock before the origin's brings all of them inside.

AGGREGATOR_SHARED names the folder of make_origin.py and serve_origin.py (in tools/). Only addresses
of the loopback are polled.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import origins
from benchmarks.origins import Manner
from benchmarks.poll_told import Phase, Round, targets, told
from benchmarks.show import figure, finish, table

LATENCY_MS = 100
LATENCY_WORKERS = 128
SHARE = 4  # feeds a host in `shared`
SPACING = 1.0  # seconds between two polls of a host, by default
FAULTS = 0.05
LATER = 600  # seconds from phase to phase, by a clock of our own
ROUND_LIMIT = 3600  # seconds for one phase of one poller
COLUMNS = (
    "phase",
    "poller",
    "CPU s/1000",
    "process",
    "readers",
    "wall s/1000",
    "feeds/s",
    "peak MB",
    "reader MB",
    "new",
    "failed",
    "CPU ratio",
)


class Bench:
    """One size: the feeds, the stores of every poller, and what each phase gave."""

    def __init__(self, work: Path, args: argparse.Namespace, tree: Path | None) -> None:
        self.args, self.tree, self.work = args, tree, work
        self.phases: list[Phase] = []
        self.others = [name for name in (args.peer, "floor" if args.floor else None) if name]
        known = (tree / "truth.json") if tree is not None else None
        self.truth: dict[str, int] = json.loads(known.read_text()) if known else {}
        self.now: int | None = args.now
        if self.now is None and args.stories and tree is not None:
            self.now = origins.clock_of(tree)

    def phase(
        self,
        name: str,
        urls: Path,
        *,
        expected: int | None = None,
        failing: int = 0,
        workers: int | None = None,
        home: str = "",
        others: bool = True,
        least_s: float | None = None,
        manners: bool = False,
    ) -> Phase:
        """Run one phase with every poller; stores of another `home` begin empty."""
        print(f"{name} …", file=sys.stderr, flush=True)
        by = {}
        for poller in ("ours", *(self.others if others else ())):
            folder = self.work / f"{poller}{home}"
            folder.mkdir(exist_ok=True)
            options = [f"--workers={workers}"] if workers is not None else []
            if poller == "ours":
                options += self._of_ours(name, workers, manners)
            by[poller] = run_round(poller, urls, folder, options)
        phase = Phase(
            name=name, by=by, expected=expected, failing=failing, workers=workers, least_s=least_s
        )
        self.phases.append(phase)
        return phase

    def _of_ours(self, name: str, workers: int | None, manners: bool) -> list[str]:
        options = [f"--timeout={self.args.timeout}s", *self._clock()] + ["--manners"] * manners
        if workers is None and self.args.workers is not None:
            options.append(f"--workers={self.args.workers}")
        if self.args.profile is not None:
            self.args.profile.mkdir(parents=True, exist_ok=True)
            size = self.args.size or "given"
            place = self.args.profile / f"{size}-{name.replace(' ', '-')}.prof"
            options.append(f"--profile={place}")
        return options

    def _clock(self) -> list[str]:
        return [] if self.now is None else [f"--now={self.now + LATER * len(self.phases)}"]

    def main_phases(self, urls: Path) -> None:
        """Run full, unchanged and, where there is a tree to flip, changed."""
        self.phase("full", urls, expected=self.truth.get("entries"))
        self.phase("unchanged", urls, expected=0 if self.truth else None)
        if self.tree is not None:
            origins.flip(self.tree)
            self.phase("changed", urls, expected=self.truth.get("new_entries_in_state1"))

    def latency_phases(self, tree: Path, port: int) -> None:
        """Run the unchanged poll of an origin far away, as fast as can be and with manners."""
        feeds, delay = self.args.size, LATENCY_MS / 1000
        one_each = Manner(latency=LATENCY_MS)
        with origins.serving(tree, self.work, port=port, manner=one_each) as urls:
            self._learn(urls, "")  # the validators may be another server's
            self.phase("latency", urls, expected=0, workers=LATENCY_WORKERS)
            least = delay * -(-feeds // LATENCY_WORKERS)
            self._with_manners("spaced", urls, "", least)
        shared = Manner(latency=LATENCY_MS, hosts=-(-feeds // SHARE))
        with origins.serving(tree, self.work / "shared", port=port, manner=shared) as urls:
            self._learn(urls, "-shared")
            least = delay + SPACING * (min(SHARE, feeds) - 1)
            self._with_manners("shared", urls, "-shared", least)

    def _learn(self, urls: Path, home: str) -> None:
        for poller in ("ours", *(self.others if not home else ())):
            folder = self.work / f"{poller}{home}"
            folder.mkdir(exist_ok=True)
            clock = self._clock() if poller == "ours" else []
            run_round(poller, urls, folder, [f"--workers={LATENCY_WORKERS}", *clock])

    def _with_manners(self, name: str, urls: Path, home: str, least: float) -> None:
        workers = LATENCY_WORKERS
        self.phase(
            name,
            urls,
            expected=0,
            workers=workers,
            home=home,
            others=False,
            least_s=least,
            manners=True,
        )

    def fault_phases(self, tree: Path, port: int) -> None:
        """Poll twice from an empty store, once all is well and once it is not."""
        for name, errors, slow in (
            ("clean", 0.0, 0.0),
            ("hurt", self.args.errors or 0.0, self.args.slow or 0.0),
        ):
            manner = Manner(errors=errors, slow=slow)
            with origins.serving(tree, self.work / name, port=port, manner=manner) as urls:
                asked = urls.read_text().split()
                whole = [url for url in asked if not origins.hurt(url, manner)]
                failing = len(asked) - len(whole)
                for again, expected in (("", origins.entries_of(tree, whole)), (" again", 0)):
                    self.phase(
                        f"{name}{again}",
                        urls,
                        expected=expected,
                        failing=failing,
                        home=f"-{name}",
                        others=False,
                    )


def run_round(poller: str, urls: Path, folder: Path, options: Sequence[str]) -> Round:
    """Let a poller do one round in a fresh process and return what it measured."""
    command = [sys.executable, "-m", "benchmarks.pollers", poller, str(urls), str(folder)]
    done = subprocess.run(
        [*command, *options], stdout=subprocess.PIPE, text=True, timeout=ROUND_LIMIT
    )
    if done.returncode:
        sys.exit(f"{poller} ended with {done.returncode}")
    measured: Round = json.loads(done.stdout.splitlines()[-1])
    wanted = len(urls.read_text().split())
    if measured["feeds"] != wanted:
        sys.exit(f"{poller} polled {measured['feeds']} of {wanted} feeds: nothing to compare")
    return measured


def run_size(args: argparse.Namespace, work: Path) -> Bench:
    """Make so many feeds, and run every phase that is asked for."""
    work.mkdir()
    tree, port = work / "origin", origins.free_port()
    origins.make_tree(tree, args.size, args.seed)
    bench = Bench(work, args, tree)
    with origins.serving(tree, work, port=port, manner=Manner(fast=True)) as urls:
        bench.main_phases(urls)
    if args.latency:
        bench.latency_phases(tree, port)
    if args.errors or args.slow:
        bench.fault_phases(tree, port)
    return bench


def run_given(args: argparse.Namespace, work: Path) -> Bench:
    """Run the phases on addresses that somebody else serves."""
    urls = args.urls.read_text().split()
    origins.refuse_the_internet(urls)
    bench = Bench(work, args, args.tree)
    bench.main_phases(args.urls)
    if args.latency:  # as slow as the given origin is
        bench.phase("latency", args.urls, workers=LATENCY_WORKERS)
    return bench


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="benchmarks.poll", description=(__doc__ or "").strip())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    share: dict[str, Any] = {"type": float, "nargs": "?", "const": FAULTS, "metavar": "SHARE"}
    parser.add_argument("urls", type=Path, nargs="?", help="a file of addresses, one a line")
    parser.add_argument("--make", type=int, nargs="+", metavar="N", help="make and serve N feeds")
    parser.add_argument("--tree", type=Path, help="the tree that URLS serves, for `changed`")
    parser.add_argument("--peer", choices=["reader"], help="the poller to measure against")
    parser.add_argument("--floor", action="store_true", help="measure the floor as well")
    parser.add_argument("--latency", action="store_true", help="three more phases, 128 workers")
    parser.add_argument("--errors", **share, help="of feeds that fail in `hurt` (default: .05)")
    parser.add_argument("--slow", **share, help="of feeds that trickle in `hurt` (default: .05)")
    parser.add_argument("--workers", type=int, help="of ours, but not with --latency (default: 32)")
    parser.add_argument("--timeout", type=int, default=20, help="our deadline, seconds")
    parser.add_argument("--stories", action="store_true", help="with entries inside the window")
    parser.add_argument("--now", type=int, metavar="T", help="begin our clock at this UTC second")
    parser.add_argument("--profile", type=Path, metavar="DIR", help="for a file a phase of ours")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a target is missed")
    parser.add_argument("--seed", type=int, default=7, help="of the made feeds")
    args = parser.parse_args(argv, argparse.Namespace(size=None))
    if (args.urls is None) == (args.make is None):
        parser.error("give either a file of addresses or --make N")
    if args.urls is not None and (args.errors or args.slow):
        parser.error("--errors and --slow need --make: the origin must be ours to spoil")
    if args.stories and args.now is None and args.make is None and args.tree is None:
        parser.error("--stories needs the origin's clock: give --now T, or its --tree")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print tables, targets and the last line; 1 when something was not stored."""
    args = parsed(argv)
    benches: dict[int, Bench] = {}
    with tempfile.TemporaryDirectory(prefix="aggregator-poll-") as folder:
        work = Path(folder)
        for size in dict.fromkeys(args.make or ()):
            args.size = size
            benches[size] = run_size(args, work / str(size))
        if args.urls is not None:
            bench = run_given(args, work)
            benches[bench.phases[0].ours["feeds"]] = bench
    server = "given" if args.urls else "nginx" if origins.nginx() else "serve_origin.py"
    print(f"served by {server}, seed {args.seed}")
    sizes = {size: bench.phases for size, bench in benches.items()}
    for size, phases in sizes.items():
        print(f"\n{size} feeds")
        print(table(COLUMNS, [row for phase in phases for row in phase.rows()]))
    found = targets(sizes, deadline=args.timeout, stories=args.stories)
    many = len(sizes) > 1  # the last line's own phases are then those of the last size
    lines = [(t.what, t.value, t.sign, t.limit, "yes" if t.met else "NO") for t in found]
    print("\n" + table(("target", "measured", "", "asked", "met"), lines))
    finish(
        {
            "benchmark": "poll",
            "feeds": [*sizes],
            "seed": args.seed,
            "server": server,
            "peer": args.peer,
            "floor": args.floor,
            "stories": args.stories,
            **told([*sizes.values()][-1]),
            **({"sizes": {size: told(phases) for size, phases in sizes.items()}} if many else {}),
            "targets": {
                t.what: {"measured": figure(t.value), "asked": f"{t.sign} {t.limit}", "met": t.met}
                for t in found
            },
        }
    )
    right = all(phase.right for phases in sizes.values() for phase in phases)
    return 0 if right and (not args.strict or all(target.met for target in found)) else 1


if __name__ == "__main__":
    sys.exit(main())
