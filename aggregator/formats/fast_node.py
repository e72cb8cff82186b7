"""What the fast reader has found of one entry, feed or source so far."""

from __future__ import annotations

from typing import Any, TypeVar

from aggregator.formats.fast_names import Unsure

MOST_PARTS = 100  # categories, links, authors of one entry; more are the tolerant reader's

Link = tuple[str, str | None, str, str | None]
"""rel, address, type, length"""

Author = str | tuple[tuple[str, str], ...]
"""Plain text, or what the parts of an author element say."""

Detail = tuple[str, str | None, str]
"""type, language and base of a text"""

Tag = tuple[str | None, str | None, str | None]
"""term, scheme, label"""

_One = TypeVar("_One")
_NOTHING: Any = ()


class Node:
    """What is known of one thing; what nobody told is as the class has it.

    Thousands of entries are read in a second, and most say little: only that is set.
    """

    is_entry = False
    guid: str | None = None
    guid_depth: int | None = None  # how deep in the document it stood
    guid_is_link: bool | None = None
    link: str | None = None
    links: list[Link] = _NOTHING
    encloses = False  # one of the links is an enclosure
    licensed = False  # one of the links is a licence
    title = ""
    title_depth: int | None = None
    title_detail: Detail | None = None
    summary: str | None = None
    summary_depth: int | None = None
    summary_detail: Detail | None = None
    contents: list[tuple[str, str, str]] = _NOTHING  # type, value, base
    authors: list[Author] = _NOTHING
    published: int | None = None
    updated: int | None = None
    created: int | None = None
    tags: list[Tag] = _NOTHING
    pictures: list[str | None] = _NOTHING
    thumbnails: list[str | None] = _NOTHING
    image: str | None = None
    source: Node | None = None
    rights: str | None = None
    caption: str | None = None
    caption_depth = 0
    href: str | None = None

    def tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        """Note a category, unless it is noted already or says nothing."""
        one = (term, scheme, label)
        if (term or scheme or label) and one not in self.tags:
            self.tags = added(self.tags, one)

    def tag_text(self, text: str) -> None:
        """Note a category's text: the term of the one before that has none, or one of its own."""
        if not text:
            return
        if self.tags and not self.tags[-1][0]:
            self.tags[-1] = (text, *self.tags[-1][1:])
        else:
            self.tag(text, None, None)


class EntryNode(Node):
    """What is known of an entry."""

    is_entry = True


def added(found: list[_One], one: _One) -> list[_One]:
    """Return what was found with one more."""
    if not found:
        return [one]
    if len(found) >= MOST_PARTS:
        raise Unsure("too many parts of one entry")
    found.append(one)
    return found
