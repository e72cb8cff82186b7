"""Webhooks: what is to be told is noted as a topic is composed, and told beside all else."""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass
from typing import Any

from aggregator.core import webhooks as rules
from aggregator.core.dates import rfc3339
from aggregator.core.edition import compose
from aggregator.errors import NotFound, UsageError
from aggregator.flow import corrections
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity_of
from aggregator.formats.rendering import EXTENSIONS
from aggregator.model.exchange import Failed, Fault, Post
from aggregator.model.publication import Edition, Showing
from aggregator.model.topic import HookSpec, Topic, TopicStatus
from aggregator.model.webhook import HookDelivery, HookEvent, HookItem, HookState
from aggregator.ports import Tx

log = logging.getLogger(__name__)

_TOLD = "webhooks told of topic "  # in meta, before its number: numbers of an item and a correction
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a test call."""

    url: str
    problem: str | None  # None: it was taken
    ms: int


def begin(tx: Tx, topic: Topic, now: int) -> None:
    """Remember from where on a topic's webhooks are told: not of what was out before them.

    Call it before new items get their numbers.
    """
    name = f"{_TOLD}{topic.id}"
    told, hooks = tx.meta.get(name), _hooks(topic)
    if not (hooks or told):
        return
    tx.hooks.leave_out(topic.id, [each.url for each in hooks])
    number, correction = tx.hooks.last(topic.id)
    if not hooks:
        tx.hooks.forget(topic.id, number)
        tx.meta.set(name, "")
    elif not told:
        tx.hooks.watch(topic.id, number - rules.WATCHED, now)
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
    states = tx.hooks.states(topic.id)
    urls = [each.url for each in _hooks(topic) if not _is_over(states.get(each.url))]
    for event, item in _news(tx, topic, (number, correction), now):
        for url in urls:
            tx.hooks.tell(topic.id, url, event, item, now)
    last, corrected = tx.hooks.last(topic.id)
    if (last, corrected) != (number, correction):
        tx.hooks.forget(topic.id, last - rules.WATCHED)
        tx.meta.set(name, f"{last} {corrected}")


def _news(
    tx: Tx, topic: Topic, told: tuple[int, int], now: int
) -> list[tuple[HookEvent, HookItem]]:
    """Return what happened since, and keep that it did."""
    number, correction = told
    tx.hooks.watch(topic.id, number, now)
    news = [
        (HookEvent.WITHDRAWN if out else HookEvent.PUBLISHED, item)
        for item, out in tx.hooks.gone(topic.id, correction)
    ]
    for noted in tx.hooks.watched(topic.id, now):
        event = rules.event_of(noted, number)
        if event is not None:
            tx.hooks.keep(topic.id, noted)
            news.append((event, noted.item))
    return news


def call(kit: Kit, delivery: HookDelivery) -> None:
    """Tell a webhook one thing, as it stands now; what is shown no more is not told."""
    with kit.store.read() as tx:
        said = _body(tx, kit, delivery)
        hook = _hook(tx, delivery)
    if said is None or hook is None:
        with kit.store.write() as tx:
            tx.hooks.done(delivery)
        return
    failed = _post(kit, hook, rules.call_id(delivery), said)
    if not kit.closing.is_set():
        _settle(kit, delivery, failed)


def _settle(kit: Kit, delivery: HookDelivery, failed: Failed | None) -> None:
    """Note what came of a call, and have it made again where that is of use."""
    now, topic_id, url = kit.clock(), delivery.topic_id, delivery.url
    again = rules.retry_at(delivery, failed, now) if failed is not None else None
    with kit.store.write() as tx:
        if failed is None:
            tx.hooks.done(delivery)
            tx.hooks.took(topic_id, url, now)
            return
        ends = failed.status == _GONE
        if again is not None:
            tx.hooks.put_off(delivery, failed.problem, again)
        elif not ends:
            tx.hooks.done(delivery)
        lost = tx.hooks.drop(topic_id, url) if ends else int(again is None)
        tx.hooks.refused(topic_id, url, now, failed.problem, lost=lost, ends=ends)
    if again is None or not delivery.attempts:
        told = {"url": rules.spoken(url), "problem": failed.problem, "again": again is not None}
        log.warning("a webhook was called in vain", extra=told)


def states(tx: Tx, topic: Topic) -> tuple[HookState, ...]:
    """Return how it stands with each of a topic's webhooks, in the order of feeds.yaml."""
    known = tx.hooks.states(topic.id)
    return tuple(known.get(each.url) or HookState(url=each.url) for each in _hooks(topic))


