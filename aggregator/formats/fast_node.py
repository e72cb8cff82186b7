"""What the fast reader has found of one entry, feed or source so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.formats.fast_names import Unsure
from aggregator.formats.fast_walk import Walk

MOST_PARTS = 100  # categories, links, authors of one entry; more are the tolerant reader's

Link = tuple[str, str | None, str, str | None]
"""rel, address, type, length"""

Author = str | tuple[tuple[str, str], ...]
"""Plain text, or what the parts of an author element say."""

Detail = tuple[str, str | None, str]
"""type, language and base of a text"""

Tag = tuple[str | None, str | None, str | None]
"""term, scheme, label"""


class Node:
    """What is known of one thing; what nobody said is the class's. Most entries say little, and
    thousands of them are made in a second."""

    is_entry = False
    guid: str | None = None
    guid_is_link: bool | None = None
    link: str | None = None
    links: Sequence[Link] = ()
    encloses = False  # one of the links is an enclosure
    title = ""
    title_depth: int | None = None
    title_detail: Detail | None = None
    summary: str | None = None
    summary_detail: Detail | None = None
    contents: Sequence[Detail] = ()  # type, value, base
    authors: Sequence[Author] = ()
    published: int | None = None
    updated: int | None = None
    created: int | None = None
    tags: Sequence[Tag] = ()
    pictures: Sequence[str | None] = ()
    thumbnails: Sequence[str | None] = ()
    image: str | None = None
    source: Node | None = None
    rights: str | None = None
    caption: str | None = None
    caption_depth = 0
    href: str | None = None


class EntryNode(Node):
    """An entry's."""

    is_entry = True


def tag(node: Node, term: str | None, scheme: str | None, label: str | None) -> None:
    """Note a category, unless it is noted or says nothing."""
    if term or scheme or label:
        one = (term, scheme, label)
        if not node.tags:
            node.tags = [one]
        elif one not in node.tags:
            if len(node.tags) >= MOST_PARTS:
                raise Unsure("too many parts of one entry")
            node.tags = [*node.tags, one]
