"""What every written format shares: dates, names, items cut out and joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from lxml import etree

from aggregator.model.publication import Credit, Edition, PublishedItem, Tombstone

GENERATOR = "aggregator"
FRAGMENTS_KEPT = 512  # rendered items a format remembers

# Elements of plain text, whose every < and & would be markup to a reader who takes it for HTML.
_PLAIN = "title|name|rights|category|source|dc:creator|dc:rights"
_PLAIN_IN_HEADS = f"{_PLAIN}|subtitle|description|managingEditor|webMaster"
_IN_ITEMS, _IN_HEADS = (
    re.compile(rf"(<({names})(?: [^<>]*)?>)([^<]+)(?=</\2>)".encode())
    for names in (_PLAIN, _PLAIN_IN_HEADS)
)
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one format is written: what stands before the items, each item, and the end.

    A line begins with `opening` only where an item does: written documents come apart again.
    """

    content_type: str
    head: Callable[[Edition], bytes]
    fragment: Callable[[PublishedItem], bytes]  # one item; the same item, the same bytes
    uri_of: Callable[[bytes], str]  # whose fragment that is
    opening: bytes
    closing: bytes
    between: bytes = b"\n"
    tombstone: Callable[[Tombstone], bytes] | None = None  # where a format has a word for it


def moment(seconds: int) -> datetime:
    """Return UTC seconds as a date; its `isoformat()` is RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC)


def rfc822(seconds: int) -> str:
    """Return UTC seconds as RSS 2.0 writes dates, in English whatever the locale.

    >>> rfc822(0)
    'Thu, 01 Jan 1970 00:00:00 +0000'
    """
    return format_datetime(moment(seconds))


def mailbox(contact: str | None) -> str | None:
    """Return the contact if it is a bare e-mail address."""
    return contact if contact and _MAILBOX.fullmatch(contact) else None


def author_of(item: PublishedItem) -> tuple[str, str | None]:
    """Return name and address of an item's author; the outlet where no author is known.

    Atom and JSON Feed would otherwise give the feed's own author to the item, and we wrote none.
    """
    lead: Credit = item.credits[0]
    return (item.author, None) if item.author else (lead.title, lead.site_url)


def spelled(document: bytes, *, head: bool = False) -> bytes:
    """Return XML whose plain texts spell & and < as the RSS Best Practices Profile advises.

    An XML parser reads the same; those that guess at HTML in titles are surest of this form.
    """
    return (_IN_HEADS if head else _IN_ITEMS).sub(
        lambda found: found[1] + found[3].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"),
        document,
    )


def text_of(fragment: bytes, name: bytes) -> str:
    """Return the text of the first element of this name, which holds text alone."""
    start = fragment.index(b"<" + name)
    end = fragment.index(b"</" + name + b">", start) + len(name) + 3
    return etree.fromstring(fragment[start:end]).text or ""


def neighbours(edition: Edition, ending: str) -> Iterator[tuple[str, str]]:
    """Yield a head's links beyond the edition's own, as relation and address.

    The hub (W3C WebSub, section 4) and the archives (RFC 5005, sections 3 and 4), which are led
    to in the format one reads.
    """
    if edition.hub_url:
        yield "hub", edition.hub_url
    for relation, address in (
        ("current", edition.current_url),
        ("prev-archive", edition.previous_url),
        ("next-archive", edition.next_url),
    ):
        if address:
            yield relation, f"{address}.{ending}"


def write(kind: Format, edition: Edition) -> tuple[bytes, tuple[str, ...]]:
    """Return the edition in a format, and in words what had to be left out of it.

    An item that cannot be written is left out alone; it never stops the feed.
    """
    fragments: list[bytes] = []
    left_out = list(edition.left_out)
    for item in edition.items:
        try:
            fragments.append(kind.fragment(item))
        except Exception as problem:
            left_out.append(f"item {item.uri!a}: {type(problem).__name__}: {problem}")
    head = kind.head(edition)
    if kind.tombstone is not None:
        head = _with_tombstones(kind.tombstone, head, edition.tombstones)
    return joined(kind, head, fragments), tuple(left_out)


def joined(kind: Format, head: bytes, fragments: Sequence[bytes]) -> bytes:
    """Return a document of a head and items: what `split` takes apart."""
    return b"\n".join((head, kind.between.join(fragments), kind.closing)) + b"\n"


def split(kind: Format, body: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Return head and items of a document that we wrote in this format, byte for byte.

    Raise ValueError if it is none of ours.
    """
    ending = b"\n" + kind.closing + b"\n"
    if not body.endswith(ending):
        raise ValueError(f"not a document we wrote: it does not end with {kind.closing!a}")
    head, opens, items = body.removesuffix(ending).partition(b"\n" + kind.opening)
    if not opens:
        return head.removesuffix(b"\n"), ()
    parts = items.split(kind.between + kind.opening)
    return head, tuple(kind.opening + part for part in parts)


def _with_tombstones(
    write_one: Callable[[Tombstone], bytes], head: bytes, stones: Sequence[Tombstone]
) -> bytes:
    """Return the head with tombstones behind it, a line each.

    RFC 6721 lets them stand anywhere in a feed, RFC 4287's schema before its entries only.
    """
    return b"\n".join((head, *(write_one(stone) for stone in stones)))
