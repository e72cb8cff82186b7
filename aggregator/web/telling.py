"""A story's page: what may be shown of it, and everybody who tells it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from aggregator.core.credits import UNTITLED, outlet
from aggregator.core.credits import tellings as by_outlet
from aggregator.core.edition import compose_item, credit_line
from aggregator.core.outgoing import headline
from aggregator.core.urls import safe_link
from aggregator.flow import corrections
from aggregator.flow.kit import Kit
from aggregator.model.feed import RIGHTS_ORDER
from aggregator.model.ids import ArticleId, TopicId
from aggregator.model.publication import PublishedItem, Showing
from aggregator.model.story import Source, StoryView
from aggregator.model.topic import Case, Item, State, Topic
from aggregator.ports import Tx
from aggregator.web.views import Address, addresses

PUBLIC_ID = re.compile(r"[a-z0-9]{16}")


class Missing(Enum):
    """Why there is no page."""

    NOWHERE = 404  # no such story, or in no topic now
    WITHDRAWN = 410  # it was published, and every source was withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The story was merged into another."""

    public_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of an outlet."""

    url: str | None
    title: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One outlet's telling, in one report or several."""

    outlet: str
    site_url: str | None
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTopic:
    """A topic in which the story is told."""

    slug: str
    title: str
    feeds: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """A story as its page shows it; `html` is the item's, without the credit line."""

    item: PublishedItem
    html: str
    tellings: tuple[Telling, ...]  # the lead's first
    topics: tuple[StoryTopic, ...]


def story_page(tx: Tx, kit: Kit, public_id: str, now: float) -> StoryPage | Moved | Missing:
    """Return what stands at /stories/{public_id}."""
    view = tx.stories.find(public_id) if PUBLIC_ID.fullmatch(public_id) else None
    if view is None:
        return Missing.NOWHERE
    if view.story.public_id != public_id:
        return Moved(public_id=view.story.public_id)
    public = [each for each in view.sources if _is_public(each)]
    if not public:
        return _why_missing(tx, view)
    cases = _cases(tx, view)
    waiting = _waiting(cases, now)
    public = [each for each in public if each.entry.article_id not in waiting]
    shown = list(_showings(tx, view, cases, public, now))
    if not shown:
        return Missing.NOWHERE
    # In several topics: the text as the one that allows the least of it shows it.
    topic, showing = min(shown, key=lambda each: RIGHTS_ORDER.index(each[0].spec.publish.content))
    (showing,) = corrections.marked(tx, (showing,))
    item = compose_item(showing, topic, base=kit.base)
    if item is None:
        return Missing.NOWHERE
    titled = {each.lead.entry.article_id for _, each in shown} | _published(cases, now)
    return StoryPage(
        item=item,
        html=item.html.removesuffix(credit_line(item.credits, item.reports)),
        tellings=tuple(_telling(each, titled) for each in by_outlet(showing.sources)),
        topics=tuple(_topic(each, kit.base) for each, _ in shown),
    )


def _cases(tx: Tx, view: StoryView) -> tuple[Case, ...]:
    """Return what is known of the story's articles wherever they are, the heading one's first."""
    articles = tuple(tx.stories.articles_of((view.story.id,)))
    places = sorted(tx.topics.topics_of(articles), key=lambda each: each[1] != view.story.id)
    return tx.topics.cases(places)


def _is_out(item: Item | None, now: float) -> bool:
    if item is None or item.visible_from > now:
        return False
    return item.visible_until is None or item.visible_until > now


def _waiting(cases: Sequence[Case], now: float) -> set[ArticleId]:
    """Return the articles whose time is still to come, wherever they are told."""
    items = [each.item for each in cases if each.item is not None]
    out = {each.article_id for each in items if _is_out(each, now)}
    return {each.article_id for each in items if each.visible_from > now} - out


def _published(cases: Sequence[Case], now: float) -> set[ArticleId]:
    """Return the articles that a topic publishes: the headline of no other one is repeated."""
    return {
        each.article_id
        for each in cases
        if each.verdict is not None
        and each.verdict.state is State.PUBLISHED
        and (each.item is None or each.item.visible_from <= now)
    }


def _showings(
    tx: Tx, view: StoryView, cases: Sequence[Case], public: Sequence[Source], now: float
) -> Iterator[tuple[Topic, Showing]]:
    """Yield the topics in which the story is visible now, once each, with all public sources."""
    seen: set[TopicId] = set()
    for case in cases:
        topic, item, verdict = tx.topics.get(case.topic_id), case.item, case.verdict
        if topic is None or item is None or verdict is None or not _is_out(item, now):
            continue
        lead = next((each for each in public if each.entry.id == item.lead_entry_id), None)
        if lead is None or topic.id in seen:
            continue
        seen.add(topic.id)
        others = (each for each in public if each is not lead)
        yield (
            topic,
            Showing(
                item=item,
                verdict=verdict,
                lead=lead,
                sources=(lead, *others),
                story_public_id=view.story.public_id,
            ),
        )


def _why_missing(tx: Tx, view: StoryView) -> Missing:
    """410 only for what was published: that a private feed has a story is nobody's business."""
    withdrawn = any(not each.feed.spec.private for each in view.sources)
    if withdrawn and any(case.item is not None for case in _cases(tx, view)):
        return Missing.WITHDRAWN
    return Missing.NOWHERE


def _is_public(source: Source) -> bool:
    return not source.feed.spec.private and source.entry.withdrawn_at is None


def _topic(topic: Topic, base: str) -> StoryTopic:
    slug = topic.spec.slug
    title = headline(topic.spec.title) or slug
    return StoryTopic(slug=slug, title=title, feeds=addresses(f"{base}/topics/{slug}"))


def _telling(sources: Sequence[Source], titled: Collection[ArticleId]) -> Telling:
    feed = sources[0].feed
    return Telling(
        outlet=outlet(feed),
        site_url=safe_link(feed.site_url) if feed.site_url else None,
        reports=tuple(_report(each, titled) for each in sources),
    )


def _report(source: Source, titled: Collection[ArticleId]) -> Report:
    text = source.entry.text
    return Report(
        url=safe_link(text.url) if text.url else None,
        title=headline(text.title) if source.entry.article_id in titled else UNTITLED,
        at=source.entry.place,
    )
