"""Processor time of one request on a kept connection: ours beside what lies under it.

    python -m benchmarks.request [--requests 2000] [--rounds 5]

A server on loopback, in a process of its own, answers `304` with ten headers, or `200` with a feed
of 53 kB, gzipped. Contestants take turns in every round, each on a connection of its own: a bare
urllib3 pool, a prepared request through requests' adapter, a stock requests session, and our
fetcher with all it does (address guard, deadline, spacing, caching headers, hops). Milliseconds are
the median round's; the ratio is to bare urllib3 in the same run.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import random
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import requests
import urllib3
from requests.adapters import HTTPAdapter

from aggregator.model.exchange import Fetched, NotModified, Request
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from benchmarks.show import figure, finish, table

ETAG = '"5f3-61a8"'
MODIFIED = "Sun, 01 Nov 2026 12:00:00 GMT"
AGENT = "aggregator/benchmark (+https://news.lane.org/bot)"
FEED_BYTES = 53_000

Ask = Callable[[], object]


def feed() -> bytes:
    """Return 53 kB that compress about as well as a feed does."""
    words = random.Random(7).choices([f"word{n}" for n in range(2000)], k=FEED_BYTES // 8)
    return b"<rss>" + " ".join(words).encode()[:FEED_BYTES] + b"</rss>"


def answers() -> dict[bytes, bytes]:
    """Return what is said on each path."""
    shared = (
        f"Date: {MODIFIED}\r\nServer: nginx/1.27\r\nETag: {ETAG}\r\nLast-Modified: {MODIFIED}\r\n"
        "Cache-Control: max-age=600\r\nVary: Accept-Encoding\r\nX-Cache: HIT\r\nAge: 12\r\n"
        "Strict-Transport-Security: max-age=31536000\r\nConnection: keep-alive\r\n"
    ).encode()
    packed = gzip.compress(feed())
    whole = b"Content-Type: application/rss+xml\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n"
    return {
        b"/304": b"HTTP/1.1 304 Not Modified\r\n" + shared + b"\r\n",
        b"/200": b"HTTP/1.1 200 OK\r\n" + shared + whole % len(packed) + b"\r\n" + packed,
    }


def serve(listener: socket.socket) -> None:
    """Answer one connection after the other says something, for ever."""
    import selectors

    said = answers()
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj  # type: ignore[assignment]
            head = connection.recv(65536)
            if head.endswith(b"\r\n\r\n"):
                connection.sendall(said[head.split(b" ", 2)[1]])
            else:
                selector.unregister(connection)
                connection.close()


@contextmanager
def origin() -> Iterator[str]:
    """Serve from another process; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = multiprocessing.get_context("fork").Process(target=serve, args=(listener,))
        server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.terminate()
            server.join()


def headers() -> dict[str, str]:
    """Return what everybody sends: as many headers as we do."""
    return {
        "User-Agent": AGENT,
        "Accept": "application/atom+xml, application/rss+xml, */*;q=0.1",
        "Accept-Encoding": "gzip, deflate",
        "If-None-Match": ETAG,
        "A-IM": "feed",
        "If-Modified-Since": MODIFIED,
    }


def bare_urllib3(base: str, path: str) -> Ask:
    """Return a request straight from a urllib3 pool."""
    pool = urllib3.connection_from_url(base)
    sent = headers()
    return lambda: pool.urlopen("GET", path, headers=sent, retries=False, redirect=False).data


def prepared(base: str, path: str) -> Ask:
    """Return a request prepared once and sent by requests' adapter."""
    adapter, session = HTTPAdapter(), requests.Session()
    request = session.prepare_request(requests.Request("GET", base + path, headers=headers()))
    return lambda: adapter.send(request, timeout=20).content


def stock(base: str, path: str) -> Ask:
    """Return a request as everybody makes it."""
    session, sent = requests.Session(), headers()
    return lambda: session.get(base + path, headers=sent, timeout=20).content


def ours(base: str, path: str) -> Ask:
    """Return a request as a poll makes it."""
    place = base.removeprefix("http://")
    fetcher = HttpFetcher(Net(allow=(place,), spacing=0.0), AGENT, wall=lambda: 0.0)
    url = base + path
    expected = NotModified if path == "/304" else Fetched

    def ask() -> object:
        outcome = fetcher.fetch(Request(url=url, etag=ETAG, last_modified=MODIFIED))
        assert isinstance(outcome, expected), outcome
        return outcome

    return ask


CONTESTANTS: dict[str, Callable[[str, str], Ask]] = {
    "urllib3": bare_urllib3,
    "prepared": prepared,
    "stock": stock,
    "ours": ours,
}


def measured(base: str, path: str, count: int, rounds: int) -> dict[str, float]:
    """Return each contestant's milliseconds of processor time a request, its median round."""
    asks = {name: make(base, path) for name, make in CONTESTANTS.items()}
    found: dict[str, list[float]] = {name: [] for name in asks}
    for ask in asks.values():
        for _ in range(min(count, 100)):
            ask()
    for _ in range(rounds):
        for name, ask in asks.items():
            began = time.process_time()
            for _ in range(count):
                ask()
            found[name].append(1000 * (time.process_time() - began) / count)
    return {name: statistics.median(times) for name, times in found.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table and the last line."""
    parser = argparse.ArgumentParser(prog="benchmarks.request", description=(__doc__ or "").strip())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--requests", type=int, default=2000, help="a contestant and round")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(argv)
    rows, told = [], dict[str, object]()
    with origin() as base:
        for path in ("/304", "/200"):
            count = args.requests if path == "/304" else max(1, args.requests // 4)
            times = measured(base, path, count, args.rounds)
            ratios = {name: figure(ms / times["urllib3"]) for name, ms in times.items()}
            rows += [(path, name, figure(ms), ratios[name]) for name, ms in times.items()]
            ms = {name: figure(each) for name, each in times.items()}
            told[path.removeprefix("/")] = {"ms": ms, "ratio": ratios}
    print(table(("answer", "by", "CPU ms", "times urllib3"), rows))
    finish({"benchmark": "request", "requests": args.requests, **told})
    return 0


if __name__ == "__main__":
    sys.exit(main())
