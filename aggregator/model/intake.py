"""What one poll of one feed changes: decided purely, then kept in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from aggregator.model.entry import Instalment, Tag, Text
from aggregator.model.ids import ArticleId, EntryId, FeedId, TopicId
from aggregator.model.prints import Print


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A topic's rule that admits an entry, and by which branch."""

    topic_id: TopicId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored entry that may tell the same piece of news."""

    entry_id: EntryId
    feed_id: FeedId
    article_id: ArticleId
    url_hash: int | None
    body_hash: int | None
    first_seen_at: int
    title: str = ""
    series: tuple[Instalment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How often an entry was revised, and the date its publisher gave it last."""

    rev: int
    updated_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A stored entry that is alike, but not so much that it is a copy."""

    entry_id: EntryId
    likeness: float  # containment, 0 to 1
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A new entry, with everything that was decided about it."""

    feed_id: FeedId
    guid: str  # as published, or what stands in for it
    key_hash: int  # identity within the feed
    digest: int
    url_hash: int | None  # of the canonical URL; None: no identifying URL
    body_hash: int | None  # None: under 30 words
    text: Text
    first_seen_at: int
    said: tuple[str, str] | None = None  # title and summary as they are indexed; None: not made
    tags: tuple[Tag, ...] = ()
    series: tuple[Instalment, ...] = ()
    matches: tuple[Match, ...] = ()
    article_id: ArticleId | None = None  # None: it opens one, numbered when it is kept
    opens: bool = False  # it opens the article of that number
    public_id: str = ""  # of the article it opens
    join_because: str = "first"
    story_id: ArticleId | None = None  # that the article it opens is told in; None: its own
    cluster_id: ArticleId | None = None  # None: it was not looked for among others' reports
    story_because: str = "first"
    report: tuple[str, bytes] | None = None  # its language and what it was placed in the index by
    print: Print | None = None  # by which its copies are found
    related: tuple[Related, ...] = ()
    reissue_of: EntryId | None = None
    withdrawn: str | None = None  # the reason of a withdrawal that blocks its return
    held: str | None = None  # what keeps it from being published unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A revised entry: the old text goes to `revisions`, the new one in its place."""

    entry_id: EntryId
    key_hash: int
    digest: int
    url_hash: int | None
    body_hash: int | None
    text: Text
    at: int
    said: tuple[str, str] | None = None  # title and summary as they are indexed; None: not made
    tags: tuple[Tag, ...] = ()
    series: tuple[Instalment, ...] = ()
    matches: tuple[Match, ...] = ()
    withdrawn: str | None = None  # the reason of a withdrawal that its new text or address meets


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A key of an entry that is stored, and what it says there: all that is kept of it."""

    feed_id: FeedId
    key_hash: int
    entry_id: EntryId
    digest: int
    url_hash: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two articles found to be one: `merged` is emptied into `into`."""

    into: ArticleId
    merged: ArticleId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two stories found to be one: every article of `joined` is told in `into`."""

    into: ArticleId
    joined: ArticleId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Everything one poll changes among entries and stories."""

    arrivals: tuple[Arrival, ...] = ()
    changes: tuple[Change, ...] = ()
    merges: tuple[Merge, ...] = ()
    joins: tuple[Join, ...] = ()
    aliases: tuple[Alias, ...] = ()
    same: int = 0
    notice: str | None = None  # of a flood, for whoever looks after the feed

    def __bool__(self) -> bool:
        return bool(self.arrivals or self.changes or self.merges or self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where an arrival or a change came to lie."""

    entry_id: EntryId
    article_id: ArticleId
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Withdrawals in force: what may not return, each with its reason."""

    entries: dict[EntryId, str] = field(default_factory=dict)
    urls: dict[int, str] = field(default_factory=dict)  # url_hash
    bodies: dict[int, str] = field(default_factory=dict)  # body_hash
    feeds: dict[FeedId, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries or self.urls or self.bodies or self.feeds or self.hosts)
