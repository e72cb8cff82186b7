"""An editor's act: one appended decision, then the topic is brought into line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aggregator.core.urls import host_of
from aggregator.errors import NotFound, UsageError
from aggregator.flow.filing import desk, refresh, refresh_stories
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry
from aggregator.model.ids import DecisionId, EntryId, StoryId
from aggregator.model.topic import Decision, NewDecision, Topic, Verb
from aggregator.ports import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an editor does to one story in one topic, said through one of its entries."""

    verb: Verb
    entry: str  # entry number, sNUMBER or public id of a story
    topic: str  # slug
    actor: str
    why: str = ""
    payload: dict[str, str] = field(default_factory=dict)


def act(kit: Kit, what: Act) -> Decision:
    """Append one decision and let its topic follow. Raises `NotFound` for a name that is none."""
    now = int(kit.clock())
    with kit.store.write(durable=True) as tx:
        topic = topic_named(tx, what.topic)
        entry = entry_named(tx, what.entry)
        decision = tx.topics.decide(
            NewDecision(
                at=now,
                actor=what.actor,
                verb=what.verb,
                topic_id=topic.id,
                entry_id=entry.id,
                payload=what.payload,
                why=what.why,
            )
        )
        _follow(tx, kit, topic, entry.story_id, now)
    return decision


def undo(kit: Kit, number: int | None, *, actor: str) -> tuple[Decision, Decision]:
    """Take back a decision (the last one that still holds, without a number).

    Returns what was undone and the decision that did it; an undo can itself be undone by number.
    """
    now = int(kit.clock())
    with kit.store.write(durable=True) as tx:
        target = _undoable(tx, number)
        done = tx.topics.decide(
            NewDecision(
                at=now,
                actor=actor,
                verb=Verb.UNDO,
                topic_id=target.topic_id,
                entry_id=target.entry_id,
                undo_of=target.id,
            )
        )
        if target.verb is Verb.UNDO:
            _redo(tx, kit, target, now)
        elif target.verb is Verb.WITHDRAW:
            _return_withdrawn(tx, kit, target, now)
        else:
            _follow_decision(tx, kit, target, now)
    return target, done


def withdraw(kit: Kit, what: str, *, reason: str, actor: str) -> tuple[Decision, int]:
    """Take an entry, all of a feed or all of a host out of everything public, and block its return.

    `what` is an entry number, a feed's name or address, or a host. Returns the decision and how
    many entries were taken out. Their text stays in the store, so that undo can bring it back.
    """
    if not reason.strip():
        raise UsageError("a withdrawal needs a reason: add --reason 'why'")
    now = int(kit.clock())
    with kit.store.write(durable=True) as tx:
        kind, value, entries = _withdrawn(tx, what)
        decision = tx.topics.decide(
            NewDecision(
                at=now,
                actor=actor,
                verb=Verb.WITHDRAW,
                entry_id=entries[0] if kind == "entry" else None,
                payload={"kind": kind, "value": value},
                why=reason,
            )
        )
        for block_kind, block_value in _blocks(tx, kind, value):
            tx.withdrawals.add(block_kind, block_value, reason, now, decision.id)
        tx.entries.set_withdrawn(entries, now)
        _let_follow(tx, kit, entries, now)
    return decision, len(entries)


def topic_named(tx: Tx, slug: str) -> Topic:
    """Return the topic of this slug. Raises `NotFound`, naming those there are."""
    topic = tx.topics.find(slug)
    if topic is None:
        names = ", ".join(each.spec.slug for each in tx.topics.all()) or "none yet"
        raise NotFound(f"no topic is called {slug!r}; there are: {names}")
    return topic


def entry_named(tx: Tx, handle: str) -> Entry:
    """Return the entry of this number, or the lead of the story of this id. Raises `NotFound`."""
    if handle.isdecimal():
        entry = tx.entries.get(EntryId(int(handle)))
    else:
        story = tx.stories.find(handle)
        entry = tx.entries.get(story.story.lead_entry_id) if story is not None else None
    if entry is None:
        raise NotFound(
            f"no entry or story answers to {handle!r}; `aggregator entries search` finds them"
        )
    return entry


