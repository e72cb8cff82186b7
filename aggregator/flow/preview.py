"""What a rule would hold, asked of history; and the contracts a topic must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.core.drafting import subject_of
from aggregator.core.query import Node, check_rule, parse_query
from aggregator.core.rules import matches
from aggregator.core.tracking import Tracking, tracking
from aggregator.core.urls import url_hash
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.model.ids import EntryId
from aggregator.model.topic import Topic, TopicStatus
from aggregator.ports import Tx

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One entry the rule admits."""

    entry_id: int
    title: str
    feed: str
    published: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rule holds over some days of history. `per_day` is oldest first."""

    slug: str
    match: str
    days: int
    asked: int
    hits: tuple[Hit, ...]
    per_day: tuple[tuple[str, int], ...]
    per_feed: tuple[tuple[str, int], ...]
    joined: int = 0  # hits the saved rule did not have
    left: int = 0  # entries the saved rule had and this one has not


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One `expect` line: whether it holds, and why not. `unseen`: no such entry in the store."""

    slug: str
    url: str
    expected: bool
    holds: bool
    unseen: bool
    because: str


def preview(kit: Kit, slug: str, *, days: int = 30, match: str | None = None) -> Preview:
    """Ask a topic's rule, or `match` in its place, of the last days' entries; change nothing.

    Raises `NotFound` for the topic and `QueryError`, with the position, for the rule.
    """
    now = int(kit.clock())
    with kit.store.read() as tx:
        topic = topic_named(tx, slug)
        rule = topic.spec.match if match is None else match
        check_rule(parse_query(rule), rule)
        node, since = parse_query(rule), now - days * 86400
        ids = tx.searching.find(node, since=since)
        asked = tx.searching.count(since=since)
        saved = set(ids if match is None else _saved(tx, topic, since))
        hits = list(_hits(tx, node, ids))
    per_day = Counter(_day(hit.published) for hit in hits)
    per_feed = Counter(hit.feed for hit in hits)
    return Preview(
        slug=slug,
        match=rule,
        days=days,
        asked=asked,
        hits=tuple(hits),
        per_day=tuple(sorted(per_day.items())),
        per_feed=tuple(sorted(per_feed.items(), key=lambda each: (-each[1], each[0]))),
        joined=len(set(ids) - saved),
        left=len(saved - set(ids)),
    )


def contracts(kit: Kit) -> tuple[Contract, ...]:
    """Ask every topic's `expect` lines of the entries we have."""
    by = tracking(kit.settings.tracking)
    with kit.store.read() as tx:
        return tuple(
            _contract(tx, topic, url, expected, by)
            for topic in tx.topics.all(TopicStatus.ACTIVE)
            for expected, urls in (
                (True, topic.spec.expect.inside),
                (False, topic.spec.expect.outside),
            )
            for url in urls
        )


def _contract(tx: Tx, topic: Topic, url: str, expected: bool, by: Tracking) -> Contract:
    def result(holds: bool, because: str, *, unseen: bool = False) -> Contract:
        return Contract(
            slug=topic.spec.slug,
            url=url,
            expected=expected,
            holds=holds,
            unseen=unseen,
            because=because,
        )

    number = url_hash(url, by)
    entries = [tx.entries.get(each) for each in tx.entries.by_url(number)] if number else []
    node, answers = parse_query(topic.spec.match), []
    for entry in entries:
        feed = tx.feeds.get(entry.feed_id) if entry is not None else None
        if entry is not None and feed is not None:
            asked = subject_of(entry, feed)
            answers.append(matches(node, asked))
    if not answers:
        return result(True, "no entry of this address has been seen yet", unseen=True)
    inside = next((answer for answer in answers if answer.yes), None)
    decisive = inside or answers[0]
    return result((inside is not None) == expected, decisive.because)


def _saved(tx: Tx, topic: Topic, since: int) -> tuple[EntryId, ...]:
    return tx.searching.find(parse_query(topic.spec.match), since=since)


def _hits(tx: Tx, node: Node, ids: Sequence[EntryId]) -> Iterator[Hit]:
    for at in range(0, len(ids), PAGE):
        for view in tx.entries.views(ids[at : at + PAGE]):
            yield Hit(
                entry_id=view.entry.id,
                title=view.entry.text.title,
                feed=view.feed.spec.name,
                published=view.entry.place,
                because=matches(node, subject_of(view.entry, view.feed)).because,
            )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
