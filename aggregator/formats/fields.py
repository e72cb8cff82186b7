"""Single fields of a document, in our words: what every reader agrees on, and how long each may be.

Lengths are characters. What is longer is cut, but for addresses, which go: a cut one leads nowhere.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Any

from aggregator.core.urls import absolute
from aggregator.model.entry import Enclosure, ParsedEntry, ParsedFeed

MAX_ENTRIES = 2_000  # a document's first ones
MAX_GUID = 1_000
MAX_URL = 4_000
MAX_LINE = 10_000  # a title or author, markup included
MAX_SUMMARY = 200_000
MAX_CONTENT = 2_000_000
MAX_CATEGORIES = 100  # of one entry
MAX_CATEGORY = 200
MAX_ENCLOSURES = 50
MAX_TYPE = 200
MAX_HUBS = 5
MAX_DELETED = 2_000
LONGEST_TTL = 7 * 86_400  # seconds
LATEST = 4_102_444_800  # 2100: a date beyond it says nothing
LARGEST = 2**63 - 1  # what a store's integer holds

PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000}

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")


def address(value: object, base: str) -> str | None:
    """Return an absolute http(s) address, or None."""
    return absolute(value, base) if isinstance(value, str) and value else None


def language(value: object) -> str | None:
    """Return a language tag (BCP 47, roughly), or None.

    >>> language(" en_GB "), language("English, mostly")
    ('en-GB', None)
    """
    word = value.strip().replace("_", "-") if isinstance(value, str) else ""
    return word if _LANGUAGE.fullmatch(word) else None


def whole_number(value: object) -> int | None:
    """Return digits as a number that a store can hold, or None."""
    text = str(value or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= LARGEST else None


def wait(ttl: object, period: object, frequency: object) -> int | None:
    """Return how many seconds a publisher asks to wait: RSS's ttl, else syndication's period."""
    minutes = whole_number(ttl)
    if minutes:
        return min(minutes * 60, LONGEST_TTL)
    seconds = PERIODS.get(str(period or "").strip().lower())
    if seconds is None:
        return None
    return min(seconds // (whole_number(frequency) or 1), LONGEST_TTL) or None


def in_seconds(parsed: Any) -> int | None:
    """Return feedparser's date as UTC seconds; None when there is none or it is absurd."""
    try:
        seconds = calendar.timegm(parsed) if parsed else 0
    except (ValueError, OverflowError, TypeError):
        return None
    return seconds if 0 < seconds < LATEST else None


def bounded_guid(guid: str | None) -> str | None:
    """Return a guid of bounded length; a cut one still differs where the whole ones do."""
    if guid is None or len(guid) <= MAX_GUID:
        return guid
    return guid[: MAX_GUID - 65] + "#" + sha256(guid.encode("utf-8", "replace")).hexdigest()


def bounded_url(url: str | None) -> str | None:
    """Return the address, or None when it is longer than any real one."""
    return url if url is None or len(url) <= MAX_URL else None


def bounded_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return categories, each once, cut to size."""
    kept = dict.fromkeys(words)
    if len(kept) > MAX_CATEGORIES or max(map(len, kept), default=0) > MAX_CATEGORY:
        return tuple(word[:MAX_CATEGORY] for word in islice(kept, MAX_CATEGORIES))
    return tuple(kept)


def bounded_enclosures(found: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    """Return enclosures with addresses and types of bounded length."""
    kept = []
    for one in found:
        if len(one.url) <= MAX_URL:
            if one.type is not None and len(one.type) > MAX_TYPE:
                one = replace(one, type=one.type[:MAX_TYPE])
            kept.append(one)
    return tuple(kept[:MAX_ENCLOSURES])


def bounded_feed(feed: ParsedFeed) -> ParsedFeed:
    """Return the feed with every field cut to size."""
    return replace(
        feed,
        site_url=bounded_url(feed.site_url),
        icon=bounded_url(feed.icon),
        self_url=bounded_url(feed.self_url),
        more_url=bounded_url(feed.more_url),
        hub_urls=bounded_hubs(feed.hub_urls),
        deleted=bounded_deleted(feed.deleted),
        entries=tuple(_bounded_entry(entry) for entry in feed.entries),
    )


def bounded_hubs(hubs: Iterable[str]) -> tuple[str, ...]:
    """Return the first hubs, each once, without those of no real length."""
    return tuple(url for url in list(dict.fromkeys(hubs))[:MAX_HUBS] if bounded_url(url))


def bounded_deleted(guids: Iterable[str]) -> tuple[str, ...]:
    """Return the first guids of deleted entries, each once, cut as those of entries are."""
    return tuple(bounded_guid(guid) or "" for guid in list(dict.fromkeys(guids))[:MAX_DELETED])


def _bounded_entry(entry: ParsedEntry) -> ParsedEntry:
    return replace(
        entry,
        guid=bounded_guid(entry.guid),
        url=bounded_url(entry.url),
        title=entry.title[:MAX_LINE],
        summary=entry.summary[:MAX_SUMMARY],
        content=entry.content[:MAX_CONTENT],
        author=entry.author[:MAX_LINE] if entry.author else None,
        categories=bounded_words(entry.categories),
        enclosures=bounded_enclosures(entry.enclosures),
        image=bounded_url(entry.image),
        source_url=bounded_url(entry.source_url),
        licence=bounded_url(entry.licence),
    )