def try_out(kit: Kit, slug: str, url: str | None = None) -> tuple[Tried, ...]:
    """Call a topic's webhooks, or the one at `url`, with a test that tells of no item.

    One that takes it and had said 410 before is called again from now on. Raises `NotFound`.
    """
    with kit.store.read() as tx:
        topic = topic_named(tx, slug)
        edition = _edition(tx, kit, topic, None)
    hooks = [each for each in _hooks(topic) if url in (None, each.url)]
    if not hooks:
        raise NotFound(f"{slug} has no such webhook; `webhooks list` shows those there are")
    return tuple(_try(kit, topic, each, edition) for each in hooks)


def _try(kit: Kit, topic: Topic, hook: HookSpec, edition: Edition) -> Tried:
    known, now = f"msg_{secrets.token_hex(12)}", kit.clock()
    failed = _post(kit, hook, known, rules.body(known, HookEvent.TEST, now, edition, None))
    with kit.store.write() as tx:
        if failed is None:
            tx.hooks.took(topic.id, hook.url, now)
        else:
            ends = failed.status == _GONE
            lost = tx.hooks.drop(topic.id, hook.url) if ends else 0
            tx.hooks.refused(topic.id, hook.url, now, failed.problem, lost=lost, ends=ends)
    problem = failed.problem if failed is not None else None
    return Tried(url=hook.url, problem=problem, ms=round((kit.clock() - now) * 1000))


def _post(kit: Kit, hook: HookSpec, known: str, said: bytes) -> Failed | None:
    try:
        secret = kit.secret(hook.secret)
    except UsageError as error:
        return Failed(fault=Fault.BLOCKED, problem=str(error))
    headers = rules.headers(known, said, secret, kit.clock())
    sent = Post(url=hook.url, body=said, headers=tuple(headers.items()), timeout=rules.DEADLINE)
    outcome = kit.fetcher.post(sent)
    return outcome if isinstance(outcome, Failed) else None


def _body(tx: Tx, kit: Kit, delivery: HookDelivery) -> bytes | None:
    """Return what is told; None: there is nothing to tell any more."""
    topic = tx.topics.get(delivery.topic_id)
    if topic is None:
        return None
    edition = _edition(tx, kit, topic, delivery.number)
    item = _told(tx, delivery, edition)
    if item is None:
        return None
    known = rules.call_id(delivery)
    return rules.body(known, delivery.event, delivery.made_at, edition, item)


def _told(tx: Tx, delivery: HookDelivery, edition: Edition) -> dict[str, Any] | None:
    """Return what is told of the item, as it stands now."""
    shown = next((each for each in edition.items if each.uri == delivery.uri), None)
    withdrawn = tx.hooks.withdrawn(delivery.item_id)
    if delivery.event is HookEvent.WITHDRAWN:
        if withdrawn is None:
            return None
        return {"id": delivery.uri, "why": withdrawn.why, "since": rfc3339(withdrawn.at)}
    if delivery.event is HookEvent.TAKEN_BACK:
        if shown is not None or withdrawn is not None:
            return None
        return {"id": delivery.uri, "why": rules.TAKEN_BACK, "since": rfc3339(delivery.made_at)}
    if shown is None:
        return None
    told: dict[str, Any] = json.loads(EXTENSIONS["json"].fragment(shown))
    return told


def _is_over(state: HookState | None) -> bool:
    return state is not None and state.ended_at is not None


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
