"""What a rule would hold, asked of history; and the contracts a topic must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.core.drafting import subject_of
from aggregator.core.query import check_rule, parse_query
from aggregator.core.rules import matches
from aggregator.core.urls import url_hash
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.model.entry import Entry
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
        node, saved = parse_query(rule), parse_query(topic.spec.match)
        feeds = {feed.id: feed for feed in tx.feeds.all()}
        hits, asked, joined, left = [], 0, 0, 0
        for entry in _since(tx, now - days * 86400):
            feed = feeds.get(entry.feed_id)
            if feed is None or entry.withdrawn_at is not None:
                continue
            asked += 1
            about = subject_of(entry, feed)
            answer = matches(node, about)
            if match is not None:
                before = matches(saved, about).yes
                joined += answer.yes and not before
                left += before and not answer.yes
            if answer.yes:
                hits.append(_hit(entry, feed.spec.name, answer.because))
    hits.sort(key=lambda hit: (-hit.published, -hit.entry_id))
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
        joined=joined,
        left=left,
    )


def contracts(kit: Kit) -> tuple[Contract, ...]:
    """Ask every topic's `expect` lines of the entries we have."""
    with kit.store.read() as tx:
        return tuple(
            _contract(tx, topic, url, expected)
            for topic in tx.topics.all(TopicStatus.ACTIVE)
            for expected, urls in (
                (True, topic.spec.expect.inside),
                (False, topic.spec.expect.outside),
            )
            for url in urls
        )


def _contract(tx: Tx, topic: Topic, url: str, expected: bool) -> Contract:
    def result(holds: bool, because: str, *, unseen: bool = False) -> Contract:
        return Contract(
            slug=topic.spec.slug,
            url=url,
            expected=expected,
            holds=holds,
            unseen=unseen,
            because=because,
        )

    number = url_hash(url)
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


def _since(tx: Tx, since: int) -> Iterator[Entry]:
    before: int | None = None
    while page := tx.entries.newest(since=since, before_id=before, limit=PAGE):
        yield from page
        before = page[-1].id


def _hit(entry: Entry, feed: str, because: str) -> Hit:
    return Hit(
        entry_id=entry.id,
        title=entry.text.title,
        feed=feed,
        published=entry.place,
        because=because,
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
