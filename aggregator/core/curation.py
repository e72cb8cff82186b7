"""What holds of a story in a topic: the rule's word, then the editors'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.core.homes import at_home
from aggregator.model.feed import Feed
from aggregator.model.ids import DecisionId, EntryId, FeedId
from aggregator.model.topic import (
    Admitted,
    Case,
    Decision,
    Item,
    Mode,
    State,
    Topic,
    Verb,
    Verdict,
)

STATE_OF = {
    Verb.APPROVE: State.PUBLISHED,
    Verb.ADD: State.PUBLISHED,
    Verb.REJECT: State.REJECTED,
    Verb.HOLD: State.HELD,
}
VISIBLE_FROM = "visible_from"  # in an approval's payload: UTC seconds
PAST = {Verb.APPROVE: "approved", Verb.ADD: "added", Verb.REJECT: "rejected", Verb.HOLD: "held"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the decisions in force amount to; `state` is None where the rule decides."""

    state: State | None = None
    because: str = ""
    pinned: bool = False
    title: str | None = None
    summary: str | None = None
    note: str | None = None
    decision_id: DecisionId | None = None
    put_in: frozenset[EntryId] = frozenset()  # entries an editor put into the topic
    embargo: int | None = None  # not to be seen before; the last word on its state says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The verdict that holds now and the lead to show; None: none."""

    verdict: Verdict | None
    lead: Admitted | None  # None: nothing of the story may be shown in this topic
    delay: int = 0  # seconds until it is out
    embargo: int | None = None  # when it is to be out, where an editor said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What is told as one item: a case with all that is known, and those it stands for."""

    case: Case
    others: tuple[Case, ...] = ()


def fold(cases: Sequence[Case]) -> Folded:
    """Make one case of the articles of a story in a topic that tells stories (DESIGN §7).

    It goes by the article that was published first, else by one with a verdict, else by the
    first: what has an id keeps it.
    """
    if len(cases) == 1:
        return Folded(case=cases[0])
    first = min(cases, key=_precedence)
    admitted = sorted((a for each in cases for a in each.admitted), key=lambda a: a.entry_id)
    decisions = {decision.id: decision for each in cases for decision in each.decisions}
    whole = replace(
        first,
        admitted=tuple(admitted),
        decisions=tuple(decisions[number] for number in sorted(decisions)),
    )
    return Folded(case=whole, others=tuple(each for each in cases if each is not first))


