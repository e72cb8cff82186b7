"""What every written format shares: dates, names, items cut out and joined."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from aggregator.model.publication import Credit, Edition, PublishedItem

GENERATOR = "aggregator"
FRAGMENTS_KEPT = 512  # rendered items a format remembers

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one format is written: what stands before the items, each item, and the end."""

    content_type: str
    head: Callable[[Edition], bytes]
    fragment: Callable[[PublishedItem], bytes]  # one item; the same item, the same bytes
    closing: bytes
    between: bytes = b"\n"


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


def cut(document: bytes, name: bytes) -> bytes:
    """Return the only element of this name out of a serialised one-item document."""
    return document[document.index(b"<" + name) : document.rindex(b"</" + name + b">")] + (
        b"</" + name + b">"
    )


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
    body = kind.between.join(fragments)
    return b"\n".join((kind.head(edition), body, kind.closing)) + b"\n", tuple(left_out)
