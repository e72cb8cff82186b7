"""The shortest way from a socket to a kept feed: for a plain request, no task and no parser.

uvicorn's own protocol has everything that is not plain, and from then on the whole connection:
what one of the two has begun to read the other never sees.
"""

from __future__ import annotations

import logging
import re
from asyncio import BaseTransport, TimerHandle
from functools import lru_cache

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aggregator.web.answers import Answer
from aggregator.web.conditions import Headers
from aggregator.web.feeds import FeedDoor

MOST_HEAD = 32_768  # bytes of a request's line and headers
HEAD_PATIENCE, BODY_PATIENCE = 10.0, 60.0  # seconds until a request has come whole
STALLED = 30.0  # seconds after which who takes nothing of an answer is cut off
_LONGEST = 4096  # bytes of a plain request
_ASKED = re.compile(rb"(GET|HEAD) (/topics/[!-~]*) HTTP/1\.1")  # an address without a secret
_LINE = re.compile(rb"([A-Za-z-]+):[\t ]*([\t -~]*)")
_ODD = frozenset(
    b"authorization connection content-length cookie expect transfer-encoding upgrade".split()
)
_log = logging.getLogger("uvicorn.error.wire")
_log.setLevel(logging.ERROR)  # what strangers send wrongly is not ours to write down
_STATUS = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}


def plain_request(data: bytes) -> tuple[str, str, Headers] | None:
    """Return method, path and headers of a request that came whole and wants nothing special.

    None for whatever a real parser must judge: a body, a second request, an odd line; and for what
    is no feed of ours or brings a secret, which is not to stay in memory.

    >>> plain_request(b"GET /topics/a.atom HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    ('GET', '/topics/a.atom', {b'host': b'x'})
    >>> plain_request(b"GET /topics/a.atom HTTP/1.1\\r\\nHost: x\\r\\nCookie: a\\r\\n\\r\\n")
    """
    if len(data) > _LONGEST or not data.endswith(b"\r\n\r\n"):
        return None
    first, *lines = data[:-4].split(b"\r\n")
    try:
        method, path = _asked(first)
        headers = dict(map(_header, lines))
    except _NotPlain:
        return None
    return (method, path, headers) if b"host" in headers and len(headers) == len(lines) else None


class _NotPlain(ValueError):
    """A line that a real parser must judge."""


# Readers ask again and again with the same lines: one that is known costs a tenth of one that is
# not. Bounded by their number and, with `_LONGEST`, by their bytes.
@lru_cache(maxsize=1024)
def _asked(line: bytes) -> tuple[str, str]:
    found = _ASKED.fullmatch(line)
    if found is None:
        raise _NotPlain
    return found[1].decode("ascii"), found[2].decode("ascii")


@lru_cache(maxsize=2048)
def _header(line: bytes) -> tuple[bytes, bytes]:
    found = _LINE.fullmatch(line)
    if found is None or found[1].lower() in _ODD:
        raise _NotPlain
    return found[1].lower(), found[2]


class QuickProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with kept feeds answered before it comes into play."""

    _door: FeedDoor | None = None
    _theirs = False  # whether uvicorn has the connection
    _heard_at = 0.0
    _watch: TimerHandle | None = None
    _begun_at: float | None = None  # when a request began to come that has not come whole
    _in_head = False
    _head = 0  # bytes of it so far
    _unsent, _unsent_at = 0, 0.0  # bytes that wait to be taken, and since when so many

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin a connection, which is closed when nothing comes for as long as uvicorn waits."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.logger = _log
        self._door = self.app if isinstance(self.app, FeedDoor) else None
        self._heard_at = self.loop.time()
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        """End it."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer a plain request for what is in memory; leave everything else to uvicorn."""
        if not self._theirs:
            found = self._at_once(data)
            if found is not None:
                self.transport.write(found)
                return
            self._theirs = True
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """Note that a request begins to come: uvicorn itself would wait for its end for ever."""
        self._begun_at, self._in_head, self._head = self.loop.time(), True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that its head is there. Raises `ValueError` for one that is answered with 400."""
        self._in_head = False
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts < 1 and self.parser.get_http_version() != "1.0"):
            raise ValueError("a request names its host once (RFC 9112, section 3.2)")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that it is there."""
        self._begun_at = None
        super().on_message_complete()

    def _at_once(self, data: bytes) -> bytes | None:
        # A reader that does not take what it asked for is uvicorn's to wait for.
        if self._door is None or self.transport.get_write_buffer_size():
            return None
        asked = plain_request(data)
        if asked is None:
            return None
        method, path, headers = asked
        chosen = self._door.at_once(method, path, self.client[0] if self.client else "", headers)
        if chosen is None:
            return None
        self._heard_at = self.loop.time()
        self.server_state.total_requests += 1
        head = _head(chosen, self.server_state.default_headers)
        return head if method == "HEAD" else head + chosen.body

    def _look_again(self) -> None:
        self._watch = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _look(self) -> None:
        """End a connection that is idle, or at whose other end somebody only holds it."""
        now = self.loop.time()
        if self._is_held(now):
            self.transport.abort()
        elif not self._theirs and not self._unsent and self._is_idle(now):
            self.transport.close()
        else:
            self._look_again()

    def _is_idle(self, now: float) -> bool:
        return now - self._heard_at >= self.timeout_keep_alive

    def _is_held(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._unsent_at = unsent, now
        if unsent:
            return now - self._unsent_at >= STALLED
        patience = HEAD_PATIENCE if self._in_head else BODY_PATIENCE
        return self._begun_at is not None and now - self._begun_at >= patience


class _Begins:
    """Status and the server's own lines, which it makes anew once a second."""

    def __init__(self) -> None:
        self._of: list[tuple[bytes, bytes]] | None = None
        self._told: dict[int, bytes] = {}

    def of(self, status: int, lines: list[tuple[bytes, bytes]]) -> bytes:
        if lines is not self._of:
            told = b"".join([b"%b: %b\r\n" % line for line in lines])
            self._told = {status: begins + told for status, begins in _STATUS.items()}
            self._of = lines
        return self._told[status]


_begins = _Begins()


def _head(chosen: Answer, lines: list[tuple[bytes, bytes]]) -> bytes:
    return b"%b%b\r\n" % (_begins.of(chosen.status, lines), chosen.wire)
