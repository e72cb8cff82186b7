"""Why an entry is in a topic, or why not: the chain of steps, told by the code that decides."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core import rules
from aggregator.core.curation import in_force, judge, showable, standing, why_lead
from aggregator.core.drafting import subject_of
from aggregator.core.moments import will_be_out
from aggregator.core.query import parse_query
from aggregator.flow.aftermath import zone_of
from aggregator.flow.curate import entry_named, topic_named
from aggregator.flow.explain_entry import entry_steps
from aggregator.flow.filing import Desk, bring_feeds, case_in, desk, over_quota
from aggregator.flow.kit import Kit, books
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry
from aggregator.model.explanation import NO_MORE, NOT_YET, Explanation, Step
from aggregator.model.feed import Feed
from aggregator.model.topic import (
    Admitted,
    Case,
    Decision,
    Item,
    State,
    Topic,
    TopicStatus,
    Verb,
    Verdict,
)
from aggregator.ports import Tx

_LATE = "; its topic follows at its next turn"


def explain(kit: Kit, handle: str, slug: str) -> Explanation:
    """Return why an entry (number, or a story's id) is in a topic or not.

    Raises `NotFound` when there is no such entry or topic.
    """
    now = int(kit.clock())
    with kit.store.read() as tx:
        entry, topic = entry_named(tx, handle), topic_named(tx, slug)
        feed = tx.feeds.get(entry.feed_id)
        assert feed is not None, "an entry's feed is never deleted before it"
        ready = books(tx, kit.settings, kit.guess)
        case = case_in(tx, topic, entry.article_id)
        who = desk(tx, identity(tx, kit.settings.site, now))
        bring_feeds(tx, who, (each.feed_id for each in case.admitted))
        quota = over_quota(tx, topic, case, who, now)
        ruling = judge(case, topic, who.feeds, who.homes, over_quota=quota, now=now)
        steps = [
            *entry_steps(tx, entry, feed, ready),
            *_rule(entry, feed, topic),
            _admission(entry, feed, topic, case),
            *_fold(entry, topic, case),
            *_editors(tx, entry, case),
            _verdict(case, ruling.verdict),
            *_lead(case, ruling.lead, who),
        ]
        last, inside = _edition(tx, topic, case, who, now=now, zone=zone_of(kit))
    return Explanation(inside=inside, steps=(*steps, last))


def _rule(entry: Entry, feed: Feed, topic: Topic) -> Iterator[Step]:
    """Yield what the rule says of it, and what each of its branches does."""
    asked, node = subject_of(entry, feed), parse_query(topic.spec.match)
    whole, *branches = rules.explain(node, asked)
    result = "matches" if whole.yes else "does not match"
    yield Step(step="rule", result=result, because=whole.because, text=whole.text)
    for each in branches:
        yield Step(
            step="branch",
            result="yes" if each.yes else "no",
            because=each.because,
            text=each.text,
            depth=each.depth,
        )


def _admission(entry: Entry, feed: Feed, topic: Topic, case: Case) -> Step:
    """Return what counts: not what the rule says now, but what it was found to admit."""
    own = [each for each in case.admitted if each.entry_id == entry.id]
    if own:
        return Step(step="admission", result="admitted", because=own[0].because)
    others = [f"entry {each.entry_id} ({each.because})" for each in case.admitted]
    if others:
        because = f"its story is there by {', '.join(others[:3])}"
        return Step(step="admission", result="not admitted itself", because=because)
    matches = rules.matches(parse_query(topic.spec.match), subject_of(entry, feed)).yes
    asked = f"older than the rule: `aggregator topics backfill {topic.spec.slug}` asks it"
    because = asked if matches else "its rule does not match, and no editor put it there"
    return Step(step="admission", result="not admitted", because=because)


def _fold(entry: Entry, topic: Topic, case: Case) -> Iterator[Step]:
    """Yield where a topic that tells stories has the place of this one."""
    if case.article_id == entry.article_id:
        return
    if case.item is not None:
        because = "the topic tells each story once, by the article that it published first"
    else:
        because = "the topic tells each story once, by the article that came first"
    yield Step(step="fold", result=f"folded into s{case.article_id}", because=because)


def _editors(tx: Tx, entry: Entry, case: Case) -> Iterator[Step]:
    """Yield what editors did to the story here, and to it as a whole, undone acts too."""
    view = tx.stories.view(entry.article_id)
    entries = [each.entry.id for each in view.sources] if view is not None else [entry.id]
    holding = {decision.id for decision in in_force(case.decisions)}
    whole = tx.placing.decisions(entries)
    undone = {each.id for each in whole if tx.topics.undone(each.id)}
    undone |= {each.id for each in case.decisions if each.id not in holding}
    for each in sorted((*case.decisions, *whole), key=lambda each: each.id):
        if each.verb is not Verb.UNDO:
            yield Step(
                step="editor",
                result=f"{each.verb}" + (" (undone)" if each.id in undone else ""),
                because=_said(each),
            )


def _said(decision: Decision) -> str:
    named = decision.payload.get("entries")
    told = f"decision {decision.id} by {decision.actor}"
    told += f" of entries {named.replace(' ', ', ')}" if named else ""
    return told + (f": {decision.why}" if decision.why else "")


def _verdict(case: Case, ruled: Verdict | None) -> Step:
    """Return what the judge says now, and where what is kept has yet to follow."""
    if ruled is None:
        return Step(step="verdict", result="none", because="no entry of the story is admitted")
    late = "" if case.verdict is not None and case.verdict.state is ruled.state else _LATE
    return Step(step="verdict", result=ruled.state, because=ruled.because + late)


def _lead(case: Case, lead: Admitted | None, who: Desk) -> Iterator[Step]:
    if lead is None:
        return
    because = why_lead(lead, case.admitted, who.feeds, who.homes, case.item)
    name = who.feeds[lead.feed_id].spec.name
    yield Step(step="lead", result=f"entry {lead.entry_id} of {name}", because=because)


def _edition(
    tx: Tx, topic: Topic, case: Case, who: Desk, *, now: int, zone: str
) -> tuple[Step, bool]:
    def step(result: str, because: str) -> Step:
        return Step(step="edition", result=result, because=because)

    if case.verdict is None or case.verdict.state is not State.PUBLISHED:
        return step("not shown", "only published stories are"), False
    admitted = [each for each in case.admitted if not each.withdrawn]
    if not admitted:
        return step("not shown", "withdrawn"), False
    item = case.item
    if item is None or not showable(admitted, who.feeds):
        return step("not shown", "every source of it is private (auth: without rights:)"), False
    if item.visible_from > now:
        embargo = standing(case.decisions).embargo == item.visible_from
        what = "an editor's embargo" if embargo else "its delay in the topic"
        return step(NOT_YET, f"{what}: it {will_be_out(item.visible_from, now, zone)}"), False
    return _in_documents(tx, topic, item, now)


def _in_documents(tx: Tx, topic: Topic, item: Item, now: int) -> tuple[Step, bool]:
    shown = tx.publications.visible(topic.id, now, topic.spec.publish.items)
    if all(each.item.id != item.id for each in shown):
        because = f"newer items fill the {topic.spec.publish.items}"
        return Step(step="edition", result=NO_MORE, because=because), False
    because = f"as {item.uri}"
    if topic.status is TopicStatus.RETIRED:
        because += ", in the last documents of a topic that is retired"
    elif topic.id in tx.publications.dirty(now):
        because += ", as soon as its documents are composed anew"
    return Step(step="edition", result="shown", because=because), True
