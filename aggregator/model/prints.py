"""Texts as they are compared: what is kept of each, and what comparing two of them found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from aggregator.model.ids import ArticleId, EntryId, FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The figures and the names of a text, and between which words they stand.

    A name is whatever is written with a capital; where most words are, capitals tell nothing and
    only figures count. A value is a run of such words, lower-cased.
    """

    values: tuple[str, ...] = ()
    places: bytes = b""  # 4 bytes for the two words before each value, 4 for the two after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A text as it is compared."""

    shingles: bytes  # 4 bytes for each run of three words, in the order of the text
    head: str  # how the text begins, as it is written: its figures and names are looked at
    title: str
    keys: tuple[int, ...] = ()  # signed 32-bit; what it is found by. None on one from the store


class Kind(Enum):
    """How alike two texts are."""

    COPY = "copy"  # one text: told once
    RELATED = "related"  # shown beside each other, never folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What comparing two texts found."""

    kind: Kind
    containment: float  # of the shorter in the longer, 0 to 1
    because: str
    reissue: bool = False  # the new one says of itself that it replaces the old one


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A stored entry that may be a copy, with what it is compared by."""

    entry_id: EntryId
    feed_id: FeedId
    article_id: ArticleId
    at: int  # its place in time
    print: Print
