"""Topics that go by another slug, or are gone for good: what becomes of their addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aggregator.errors import UsageError
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.setup import keep_first_slug
from aggregator.model.topic import Topic, TopicSpec
from aggregator.ports import Tx


def rename(tx: Tx, specs: Sequence[TopicSpec], by_slug: Mapping[str, Topic]) -> None:
    """Give topics the slugs that the file has for them now (`former`), with all they have.

    Items, archives and the feed's id stay; the old addresses lead to the new ones.
    """
    ours = {spec.slug for spec in specs}
    for spec in specs:
        topic = by_slug.get(spec.slug)
        for old in spec.former:
            before = by_slug.get(old)
            if topic is None and before is not None and old not in ours:
                keep_first_slug(tx, before)
                changed = replace(before.spec, slug=spec.slug)
                tx.topics.change(before.id, changed, origin=before.origin)
                tx.publications.move(old, spec.slug)
                topic = replace(before, spec=changed)


def remember(tx: Tx, specs: Sequence[TopicSpec], now: int) -> None:
    """Have the slugs that topics had before lead to them, where nothing else has them."""
    for spec in specs:
        topic = tx.topics.find(spec.slug)
        for old in spec.former if topic is not None else ():
            if topic is not None and tx.topics.find(old) is None:
                tx.publications.set_former(old, topic.id, now)


def in_vain(tx: Tx, specs: Sequence[TopicSpec]) -> tuple[str, ...]:
    """Return which `former` slugs cannot be followed, and what to do.

    Both topics are there when the rename was taken in before `former:` was written: they have
    published each for itself, and neither can be the other any more.
    """
    told = []
    for spec in specs:
        for old in spec.former if tx.topics.find(spec.slug) is not None else ():
            if tx.topics.find(old) is not None:
                told.append(
                    f"topic {spec.slug}: `former: [{old}]` came too late: {spec.slug} was there "
                    f"already, and {old} keeps what it published. `aggregator topics remove {old}` "
                    f"has its addresses lead to {spec.slug}; what it published goes"
                )
    return tuple(told)


def taken_over(tx: Tx, specs: Sequence[TopicSpec]) -> tuple[str, ...]:
    """Return which topics have an address that readers know as another's."""
    told = []
    for spec in specs:
        topic, before = tx.topics.find(spec.slug), tx.publications.once(spec.slug)
        if before is None or (topic is not None and before.topic_id in (None, topic.id)):
            continue
        if before.now is not None and before.now not in (spec.slug, *spec.former):
            whose = f"of {before.now!r}"
        elif topic is None and before.now is None:
            whose = "of a topic that was removed"
        else:
            continue
        told.append(
            f"topic {spec.slug}: {spec.slug!r} was the address {whose}: readers of the old address "
            "will get another topic; choose another slug unless that is meant"
        )
    return tuple(told)


def remove(kit: Kit, slug: str) -> Topic:
    """Take a topic out for good: its documents go, and its addresses say so (410).

    They lead to the topic that names it as `former`, if there is one. Raises `NotFound`, and
    `UsageError` while feeds.yaml defines it.
    """
    with kit.store.write(durable=True) as tx:
        topic = topic_named(tx, slug)
        if any(spec.slug == slug for spec in kit.settings.topics):
            raise UsageError(f"feeds.yaml defines topic {slug}: take it out of the file first")
        keep_first_slug(tx, topic)
        tx.topics.remove(topic.id)
        tx.publications.drop(slug)
        now = int(kit.clock())
        tx.publications.set_former(slug, topic.id, now)
        remember(tx, kit.settings.topics, now)
    return topic
