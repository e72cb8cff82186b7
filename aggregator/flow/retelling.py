"""Editors merge, split and choose the lead of stories: one decision each, undone exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.core.identity import public_id_of
from aggregator.errors import NotFound, UsageError
from aggregator.flow.filing import desk, redraw, refresh_articles
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry
from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.story import StoryView
from aggregator.model.topic import Decision, NewDecision, Verb
from aggregator.ports import Tx

RETOLD = (Verb.MERGE, Verb.SPLIT, Verb.LEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """The decision, and the stories as they are told now."""

    decision: Decision
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Two entries of which an editor said whether they tell one piece of news."""

    one: Entry
    other: Entry
    together: bool


def merge(kit: Kit, handles: Sequence[str], *, actor: str, why: str = "") -> Retold:
    """Tell these stories as one, for good. Raises `UsageError` when they are one already."""
    with kit.store.write(durable=True) as tx:
        views = {view.story.id: view for view in (_story(tx, each) for each in handles)}
        if len(views) < 2:
            raise UsageError("there is nothing to merge: name two stories or more")
        stories = sorted(views)
        leads = [views[each].story.lead_entry_id for each in stories]
        decision = _decide(tx, kit, Verb.MERGE, leads, stories, actor=actor, why=why)
        with tx.journal.recording(decision.id):
            because = f"merged by {actor}"
            touched = tx.retelling.merge(stories, because, decision.id)
            _follow(tx, kit, touched, decision.at)
        return _retold(tx, decision, touched)


def split(kit: Kit, story: str, entries: Sequence[str], *, actor: str, why: str = "") -> Retold:
    """Make these entries of a story a story of their own; the two stay apart for good.

    Raises `UsageError` for an entry of another story, and when nothing would be left.
    """
    with kit.store.write(durable=True) as tx:
        view = _story(tx, story)
        there = {source.entry.id: source for source in view.sources}
        named = sorted({_entry_in(view, each) for each in entries})
        if not named or len(named) == len(there):
            raise UsageError(
                f"s{view.story.id} has {len(there)} entries: name some of them, but not all"
            )
        public_ids = {
            each: public_id_of(there[each].feed.spec.url, f"{each} {there[each].entry.guid}")
            for each in named
        }
        decision = _decide(tx, kit, Verb.SPLIT, named, [view.story.id], actor=actor, why=why)
        with tx.journal.recording(decision.id):
            because = f"split off by {actor}"
            touched = tx.retelling.split(view.story.id, named, public_ids, because, decision.id)
            _follow(tx, kit, touched, decision.at)
        return _retold(tx, decision, touched)


def lead(kit: Kit, story: str, entry: str, *, actor: str, why: str = "") -> Retold:
    """Have a story go by this entry wherever a topic has it. Raises `UsageError` if it may not."""
    with kit.store.write(durable=True) as tx:
        view = _story(tx, story)
        chosen = _entry_in(view, entry)
        source = next(each for each in view.sources if each.entry.id == chosen)
        if source.entry.withdrawn_at is not None or source.feed.spec.private:
            raise UsageError(f"entry {chosen} is withdrawn or of a private feed: nobody may see it")
        decision = _decide(tx, kit, Verb.LEAD, [chosen], [view.story.id], actor=actor, why=why)
        with tx.journal.recording(decision.id):
            touched = tx.retelling.lead(chosen)
            _follow(tx, kit, touched, decision.at)
        return _retold(tx, decision, touched)


def step_back(tx: Tx, kit: Kit, undone: Decision, done: Decision, now: int) -> None:
    """Reverse such a decision, or an undo of one, row by row, as part of the decision `done`.

    What came since stays, with those it belongs to.
    """
    with tx.journal.recording(done.id):
        tx.retelling.vacate(undone.id)
        tx.journal.reverse(undone.id)
        _follow(tx, kit, tx.retelling.settle(undone.id), now)


def pairs(kit: Kit) -> tuple[Labelled, ...]:
    """Return what editors said in merging and splitting, as pairs to measure by."""
    with kit.store.read() as tx:
        return tuple(
            Labelled(one=one, other=other, together=together)
            for one, other, together in tx.retelling.labelled()
        )


def stories_of(pairs: Sequence[Labelled]) -> tuple[tuple[Entry, int], ...]:
    """Return the entries of pairs in time order, each with the lowest entry it was merged with."""
    entries = {entry.id: entry for each in pairs for entry in (each.one, each.other)}
    story: dict[EntryId, EntryId] = {each: each for each in entries}
    for pair in pairs:
        if pair.together:
            one, other = sorted((story[pair.one.id], story[pair.other.id]))
            story |= {each: one for each, its in story.items() if its == other}
    order = sorted(entries.values(), key=lambda entry: (entry.place, entry.id))
    return tuple((entry, story[entry.id]) for entry in order)


def _story(tx: Tx, handle: str) -> StoryView:
    article: ArticleId | None = None
    if handle.isdecimal():
        article = tx.stories.of_entry(EntryId(int(handle)))
    view = tx.stories.find(handle) if article is None else tx.stories.view(article)
    if view is None:
        raise NotFound(f"no story answers to {handle!r}; `aggregator stories list` names them")
    return view


def _entry_in(view: StoryView, handle: str) -> EntryId:
    for source in view.sources:
        if handle == str(source.entry.id):
            return source.entry.id
    told = ", ".join(str(source.entry.id) for source in view.sources)
    raise UsageError(f"{handle} is no entry of s{view.story.id}; it has {told}")


def _decide(
    tx: Tx,
    kit: Kit,
    verb: Verb,
    entries: Sequence[EntryId],
    stories: Sequence[ArticleId],
    *,
    actor: str,
    why: str,
) -> Decision:
    payload = {
        "entries": " ".join(map(str, entries)),
        "stories": " ".join(f"s{each}" for each in stories),
    }
    return tx.topics.decide(
        NewDecision(
            at=int(kit.clock()),
            actor=actor,
            verb=verb,
            entry_id=entries[0],
            payload=payload,
            why=why,
        )
    )


def _follow(tx: Tx, kit: Kit, articles: Sequence[ArticleId], now: int) -> None:
    who = desk(tx, identity(tx, kit.settings.site, now))
    refresh_articles(tx, who, articles, now)
    redraw(tx, articles, now)


def _retold(tx: Tx, decision: Decision, articles: Sequence[ArticleId]) -> Retold:
    heads = dict.fromkeys(tx.stories.articles_of(articles).values())
    views = (tx.stories.view(each) for each in heads)
    return Retold(decision=decision, stories=tuple(view for view in views if view is not None))
