"""A story: the copies and reports of one piece of news, one of them its lead."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.entry import Entry, Instalment
from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId, EntryId, FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One piece of news; it goes by the article that heads it. `public_id` stands in addresses."""

    id: ArticleId
    public_id: str
    lead_entry_id: EntryId
    first_at: int
    last_at: int
    size: int
    told_in: ArticleId  # the story's id; another than `id` where one article is shown alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One telling of a story."""

    entry: Entry
    feed: Feed
    because: str  # "first", "same address as entry 12", …


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two entries found to be alike, but not so much that they are told as one."""

    entry_id: EntryId
    other: Source
    likeness: float  # containment of the shorter text, 0 to 1
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An article as the index of stories holds it."""

    article_id: ArticleId
    feed_id: FeedId
    terms: bytes | None  # what it was placed by; None: title and summary tell
    lang: str | None
    at: int  # its place in time
    cluster_id: ArticleId
    story_id: ArticleId
    series: tuple[Instalment, ...] = ()
    title: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far somebody has followed what happened to articles."""

    article: int = 0  # the highest number an article ever had
    move: int = 0  # of the last move to another story
    act: int = 0  # of the last row that a journalled act changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What an editor said of two articles: that they are one story, or that they are not."""

    one: ArticleId
    other: ArticleId
    together: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story with all its sources, lead first, and its topics."""

    story: Story
    sources: tuple[Source, ...]
    topics: tuple[tuple[str, str, str], ...] = ()  # (slug, verdict, because)
