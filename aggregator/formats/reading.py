"""From the bytes of a document to what it says: which reader takes it, and where two differ."""

from __future__ import annotations

import logging
from dataclasses import fields, replace

import feedparser

from aggregator.errors import ReadFailed
from aggregator.formats.fast import LONGEST_HEAD, NOT_WELL_FORMED, ROOT, HandedOver, read_fast
from aggregator.formats.fields import bounded_feed
from aggregator.formats.jsonfeed_in import read_json
from aggregator.formats.tolerant import mended_bytes, not_well_formed, read_xml
from aggregator.model.entry import ParsedEntry, ParsedFeed

log = logging.getLogger(__name__)

MAX_BODY = 32_000_000  # bytes
MAX_HERE = 2_000_000  # bytes; a tree takes ten times as many

READERS = f"2/{feedparser.__version__}"
"""What made of a body what is kept: our own revision, and feedparser's. When it changes, bodies
and validators of before stand for another reading (checklist 8)."""

_BLANKS = b" \t\r\n\0"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FEED_FIELDS = tuple(
    field.name for field in fields(ParsedFeed) if field.name not in {"entries", "reader"}
)
_ENTRY_FIELDS = tuple(field.name for field in fields(ParsedEntry))


def read_document(
    body: bytes, url: str, content_type: str | None, *, tolerant: bool = False
) -> ParsedFeed:
    """Return what a feed's document says, whatever the server calls it.

    `url` is the address that answered. What is broken but readable is kept and named in
    `problem`; every field is bounded. The fast reader is asked first, unless `tolerant`. Raises
    `ReadFailed` when nothing of it can be used.
    """
    if len(body) > MAX_BODY:
        raise ReadFailed(f"the document is too long: {len(body)} bytes, at most {MAX_BODY}")
    if is_json(body):
        return bounded_feed(read_json(body, url))
    read = None if tolerant else _read_fast(body, url, content_type)
    return bounded_feed(read_xml(body, url, content_type)) if read is None else read


def read_here(body: bytes, url: str, content_type: str | None) -> ParsedFeed | None:
    """Return what this process may read without a guard; None: it is for the child process.

    The fast reader's time and memory are bounded by the length of the document, as are those of
    JSON. A fault of ours hands the document over. Raises `ReadFailed` as `read_document` does.
    """
    if len(body) > MAX_HERE:
        return None
    try:
        if is_json(body):
            return bounded_feed(read_json(body, url))
        return _read_fast(body, url, content_type)
    except ReadFailed:
        raise
    except Exception:
        log.exception("reading %s failed here", url)
        return None


def _read_fast(body: bytes, url: str, content_type: str | None) -> ParsedFeed | None:
    """Return what the fast reader makes of a document, or of one that is easily mended.

    The tolerant reader mends a document that is not well-formed before it reads it, and says what
    was wrong; so it can be read fast when that is all.
    """
    read = read_fast(body, url, content_type)
    if not isinstance(read, HandedOver):
        return read
    if read.reason != NOT_WELL_FORMED or not ROOT.search(body[:LONGEST_HEAD]):
        return None
    mended = mended_bytes(body)
    if mended == body:
        return None
    read = read_fast(mended, url, content_type)
    problem = not_well_formed(body, content_type)
    if isinstance(read, HandedOver) or problem is None:
        return None
    return replace(read, problem=problem)


def differences(one: ParsedFeed, other: ParsedFeed) -> tuple[str, ...]:
    """Return the names of the fields in which two readings of a document differ.

    Who read it counts for nothing. An entry's fields are named once, however many differ.
    """
    found = [name for name in _FEED_FIELDS if getattr(one, name) != getattr(other, name)]
    if len(one.entries) != len(other.entries):
        return (*found, "entries")
    pairs = [pair for pair in zip(one.entries, other.entries, strict=True) if pair[0] != pair[1]]
    found += [
        f"entry.{name}"
        for name in _ENTRY_FIELDS
        if any(getattr(mine, name) != getattr(theirs, name) for mine, theirs in pairs)
    ]
    return tuple(found)


def is_json(body: bytes) -> bool:
    """Tell JSON by its first character, in UTF-8, UTF-16 or UTF-32."""
    head = body[:1024].lstrip(_BLANKS)
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.lstrip(_BLANKS)[:1] in {b"{", b"["}
