"""What a rule would hold, asked of history; and the contracts a topic must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.core.drafting import subject_of
from aggregator.core.near_misses import near_misses
from aggregator.core.query import Node, Term, check_rule, parse_query
from aggregator.core.rules import matches
from aggregator.core.swings import swing
from aggregator.core.tracking import Tracking, tracking
from aggregator.core.urls import url_hash
from aggregator.flow.applied import refused
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.outcome import Change, outcome
from aggregator.model.ids import EntryId
from aggregator.model.topic import Topic, TopicSpec, TopicStatus
from aggregator.ports import Tx

PAGE = 500
SHOWN = 10  # near misses


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One entry the rule admits."""

    entry_id: int
    title: str
    feed: str
    published: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One entry the rule nearly admits: the clause it fails by, and why."""

    entry_id: int
    title: str
    feed: str
    published: int
    clause: str
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
    misses: tuple[Miss, ...] = ()  # at most ten
    changes: tuple[Change, ...] = ()  # what would stand otherwise in the topic, feed and desk
    warning: str | None = None  # it suddenly holds nothing, or nearly everything

    @property
    def gained(self) -> tuple[Change, ...]:
        """What the topic's feed would show that it does not show now."""
        return tuple(each for each in self.changes if each.shown is True)

    @property
    def lost(self) -> tuple[Change, ...]:
        """What the topic's feed would show no more."""
        return tuple(each for each in self.changes if each.shown is False)


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
    since = int(kit.clock()) - days * 86400
    with kit.store.read() as tx:
        topic = topic_named(tx, slug)
        rule = topic.spec.match if match is None else match
        node = parse_query(rule)
        check_rule(node, rule)
        ids = tx.searching.find(node, since=since)
        asked = tx.searching.count(since=since)
        saved = set(ids if match is None else _saved(tx, topic, since))
        hits = list(_hits(tx, node, ids))
        misses = tuple(_misses(tx, node, since))
        had = set(tx.searching.find(Term(field="topic", text=slug), since=since))
        whys = {EntryId(hit.entry_id): hit.because for hit in hits if hit.entry_id not in had}
        changes = outcome(tx, kit, topic, whys, had - set(ids))
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
        misses=misses,
        changes=changes,
        warning=swing(len(had), len(ids), asked),
    )


def contracts(kit: Kit) -> tuple[Contract, ...]:
    """Ask every topic's `expect` lines of the entries we have, by the rules feeds.yaml has now."""
    by = tracking(kit.settings.tracking)
    with kit.store.read() as tx:
        specs = {topic.spec.slug: topic.spec for topic in tx.topics.all(TopicStatus.ACTIVE)}
        specs |= {spec.slug: spec for spec in kit.settings.topics}
        return tuple(
            _contract(tx, spec, url, expected, by)
            for spec in specs.values()
            for expected, urls in ((True, spec.expect.inside), (False, spec.expect.outside))
            for url in urls
        )


def warnings(kit: Kit, *, days: int = 30) -> tuple[str, ...]:
    """Return which rules of feeds.yaml hold nothing or everything of late and did not before.

    And which are not applied because an editor has undone them.
    """
    since, told = int(kit.clock()) - days * 86400, []
    with kit.store.read() as tx:
        undone = {each.slug: each.told for each in refused(tx, kit.settings.topics)}
        asked = tx.searching.count(since=since)
        for spec in kit.settings.topics:
            if spec.slug in undone or tx.topics.find(spec.slug) is None:
                continue
            before = tx.searching.find(Term(field="topic", text=spec.slug), since=since)
            after = tx.searching.find(parse_query(spec.match), since=since)
            changed = swing(len(before), len(after), asked)
            if changed is not None:
                told.append(f"topic {spec.slug} {changed}")
    return (*undone.values(), *told)


def _contract(tx: Tx, spec: TopicSpec, url: str, expected: bool, by: Tracking) -> Contract:
    def result(holds: bool, because: str, *, unseen: bool = False) -> Contract:
        return Contract(
            slug=spec.slug,
            url=url,
            expected=expected,
            holds=holds,
            unseen=unseen,
            because=because,
        )

    number = url_hash(url, by)
    entries = [tx.entries.get(each) for each in tx.entries.by_url(number)] if number else []
    node, answers = parse_query(spec.match), []
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


def _misses(tx: Tx, node: Node, since: int) -> Iterator[Miss]:
    """Yield near misses, those of each clause in turn until there are ten."""
    found: dict[EntryId, str] = {}
    for query, clause in near_misses(node):
        for entry_id in tx.searching.find(query, since=since, limit=SHOWN):
            found.setdefault(entry_id, clause)
    for view in tx.entries.views(tuple(found)[:SHOWN]):
        yield Miss(
            entry_id=view.entry.id,
            title=view.entry.text.title,
            feed=view.feed.spec.name,
            published=view.entry.place,
            clause=found[view.entry.id],
            because=matches(node, subject_of(view.entry, view.feed)).because,
        )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
