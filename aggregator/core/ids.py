"""Ids of what we publish: kept from the publisher when it is theirs to give, else made once."""

from __future__ import annotations

import re
from hashlib import blake2b

from aggregator.core.homes import bare, bare_host
from aggregator.core.urls import safe_link
from aggregator.model.feed import Feed

MAX_URI = 2000  # characters

# RFC 3986: what a URI may be written with, and one fragment at most. An IRI is no URI and gets an
# id of ours; so does an address in brackets, whose authority is no name.
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9:/?@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})+"
    r"(?:#(?:[A-Za-z0-9:/?@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*)?"
)
_WEB = re.compile(r"https?://[^/?#]", re.IGNORECASE)
# RFC 4151, section 2.1: a tag's authority is a host name or an address at one.
_TAG = re.compile(r"tag:(?:[^@,:/]*@)?([A-Za-z0-9.-]+),\d{4}(?:-\d\d){0,2}:.+", re.IGNORECASE)


def choose_uri(
    guid: str,
    feed: Feed,
    *,
    homes: frozenset[str],
    key: str | int,
    authority: str,
    year: int,
) -> str:
    """Return the id under which an entry goes out, to be frozen by whoever publishes it.

    The publisher's id is kept only if it is a URI whose host or tag authority is one the feed
    speaks for (`core.homes`); else `tag:{authority},{year}:{128-bit hash of feed URL and key}`
    (RFC 4151). Ids of private feeds are never shown.
    """
    guid = guid.strip()
    if not feed.spec.private and _is_theirs(guid, homes):
        return guid
    named = f"{feed.spec.url}\n{key}".encode("utf-8", "surrogatepass")
    return f"tag:{authority},{year}:{blake2b(named, digest_size=16).hexdigest()}"


def feed_uri(authority: str, year: int, slug: str) -> str:
    """Return the id of a topic's feed, the same in every format.

    >>> feed_uri("news.example.org", 2026, "global-lane")
    'tag:news.example.org,2026:topics/global-lane'
    """
    return f"tag:{authority},{year}:topics/{slug}"


def _is_theirs(guid: str, homes: frozenset[str]) -> bool:
    if len(guid) > MAX_URI or not _URI.fullmatch(guid):
        return False
    return (name := _authority(guid)) != "" and name in homes


def _authority(uri: str) -> str:
    """Return whose name stands in a http(s) or tag URI, "" when nobody's."""
    tag = _TAG.fullmatch(uri)
    if tag:
        return bare(tag[1])
    if not _WEB.match(uri):
        return ""  # read as a web address it would be another
    return bare_host(uri) if safe_link(uri) else ""  # no link to publish: it names a user
