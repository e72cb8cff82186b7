"""What an editor's act comes to for readers, in words: when it is seen, or why it is not."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.curation import VISIBLE_FROM
from aggregator.core.moments import to_the_minute, will_be_out
from aggregator.flow.filing import case_in
from aggregator.flow.kit import Kit
from aggregator.model.topic import Case, Decision, State, Topic, Verb

DRESSING = frozenset({Verb.PIN, Verb.UNPIN, Verb.EDIT, Verb.NOTE})  # of what is seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What there is to say once a decision is kept."""

    out_at: int | None = None  # UTC seconds; None: out already, or not to be out
    told: str = ""  # of its time
    warning: str = ""


def aftermath(kit: Kit, decision: Decision) -> Aftermath:
    """Return what an act on one story in one topic comes to."""
    now = int(kit.clock())
    with kit.store.read() as tx:
        topic = tx.topics.get(decision.topic_id) if decision.topic_id is not None else None
        article = tx.stories.of_entry(decision.entry_id) if decision.entry_id is not None else None
        if topic is None or article is None:
            return Aftermath()
        case = case_in(tx, topic, article)
    if decision.verb in DRESSING:
        return Aftermath(warning=_unseen(case, topic, decision))
    return _when(kit, case, decision, now)


def zone_of(kit: Kit) -> str:
    """Return whose clock the editors go by, as far as feeds.yaml says: that of their letters."""
    return kit.settings.letters.zone if kit.settings.letters is not None else "UTC"


def waits_until(case: Case, now: float) -> int | None:
    """Return when what is published is to be out; None: it is, or is not to be."""
    item = case.item
    if case.verdict is None or case.verdict.state is not State.PUBLISHED or item is None:
        return None
    return item.visible_from if item.visible_from > now else None


def _when(kit: Kit, case: Case, decision: Decision, now: int) -> Aftermath:
    said = decision.payload.get(VISIBLE_FROM, "")
    at = waits_until(case, now)
    if at is not None:
        return Aftermath(out_at=at, told=will_be_out(at, now, zone_of(kit)))
    if said.isdecimal() and int(said) <= now:
        passed = to_the_minute(int(said), zone_of(kit))
        return Aftermath(warning=f"{passed} has passed: it goes out now; `undo` takes it back")
    return Aftermath()


def _unseen(case: Case, topic: Topic, decision: Decision) -> str:
    """Return why nobody will see it, and what brings the story back; "" when it is seen."""
    verdict, slug = case.verdict, topic.spec.slug
    back = f"`aggregator approve {decision.entry_id} {slug}`"
    if verdict is None:
        return f"nobody will see it: the story is not in {slug}; {back} puts it there"
    if verdict.state is State.REJECTED:
        return f"nobody will see it: {verdict.because} in {slug}; {back} brings it back"
    if verdict.state is not State.PUBLISHED:
        word = "is held" if verdict.state is State.HELD else "waits for an editor"
        return f"nobody will see it yet: the story {word} in {slug}; {back} publishes it"
    if case.item is None or case.item.visible_until is not None:
        return "nobody will see it: every source of the story is private or withdrawn"
    return ""
