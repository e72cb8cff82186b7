"""An entry: one item of a feed, as the document says it, as we know it, as we keep it."""

from __future__ import annotations

from dataclasses import dataclass, field

from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId, EntryId, FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with an entry."""

    url: str
    type: str | None = None
    length: int | None = None  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """What a document says of one entry: raw, unsanitised, its own link made absolute."""

    guid: str | None = None
    guid_is_link: bool = False
    url: str | None = None
    title: str = ""  # may hold markup, as published
    summary: str = ""  # HTML or text, as published
    content: str = ""  # HTML, as published
    author: str | None = None
    published: int | None = None
    updated: int | None = None
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    lang: str | None = None
    source_title: str | None = None  # atom:source, RSS <source>: credit of an earlier publisher
    source_url: str | None = None
    licence: str | None = None
    base: str | None = None  # against which relative addresses inside HTML are resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a document says: the feed's own words, its entries, and what was wrong with it."""

    format: str  # rss20, rss10, rss091, atom10, atom03, json11 …
    title: str | None = None
    site_url: str | None = None
    lang: str | None = None
    icon: str | None = None
    licence: str | None = None
    updated: int | None = None
    ttl: int | None = None  # seconds; a minimum, never a maximum
    skip_hours: tuple[int, ...] = ()  # of the day in GMT, in which nobody need ask
    skip_days: tuple[int, ...] = ()  # of the week, Monday is 0
    self_url: str | None = None
    hub_urls: tuple[str, ...] = ()
    more_url: str | None = None  # older entries: RFC 5005 prev-archive, JSON Feed next_url
    complete: bool = False  # RFC 5005: what is not in it is no more
    entries: tuple[ParsedEntry, ...] = ()
    deleted: tuple[str, ...] = ()  # guids its publisher says are gone (RFC 6721)
    problem: str | None = None  # not well-formed, truncated, …; what parsed is kept
    reader: str = "tolerant"  # who read it: fast, tolerant (feedparser), json, scrape


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word on an entry, with its because."""

    name: str
    source: str  # "feed", "vocabulary", "person", "place", "organisation", "category"
    because: str
    # Where the phrase stands that gave it: title, summary or body, its first word (from 0), how
    # many words. Known where tags are found; not kept, and no part of what a tag is.
    place: tuple[str, int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One day, or one number, of a column."""

    series: str
    date: str | None  # ISO date, None when nothing tells one
    because: str
    number: int | None = None
    told: bool = True  # the date, by the text itself; False: it is the day of publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store remembers of a key, even after the entry itself was deleted."""

    entry_id: EntryId
    digest: int
    url_hash: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What an entry says, clean: the columns a revision replaces together."""

    url: str | None
    title: str  # plain text, one line
    summary: str  # plain text
    content: str  # sanitised HTML, absolute addresses; "" when the feed gives none
    author: str | None = None
    lang: str | None = None
    published_at: int | None = None  # the publisher's; never later than first_seen_at
    updated_at: int | None = None
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    source_title: str | None = None
    source_url: str | None = None
    licence: str | None = None
    lang_guess: float | None = None  # how sure we are of a language nobody states; None: stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as kept."""

    id: EntryId
    feed_id: FeedId
    article_id: ArticleId
    guid: str
    text: Text
    first_seen_at: int
    rev: int = 1
    withdrawn_at: int | None = None
    tags: tuple[Tag, ...] = ()
    series: tuple[Instalment, ...] = ()
    page: str = ""  # sanitised HTML of its article page: asked by rules, shown with `rights: full`

    @property
    def place(self) -> int:
        """Its time in any window: the earlier of published and first seen (DESIGN §7, Time)."""
        published = self.text.published_at
        return self.first_seen_at if published is None else min(published, self.first_seen_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An older text of an entry."""

    entry_id: EntryId
    rev: int
    at: int  # when it was replaced
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry with its feed, as doors show it."""

    entry: Entry
    feed: Feed
    story_id: ArticleId  # of the article that heads its story
    story_public_id: str
    topics: tuple[tuple[str, str, str], ...] = field(default=())  # (slug, verdict, because)