def _undoable(tx: Tx, number: int | None) -> Decision:
    if number is not None:
        found = tx.topics.decision(DecisionId(number))
        if found is None:
            raise NotFound(f"there is no decision {number}; `aggregator log` lists them")
        if tx.topics.undone(found.id):
            raise UsageError(f"decision {number} is undone already")
        return found
    for decision in tx.topics.decisions(limit=200):
        if decision.verb is not Verb.UNDO and not tx.topics.undone(decision.id):
            return decision
    raise NotFound("there is nothing to undo")


def _redo(tx: Tx, kit: Kit, undone: Decision, now: int) -> None:
    """An undo was itself undone: what it had taken back holds again."""
    original = tx.topics.decision(undone.undo_of) if undone.undo_of is not None else None
    if original is not None and original.verb is Verb.WITHDRAW:
        kind, value = original.payload["kind"], original.payload["value"]
        for block_kind, block_value in _blocks(tx, kind, value):
            tx.withdrawals.add(block_kind, block_value, original.why, now, original.id)
        entries = _entries_of(tx, kind, value)
        tx.entries.set_withdrawn(entries, now)
        _let_follow(tx, kit, entries, now)
    elif original is not None:
        _follow_decision(tx, kit, original, now)


def _return_withdrawn(tx: Tx, kit: Kit, decision: Decision, now: int) -> None:
    tx.withdrawals.lift(decision.id, now)
    entries = _entries_of(tx, decision.payload["kind"], decision.payload["value"])
    tx.entries.set_withdrawn(entries, None)
    _let_follow(tx, kit, entries, now)


def _withdrawn(tx: Tx, what: str) -> tuple[str, str, tuple[EntryId, ...]]:
    if what.isdecimal():
        entry = entry_named(tx, what)
        return "entry", str(entry.id), (entry.id,)
    feed = tx.feeds.find(what)
    if feed is not None:
        return "feed", str(feed.id), tx.entries.of_feed(feed.id)
    host = host_of(what if "//" in what else f"http://{what}/")
    if host is not None and "." in host:
        return "host", host, tx.entries.of_host(host)
    raise NotFound(f"{what!r} is no entry number, feed or host we know")


def _entries_of(tx: Tx, kind: str, value: str) -> tuple[EntryId, ...]:
    if kind == "entry":
        return (EntryId(int(value)),)
    found = tx.feeds.find(value) if kind == "feed" else None
    return tx.entries.of_feed(found.id) if found is not None else tx.entries.of_host(value)


def _blocks(tx: Tx, kind: str, value: str) -> tuple[tuple[str, str], ...]:
    """What may not return: an entry's address and text by whatever feed, a feed, a host."""
    if kind != "entry":
        return ((kind, value),)
    url_hash, body_hash = tx.entries.hashes(EntryId(int(value)))
    found = (("url", url_hash), ("body", body_hash))
    return tuple((name, str(number)) for name, number in found if number is not None)


def _follow_decision(tx: Tx, kit: Kit, decision: Decision, now: int) -> None:
    topic = tx.topics.get(decision.topic_id) if decision.topic_id is not None else None
    story = tx.stories.of_entry(decision.entry_id) if decision.entry_id is not None else None
    if topic is not None and story is not None:
        _follow(tx, kit, topic, story, now)


def _follow(tx: Tx, kit: Kit, topic: Topic, story: StoryId, now: int) -> None:
    who = desk(tx, identity(tx, kit.settings.site, now))
    refresh(tx, who, tx.topics.case(topic.id, story), now)


def _let_follow(tx: Tx, kit: Kit, entries: Sequence[EntryId], now: int) -> None:
    """Every topic that shows one of these stories is composed anew: sources vanish or return."""
    stories = tuple(
        dict.fromkeys(
            story for entry in entries if (story := tx.stories.of_entry(entry)) is not None
        )
    )
    touched = {topic_id for topic_id, _ in tx.topics.topics_of(stories)}
    refresh_stories(tx, desk(tx, identity(tx, kit.settings.site, now)), stories, now)
    for topic_id in sorted(touched):
        tx.publications.mark_dirty(topic_id, now)
