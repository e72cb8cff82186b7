"""What the store tells of columns."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.entry import Instalment
from aggregator.model.ids import ArticleId, EntryId, FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One instalment of a column: where and when it came."""

    series: str
    feed_id: FeedId
    at: int  # UTC seconds, the entry's place in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored entry of a column, as much as telling copies needs."""

    entry_id: EntryId
    feed_id: FeedId
    article_id: ArticleId
    title: str
    series: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a column fares in one feed."""

    series: str
    usual_at: int | None = None  # second of the UTC day by which it has come; None: not learnt
    usual_days: int | None = None  # a bit for each weekday, Monday the lowest
    last_at: int | None = None  # UTC seconds
    note: str | None = None  # "no instalment today …", for whoever looks after the feed
