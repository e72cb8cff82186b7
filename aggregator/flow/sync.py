"""Bring the store into line with feeds.yaml: add, change, retire; never delete."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.feed import FeedStatus, Origin
from aggregator.model.settings import Settings
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync changed: names and slugs."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.retired)


def sync(tx: Tx, settings: Settings, now: float) -> Synced:
    """Make feeds and topics of the file those of the store; what left the file is retired.

    A feed keeps its number, history and validators while its address stays; renaming is a change.
    What the desk made is left alone, unless the file now defines the same address or slug.
    """
    feeds, topics = _feeds(tx, settings, now), _topics(tx, settings, now)
    return Synced(
        added=feeds.added + topics.added,
        changed=feeds.changed + topics.changed,
        retired=feeds.retired + topics.retired,
    )


def _feeds(tx: Tx, settings: Settings, now: float) -> Synced:
    by_url = {feed.spec.url: feed for feed in tx.feeds.all()}
    wanted = {spec.url for spec in settings.feeds}
    added, changed, retired = [], [], []
    for feed in by_url.values():
        left = feed.origin is Origin.FILE and feed.spec.url not in wanted
        if left and feed.status is not FeedStatus.RETIRED:
            tx.feeds.set_status(feed.id, FeedStatus.RETIRED, now=now)
            retired.append(feed.spec.name)
    for spec in settings.feeds:
        before = by_url.get(spec.url)
        if before is None:
            tx.feeds.add(spec, origin=Origin.FILE, now=now)
            added.append(spec.name)
            continue
        if before.spec != spec or before.origin is not Origin.FILE:
            tx.feeds.change(before.id, spec, origin=Origin.FILE)
            changed.append(spec.name)
        if before.status is FeedStatus.RETIRED:
            tx.feeds.set_status(before.id, FeedStatus.ACTIVE, now=now)
            added.append(spec.name)
    return Synced(added=tuple(added), changed=tuple(changed), retired=tuple(retired))


def _topics(tx: Tx, settings: Settings, now: float) -> Synced:
    by_slug = {topic.spec.slug: topic for topic in tx.topics.all()}
    wanted = {spec.slug for spec in settings.topics}
    added, changed, retired = [], [], []
    for topic in by_slug.values():
        left = topic.origin is Origin.FILE and topic.spec.slug not in wanted
        if left and topic.status is not TopicStatus.RETIRED:
            tx.topics.set_status(topic.id, TopicStatus.RETIRED)
            retired.append(topic.spec.slug)
    for spec in settings.topics:
        before = by_slug.get(spec.slug)
        if before is None:
            topic = tx.topics.add(spec, origin=Origin.FILE, now=now)
            tx.publications.mark_dirty(topic.id, now)
            added.append(spec.slug)
            continue
        if before.spec != spec or before.origin is not Origin.FILE:
            tx.topics.change(before.id, spec, origin=Origin.FILE)
            tx.publications.mark_dirty(before.id, now)
            changed.append(spec.slug)
        if before.status is TopicStatus.RETIRED:
            tx.topics.set_status(before.id, TopicStatus.ACTIVE)
            tx.publications.mark_dirty(before.id, now)
            added.append(spec.slug)
    return Synced(added=tuple(added), changed=tuple(changed), retired=tuple(retired))
