"""From the bytes of a document to what it says: which reader takes it, and how much it may say."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from aggregator.errors import ReadFailed
from aggregator.formats.jsonfeed_in import read_json
from aggregator.formats.tolerant import read_xml
from aggregator.model.entry import Enclosure, ParsedEntry, ParsedFeed

MAX_BODY = 32_000_000  # bytes
MAX_GUID = 1_000  # characters, as all that follow
MAX_URL = 4_000
MAX_LINE = 10_000  # a title or author, markup included
MAX_SUMMARY = 200_000
MAX_CONTENT = 2_000_000
MAX_CATEGORIES = 100  # of one entry, as enclosures
MAX_CATEGORY = 200
MAX_ENCLOSURES = 50

_BLANKS = b" \t\r\n\0"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_document(body: bytes, url: str, content_type: str | None) -> ParsedFeed:
    """Return what a feed's document says, whatever the server calls it.

    `url` is the address that answered. What is broken but readable is kept and named in
    `problem`; every field is bounded. Raises `ReadFailed` when nothing of it can be used.
    """
    if len(body) > MAX_BODY:
        raise ReadFailed(f"the document is too long: {len(body)} bytes, at most {MAX_BODY}")
    feed = read_json(body, url) if _is_json(body) else read_xml(body, url, content_type)
    return replace(
        feed,
        site_url=_url(feed.site_url),
        icon=_url(feed.icon),
        self_url=_url(feed.self_url),
        hub_urls=tuple(url for url in feed.hub_urls[:5] if _url(url)),
        entries=tuple(_bounded(entry) for entry in feed.entries),
    )


def _is_json(body: bytes) -> bool:
    """Tell JSON by its first character, in UTF-8, UTF-16 or UTF-32."""
    head = body[:1024].lstrip(_BLANKS)
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.lstrip(_BLANKS)[:1] in {b"{", b"["}


def _bounded(entry: ParsedEntry) -> ParsedEntry:
    """Cut every field of an entry to size; most have nothing to cut."""
    return replace(
        entry,
        guid=_guid(entry.guid),
        url=_url(entry.url),
        title=entry.title[:MAX_LINE],
        summary=entry.summary[:MAX_SUMMARY],
        content=entry.content[:MAX_CONTENT],
        author=entry.author[:MAX_LINE] if entry.author else None,
        categories=tuple(word[:MAX_CATEGORY] for word in entry.categories[:MAX_CATEGORIES]),
        enclosures=tuple(_enclosures(entry)),
        image=_url(entry.image),
        source_url=_url(entry.source_url),
        licence=_url(entry.licence),
    )


def _guid(guid: str | None) -> str | None:
    """Return a guid of bounded length; a cut one still differs where the whole ones do."""
    if guid is None or len(guid) <= MAX_GUID:
        return guid
    return guid[: MAX_GUID - 65] + "#" + sha256(guid.encode("utf-8", "replace")).hexdigest()


def _url(url: str | None) -> str | None:
    """Return the address, or None when it is longer than any real one: a cut one leads nowhere."""
    return url if url is None or len(url) <= MAX_URL else None


def _enclosures(entry: ParsedEntry) -> list[Enclosure]:
    kept = [enclosure for enclosure in entry.enclosures if _url(enclosure.url)]
    return [
        replace(enclosure, type=enclosure.type[:200] if enclosure.type else None)
        for enclosure in kept[:MAX_ENCLOSURES]
    ]
