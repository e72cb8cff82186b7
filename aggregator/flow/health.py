"""How feeds and hosts fare: gathered for lists, pages and figures; and entered in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aggregator.core.column_rhythm import LOOKED_BACK, columns
from aggregator.core.health import DAYS, Condition, Health, judge
from aggregator.model.exchange import Hop, Outcome
from aggregator.model.feed import Feed, FeedStatus
from aggregator.model.ids import FeedId
from aggregator.model.ledger import HostTally, Tally, day_of
from aggregator.model.series import Column
from aggregator.model.settings import SeriesSpec
from aggregator.ports import Tx

SUBSCRIBERS = "subscribers"
"""The fact in the store that says how many read what we publish."""

LAST_POLLS = 20  # by which the share of 304 of each feed is told
LAST_POLLS_OF_ALL = 5000  # by which the slowest hosts are told
SLOWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What all of it comes to; requests are those of 30 days, today included."""

    feeds: Mapping[Condition, int]
    pushed: int  # feeds that a hub tells us of
    entries: int
    published: int  # stories that stand in a topic
    asked: Tally
    days: Mapping[int, Tally]
    brought: Mapping[int, tuple[int, int]]  # (new, revised) by day
    busiest: tuple[HostTally, ...]
    slowest: tuple[tuple[str, int, int], ...]  # host, polls, mean ms


def subscribers(tx: Tx) -> int:
    """Return how many we poll for, at least one: the User-Agent tells publishers."""
    said = tx.meta.get(SUBSCRIBERS) or ""
    return max(1, int(said)) if said.isascii() and said.isdigit() else 1


def enter(tx: Tx, asked: Iterable[tuple[Feed, Outcome]], at: float) -> None:
    """Enter every request of these polls in the ledger, once for all of them."""
    public: list[Hop] = []
    private: list[Hop] = []
    for feed, outcome in asked:
        (private if feed.spec.private else public).extend(outcome.hops)
    tx.ledger.count(public, at)
    tx.ledger.count(private, at, private=True)


def health_of(tx: Tx, feed: Feed, now: float, series: Iterable[SeriesSpec] = ()) -> Health:
    """Return how one feed fares, and these series in it."""
    since = day_of(now) - DAYS + 1
    return judge(
        feed,
        tx.feeds.state(feed.id),
        now=now,
        entries=tx.feeds.counts().get(feed.id, 0),
        brought=tx.ledger.feed_days(since, feed.id).get(feed.id),
        known_since=tx.ledger.known_since(feed.id).get(feed.id),
        answers=tx.ledger.answers(LAST_POLLS, feed.id)[feed.id],
        columns=_columns(tx, series, now).get(feed.id, ()),
    )


def health_of_all(
    tx: Tx, now: float, *statuses: FeedStatus, series: Iterable[SeriesSpec] = ()
) -> tuple[Health, ...]:
    """Return how every feed fares, or those with these statuses: seven queries for all."""
    feeds, states = tx.feeds.all(*statuses), tx.feeds.states()
    counts, since = tx.feeds.counts(), day_of(now) - DAYS + 1
    brought, known = tx.ledger.feed_days(since), tx.ledger.known_since()
    answers, told = tx.ledger.answers(LAST_POLLS), _columns(tx, series, now)
    return tuple(
        judge(
            feed,
            states[feed.id],
            now=now,
            entries=counts.get(feed.id, 0),
            brought=brought.get(feed.id),
            known_since=known.get(feed.id),
            answers=answers[feed.id],
            columns=told.get(feed.id, ()),
        )
        for feed in feeds
    )


def _columns(
    tx: Tx, series: Iterable[SeriesSpec], now: float
) -> Mapping[FeedId, tuple[Column, ...]]:
    """Return how these series fare, by the feeds that bring them."""
    names = [each.name for each in series]
    return columns(tx.columns.came(names, int(now) - LOOKED_BACK), now) if names else {}


def totals(tx: Tx, now: float) -> Totals:
    """Return what all of it comes to."""
    states, since = tx.feeds.states(), day_of(now) - DAYS + 1
    conditions = Counter(
        Health(feed=feed, state=states[feed.id]).condition for feed in tx.feeds.all()
    )
    return Totals(
        feeds=conditions,
        pushed=sum((state.pushed_until or 0) > now for state in states.values()),
        entries=tx.entries.count(),
        published=len(tx.stories.published_ids()),
        asked=tx.ledger.total(since),
        days=tx.ledger.days(since),
        brought=tx.ledger.brought(since),
        busiest=tx.ledger.hosts(since, limit=SLOWEST),
        slowest=tx.ledger.slowest(LAST_POLLS_OF_ALL, SLOWEST),
    )
