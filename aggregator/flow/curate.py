"""An editor's act: one appended decision, then the topic is brought into line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.core.homes import at_home
from aggregator.core.tracking import Tracking, tracking
from aggregator.core.urls import host_of, url_hash
from aggregator.errors import NotFound, UsageError
from aggregator.flow.applied import FILE
from aggregator.flow.filing import (
    desk,
    homes,
    is_free,
    redraw,
    redraw_archives,
    refresh_articles,
)
from aggregator.flow.kit import Kit
from aggregator.flow.retelling import RETOLD, step_back
from aggregator.flow.setup import identity
from aggregator.flow.undoing import is_journalled, original_of, reverse, since_now
from aggregator.flow.upkeep import TAKEN_BACK
from aggregator.model.entry import Entry
from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId
from aggregator.model.learn import LEARNT
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
        if entry.withdrawn_at is not None:
            raise UsageError(f"entry {entry.id} is withdrawn; undo that first (`aggregator log`)")
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
        _follow(tx, kit, topic, entry.article_id, now)
    return decision


def undo(kit: Kit, number: int | None, *, actor: str) -> tuple[Decision, Decision]:
    """Take back a decision; without a number the last that still holds and an editor made.

    Returns what was undone and the decision that did it; an undo can itself be undone by number.
    """
    now = int(kit.clock())
    with kit.store.write(durable=True) as tx:
        target = _undoable(tx, number)
        journalled = is_journalled(tx, target)
        done = tx.topics.decide(
            NewDecision(
                at=now,
                actor=actor,
                verb=Verb.UNDO,
                topic_id=target.topic_id,
                entry_id=target.entry_id,
                payload=since_now(tx) if journalled else {},
                undo_of=target.id,
            )
        )
        original = original_of(tx, target)
        if journalled:
            reverse(tx, kit, done, now)
        elif original is not None and original.verb in RETOLD:
            step_back(tx, kit, target, done, now)
        else:
            _follow_undo(tx, kit, target, now)
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
        payload = _withdrawn(tx, what, tracking(kit.settings.tracking))
        entries = _entries_of(tx, payload)
        decision = tx.topics.decide(
            NewDecision(
                at=now,
                actor=actor,
                verb=Verb.WITHDRAW,
                entry_id=EntryId(int(payload["value"])) if payload["kind"] == "entry" else None,
                payload=payload,
                why=reason,
            )
        )
        many = _take_out(tx, kit, decision, entries, now)
    return decision, many


def topic_named(tx: Tx, slug: str) -> Topic:
    """Return the topic of this slug. Raises `NotFound`, naming those there are."""
    topic = tx.topics.find(slug)
    if topic is None:
        names = ", ".join(each.spec.slug for each in tx.topics.all()) or "none yet"
        raise NotFound(f"no topic is called {slug!r}; there are: {names}")
    return topic


def entry_named(tx: Tx, handle: str) -> Entry:
    """Return the entry of this number, or the lead of the article of this id. Raises `NotFound`."""
    if handle.isdecimal():
        entry = tx.entries.get(EntryId(int(handle)))
    else:
        article = tx.stories.article(handle)
        lead = tx.stories.lead(article) if article is not None else None
        entry = tx.entries.get(lead) if lead is not None else None
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
        # What a topic or the file did by itself meanwhile is not what an editor means to take back.
        if decision.verb is Verb.UNDO or decision.actor in (FILE, LEARNT):
            continue
        if not tx.topics.undone(decision.id):
            return decision
    raise NotFound("there is nothing to undo")


def _follow_undo(tx: Tx, kit: Kit, undone: Decision, now: int) -> None:
    """Bring into line what the decision at the end of a chain of undos speaks of."""
    original = original_of(tx, undone)
    if original is None:
        return
    if original.verb is not Verb.WITHDRAW:
        _follow_decision(tx, kit, original, now)
    elif tx.topics.undone(original.id):
        _let_return(tx, kit, original, now)
    else:
        _take_out(tx, kit, original, _entries_of(tx, original.payload), now)


def _take_out(tx: Tx, kit: Kit, decision: Decision, entries: Sequence[EntryId], now: int) -> int:
    for kind, value in _blocks(decision.payload):
        tx.withdrawals.add(kind, value, decision.why, now, decision.id)
    many = tx.entries.set_withdrawn(entries, now)
    _let_follow(tx, kit, entries, now)
    return many


def _let_return(tx: Tx, kit: Kit, decision: Decision, now: int) -> None:
    """Lift its blocks; what another withdrawal covers, or its publisher took back, stays out."""
    tx.withdrawals.lift(decision.id, now)
    blocks = tx.withdrawals.blocks()
    entries = tuple(
        each
        for each in _entries_of(tx, decision.payload)
        if tx.placing.withdrawn_why(each) != TAKEN_BACK
    )
    if blocks:
        entries = tuple(each for each in entries if is_free(tx, each, blocks))
    tx.entries.set_withdrawn(entries, None)
    _let_follow(tx, kit, entries, now)


def _withdrawn(tx: Tx, what: str, by: Tracking) -> dict[str, str]:
    """Return what is named as a decision's payload: kind and value, of an entry its hashes too."""
    if what.isdecimal() or tx.stories.article(what) is not None:
        return _one_entry(tx, entry_named(tx, what).id)
    feed = tx.feeds.find(what)
    if feed is not None:
        return {"kind": "feed", "value": str(feed.id)}
    number = url_hash(what, by)
    if number is not None and (found := tx.entries.by_url(number)):
        return _one_entry(tx, found[0])
    host = host_of(what if "//" in what else f"http://{what}/")
    bare = what.partition("//")[2].rstrip("/") if "//" in what else what
    if host is not None and "." in host and "/" not in bare:
        # The site goes by its name with and without: what is withdrawn is the site.
        return {"kind": "host", "value": host.removeprefix("www.")}
    raise NotFound(f"{what!r} is no entry, feed or host we know")


