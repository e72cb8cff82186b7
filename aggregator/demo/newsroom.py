"""The sample newsroom's origin: a real HTTP server on loopback, in a thread of its own."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from aggregator.demo.answers import Moment, answer
from aggregator.demo.programme import released
from aggregator.demo.words import mail_date
from aggregator.errors import UsageError
from aggregator.ports import Clock

HOST = "127.0.0.1"
IDLE = 30.0
"""Seconds that a silent connection is kept."""

LAST_WORDS = 2.0
"""Seconds that `stop` waits for answers under way."""

log = logging.getLogger(__name__)


class Newsroom:
    """The invented outlets, live on loopback; also a context manager.

    `drip` is the seconds between two reports; `port` 0 takes any free port. Dates are told by
    `clock`, counted from `start`.
    """

    def __init__(self, *, clock: Clock, drip: float = 4.0, port: int = 0) -> None:
        if drip <= 0:
            raise UsageError(f"a drip of {drip} s: give the seconds between reports, above 0")
        self._clock, self._drip, self._port = clock, drip, port
        self._opened = 0.0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._counting = threading.Lock()
        self._requests: Counter[str] = Counter()

    def start(self) -> str:
        """Open, and return the origin's address, without a trailing slash.

        Raises `UsageError` when the port is taken or the newsroom is open already.
        """
        if self._server is not None:
            raise UsageError(f"the sample newsroom is open already, at {self.url}")
        try:
            self._server = _Server((HOST, self._port), _Handler)
        except OSError as error:
            raise UsageError(
                f"the sample newsroom cannot open at {HOST}:{self._port}: {error.strerror}; "
                "give another port, or 0 for any free one"
            ) from error
        self._server.newsroom = self
        self._opened = self._clock()
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="sample-newsroom",
            daemon=True,
        )
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Close every connection and the port; harmless when not open."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        self._server = self._thread = None

    @property
    def url(self) -> str:
        """The origin's address while it is open."""
        if self._server is None:
            raise UsageError("the sample newsroom is not open: start() it first")
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def requests(self) -> Mapping[str, int]:
        """How often each path was asked for so far, queries left out."""
        with self._counting:
            return dict(self._requests)

    @property
    def released(self) -> int:
        """How many reports are out by now, in all outlets together."""
        return released(self.now() - self._opened, drip=self._drip)

    def now(self) -> float:
        """The newsroom's own time, in UTC seconds."""
        return self._clock()

    def moment(self) -> Moment:
        """The newsroom as it stands now."""
        return Moment(
            origin=self.url,
            opened=self._opened,
            elapsed=self.now() - self._opened,
            drip=self._drip,
        )

    def count(self, path: str) -> None:
        """Remember that a path was asked for."""
        with self._counting:
            self._requests[path] += 1

    def __enter__(self) -> Newsroom:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that a stop leaves neither threads nor sockets behind."""

    request_queue_size = 64
    newsroom: Newsroom

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[Any] = set()
        self._changed = threading.Condition()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def hang_up(self) -> None:
        """End every connection and wait for its thread to be done with it."""
        with self._changed:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RD)
                except OSError:
                    log.debug("a reader had left already")
            self._changed.wait_for(lambda: not self._open, LAST_WORDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of readers that leave; a fault of ours is logged."""
        if not isinstance(sys.exception(), ConnectionError):
            log.exception("the sample newsroom failed to answer")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        newsroom = self.server.newsroom
        newsroom.count(path)
        asked = {name.lower(): value for name, value in self.headers.items()}
        told = answer(path, asked, newsroom.moment())
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        if told.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(told.body)

    def version_string(self) -> str:
        return "aggregator-sample-newsroom"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return mail_date(self.server.newsroom.now() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
