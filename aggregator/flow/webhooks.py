"""Webhooks: what is to be told is noted as a topic is composed, and told beside all else."""

from __future__ import annotations

import json
import logging

from aggregator.core import webhooks as rules
from aggregator.core.edition import compose
from aggregator.errors import UsageError
from aggregator.flow import corrections
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity_of
from aggregator.formats.rendering import EXTENSIONS
from aggregator.model.exchange import Failed, Fault, Post
from aggregator.model.ids import ItemId
from aggregator.model.publication import Edition, Showing
from aggregator.model.topic import HookSpec, Topic, TopicStatus
from aggregator.model.webhook import HookDelivery, HookEvent
from aggregator.ports import Tx

log = logging.getLogger(__name__)

_TOLD = "webhooks told of topic "  # in meta, before its number: numbers of an item and a correction


def begin(tx: Tx, topic: Topic) -> None:
    """Remember from where on a topic's webhooks are told: not of what was out before them.

    Call it before new items get their numbers.
    """
    name = f"{_TOLD}{topic.id}"
    told = tx.meta.get(name)
    if not _hooks(topic):
        if told:
            tx.meta.set(name, "")
    elif not told:
        number, correction = tx.hooks.last(topic.id)
        tx.meta.set(name, f"{number} {correction}")


def note(tx: Tx, topic: Topic, now: int) -> None:
    """Have webhooks told of what came out, changed or went since the topic was last composed.

    Call it in the transaction that keeps the documents, once texts and withdrawals are noted.
    """
    name = f"{_TOLD}{topic.id}"
    told = tx.meta.get(name)
    if not told:
        return
    number, correction = map(int, told.split())
    events = rules.events(
        fresh=tx.hooks.fresh(topic.id, number, now),
        edited=tx.hooks.edited(topic.id, number, now),
        gone=tx.hooks.gone(topic.id, correction),
    )
    for event, item_id in events:
        for hook in _hooks(topic):
            tx.hooks.tell(topic.id, hook.url, event, ItemId(item_id), now)
    after = "{} {}".format(*tx.hooks.last(topic.id))
    if after != told:
        tx.meta.set(name, after)


def call(kit: Kit, delivery: HookDelivery) -> None:
    """Tell a webhook one thing, as it stands now; what is shown no more is not told."""
    with kit.store.read() as tx:
        said = _body(tx, kit, delivery)
        hook = _hook(tx, delivery)
    failed = _post(kit, hook, delivery, said) if said is not None and hook is not None else None
    if kit.closing.is_set():
        return
    again = rules.retry_at(delivery, failed, kit.clock()) if failed is not None else None
    with kit.store.write() as tx:
        if failed is not None and again is not None:
            tx.hooks.failed(delivery, failed.problem, again)
        else:
            tx.hooks.done(delivery)
    if failed is not None and (again is None or not delivery.attempts):
        told = {"url": delivery.url, "problem": failed.problem, "again": again is not None}
        log.warning("a webhook was called in vain", extra=told)


def _post(kit: Kit, hook: HookSpec, delivery: HookDelivery, said: bytes) -> Failed | None:
    try:
        secret = kit.secret(hook.secret)
    except UsageError as error:
        return Failed(fault=Fault.BLOCKED, problem=str(error))
    headers = rules.headers(delivery, said, secret, kit.clock())
    sent = Post(url=hook.url, body=said, headers=tuple(headers.items()), timeout=rules.DEADLINE)
    outcome = kit.fetcher.post(sent)
    return outcome if isinstance(outcome, Failed) else None


def _body(tx: Tx, kit: Kit, delivery: HookDelivery) -> bytes | None:
    """Return what is told; None: there is nothing to tell any more."""
    topic = tx.topics.get(delivery.topic_id)
    if topic is None:
        return None
    edition = _edition(tx, kit, topic, delivery.number)
    if delivery.event is HookEvent.WITHDRAWN:
        withdrawn = tx.hooks.withdrawn(delivery.item_id)
        return None if withdrawn is None else rules.body(delivery, edition, withdrawn)
    shown = next((each for each in edition.items if each.uri == delivery.uri), None)
    if shown is None:
        return None
    return rules.body(delivery, edition, json.loads(EXTENSIONS["json"].fragment(shown)))


def _edition(tx: Tx, kit: Kit, topic: Topic, number: int | None) -> Edition:
    """Return the topic with the one item of this number, where it may be seen."""
    showings: tuple[Showing, ...] = ()
    if number is not None:
        showings = tx.publications.numbered(topic.id, number, number, kit.clock())
    who = identity_of(tx)
    return compose(
        topic,
        corrections.marked(tx, showings),
        kit.settings.site,
        base=kit.base,
        authority=who.authority,
        year=who.year,
    )


def _hook(tx: Tx, delivery: HookDelivery) -> HookSpec | None:
    """Return the webhook as feeds.yaml has it now; None: it is named there no more."""
    topic = tx.topics.get(delivery.topic_id)
    hooks = _hooks(topic) if topic is not None else ()
    return next((each for each in hooks if each.url == delivery.url), None)


def _hooks(topic: Topic) -> tuple[HookSpec, ...]:
    return topic.spec.webhooks if topic.status is TopicStatus.ACTIVE else ()
