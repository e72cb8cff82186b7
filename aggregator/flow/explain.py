"""Why an entry is in a topic, or why not: the chain of steps, told by the code that decides."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.curation import in_force, showable
from aggregator.core.drafting import BODY_LIMIT, subject_of
from aggregator.core.query import parse_query
from aggregator.core.rules import matches
from aggregator.core.sanitize import plain_text
from aggregator.core.text import word_count
from aggregator.flow.curate import entry_named, topic_named
from aggregator.flow.kit import Kit
from aggregator.model.entry import Entry
from aggregator.model.feed import Feed
from aggregator.model.ids import FeedId
from aggregator.model.topic import Case, State, Topic, Verb
from aggregator.ports import Tx

NOT_YET, NO_MORE = "not shown yet", "not shown any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the chain."""

    step: str
    result: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether the topic's feed shows the entry's story, and every step to that answer."""

    inside: bool
    steps: tuple[Step, ...]

    @property
    def headline(self) -> str:
        """The answer in a word or two, to stand before the topic's name."""
        last = self.steps[-1].result
        return {NOT_YET: "not yet in", NO_MORE: "published, but no more in"}.get(
            last, "in" if self.inside else "not in"
        )


def explain(kit: Kit, handle: str, slug: str) -> Explanation:
    """Return why an entry (number, or a story's id) is in a topic or not.

    Raises `NotFound` when there is no such entry or topic.
    """
    now = kit.clock()
    with kit.store.read() as tx:
        entry, topic = entry_named(tx, handle), topic_named(tx, slug)
        feed = tx.feeds.get(entry.feed_id)
        assert feed is not None, "an entry's feed is never deleted before it"
        feeds = {each.id: each for each in tx.feeds.all()}
        case = tx.topics.case(topic.id, entry.article_id)
        steps = [
            _fetch(tx, entry, feed),
            _identity(entry),
            *_withdrawal(entry),
            _story(tx, entry),
            *_page(tx, entry),
            *_tags(entry),
            _rule(entry, feed, topic),
            *_editors(case),
            _verdict(case),
        ]
        last, inside = _edition(tx, topic, case, feeds, now)
    return Explanation(inside=inside, steps=(*steps, last))


def _fetch(tx: Tx, entry: Entry, feed: Feed) -> Step:
    state = tx.feeds.state(feed.id)
    problem = f"; its last poll: {state.problem}" if state.problem else ""
    return Step(step="fetch", result=f"from feed {feed.spec.name}", because=feed.spec.url + problem)


def _identity(entry: Entry) -> Step:
    times = entry.rev - 1
    revised = f"revised {times} {'time' if times == 1 else 'times'}" if times else "never revised"
    return Step(step="identity", result=f"entry {entry.id}, {revised}", because=f"id {entry.guid}")


def _withdrawal(entry: Entry) -> list[Step]:
    if entry.withdrawn_at is None:
        return []
    return [Step(step="withdrawal", result="withdrawn", because="an editor took it out")]


def _story(tx: Tx, entry: Entry) -> Step:
    view = tx.stories.view(entry.article_id)
    if view is None:
        return Step(step="story", result="none", because="")
    because = next((s.because for s in view.sources if s.entry.id == entry.id), "first")
    count = view.story.size
    told = f"s{view.story.id}, told by {count} {'source' if count == 1 else 'sources'}"
    return Step(step="story", result=told, because=because)


def _page(tx: Tx, entry: Entry) -> list[Step]:
    page = tx.pages.get(entry.id)
    if page is None:
        return []
    if page.body:
        count = word_count(plain_text(page.body, BODY_LIMIT))
        return [Step(step="full text", result=f"{count} words of its page", because=page.url)]
    result = "none" if page.due_at is None else "not yet"
    return [Step(step="full text", result=result, because=page.problem or page.url)]


def _tags(entry: Entry) -> list[Step]:
    tags = [Step(step="tag", result=tag.name, because=tag.because) for tag in entry.tags]
    series = [
        Step(
            step="series",
            result=each.series + (f", {each.date}" if each.date else ""),
            because=each.because,
        )
        for each in entry.series
    ]
    return tags + series


def _rule(entry: Entry, feed: Feed, topic: Topic) -> Step:
    asked = subject_of(entry, feed)
    answer = matches(parse_query(topic.spec.match), asked)
    return Step(
        step="rule", result="matches" if answer.yes else "does not match", because=answer.because
    )


def _editors(case: Case) -> list[Step]:
    holding = {decision.id for decision in in_force(case.decisions)}
    return [
        Step(
            step="editor",
            result=f"{each.verb}" + ("" if each.id in holding else " (undone)"),
            because=f"decision {each.id} by {each.actor}" + (f": {each.why}" if each.why else ""),
        )
        for each in case.decisions
        if each.verb is not Verb.UNDO
    ]


def _verdict(case: Case) -> Step:
    if case.verdict is None:
        return Step(step="verdict", result="none", because="no entry of the story is admitted")
    return Step(step="verdict", result=case.verdict.state, because=case.verdict.because)


def _edition(
    tx: Tx, topic: Topic, case: Case, feeds: dict[FeedId, Feed], now: float
) -> tuple[Step, bool]:
    def step(result: str, because: str) -> Step:
        return Step(step="edition", result=result, because=because)

    if case.verdict is None or case.verdict.state is not State.PUBLISHED:
        return step("not shown", "only published stories are"), False
    admitted = [each for each in case.admitted if not each.withdrawn]
    if not admitted:
        return step("not shown", "withdrawn"), False
    if not showable(admitted, feeds) or case.item is None:
        return step("not shown", "every source of it is private (auth: without rights:)"), False
    if case.item.visible_from > now:
        wait = int(case.item.visible_from - now)
        return step(NOT_YET, f"the topic's delay ends in {wait} s"), False
    shown = tx.publications.visible(topic.id, now, topic.spec.publish.items)
    if any(each.item.id == case.item.id for each in shown):
        return step("shown", f"as {case.item.uri}"), True
    return step(NO_MORE, f"newer items fill the {topic.spec.publish.items}"), False
