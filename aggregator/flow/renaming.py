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


def remove(kit: Kit, slug: str) -> Topic:
    """Take a topic out for good: its documents go, and its addresses say so (410).

    Raises `NotFound`, and `UsageError` while feeds.yaml defines it.
    """
    with kit.store.write(durable=True) as tx:
        topic = topic_named(tx, slug)
        if any(spec.slug == slug for spec in kit.settings.topics):
            raise UsageError(f"feeds.yaml defines topic {slug}: take it out of the file first")
        tx.topics.remove(topic.id)
        tx.publications.drop(slug)
        tx.publications.set_former(slug, None, int(kit.clock()))
    return topic
