"""What feeds.yaml did to rules: each change is one act, and what an editor undid stays undone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aggregator.core.query import Term
from aggregator.core.swings import swing
from aggregator.core.text import hash_text
from aggregator.flow.undoing import since_now
from aggregator.model.ids import DecisionId, TopicId
from aggregator.model.topic import Decision, NewDecision, Tell, Topic, TopicSpec, Verb
from aggregator.ports import Tx

FILE = "feeds.yaml"  # who acts when a rule of the file has changed
_RULE = "rule:"  # in a payload, before a slug: the fingerprint of the rule it got
_GIVEN_UP = "given up:"  # in meta, before a slug: the undone act whose rule the file has left


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Who takes in changed rules of the file, and what else is done in the same act."""

    actor: str = FILE
    what: str = ""  # in words; "": the rules alone
    payload: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[TopicId, int] = field(default_factory=dict)  # entries by topic, before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A rule of the file that an editor has undone; `undo` names the decision that did it."""

    slug: str
    decision: DecisionId
    undo: DecisionId

    @property
    def told(self) -> str:
        """In words, with what to do."""
        return (
            f"topic {self.slug}: its rule in feeds.yaml was taken back (decision {self.undo}) and "
            f"is left so until the file gives another; `aggregator undo {self.undo}` applies it"
        )


def fingerprint(spec: TopicSpec) -> str:
    """Return what filing depends on: the rule, whether it publishes at once, what is one item."""
    facts = [spec.match, spec.mode]
    if spec.tell is not Tell.COPIES:
        facts.append(spec.tell)
    facts += [f"{each.feed}: {each.delay}" for each in spec.publish.sources]
    return str(hash_text(json.dumps(facts)))


def begin(tx: Tx, specs: Sequence[TopicSpec], now: float, taker: Taker) -> Decision:
    """Append the one decision by which these topics get other rules from the file."""
    only = tx.topics.find(specs[0].slug) if len(specs) == 1 and not taker.what else None
    rules = "rule of " + ", ".join(spec.slug for spec in specs)
    return tx.topics.decide(
        NewDecision(
            at=int(now),
            actor=taker.actor,
            verb=Verb.APPLY,
            topic_id=only.id if only is not None else None,
            payload={
                **taker.payload,
                "what": f"{rules}; {taker.what}" if taker.what else rules,
                **{_RULE + spec.slug: fingerprint(spec) for spec in specs},
                **since_now(tx),
            },
        )
    )


def acts(tx: Tx) -> dict[str, Decision]:
    """Return by slug the last act that gave the topic a rule of the file."""
    found: dict[str, Decision] = {}
    for decision in tx.topics.decided(Verb.APPLY):
        for name in decision.payload:
            if name.startswith(_RULE):
                found.setdefault(name.removeprefix(_RULE), decision)
    return found


def gives(act: Decision | None, spec: TopicSpec) -> bool:
    """Return whether the act gave this topic this very rule."""
    return act is not None and act.payload.get(_RULE + spec.slug) == fingerprint(spec)


def refused(tx: Tx, specs: Sequence[TopicSpec]) -> tuple[Refused, ...]:
    """Return which rules of the file editors have undone since the file gave them."""
    last = acts(tx)
    return tuple(
        Refused(slug=spec.slug, decision=act.id, undo=undo)
        for spec in specs
        if (act := last.get(spec.slug)) is not None
        and gives(act, spec)
        and (undo := tx.topics.undone_by(act.id)) is not None
        and (saved := tx.topics.find(spec.slug)) is not None
        and fingerprint(saved.spec) != fingerprint(spec)
        and tx.meta.get(_GIVEN_UP + spec.slug) != str(act.id)
    )


def left_since(tx: Tx, specs: Sequence[TopicSpec]) -> dict[str, DecisionId]:
    """Return by slug undone acts whose rule the file has left for the one that holds.

    Without those noted already: their rules may be said anew.
    """
    last, found = acts(tx), dict[str, DecisionId]()
    for spec in specs:
        act = last.get(spec.slug)
        if act is None or gives(act, spec) or not tx.topics.undone(act.id):
            continue
        saved = tx.topics.find(spec.slug)
        same = saved is not None and fingerprint(saved.spec) == fingerprint(spec)
        if same and tx.meta.get(_GIVEN_UP + spec.slug) != str(act.id):
            found[spec.slug] = act.id
    return found


def give_up(tx: Tx, specs: Sequence[TopicSpec]) -> None:
    """Note which undone rules the file has left since."""
    for slug, act in left_since(tx, specs).items():
        tx.meta.set(_GIVEN_UP + slug, str(act))


def with_rule_of(spec: TopicSpec, saved: TopicSpec) -> TopicSpec:
    """Return the file's topic with the rule it has here."""
    publish = replace(spec.publish, sources=saved.publish.sources)
    return replace(spec, match=saved.match, mode=saved.mode, tell=saved.tell, publish=publish)


def held(tx: Tx, topics: Sequence[Topic], since: int) -> dict[TopicId, int]:
    """Count the entries each topic has admitted of those from then on."""
    return {
        topic.id: len(tx.searching.find(Term(field="topic", text=topic.spec.slug), since=since))
        for topic in topics
    }


def swings(
    tx: Tx, topics: Sequence[Topic], before: Mapping[TopicId, int], since: int
) -> Iterator[str]:
    """Yield in words which topics hold nothing or everything now and did not before."""
    asked = tx.searching.count(since=since)
    after = held(tx, topics, since)
    for topic in topics:
        told = swing(before.get(topic.id, 0), after[topic.id], asked)
        if told is not None:
            yield f"topic {topic.spec.slug} {told}"
