"""What one conditional request asked and what became of it: expected outcomes are values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A conditional GET. `authorization` is a ready header value and is never logged."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    authorization: str | None = None
    subscribers: int | None = None  # told in the User-Agent once `site.url` is set


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
    ms: int = 0
    wire_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304: what we have is what there is."""

    etag: str | None  # as refreshed by the 304 itself; None: not sent
    last_modified: str | None
    caching: Caching
    moved_to: str | None = None
    ms: int = 0


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
    ms: int = 0


Outcome = Fetched | NotModified | Failed
