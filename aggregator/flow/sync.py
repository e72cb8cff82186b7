"""Bring the store into line with feeds.yaml: add, change, retire; never delete."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass, replace

from aggregator.core.schedule import due_by
from aggregator.flow.applied import Taker, begin, fingerprint, give_up, refused, with_rule_of
from aggregator.flow.filing import desk, refresh_articles
from aggregator.flow.follow import sync_lists
from aggregator.flow.renaming import in_vain, remember, rename
from aggregator.flow.setup import identity, set_apart
from aggregator.model.feed import Feed, FeedSpec, FeedStatus, Origin
from aggregator.model.ids import DecisionId, FeedId
from aggregator.model.settings import Settings
from aggregator.model.topic import Topic, TopicSpec, TopicStatus
from aggregator.ports import Tx

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync changed: names and slugs."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    applied: DecisionId | None = None  # the act by which topics got other rules

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.retired)


def sync(tx: Tx, settings: Settings, now: float, taker: Taker | None = None) -> Synced:
    """Make feeds and topics of the file those of the store; what left the file is retired.

    A feed keeps its number and history while its address or its name stays, and its validators
    while the address does. What the desk made is left alone, unless the file now defines the same
    address or slug. A changed rule is a decision of the file's, or of `taker`.
    """
    feeds, topics = _feeds(tx, settings, now), _topics(tx, settings, now, taker or Taker())
    sync_lists(tx, settings, now)
    if feeds.changed:  # names and rights show in whatever is published of them
        for topic in tx.topics.all():
            tx.publications.mark_dirty(topic.id, now)
    return Synced(
        added=feeds.added + topics.added,
        changed=feeds.changed + topics.changed,
        retired=feeds.retired + topics.retired,
        applied=topics.applied,
    )


def _feeds(tx: Tx, settings: Settings, now: float) -> Synced:
    _send_back(tx, settings.feeds)
    before = _counterparts(tx.feeds.all(), settings.feeds)
    added, changed, opened = [], [], []
    retired = _retire(tx, {feed.id for feed in before.values()}, now)
    _free_names(tx, before, settings.feeds)
    for spec in settings.feeds:
        feed = before.get(spec.url)
        if feed is None:
            tx.feeds.add(spec, origin=Origin.FILE, now=now)
            added.append(spec.name)
            continue
        if spec.url == feed.moved_from:  # the file still names the address that redirects
            spec = replace(spec, url=feed.spec.url)
        if feed.spec != spec or feed.origin is not Origin.FILE:
            tx.feeds.change(feed.id, spec, origin=Origin.FILE)
            changed.append(spec.name)
        if spec.every is not None and spec.every != feed.spec.every:
            _ask_sooner(tx, feed.id, spec.every, now)
        if feed.spec.private != spec.private:
            opened.append(feed.id)
        moved = feed.spec.url != spec.url
        if feed.status is FeedStatus.RETIRED or (feed.status is FeedStatus.GONE and moved):
            tx.feeds.set_status(feed.id, FeedStatus.ACTIVE, now=now)
            added.append(spec.name)
    _judge_anew(tx, settings, opened, int(now))
    return Synced(added=tuple(added), changed=tuple(changed), retired=retired)


def _ask_sooner(tx: Tx, feed_id: FeedId, every: int, now: float) -> None:
    """Let a shorter `every:` hold from now on, not from the end of the longer one before."""
    state = tx.feeds.state(feed_id)
    at = None if (state.pushed_until or 0) > now else due_by(state, every)
    if at is not None:
        tx.pushes.poll_by(feed_id, at)


def _judge_anew(tx: Tx, settings: Settings, feed_ids: Sequence[FeedId], now: int) -> None:
    """Elect other leads where a feed became private; let it lead where it is so no more."""
    entries = [entry for feed_id in feed_ids for entry in tx.entries.of_feed(feed_id)]
    stories = {story for entry in entries if (story := tx.stories.of_entry(entry)) is not None}
    if stories:
        refresh_articles(tx, desk(tx, identity(tx, settings.site, now)), sorted(stories), now)


def _send_back(tx: Tx, specs: Sequence[FeedSpec]) -> None:
    """Poll feeds at the address editors gave them where redirects led them to one of the file's.

    Else whoever redirects to a newspaper's feed before that is ours would be it: its entries
    would stand under the newspaper's name and rights.
    """
    names = {spec.url: spec.name for spec in specs}
    feeds = tx.feeds.all()
    taken = {feed.spec.url for feed in feeds}
    for feed in feeds:
        home, here = feed.moved_from, feed.spec.url
        if home is None or home in taken or here not in names:
            continue
        if home in names or names[here] != feed.spec.name:
            tx.feeds.change(feed.id, replace(feed.spec, url=home), origin=feed.origin)


def _counterparts(feeds: Sequence[Feed], specs: Sequence[FeedSpec]) -> dict[str, Feed]:
    """Return by address in the file the feed we have for it: at that address, else of that name.

    A name tells a feed that moved only if its old address has left the file.
    """
    by_url = {feed.moved_from: feed for feed in feeds if feed.moved_from is not None}
    by_url |= {feed.spec.url: feed for feed in feeds}
    by_name = {feed.spec.name: feed for feed in feeds if feed.origin is Origin.FILE}
    wanted = {spec.url for spec in specs}
    found = {}
    for spec in specs:
        named = by_name.get(spec.name)
        moved = named if named is not None and named.spec.url not in wanted else None
        feed = by_url.get(spec.url) or moved
        if feed is not None:
            found[spec.url] = feed
    return found


def _retire(tx: Tx, stay: Set[FeedId], now: float) -> tuple[str, ...]:
    left = [
        feed
        for feed in tx.feeds.all(FeedStatus.ACTIVE, FeedStatus.PAUSED, FeedStatus.GONE)
        if feed.origin is Origin.FILE and feed.id not in stay
    ]
    for feed in left:
        tx.feeds.set_status(feed.id, FeedStatus.RETIRED, now=now)
    return tuple(feed.spec.name for feed in left)


def _free_names(tx: Tx, before: Mapping[str, Feed], specs: Sequence[FeedSpec]) -> None:
    """Take the names of the file from feeds that have them and are to be called otherwise."""
    ours = {spec.name: before[spec.url].id if spec.url in before else None for spec in specs}
    for feed in tx.feeds.all():
        name = feed.spec.name
        if name in ours and ours[name] != feed.id:
            freed = replace(feed.spec, name=f"{name}-was-{feed.id}")
            tx.feeds.change(feed.id, freed, origin=feed.origin)


def _topics(tx: Tx, settings: Settings, now: float, taker: Taker) -> Synced:
    rename(tx, settings.topics, {topic.spec.slug: topic for topic in tx.topics.all()})
    by_slug = {topic.spec.slug: topic for topic in tx.topics.all()}
    specs = _without_refused(tx, settings.topics, by_slug)
    added, changed = [], []
    retired = _retire_topics(tx, by_slug.values(), {spec.slug for spec in specs})
    ruled = [spec for spec in specs if _has_other_rule(tx, by_slug.get(spec.slug), spec)]
    act = begin(tx, ruled, now, taker).id if ruled else None
    for spec in specs:
        before = by_slug.get(spec.slug)
        if before is None:
            topic = tx.topics.add(spec, origin=Origin.FILE, now=now)
            set_apart(tx, topic)
            tx.publications.mark_dirty(topic.id, now)
            added.append(spec.slug)
            continue
        if before.spec != spec or before.origin is not Origin.FILE:
            noted = act is not None and spec in ruled
            with tx.journal.recording(act) if act is not None and noted else nullcontext():
                tx.topics.change(before.id, spec, origin=Origin.FILE)
            tx.publications.mark_dirty(before.id, now)
            changed.append(spec.slug)
        if before.status is TopicStatus.RETIRED:
            tx.topics.set_status(before.id, TopicStatus.ACTIVE)
            tx.topics.set_filed_spec(before.id, "")  # what came meanwhile was not filed here
            tx.publications.mark_dirty(before.id, now)
            added.append(spec.slug)
    remember(tx, specs, int(now))
    for warning in in_vain(tx, specs):
        log.warning("%s", warning)
    return Synced(added=tuple(added), changed=tuple(changed), retired=retired, applied=act)


def _retire_topics(tx: Tx, topics: Iterable[Topic], stay: Set[str]) -> tuple[str, ...]:
    left = [
        topic
        for topic in topics
        if topic.origin is Origin.FILE
        and topic.spec.slug not in stay
        and topic.status is not TopicStatus.RETIRED
    ]
    for topic in left:
        tx.topics.set_status(topic.id, TopicStatus.RETIRED)
    return tuple(topic.spec.slug for topic in left)


def _without_refused(
    tx: Tx, specs: Sequence[TopicSpec], saved: Mapping[str, Topic]
) -> tuple[TopicSpec, ...]:
    """Return the file's topics, those whose rule an editor has undone with the rule they have."""
    give_up(tx, specs)
    undone = {each.slug: each for each in refused(tx, specs)}
    for each in undone.values():
        log.warning("%s", each.told)
    return tuple(
        with_rule_of(spec, saved[spec.slug].spec) if spec.slug in undone else spec for spec in specs
    )


def _has_other_rule(tx: Tx, topic: Topic | None, spec: TopicSpec) -> bool:
    """Whether this is a change to a rule that stored entries have been filed by."""
    if topic is None or topic.status is TopicStatus.RETIRED:
        return False
    return bool(tx.topics.filed_spec(topic.id)) and fingerprint(topic.spec) != fingerprint(spec)
