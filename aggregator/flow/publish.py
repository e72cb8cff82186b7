"""Compose dirty topics, and keep their documents when the bytes changed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aggregator.core.archive import current
from aggregator.core.edition import compose
from aggregator.core.ids import feed_uri
from aggregator.core.text import hash_text
from aggregator.flow import archiving, corrections, webhooks
from aggregator.flow.curate import topic_named
from aggregator.flow.hub import announce
from aggregator.flow.kit import Kit
from aggregator.flow.setup import Identity, first_slug, identity
from aggregator.formats.rendering import FORMATS, document, etag_of, render
from aggregator.model.ids import TopicId
from aggregator.model.publication import Edition, Showing
from aggregator.model.topic import Topic
from aggregator.ports import Tx

log = logging.getLogger(__name__)

_TOLD = "last told of topic "  # in meta, before its number


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One topic composed: which of its documents changed, and what had to be left out."""

    slug: str
    items: int
    changed: tuple[str, ...] = ()  # paths
    left_out: tuple[str, ...] = ()  # items no format could be made of, in words
    more: bool = False  # whether archives are still to be closed


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
    """Compose a topic, again while it has archives to close: a few in a transaction."""
    done = _publish_once(kit, topic_id)
    while done is not None and done.more and not kit.closing.is_set():
        before, done = done, _publish_once(kit, topic_id)
        if done is None:
            return before
        changed = dict.fromkeys((*before.changed, *done.changed))
        left_out = dict.fromkeys((*before.left_out, *done.left_out))
        done = replace(done, changed=tuple(changed), left_out=tuple(left_out))
    return done


def _publish_once(kit: Kit, topic_id: TopicId) -> Published | None:
    """Gather, compose and keep in one transaction: a mark set meanwhile is never lost."""
    now = kit.clock()
    with kit.store.write(durable=True) as tx:
        topic = tx.topics.get(topic_id)
        tx.publications.clean(topic_id, now)
        if topic is None:
            return None
        done = _Composing(tx, kit, topic, int(now)).run()
    for problem in done.left_out:
        log.error("item left out", extra={"topic": topic.spec.slug, "problem": problem})
    return done


class _Composing:
    """One topic being composed in one transaction."""

    def __init__(self, tx: Tx, kit: Kit, topic: Topic, now: int) -> None:
        self._tx, self._kit, self._topic, self._now = tx, kit, topic, now
        self._who = identity(tx, kit.settings.site, now)
        self._slug = first_slug(tx, topic)

    def run(self) -> Published:
        """Number what is new, close what is full, and keep what changed."""
        tx, topic, now = self._tx, self._topic, self._now
        webhooks.begin(tx, topic, now)
        tx.publications.number(topic.id, now)
        closed = archiving.close(tx, topic, self._edition, now)
        if closed.more:
            tx.publications.mark_dirty(topic.id, now)

        showings = tx.publications.visible(topic.id, now, topic.spec.publish.items)
        edition = current(self._edition(showings), tx.archives.newest(topic.id))
        if older := corrections.revised(tx, topic, now):
            self._edition(older)
        corrections.note_withdrawals(tx, topic, now)
        mended = archiving.mend(tx, topic, now, base=self._kit.base)
        edition = corrections.with_tombstones(tx, topic, edition)
        bodies, left_out = _bodies(edition)
        path = corrections.PATH.format(slug=topic.spec.slug)
        bodies[path], _ = render(corrections.edition_of(tx, topic, edition, now), _ending(path))

        kept = {each: tx.publications.etag(each) for each in bodies}
        changed = tuple(each for each in bodies if kept[each] != etag_of(bodies[each]))
        for each in changed:
            tx.publications.keep(document(each, FORMATS[_ending(each)], bodies[each], now))
        told = set(changed) if self._has_news(edition) else {path} & set(changed)
        announce(tx, self._kit, sorted(told))
        webhooks.note(tx, topic, now)
        return Published(
            slug=topic.spec.slug,
            items=len(edition.items),
            changed=(*changed, *closed.changed, *mended.changed),
            left_out=tuple(dict.fromkeys((*left_out, *closed.left_out))),
            more=closed.more,
        )

    def _has_news(self, edition: Edition) -> bool:
        """Return whether an item is new, changed or gone: a joining source is not pushed."""
        told = [f"{each.uri} {each.updated}" for each in edition.items]
        mark = str(hash_text(*told, *(each.uri for each in edition.tombstones)))
        name = f"{_TOLD}{self._topic.id}"
        if self._tx.meta.get(name) == mark:
            return False
        self._tx.meta.set(name, mark)
        return True

    def _edition(self, showings: Sequence[Showing]) -> Edition:
        """Compose these, once what changed in their visible text is noted and dated."""
        marked = corrections.marked(self._tx, showings)
        edition = _compose(self._kit, self._topic, marked, self._who)
        dated = corrections.note(self._tx, self._topic, marked, edition, self._now)
        if dated != marked:
            edition = _compose(self._kit, self._topic, dated, self._who)
        uri = feed_uri(self._who.authority, self._who.year, self._slug)
        return replace(edition, uri=uri)


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
