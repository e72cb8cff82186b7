"""What a request carries and how much it takes: by what is wanted, and by what we have."""

from __future__ import annotations

from aggregator.model.exchange import Request, Wanted
from aggregator.net.headers import sendable

ACCEPT = {
    Wanted.FEED: "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, "
    "*/*;q=0.1",
    Wanted.PAGE: "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
    Wanted.TEXT: "text/plain, */*;q=0.1",
    Wanted.LIST: "text/x-opml, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1",
    Wanted.WORD: "*/*",
}
"""What each kind of request tells the server that it reads."""

ROBOTS_CAP = 512 * 1024
"""Bytes of a robots.txt that are read; RFC 9309, section 2.5, asks for 500 KiB at least."""

_CAPS = {Wanted.PAGE: 5_000_000, Wanted.TEXT: ROBOTS_CAP, Wanted.LIST: 10_000_000} | {
    Wanted.WORD: 8_192
}


def cap(wanted: Wanted, max_body: int) -> int:
    """Return how many bytes of a body are taken; never more than `net.max_body`.

    >>> cap(Wanted.PAGE, 15_000_000), cap(Wanted.FEED, 15_000_000), cap(Wanted.LIST, 1_000)
    (5000000, 15000000, 1000)
    """
    return min(_CAPS.get(wanted, max_body), max_body)


def conditions(request: Request) -> dict[str, str]:
    """Return the headers that make it conditional: both validators, when both are known.

    They go out as they came (RFC 9110, section 13.1).
    """
    found = {}
    if request.etag is not None and sendable(request.etag):
        found["If-None-Match"] = request.etag
        if request.wanted is Wanted.FEED:
            found["A-IM"] = "feed"  # RFC 3229: only what is new will do, where that is offered
    if request.last_modified is not None and sendable(request.last_modified):
        found["If-Modified-Since"] = request.last_modified
    return found
