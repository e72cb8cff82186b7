"""What a rule would hold, asked of history; and the contracts a topic must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, zip_longest

from aggregator.core.drafting import Books, body_with_page, subject, subject_of
from aggregator.core.near_misses import near_misses
from aggregator.core.query import Node, Term, check_rule, parse_query
from aggregator.core.rules import matches
from aggregator.core.standing import rule_book
from aggregator.core.swings import swing, swing_of_late
from aggregator.core.tracking import Tracking, tracking
from aggregator.core.urls import url_hash
from aggregator.flow.applied import refused
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit, books
from aggregator.flow.outcome import Change, outcome
from aggregator.flow.renaming import in_vain, taken_over
from aggregator.flow.retag import filed_today
from aggregator.flow.search import within_reach
from aggregator.model.feed import Origin
from aggregator.model.ids import EntryId, TopicId
from aggregator.model.topic import Topic, TopicSpec, TopicStatus
from aggregator.ports import Tx

PAGE = 500
SHOWN = 10  # near misses
LATE = 3  # days that are held against those before them
DAY = 86_400
NOT_YET = TopicId(0)  # no topic has this number


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


def preview(
    kit: Kit,
    slug: str,
    *,
    days: int = 30,
    match: str | None = None,
    spec: TopicSpec | None = None,
) -> Preview:
    """Ask a topic's rule, or `match` in its place, of the last days' entries; change nothing.

    `spec` is the topic as feeds.yaml has it, where that may not be taken in yet, or new. Raises
    `NotFound` for the topic and `QueryError`, with the position, for the rule.
    """
    now = int(kit.clock())
    since = now - days * DAY
    with kit.store.read() as tx:
        topic = _topic(tx, slug, spec)
        said = topic.spec if spec is None else spec
        rule = said.match if match is None else match
        tried = replace(topic, spec=replace(said, match=rule))
        node = parse_query(rule)
        check_rule(node, rule)
        ids = tx.searching.find(node, since=since)
        saved = _saved(tx, topic, since)
        hits = list(_hits(tx, node, ids))
        misses = tuple(_misses(tx, node, since, now))
        had = set(tx.searching.find(Term(field="topic", text=slug), since=since))
        judged = (said.mode, said.tell) == (topic.spec.mode, topic.spec.tell)  # as they are now
        known = had if judged else set[EntryId]()
        whys = {EntryId(hit.entry_id): hit.because for hit in hits if hit.entry_id not in known}
        changes = outcome(tx, kit, tried, whys, had - set(ids))
        asked, asked_late = (tx.searching.count(since=at) for at in (since, now - LATE * DAY))
    recent = sum(hit.published >= now - LATE * DAY for hit in hits)
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
        warning=swing(len(had), len(ids), asked)
        or swing_of_late(LATE, (recent, asked_late), (len(ids) - recent, asked - asked_late)),
    )


def contracts(kit: Kit) -> tuple[Contract, ...]:
    """Ask every topic's `expect` lines of the entries we have, by what feeds.yaml says now.

    Its rules, and the tags and series that it would give these entries.
    """
    by = tracking(kit.settings.tracking)
    with kit.store.read() as tx:
        specs = {topic.spec.slug: topic.spec for topic in tx.topics.all(TopicStatus.ACTIVE)}
        specs |= {spec.slug: spec for spec in kit.settings.topics}
        ready = replace(books(tx, kit.settings), rules=rule_book(()))
        return tuple(
            _contract(tx, spec, (url, expected), ready, by)
            for spec in specs.values()
            for expected, urls in ((True, spec.expect.inside), (False, spec.expect.outside))
            for url in urls
        )


def warnings(kit: Kit, *, days: int = 30) -> tuple[str, ...]:
    """Return which rules of feeds.yaml hold nothing or everything now and did not before, and
    which topics are not at the addresses that readers know.

    Rules that changed are compared with what their topics hold, all of them with the days before
    the last three. And which rules are not applied because an editor has undone them.
    """
    now, told = int(kit.clock()), []
    since, late = now - days * DAY, now - LATE * DAY
    with kit.store.read() as tx:
        undone = {each.slug: each.told for each in refused(tx, kit.settings.topics)}
        moved = (*in_vain(tx, kit.settings.topics), *taken_over(tx, kit.settings.topics))
        asked, asked_late = tx.searching.count(since=since), tx.searching.count(since=late)
        for spec in kit.settings.topics:
            if spec.slug in undone or tx.topics.find(spec.slug) is None:
                continue
            held = Term(field="topic", text=spec.slug)
            before = len(tx.searching.find(held, since=since))
            after = len(tx.searching.find(parse_query(spec.match), since=since))
            recent = len(tx.searching.find(held, since=late))
            changed = swing(before, after, asked) or swing_of_late(
                LATE, (recent, asked_late), (before - recent, asked - asked_late)
            )
            if changed is not None:
                told.append(f"topic {spec.slug} {changed}")
    return (*undone.values(), *moved, *told)


def _contract(
    tx: Tx, spec: TopicSpec, promise: tuple[str, bool], ready: Books, by: Tracking
) -> Contract:
    url, expected = promise

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
            tags, series, _ = filed_today(entry, feed, ready)
            body = body_with_page(entry)
            asked = subject(entry.text, feed, tags, series, place=entry.place, body=body)
            answers.append(matches(node, asked))
    if not answers:
        return result(True, "no entry of this address has been seen yet", unseen=True)
    inside = next((answer for answer in answers if answer.yes), None)
    decisive = inside or answers[0]
    return result((inside is not None) == expected, decisive.because)


def _topic(tx: Tx, slug: str, spec: TopicSpec | None) -> Topic:
    """Return the topic as it stands; one that only the file has yet holds nothing."""
    if spec is None or tx.topics.find(slug) is not None:
        return topic_named(tx, slug)
    return Topic(id=NOT_YET, spec=spec, origin=Origin.FILE)


def _saved(tx: Tx, topic: Topic, since: int) -> set[EntryId]:
    """Return what the rule in force admits."""
    if topic.id == NOT_YET:
        return set()
    return set(tx.searching.find(parse_query(topic.spec.match), since=since))


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


def _misses(tx: Tx, node: Node, since: int, now: int) -> Iterator[Miss]:
    """Yield near misses, one of each clause in turn until there are ten."""
    by_clause = []
    for query, clause in near_misses(node):
        bounded, _ = within_reach(query, now)  # a clause less may leave bodies alone to be read
        ids = tx.searching.find(bounded, since=since, limit=SHOWN)
        by_clause.append([(entry_id, clause) for entry_id in ids])
    found: dict[EntryId, str] = {}
    for each in chain.from_iterable(zip_longest(*by_clause)):
        if each is not None:
            found.setdefault(*each)
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
