"""Ask stored entries for tags, series and topics again, as one act that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aggregator.core.standing import rule_book
from aggregator.flow.applied import Taker, held, swings
from aggregator.flow.curate import topic_named
from aggregator.flow.filing import desk
from aggregator.flow.kit import Kit, books
from aggregator.flow.retag import retag_entries
from aggregator.flow.setup import identity
from aggregator.flow.undoing import since_now
from aggregator.model.ids import DecisionId
from aggregator.model.topic import Decision, NewDecision, Topic, TopicStatus, Verb
from aggregator.ports import Tx

DAY = 86_400
PAGE = 500  # entries a transaction, so that polls get their turn between


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """What a backfill did: how many entries were asked, how many its act has filed otherwise."""

    decision: Decision
    asked: int = 0
    changed: int = 0
    warnings: tuple[str, ...] = ()  # topics that suddenly hold nothing or everything


def taker(kit: Kit, slugs: Sequence[str] = (), *, days: int = 30, actor: str) -> Taker:
    """Return who takes in changed rules of feeds.yaml so that they and a backfill are one act.

    Raises `NotFound` for a topic that neither the store nor the file knows.
    """
    said, since = {spec.slug for spec in kit.settings.topics}, int(kit.clock()) - days * DAY
    with kit.store.read() as tx:
        for slug in slugs:
            if slug not in said:
                topic_named(tx, slug)
        payload = _payload(tx, slugs, days=days, since=since)
        had = held(tx, tx.topics.all(TopicStatus.ACTIVE), since)
    return Taker(actor=actor, what=payload["what"], payload=payload, held=had)


def backfill(
    kit: Kit,
    slugs: Sequence[str] = (),
    *,
    days: int = 30,
    actor: str,
    begun: tuple[DecisionId, Taker] | None = None,
) -> Backfilled:
    """Give entries of the last days the tags, series and topics they would get now.

    With `slugs` only these topics are asked; tags and series are an entry's own and always are.
    What an editor decided stays as decided. All of it is one decision: `undo` takes it back,
    also when it was killed half way; what was done till then is noted. It goes on with what is
    `begun`, an act that took in changed rules just now and its `taker`. Raises `NotFound`.
    """
    now = int(kit.clock())
    since = now - days * DAY
    with kit.store.write(durable=True) as tx:
        topics = _asked(tx, slugs)
        ready = replace(books(tx, kit.settings), rules=rule_book(topics))
        opened = tx.topics.decision(begun[0]) if begun is not None else None
        said = _decision(tx, topics if slugs else (), days=days, now=now, actor=actor)
        decision = opened or tx.topics.decide(said)
    with kit.store.read() as tx:
        had = begun[1].held if begun is not None else held(tx, topics, since)
    numbers = [topic.id for topic in topics]
    before, asked = None, 0
    while True:
        with kit.store.write() as tx:
            if tx.topics.undone(decision.id):
                break
            who = desk(tx, identity(tx, kit.settings.site, now))
            page = tx.entries.newest(since=since, before_id=before, limit=PAGE)
            with tx.journal.recording(decision.id):
                retag_entries(tx, who, ready, page, topics=numbers, now=now)
        asked += len(page)
        if len(page) < PAGE:
            break
        before = page[-1].id
    with kit.store.read() as tx:
        warnings = tuple(swings(tx, topics, had, since))
        changed = len(tx.journal.touched(decision.id).entries)
    return Backfilled(decision=decision, asked=asked, changed=changed, warnings=warnings)


def _asked(tx: Tx, slugs: Sequence[str]) -> tuple[Topic, ...]:
    named = tuple(topic_named(tx, slug) for slug in dict.fromkeys(slugs))
    return named or tx.topics.all(TopicStatus.ACTIVE)


def _decision(tx: Tx, topics: tuple[Topic, ...], *, days: int, now: int, actor: str) -> NewDecision:
    slugs = [topic.spec.slug for topic in topics]
    return NewDecision(
        at=now,
        actor=actor,
        verb=Verb.APPLY,
        topic_id=topics[0].id if len(topics) == 1 else None,
        payload={**_payload(tx, slugs, days=days, since=now - days * DAY), **since_now(tx)},
    )


def _payload(tx: Tx, slugs: Sequence[str], *, days: int, since: int) -> dict[str, str]:
    where = ", ".join(dict.fromkeys(slugs)) or "all topics"
    return {
        "what": f"tags, series and rules of {where}, {days} days",
        "days": str(days),
        "entries": str(tx.searching.count(since=since)),
    }