def _precedence(case: Case) -> tuple[bool, int, bool, int]:
    item = case.item
    return (
        item is None,
        0 if item is None else item.first_published_at,
        case.verdict is None,
        case.article_id,
    )


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that no later one undid, oldest first; an undo can be undone."""
    undone: set[DecisionId] = set()
    kept: list[Decision] = []
    for decision in sorted(decisions, key=lambda each: each.id, reverse=True):
        if decision.id in undone:
            continue
        if decision.verb is Verb.UNDO and decision.undo_of is not None:
            undone.add(decision.undo_of)
        else:
            kept.append(decision)
    return tuple(reversed(kept))


def standing(decisions: Iterable[Decision]) -> Standing:
    """Fold the decisions on a story in a topic into what they amount to now."""
    now = Standing()
    for decision in in_force(decisions):
        now = replace(_after(now, decision), decision_id=decision.id)
    return now


def _after(now: Standing, decision: Decision) -> Standing:
    verb, payload = decision.verb, decision.payload
    if verb in STATE_OF:
        why = f": {decision.why}" if decision.why else ""
        put_in = now.put_in
        if STATE_OF[verb] is State.PUBLISHED and decision.entry_id is not None:
            put_in |= {decision.entry_id}
        because = f"{PAST[verb]} by {decision.actor}{why}"
        said = payload.get(VISIBLE_FROM, "")
        embargo = int(said) if said.isdecimal() else None
        return replace(now, state=STATE_OF[verb], because=because, put_in=put_in, embargo=embargo)
    if verb in (Verb.PIN, Verb.UNPIN):
        return replace(now, pinned=verb is Verb.PIN)
    if verb is Verb.EDIT:
        title = payload.get("title", now.title)
        summary = payload.get("summary", now.summary)
        return replace(now, title=title or None, summary=summary or None)
    if verb is Verb.NOTE:
        return replace(now, note=payload.get("note") or None)
    return now


def judge(
    case: Case,
    topic: Topic,
    feeds: Mapping[FeedId, Feed],
    homes: Mapping[FeedId, frozenset[str]],
    *,
    over_quota: str | None,
    now: int,
) -> Ruling:
    """Return the verdict on a story in a topic and the lead it is shown by.

    The editors' last word counts; without one the rule decides, once: a story that was published
    stays so when the topic's mode changes to review. `over_quota` says, if so, why no more of
    this source may be published now; such a story is held, never dropped.
    """
    said = standing(case.decisions)
    admitted = [each for each in case.admitted if not each.withdrawn]
    if said.put_in:
        admitted = [each for each in admitted if not each.by_editor or each.entry_id in said.put_in]
    else:
        admitted = [each for each in admitted if not each.by_editor]
    before = case.verdict
    electable, delay = admitted, topic.spec.publish.delay
    if said.state is not None:
        state, because = said.state, said.because
    elif not admitted:
        return Ruling(verdict=None, lead=None)
    else:
        waits = [_delay(topic, feeds.get(each.feed_id)) for each in admitted]
        trusted = [each for each, wait in zip(admitted, waits, strict=True) if wait is not None]
        state, because = _by_rule(before, admitted, trusted, over_quota)
        electable = trusted or admitted
        delay = min((wait for wait in waits if wait is not None), default=delay)
    verdict = Verdict(
        topic_id=case.topic_id,
        article_id=case.article_id,
        state=state,
        because=because,
        pinned=said.pinned,
        title=said.title,
        summary=said.summary,
        note=said.note,
        decision_id=said.decision_id,
        since=before.since if before is not None and before.state is state else now,
    )
    lead = elect(electable, feeds, homes, case.item) if state is State.PUBLISHED else None
    return Ruling(verdict=verdict, lead=lead, delay=delay, embargo=said.embargo)


def visible_from(item: Item | None, ruling: Ruling, now: int) -> int:
    """Return from when on a published story is to be seen.

    An editor's embargo holds whatever was before; its end, or another word, lets out at once what
    waits for it. A delay runs once: what comes later may only shorten it.
    """
    if ruling.embargo is not None and ruling.embargo > now:
        return ruling.embargo
    due = now if ruling.embargo is not None else now + ruling.delay
    return due if item is None else min(item.visible_from, due)


def _delay(topic: Topic, feed: Feed | None) -> int | None:
    """Return how long what a feed tells waits in a topic; None: until an editor approves it."""
    trust = topic.spec.publish.trust_in(feed.spec.name) if feed is not None else None
    if trust is not None:
        return trust.delay
    return None if topic.spec.mode is Mode.REVIEW else topic.spec.publish.delay


def _by_rule(
    before: Verdict | None,
    admitted: Sequence[Admitted],
    trusted: Sequence[Admitted],
    over_quota: str | None,
) -> tuple[State, str]:
    because = admitted[0].because
    by_rule_before = before is not None and before.decision_id is None
    if before is not None and by_rule_before and before.state is State.PUBLISHED:
        return State.PUBLISHED, because
    if not trusted:
        return State.NEW, because
    because, admitted = trusted[0].because, trusted
    if before is not None and by_rule_before and before.state is State.HELD:
        return State.HELD, before.because
    held = over_quota if any(each.held is None for each in admitted) else admitted[0].held
    if held is not None:
        return State.HELD, f"{held}; {because}"
    return State.PUBLISHED, because


def elect(
    admitted: Sequence[Admitted],
    feeds: Mapping[FeedId, Feed],
    homes: Mapping[FeedId, frozenset[str]],
    item: Item | None,
) -> Admitted | None:
    """Return the entry a topic shows the story by, of those admitted to that topic.

    The one an editor chose comes first. Otherwise the lead that is shown stays while it may be
    shown, for a joining source changes no text, unless its own reissue came (CORRECTED, UPDATE).
    Else what another one replaces stands back; then who tells it at home comes before who passes
    it on, then the most trusted feed, the earliest, the fullest text. Entries of private feeds
    are never elected (DESIGN §7, Rights).
    """
    public = showable(admitted, feeds)
    chosen = tuple(each for each in public if each.chosen)
    if chosen:
        public = chosen
    elif item is not None:
        for each in public:
            if each.entry_id == item.lead_entry_id:
                return _reissued(each, public)
    return min(public, key=_rank(public, feeds, homes), default=None)


_RANKS = (
    "the other was replaced",
    "it is told at home",
    "its feed is trusted more",
    "it is the earliest",
    "it is the fullest",
    "it came first",
)
Rank = tuple[bool, bool, float, int, int, int]


def _rank(
    public: Sequence[Admitted],
    feeds: Mapping[FeedId, Feed],
    homes: Mapping[FeedId, frozenset[str]],
) -> Callable[[Admitted], Rank]:
    """Return by what the first of these leads; each part has its word in `_RANKS`."""
    replaced = {_replaces(each) for each in public}
    return lambda each: (
        each.entry_id in replaced,
        not at_home(each.url, homes.get(each.feed_id, frozenset())),
        -feeds[each.feed_id].spec.trust,
        each.place,
        -each.fullness,
        each.entry_id,
    )


def why_lead(
    lead: Admitted,
    admitted: Sequence[Admitted],
    feeds: Mapping[FeedId, Feed],
    homes: Mapping[FeedId, frozenset[str]],
    item: Item | None,
) -> str:
    """Return why `elect`, asked the same, gave this lead: by what it is before the next one."""
    public = showable(admitted, feeds)
    if lead.chosen:
        return "an editor chose it"
    if item is not None and item.lead_entry_id == lead.entry_id:
        return "it is what the item shows, and stays so"
    shown = item is not None and any(each.entry_id == item.lead_entry_id for each in public)
    if item is not None and shown:
        return f"it replaces entry {item.lead_entry_id}, which the item showed"
    others = [each for each in public if each is not lead]
    if not others:
        return "no other may be shown here"
    rank = _rank(public, feeds, homes)
    ours, next_ = rank(lead), min(map(rank, others))
    return next(word for word, mine, its in zip(_RANKS, ours, next_, strict=True) if mine != its)


def _reissued(shown: Admitted, public: Sequence[Admitted]) -> Admitted:
    """Return the last of those that replace what is shown, one after the other."""
    while following := [each for each in public if _replaces(each) == shown.entry_id]:
        shown = max(following, key=lambda each: (each.place, each.entry_id))
    return shown


def _replaces(one: Admitted) -> EntryId | None:
    """Return what an entry replaces: an earlier one only, so that no two replace each other."""
    before = one.reissue_of
    return before if before is not None and before < one.entry_id else None


def showable(admitted: Sequence[Admitted], feeds: Mapping[FeedId, Feed]) -> tuple[Admitted, ...]:
    """Return those of the admitted whose text may be public: not withdrawn, of no private feed."""
    return tuple(
        each
        for each in admitted
        if not each.withdrawn and each.feed_id in feeds and not feeds[each.feed_id].spec.private
    )
