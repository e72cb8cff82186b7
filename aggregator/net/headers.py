"""What response headers say of freshness and patience, and what may stand in a request's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from aggregator.model.exchange import Caching

LONGEST_FRESH = 7 * 86400.0
"""Seconds: whatever a publisher says, we look again after a week."""

_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_MOST_KEPT = 2048  # characters of a validator; a longer one would have our own requests refused
_LONGEST_WAIT = 1e10  # seconds, three centuries: a Retry-After of any length stays a number

Wall = Callable[[], float]
"""UTC seconds now."""


def sendable(value: str | None) -> bool:
    """Whether a value may stand in a request's header: no line break, nothing beyond Latin-1.

    >>> sendable('W/"x"'), sendable("a\\r\\nX-Injected: 1"), sendable("")
    (True, False, False)
    """
    return value is not None and _SENDABLE.fullmatch(value) is not None


def validators(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return ETag and Last-Modified byte for byte as sent; None for what cannot be sent back."""
    etag, modified = headers.get("ETag"), headers.get("Last-Modified")
    return _keepable(etag), _keepable(modified)


def caching(headers: Mapping[str, str], wall: Wall | None) -> Caching:
    """Return how long the answer says it stays fresh (RFC 9111, section 4.2).

    `no-cache` and `no-store` say nothing that would make us come sooner: they are 0, as silence is.
    """
    directives = _directives(headers.get("Cache-Control", ""))
    if {"no-cache", "no-store"} & directives.keys():
        return Caching()
    if "max-age" in directives:
        fresh = _seconds(directives["max-age"]) - _seconds(headers.get("Age", ""))
    else:
        fresh = _ahead(headers.get("Expires"), headers, wall) or 0.0
    return Caching(fresh_for=min(max(fresh, 0.0), LONGEST_FRESH))


def retry_after(headers: Mapping[str, str], wall: Wall | None) -> float | None:
    """Return the seconds until the server wants us back, however many; None: it does not say.

    A date counts from the response's own Date, so that neither clock need be right
    (RFC 9110, section 10.2.3); without one from `wall`.
    """
    text = headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(text):
        return _seconds(text)
    left = _ahead(text, headers, wall)
    return None if left is None else min(max(left, 0.0), _LONGEST_WAIT)


def http_date(text: str | None) -> float | None:
    """Return an HTTP-date in any of its forms as UTC seconds, None when it is none.

    >>> http_date("Sun, 06 Nov 1994 08:49:37 GMT"), http_date("0")
    (784111777.0, None)
    """
    if not text or len(text) > 100:
        return None
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _keepable(value: str | None) -> str | None:
    return value if value and len(value) <= _MOST_KEPT and sendable(value) else None


def _directives(header: str) -> dict[str, str]:
    """Directive to argument; of two the first stands (RFC 9111, section 4.2.1)."""
    found: dict[str, str] = {}
    for part in header.split(","):
        name, _, argument = part.partition("=")
        found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return found


def _seconds(text: str) -> float:
    """A delta-seconds as a number that is never absurd; what is none counts as 0."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return 0.0
    return min(float(text), _LONGEST_WAIT)


def _ahead(date: str | None, headers: Mapping[str, str], wall: Wall | None) -> float | None:
    """Return how far ahead a date of the answer is, by the answer's own Date or else by `wall`."""
    until = http_date(date)
    if until is None:
        return None
    now = http_date(headers.get("Date"))
    if now is None and wall is not None:
        now = wall()
    return None if now is None else until - now