def _one_entry(tx: Tx, entry_id: EntryId) -> dict[str, str]:
    """An entry's hashes name its copies; not an address that its feed gives to several, and not
    one it only cites: what another published there was not meant."""
    address, body = tx.entries.hashes(entry_id)
    named = {"kind": "entry", "value": str(entry_id)}
    if address is not None and _owns_address(tx, entry_id, address):
        tellers = {each.entry_id: each.feed_id for each in tx.entries.candidates([address], [])}
        # Its own feed: another could lift the block by naming the address twice.
        if Counter(tellers.values())[tellers[entry_id]] <= 1:
            named["url"] = str(address)
    if body is not None:
        named["body"] = str(body)
    return named


def _owns_address(tx: Tx, entry_id: EntryId, address: int) -> bool:
    entry = tx.entries.get(entry_id)
    feed = tx.feeds.get(entry.feed_id) if entry is not None else None
    if entry is None or feed is None:
        return False
    if at_home(entry.text.url, homes(tx, feed)):
        return True
    others = {each.feed_id for each in tx.entries.candidates([address], [])} - {feed.id}
    found = (tx.feeds.get(each) for each in others)
    return not any(at_home(entry.text.url, homes(tx, other)) for other in found if other)


def _entries_of(tx: Tx, payload: Mapping[str, str]) -> tuple[EntryId, ...]:
    kind, value = payload["kind"], payload["value"]
    if kind == "feed":
        return tx.entries.of_feed(FeedId(int(value)))
    if kind == "host":
        return tx.entries.of_host(value)
    address, body = ([int(payload[name])] if name in payload else [] for name in ("url", "body"))
    copies = (each.entry_id for each in tx.entries.candidates(address, body))
    return tuple(dict.fromkeys((EntryId(int(value)), *copies)))


def _blocks(payload: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What may not return: an entry, its address and text by whatever feed, a feed, a host."""
    copies = tuple((name, payload[name]) for name in ("url", "body") if name in payload)
    return ((payload["kind"], payload["value"]), *copies)


def _follow_decision(tx: Tx, kit: Kit, decision: Decision, now: int) -> None:
    topic = tx.topics.get(decision.topic_id) if decision.topic_id is not None else None
    story = tx.stories.of_entry(decision.entry_id) if decision.entry_id is not None else None
    if topic is not None and story is not None:
        _follow(tx, kit, topic, story, now)


def _follow(tx: Tx, kit: Kit, topic: Topic, article: ArticleId, now: int) -> None:
    who = desk(tx, identity(tx, kit.settings.site, now))
    refresh_articles(tx, who, (article,), now, also=((topic.id, article),))


def _let_follow(tx: Tx, kit: Kit, entries: Sequence[EntryId], now: int) -> None:
    """Every topic that shows one of these stories is composed anew: sources vanish or return."""
    stories = tuple(
        dict.fromkeys(
            story for entry in entries if (story := tx.stories.of_entry(entry)) is not None
        )
    )
    touched = {topic_id for topic_id, _ in tx.topics.topics_of(stories)}
    refresh_articles(tx, desk(tx, identity(tx, kit.settings.site, now)), stories, now)
    for topic_id in sorted(touched):
        tx.publications.mark_dirty(topic_id, now)
    redraw(tx, stories, now)
    redraw_archives(tx, entries, now)
