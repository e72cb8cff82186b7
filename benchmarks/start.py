"""How long a command takes to start: `aggregator --help` and `aggregator doctor`.

    python -m benchmarks.start [--runs 7] [--slack 1.5]

Medians of wall time of real processes, beside two floors of the same run: an interpreter that does
nothing, and one that imports click. `doctor` looks at a store that `aggregator poll` has filled
from a small origin on the loopback (20 feeds of 30 entries). Ends with 1 when a median is above
its limit times the slack: a busy machine is given more, and `--slack 1` holds it to the promise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from benchmarks.show import figure, finish, table

FEEDS = 20
LIMITS = {"aggregator --help": 200, "aggregator doctor": 1000}  # ms, the promise
ENTRIES = 30
ENTRY = (
    "<item><title>Entry {entry} of feed {feed}</title><guid>{feed}-{entry}</guid>"
    "<link>http://127.0.0.1/{feed}/{entry}</link><description>What it says.</description></item>"
)


def document(feed: str) -> bytes:
    """Return a small RSS feed."""
    entries = "".join(ENTRY.format(feed=feed, entry=entry) for entry in range(ENTRIES))
    return f'<rss version="2.0"><channel><title>{feed}</title>{entries}</channel></rss>'.encode()


class Origin(BaseHTTPRequestHandler):
    """Answers every path with a feed of that name."""

    def do_GET(self) -> None:
        body = document(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[int]:
    """Serve the feeds on the loopback; yields the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Origin) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def filled_store(folder: Path) -> Path:
    """Poll the origin once into a store; returns the feeds.yaml that goes with it."""
    config = folder / "feeds.yaml"
    with serving() as port:
        feeds = "".join(f"  - http://127.0.0.1:{port}/{number}\n" for number in range(FEEDS))
        config.write_text(
            "version: 1\nsite: {title: Benchmark}\nstore: start.db\n"
            f"net: {{per_host: 8, spacing: 0s, allow: ['127.0.0.1:{port}']}}\nfeeds:\n{feeds}"
        )
        polled = run(["-m", "aggregator", "-c", str(config), "poll", "--all"])
        if polled.returncode:
            sys.exit(f"the store could not be filled: {polled.stderr}")
    return config


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run this interpreter with these arguments."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


def median_ms(arguments: Sequence[str], runs: int) -> float:
    """Return the median wall time of a process in milliseconds; ends here when it fails."""
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        done = run(arguments)
        took.append(1000 * (time.perf_counter() - begun))
        if done.returncode:
            sys.exit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return median(took)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table and the last line."""
    parser = argparse.ArgumentParser(prog="benchmarks.start", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=int, default=7, help="of which the median is taken")
    parser.add_argument("--slack", type=float, default=1.5, help="times a limit that still pass")
    chosen = parser.parse_args(argv)
    runs, slack = chosen.runs, chosen.slack
    with tempfile.TemporaryDirectory(prefix="aggregator-start-") as folder:
        config = filled_store(Path(folder))
        commands = {
            "python -c pass": ["-c", "pass"],
            "python -c 'import click'": ["-c", "import click"],
            "aggregator --help": ["-m", "aggregator", "--help"],
            "aggregator doctor": ["-m", "aggregator", "-c", str(config), "doctor"],
        }
        took = {name: median_ms(arguments, runs) for name, arguments in commands.items()}
    floor, click, helped, doctor = took.values()
    rows = [(name, round(ms, 1), LIMITS.get(name), figure(ms / floor)) for name, ms in took.items()]
    print(table(("command", "ms", "limit", "times the floor"), rows))
    finish(
        {
            "benchmark": "start",
            "runs": runs,
            "help_ms": round(helped, 1),
            "doctor_ms": round(doctor, 1),
            "floor_ms": round(floor, 1),
            "click_ms": round(click, 1),
            "help_limit_ms": LIMITS["aggregator --help"],
            "doctor_limit_ms": LIMITS["aggregator doctor"],
            "slack": slack,
            "ratio": {
                "help": figure(helped / floor),
                "doctor": figure(doctor / floor),
                "help_to_click": figure(helped / click),
            },
        }
    )
    late = [name for name, limit in LIMITS.items() if took[name] > limit * slack]
    if late:
        sys.exit(f"above the limit times {slack:g}: {', '.join(late)}")


if __name__ == "__main__":
    main()
