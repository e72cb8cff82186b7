"""A feed: what editors say of it, what its publisher says, what polling taught us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.model.correction import Corrections
from aggregator.model.ids import FeedId, ListId


class Rights(StrEnum):
    """How much of an entry may be published."""

    LINK = "link"
    EXCERPT = "excerpt"
    FULL = "full"


RIGHTS_ORDER = (Rights.LINK, Rights.EXCERPT, Rights.FULL)


def narrower(one: Rights, other: Rights) -> Rights:
    """Return the smaller of two rights: a topic can narrow, never widen.

    >>> str(narrower(Rights.FULL, Rights.LINK))
    'link'
    """
    return min(one, other, key=RIGHTS_ORDER.index)


class FeedStatus(StrEnum):
    """Whether a feed is polled, and if not, why."""

    ACTIVE = "active"
    PAUSED = "paused"  # an editor stopped it
    RETIRED = "retired"  # it left feeds.yaml; what it gave stays
    GONE = "gone"  # the server answered 410


class Origin(StrEnum):
    """Who defined a feed or topic: the file (locked at the desk) or the desk."""

    FILE = "file"
    DESK = "desk"
    LIST = "list"  # an OPML list that is followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Where the secret lies (`env:NAME` or `file:PATH`), never the secret itself."""

    basic: str | None = None
    bearer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """What an editor said of a feed, in feeds.yaml or at the desk."""

    url: str
    name: str
    tags: tuple[str, ...] = ()
    every: int | None = None  # seconds; None: learnt (`auto`)
    trust: float = 0.5
    rights: Rights = Rights.EXCERPT
    rights_written: bool = False  # `rights:` stands at this very feed
    auth: Auth | None = None
    keep: int | None = None  # seconds; None: the default
    fulltext: bool = False
    scrape: Mapping[str, str] | None = None
    corrections: Corrections = Corrections.BUMP

    @property
    def private(self) -> bool:
        """Whether nothing of it may ever be public (DESIGN §7, Rights)."""
        return self.auth is not None and not self.rights_written

    @property
    def shows_pages(self) -> bool:
        """Whether text that was read off web pages may be published (DESIGN §7, Rights)."""
        return self.rights is Rights.FULL and self.rights_written

    @property
    def shown(self) -> Rights:
        """How much of its entries may be published: what is scraped is a page's text too."""
        return Rights.LINK if self.scrape and not self.shows_pages else self.rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A source we poll."""

    id: FeedId
    spec: FeedSpec
    origin: Origin
    status: FeedStatus = FeedStatus.ACTIVE
    title: str | None = None  # the publisher's, plain text
    site_url: str | None = None
    lang: str | None = None
    icon: str | None = None
    added_at: int = 0
    moved_from: str | None = None  # the address editors wrote, before it redirected for good
    list_id: ListId | None = None  # the OPML list that brought it and may take it away

    @property
    def label(self) -> str:
        """What people call it: the publisher's title, else our name for it."""
        return self.title or self.spec.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What polling taught us of a feed; a poll writes this and never the spec."""

    next_poll_at: float | None = 0.0  # None: never (paused, retired, gone)
    generation: int = 0
    interval: int = 3600
    fresh_until: float | None = None  # not before, says the server's last answer; None: unknown
    ttl: int | None = None  # seconds; what the document last read asks for, a minimum
    etag: str | None = None  # as the server wrote it, quotes and W/ kept
    last_modified: str | None = None  # as the server wrote it: sent back, never parsed
    body_hash: int | None = None
    last_status: int | None = None
    last_poll_at: float | None = None
    last_ok_at: float | None = None
    last_new_at: float | None = None
    failures: int = 0
    problem: str | None = None  # the last poll's, in words; None when it went well
    moved_to: str | None = None  # where permanent redirects point
    moved_count: int = 0
    moved_since: float | None = None
    gap: int | None = None  # seconds between two entries, the median; None: not learnt
    usual_at: int | None = None  # second of the UTC day at which a dated column comes
    usual_days: int | None = None  # on which days it comes, a bit each, Monday the lowest
    skip_hours: int = 0  # a bit for each hour (GMT) the publisher asks us to leave out
    skip_days: int = 0  # a bit for each day, Monday the lowest
    tolerant: bool = False  # the fast reader misread it once: feedparser reads it
    read_by: str | None = None  # the readers' version that the validators stand for
    pushed_until: float | None = None  # a hub tells us what is new until then
    notice: str | None = None  # what an operator should know though polls go well


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One worker's time-limited right to poll one feed."""

    feed: Feed
    state: PollState  # as it was; its generation is the fence


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """One line of a feed's history."""

    feed_id: FeedId
    at: float
    status: int | None
    ms: int
    bytes: int
    seen: int = 0
    new: int = 0
    revised: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of an OPML list."""

    url: str
    title: str
    site_url: str | None = None
    folders: tuple[str, ...] = ()  # the outlines it stands in, outermost first


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineList:
    """An OPML document: its feeds and what had to be left out."""

    title: str
    outlines: tuple[Outline, ...]
    problems: tuple[str, ...] = field(default=())
    whole: bool = True  # read to its end: what it does not name, it does not hold
