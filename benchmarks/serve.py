"""Answers a second: one process of ours beside nginx with one worker, on the same bytes.

    python -m benchmarks.serve [--seconds 5] [--rounds 3] [--connections 32] [--strict]

A topic of 50 items is published by the flows of the daemon and served by `aggregator serve`; nginx
serves the same bytes as files, with `gzip_static`, keep-alive and ETag, and no log. wrk asks for
gzip, as a reader does: `200` the whole Atom document, `304` with If-None-Match. Both answer the
same requests in turn, round by round; a ratio is ours / nginx's of the same round, told as the
median of the rounds.

Our rate limit and our counts of readers are at work: each request comes from one of 20,000 askers
(X-Forwarded-For of a proxy that feeds.yaml names) by one of eight readers, and none may be refused.
Only addresses of the loopback are asked. Without nginx or wrk it ends with 2 and says so. With
--strict the exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.origins import free_port, nginx
from benchmarks.show import figure, finish, table

ITEMS = 50
WORDS = 45  # of an article: 60 KB of Atom in all, as MEASURES §4 has it
PATH = "/topics/lane.atom"
TARGETS = {"200": 0.33, "304": 0.30}  # of nginx's answers a second
P99_MS = 5.0
ASKERS, PREPARED = 20_000, 4_000  # addresses, and requests that wrk keeps ready
SYLLABLES = ["ba", "co", "der", "est", "fi", "gra", "hol", "in", "ju", "kel", "lor", "men", "nu"]

SCRIPT = """
local requests, at = {{}}, 0
local readers = {{"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 312 subscribers)",
  "NetNewsWire (RSS Reader; https://netnewswire.com/)", "FreshRSS/1.24 (Linux; https://x.example)",
  "NewsBlur Feed Fetcher - 8 subscribers - http://www.newsblur.com", "Miniflux/2.2",
  "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 25 subscribers; )", "Reeder/5.3",
  "Feedbin feed-id:1 - 4 subscribers"}}
function init(args)
  for n = 1, {prepared} do
    local asker = (n * 7919) % {askers}
    requests[n] = wrk.format("GET", "{path}", {{
      ["Host"] = "127.0.0.1", ["Accept-Encoding"] = "gzip, deflate", ["Accept"] = "*/*",
      ["User-Agent"] = readers[n % 8 + 1], {tag}
      ["X-Forwarded-For"] = "11." .. math.floor(asker / 65536) .. "."
        .. math.floor(asker / 256) % 256 .. "." .. asker % 256}})
  end
