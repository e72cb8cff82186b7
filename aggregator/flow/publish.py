"""Compose dirty topics, and keep their documents when the bytes changed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aggregator.core.edition import compose, text_digest
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.setup import Identity, identity
from aggregator.formats.rendering import FORMATS, document, etag_of, render
from aggregator.model.ids import TopicId
from aggregator.model.publication import Edition, Showing
from aggregator.model.topic import Topic
from aggregator.ports import Tx

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One topic composed: which of its documents changed, and what had to be left out."""

    slug: str
    items: int
    changed: tuple[str, ...] = ()  # paths
    left_out: tuple[str, ...] = ()  # items no format could be made of, in words


def publish_due(kit: Kit) -> tuple[Published, ...]:
    """Compose every topic that is dirty and whose time has come."""
    with kit.store.read() as tx:
        due = tx.publications.dirty(kit.clock())
    return tuple(done for topic_id in due if (done := _publish(kit, topic_id)) is not None)


def publish(kit: Kit, slugs: Sequence[str] = ()) -> tuple[Published, ...]:
    """Compose these topics, all without a name, dirty or not."""
    with kit.store.read() as tx:
        topics = [topic_named(tx, slug) for slug in slugs] or list(tx.topics.all())
    return tuple(done for topic in topics if (done := _publish(kit, topic.id)) is not None)


def _publish(kit: Kit, topic_id: TopicId) -> Published | None:
    """Gather, compose and keep in one transaction: a mark set meanwhile is never lost."""
    now = kit.clock()
    with kit.store.write(durable=True) as tx:
        topic = tx.topics.get(topic_id)
        if topic is None:
            tx.publications.clean(topic_id, now)
            return None
        who = identity(tx, kit.settings.site, now)
        showings = tx.publications.visible(topic_id, now, topic.spec.publish.items)

        edition = _compose(kit, topic, showings, who)
        dated = _date_changes(tx, showings, edition, int(now))
        if dated != showings:
            edition = _compose(kit, topic, dated, who)
        bodies, left_out = _bodies(edition)

        kept = tx.publications.paths()
        changed = tuple(path for path in bodies if kept.get(path) != etag_of(bodies[path]))
        for path in changed:
            tx.publications.keep(document(path, FORMATS[_ending(path)], bodies[path], now))
        tx.publications.clean(topic_id, now)
    for problem in left_out:
        log.error("item left out", extra={"topic": topic.spec.slug, "problem": problem})
    return Published(
        slug=topic.spec.slug, items=len(edition.items), changed=changed, left_out=left_out
    )


def _date_changes(
    tx: Tx, showings: tuple[Showing, ...], edition: Edition, now: int
) -> tuple[Showing, ...]:
    """Set `updated` of items whose visible text changed since they were last composed.

    A joining source changes neither the digest nor `updated` (DESIGN §7, Order and dates).
    """
    digests = {item.uri: text_digest(item) for item in edition.items}
    dated = []
    for showing in showings:
        item, digest = showing.item, digests.get(showing.item.uri)
        if digest is not None and digest != item.text_digest:
            first = item.text_digest is None
            updated_at = item.updated_at if first else now
            tx.topics.change_item(replace(item, text_digest=digest, updated_at=updated_at))
            item = replace(item, updated_at=updated_at)
        dated.append(replace(showing, item=item))
    return tuple(dated)


def _compose(kit: Kit, topic: Topic, showings: Sequence[Showing], who: Identity) -> Edition:
    return compose(
        topic,
        showings,
        kit.settings.site,
        base=kit.base,
        authority=who.authority,
        year=who.year,
    )


def _bodies(edition: Edition) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the edition's bytes by path; they are packed only where they changed."""
    bodies: dict[str, bytes] = {}
    left_out = list(edition.left_out)
    for ending in FORMATS:
        body, problems = render(edition, ending)
        left_out += problems
        bodies[f"topics/{edition.slug}.{ending}"] = body
    return bodies, tuple(dict.fromkeys(left_out))


def _ending(path: str) -> str:
    return path.rpartition(".")[2]
