"""What one conditional request asked and what became of it: expected outcomes are values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Wanted(StrEnum):
    """What a request asks for: it tells the server by Accept, and bounds the body."""

    FEED = "feed"
    PAGE = "page"  # HTML, for people
    TEXT = "text"  # robots.txt
    LIST = "list"  # OPML
    WORD = "word"  # whether it was them: any 2xx counts, and no redirect is followed


Arriving = Callable[[str], bool]
"""Asked of each address before anything is sent there; False: not now, and the fault is BLOCKED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A conditional GET. `authorization` is a ready header value and is never logged."""

    url: str
    wanted: Wanted = Wanted.FEED
    etag: str | None = None
    last_modified: str | None = None
    authorization: str | None = None
    taken: Callable[[str], str | None] | None = None  # by which feed of ours an address is polled
    subscribers: int | None = None  # told in the User-Agent once `site.url` is set
    timeout: float | None = None  # seconds, where that is less than `net.timeout`
    arriving: Arriving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A form sent to a server (a WebSub hub): fields in order, each name and value as text.

    `body` goes out in place of a form; `headers` tell what it is, and more.
    """

    url: str
    form: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None  # seconds, where that is less than `net.timeout`
    arriving: Arriving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request that was sent, redirects counted one by one: a line of the ledger."""

    host: str
    status: int | None  # None: no answer came
    bytes: int = 0  # of the body as it came over the wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """What the response's headers say of freshness; seconds, never negative, clamped to 7 days."""

    fresh_for: float = 0.0  # max-age (less Age), else Expires; 0: nothing said


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A body arrived whole."""

    url: str  # the address that answered, after redirects
    status: int
    body: bytes  # decoded
    content_type: str | None
    etag: str | None
    last_modified: str | None
    caching: Caching
    moved_to: str | None = None  # end of the permanent prefix of the redirects (301, 308)
    hubs: tuple[str, ...] = ()  # of Link headers (RFC 8288), which go before those in the body
    self_url: str | None = None  # the same
    ms: int = 0
    wire_bytes: int = 0
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304: what we have is what there is."""

    etag: str | None  # as refreshed by the 304 itself; None: not sent
    last_modified: str | None
    caching: Caching
    moved_to: str | None = None
    ms: int = 0
    hops: tuple[Hop, ...] = ()


class Fault(StrEnum):
    """Kinds of failure that ask for different manners."""

    NETWORK = "network"  # refused, reset, timeout, DNS, TLS, slow body
    BLOCKED = "blocked"  # our own guard: private address, scheme, port, redirect
    TOO_LARGE = "too-large"
    STATUS = "status"  # an HTTP status that is no success
    GONE = "gone"  # 410
    UNREADABLE = "unreadable"  # broken content coding


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No usable body, and why, in words an operator understands."""

    fault: Fault
    problem: str
    status: int | None = None
    retry_after: float | None = None  # seconds from now
    host: str | None = None  # who answered so, which after redirects is not the feed's own
    moved_to: str | None = None  # end of the permanent prefix of the redirects (301, 308)
    location: str | None = None  # where a form is to be sent instead (307, 308)
    ms: int = 0
    hops: tuple[Hop, ...] = ()


Outcome = Fetched | NotModified | Failed
