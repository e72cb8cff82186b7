"""What leaves the house: an edition of items, and the documents made of it."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.entry import Enclosure
from aggregator.model.ids import EntryId, TopicId
from aggregator.model.story import Source
from aggregator.model.topic import Item, Topic, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """An item as gathered for composing: everything visible, nothing decided yet."""

    item: Item
    verdict: Verdict
    lead: Source
    sources: tuple[Source, ...]  # all that tell it, public, not withdrawn; lead first
    reports: tuple[Source, ...] = ()  # others of the same story that stand for themselves
    story_public_id: str = ""
    corrected_at: int | None = None  # when its source last changed it, where readers are told so
    correction: str | None = None  # what changed, in words
    titled: frozenset[EntryId] = frozenset()  # which of them the topic admits, titles and all


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whom an item is owed to."""

    title: str  # the outlet, plain text
    url: str  # the article there
    feed_url: str
    feed_title: str
    updated: int  # when its publisher last dated it
    site_url: str | None = None
    because: str = ""
    origin: str | None = None  # whom the outlet itself credits: an earlier publisher
    origin_url: str | None = None
    article: str = ""  # what it is called there; "": the topic does not admit its text


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedItem:
    """One item, ready for any format: clean text, absolute http(s) addresses, real dates."""

    uri: str
    uri_is_url: bool
    url: str  # the article, else our story page
    story_url: str
    title: str  # plain text, never empty
    summary: str  # plain text; "" when only a link may be shown
    html: str  # what a reader shows: text by rights, then the visible credit line; never empty
    author: str | None
    published: int
    updated: int
    credits: tuple[Credit, ...]  # lead first, never empty
    reports: tuple[Credit, ...] = ()  # of the same story, by others
    tags: tuple[str, ...] = ()
    note: str | None = None
    lang: str | None = None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    licence: str | None = None
    pinned: bool = False
    corrected_at: int | None = None  # when its source last changed what readers had
    correction: str | None = None  # and how that is told to them, in a visible line


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """An item that is no more: what Atom tells readers of it (RFC 6721)."""

    uri: str
    at: int  # since when
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The items a topic holds now, with all that a head needs."""

    slug: str
    title: str
    about: str
    page_url: str
    base_url: str  # a format's own address is base_url + extension
    site_title: str
    contact: str | None
    uri: str  # the feed's id
    updated: int
    items: tuple[PublishedItem, ...]
    lang: str | None = None
    hub_url: str | None = None  # where changes are pushed from
    previous_url: str | None = None  # the next older archive; a format adds its own ending
    next_url: str | None = None  # the next newer archive, in an archive
    current_url: str | None = None  # the feed itself, in an archive
    is_archive: bool = False  # complete, and never changed but by a withdrawal (RFC 5005)
    tombstones: tuple[Tombstone, ...] = ()
    left_out: tuple[str, ...] = ()  # which stories could not be composed, and why; never shown
    asked: str = ""  # what stands behind the address of a private feed: "?q=…"

    def address(self, ending: str) -> str:
        """Return where the feed itself lies in the format of this ending."""
        return f"{self.base_url}.{ending}{self.asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A closed stretch of a topic's items, by their numbers."""

    number: int  # from 1, the oldest
    first: int
    last: int
    closed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """An address that a topic once had."""

    slug: str
    now: str | None  # the slug it goes by; None: it was removed for good
    at: int
    topic_id: TopicId | None = None  # whose it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Finished bytes at an address; `etag` is the quoted content hash."""

    path: str  # "topics/global-lane.atom"
    content_type: str
    body: bytes
    gzip: bytes
    etag: str
    kept_at: int  # when these bytes were first kept: Last-Modified
    zstd: bytes | None = None  # further codings, where this machine has them
    br: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSummary:
    """A topic with its counts, as lists show it."""

    topic: Topic
    waiting: int
    published: int  # to be seen now: public, not withdrawn, its time come
    held: int
    rejected: int
    last_item_at: int | None