end
function request() at = at % {prepared} + 1; return requests[at] end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  types {{ application/atom+xml atom; }}
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_requests 100000000; open_file_cache max=100; gzip_static on;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one server did in one run. Latencies in milliseconds."""

    a_second: float
    p50: float
    p99: float


def prepare(folder: Path) -> Path:
    """Publish a topic in a store of its own; returns its feeds.yaml."""
    config = folder / "feeds.yaml"
    config.write_text(
        "version: 1\n"
        "site: {title: Benchmark, url: https://bench.lane.org, proxies: [127.0.0.1]}\n"
        "store: serve.db\n"
        "topics:\n"
        f"  - {{slug: lane, title: Lane, mode: auto, match: bench, publish: {{items: {ITEMS}}}}}\n"
    )
    columns = []
    for number in range(ITEMS):
        dice = Random(number)
        said = ("".join(dice.choices(SYLLABLES, k=dice.randint(1, 4))) for _ in range(WORDS))
        day = f"2026-11-{number % 20 + 1:02}"
        column = folder / f"column{number}.txt"
        column.write_text(f"Bench {number}\n{day}\n\n{' '.join(said)}\n")
        columns.append(str(column))
    _ours(config, "add", *columns, "--topic", "lane")
    _ours(config, "publish")
    return config


def _ours(config: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "aggregator", "-c", str(config), "-q", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr}")


@contextmanager
def started(command: Sequence[str], port: int) -> Iterator[int]:
    """Run a server; yields its port once it answers."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > until:
                sys.exit(f"{command[0]} does not answer on port {port}")
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def ask(port: int, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Ask once; returns status, headers by lower-case name, and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", PATH, headers=named)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
    finally:
        connection.close()


def _answers(port: int) -> bool:
    try:
        return ask(port)[0] == 200
    except OSError:
        return False


def as_files(folder: Path, body: bytes, packed: bytes, port: int) -> Sequence[str]:
    """Lay the same bytes out for nginx; returns its command."""
    target = folder / "www" / PATH.lstrip("/")
    target.parent.mkdir(parents=True)
    target.write_bytes(body)
    target.with_name(target.name + ".gz").write_bytes(packed)
    for path in (folder, *target.parents):
        if path.is_relative_to(folder):
            path.chmod(0o755)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    found = nginx()
    assert found is not None
    return [found, "-c", str(settings), "-p", str(folder), "-e", str(folder / "error.log")]


def measure(folder: Path, port: int, *, known: bool, args: argparse.Namespace) -> Run:
    """Ask one server for some seconds, with its own tag where the bytes are `known`."""
    tag = ask(port, Accept_Encoding="gzip")[1]["etag"]
    line = f'["If-None-Match"] = [[{tag}]],' if known else ""
    script = folder / "ask.lua"
    script.write_text(SCRIPT.format(prepared=PREPARED, askers=ASKERS, path=PATH, tag=line))
    command = ["wrk", "-t1", f"-c{args.connections}", f"-d{args.seconds}s", "-s", str(script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True
    )
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if found is None:
        sys.exit(f"wrk said nothing: {done.stderr}{done.stdout}")
    requests, micros, p50, p99, refused, broken = map(int, found.groups())
    if refused or broken:
        sys.exit(f"{refused} answers were errors, and {broken} never came: no result")
    return Run(a_second=requests / micros * 1e6, p50=p50 / 1000, p99=p99 / 1000)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table and the last line."""
    parser = argparse.ArgumentParser(prog="benchmarks.serve", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is told")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--strict", action="store_true", help="end with 1 below a target")
    args = parser.parse_args(argv)
    for name, where in (("nginx", nginx()), ("wrk", shutil.which("wrk"))):
        if where is None:
            print(f"{name} is not installed; apt-get install nginx-light wrk", file=sys.stderr)
            sys.exit(2)
    with tempfile.TemporaryDirectory(prefix="aggregator-serve-") as made, ExitStack() as servers:
        folder = Path(made)
        config, port, theirs = prepare(folder), free_port(), free_port()
        command = [sys.executable, "-m", "aggregator", "-c", str(config), "-q", "serve"]
        servers.enter_context(started([*command, "--port", str(port)], port))
        body, packed = ask(port)[2], ask(port, Accept_Encoding="gzip")[2]
        if gzip.decompress(packed) != body:
            sys.exit("what is served packed is another document: no result")
        servers.enter_context(started(as_files(folder, body, packed, theirs), theirs))
        _tell(_rounds(folder, port, theirs, args), len(body), len(packed), args)


Rounds = dict[str, list[tuple[Run, Run]]]


def _rounds(folder: Path, ours: int, theirs: int, args: argparse.Namespace) -> Rounds:
    """Return by status the runs of ours and nginx's, round by round."""
    found: Rounds = {"200": [], "304": []}
    for _ in range(args.rounds):
        for status, runs in found.items():
            known = status == "304"
            if known and any(
                ask(port, Accept_Encoding="gzip", If_None_Match=_tag(port))[0] != 304
                for port in (ours, theirs)
            ):
                sys.exit("who has the bytes is sent them again: no result")
            first = measure(folder, ours, known=known, args=args)
            runs.append((first, measure(folder, theirs, known=known, args=args)))
    return found


def _tag(port: int) -> str:
    return ask(port, Accept_Encoding="gzip")[1]["etag"]


def _tell(rounds: Rounds, size: int, packed: int, args: argparse.Namespace) -> None:
    rows, told, missed = [], {}, []
    for status, runs in rounds.items():
        ratio = median(ours.a_second / theirs.a_second for ours, theirs in runs)
        p99 = median(ours.p99 for ours, _ in runs)
        for name, each in (("ours", 0), ("nginx", 1)):
            one = [run[each] for run in runs]
            rows.append(
                (
                    f"{status} {name}",
                    round(median(run.a_second for run in one)),
                    figure(median(run.p50 for run in one)),
                    figure(median(run.p99 for run in one)),
                    figure(ratio) if name == "ours" else None,
                )
            )
        told[status] = {
            "ratio": figure(ratio),
            "a_second": round(median(ours.a_second for ours, _ in runs)),
            "nginx_a_second": round(median(theirs.a_second for _, theirs in runs)),
            "p99_ms": figure(p99),
        }
        missed += [f"{status} ratio {ratio:.2f}"] if ratio < TARGETS[status] else []
        missed += [f"{status} p99 {p99:.1f} ms"] if p99 > P99_MS else []
    print(f"{size:,} bytes, {packed:,} gzipped; {args.connections} connections")
    print(table(("answers", "a second", "p50 ms", "p99 ms", "ratio"), rows))
    finish(
        {
            "benchmark": "serve",
            "bytes": size,
            "gzip_bytes": packed,
            "connections": args.connections,
            "seconds": args.seconds,
            "rounds": args.rounds,
            **told,
            "targets": {**TARGETS, "p99_ms": P99_MS},
            "missed": missed,
        }
    )
    if missed and args.strict:
        sys.exit(f"below the targets: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
