"""What a document says of asking for it and of what is gone: RSS 2.0, RFC 5005, RFC 6721.

feedparser hands out none of it, so the tolerant reader takes it from a tree of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

HISTORY = "http://purl.org/syndication/history/1.0"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
COMPLETE = f"{{{HISTORY}}}complete"
DELETED = f"{{{TOMBSTONES}}}deleted-entry"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TOLD = re.compile(rb"<(?:[\w.-]+:)?(?:skiphours|skipdays|complete|deleted-entry)[\s/>]", re.I)
_FEEDS = frozenset({"channel", "feed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Hours of the day (GMT) and days of the week (Monday is 0) to leave out, and what is gone."""

    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    complete: bool = False
    deleted: tuple[str, ...] = ()


NONE = Signals()


def hours(element: _Element) -> Iterator[int]:
    """Yield the hours a skipHours element names; 24 is midnight, as 0 is."""
    for text in _texts(element, "hour"):
        if text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= 24:
            yield int(text) % 24


def days(element: _Element) -> Iterator[int]:
    """Yield the days a skipDays element names in English."""
    for text in _texts(element, "day"):
        if text.lower() in _DAYS:
            yield _DAYS.index(text.lower())


def signals(body: bytes) -> Signals:
    """Return what the document says of asking, however broken it is; nothing when it is no XML."""
    if not _TOLD.search(body):
        return NONE
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return NONE
    feed = root if root is None or _local(root) in _FEEDS else next(_children(root, _FEEDS), None)
    return NONE if feed is None else _of(feed)


def _of(feed: _Element) -> Signals:
    return Signals(
        skip_hours=_each(feed, "skiphours", hours),
        skip_days=_each(feed, "skipdays", days),
        complete=feed.find(COMPLETE) is not None,
        deleted=tuple(
            ref for each in feed.iterchildren(DELETED) if (ref := each.get("ref", "").strip())
        ),
    )


def _each(feed: _Element, name: str, told: Callable[[_Element], Iterator[int]]) -> tuple[int, ...]:
    return tuple(sorted({each for child in _children(feed, {name}) for each in told(child)}))


def _texts(element: _Element, name: str) -> Iterator[str]:
    for child in _children(element, {name}):
        yield (child.text or "").strip()


def _children(element: _Element, names: set[str] | frozenset[str]) -> Iterator[_Element]:
    for child in element.iterchildren("*"):
        if _local(child) in names:
            yield child


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
