"""What each public page tells: gathered from the store, with nothing of private feeds in it.

A view holds times, never "now": the same store gives the same view, hence the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from aggregator.core.credits import outlet
from aggregator.core.edition import compose
from aggregator.core.naming import DESK_FEED
from aggregator.core.outgoing import headline
from aggregator.core.readers import ReaderLink, reader_links
from aggregator.core.urls import safe_link
from aggregator.flow import corrections
from aggregator.flow.kit import Kit
from aggregator.flow.letters import offered
from aggregator.flow.setup import Identity, identity_of
from aggregator.model.feed import Feed, FeedStatus
from aggregator.model.ledger import Tally
from aggregator.model.publication import Archive, Edition, PublishedItem, Showing
from aggregator.model.topic import Mode, Topic, TopicStatus
from aggregator.ports import Tx
from aggregator.web.publishers import public_total

ON_INDEX = 3  # newest items of each topic
ON_TOPIC = 20
ARCHIVES = 12  # named on a topic's page, the newest; each leads to the one before

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A topic's feed in one format."""

    label: str
    url: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """A topic as its page, the index and the lists show it."""

    slug: str
    title: str
    about: str
    lang: str | None
    chosen: str  # how its items come to be there, in words
    rhythm: str  # how often, in words
    retired: bool
    feeds: tuple[Address, ...]
    items: tuple[PublishedItem, ...]  # pinned first
    sources: tuple[Feed, ...]
    readers: tuple[ReaderLink, ...] = ()
    archives: tuple[Archive, ...] = ()  # the newest first
    corrections_url: str | None = None
    has_letters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveView:
    """A closed stretch of a topic as its page shows it."""

    topic: TopicView
    number: int
    closed_at: int
    feeds: tuple[Address, ...]
    items: tuple[PublishedItem, ...]  # newest first
    older: int | None
    newer: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A topic as the bar on top of each page names it."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Figures for people who watch the site; public feeds only."""

    feeds: int
    failing: int
    entries: int
    last_poll_at: int | None
    pushed: int = 0  # feeds that a hub tells us of
    asked: Tally = field(default_factory=Tally)  # of hosts that may be named, in 30 days
    topics: tuple[tuple[str, int, int | None], ...] = field(default=())  # slug, published, last


def find_topic(tx: Tx, slug: str) -> Topic | None:
    """Return the topic of this slug, None for whatever could not be one."""
    topic = tx.topics.find(slug) if SLUG.fullmatch(slug) else None
    return None if topic is None or topic.status is TopicStatus.REMOVED else topic


def sections(tx: Tx) -> tuple[Section, ...]:
    """Return the topics that are kept up, in their order."""
    return tuple(
        Section(slug=each.spec.slug, title=headline(each.spec.title) or each.spec.slug)
        for each in tx.topics.all(TopicStatus.ACTIVE)
    )


def topic_views(tx: Tx, kit: Kit, now: float, *, most: int) -> tuple[TopicView, ...]:
    """Return the topics that are kept up, with at most so many items of each."""
    topics = tx.topics.all(TopicStatus.ACTIVE)
    return tuple(topic_view(tx, kit, each, now, most=most) for each in topics)


def topic_view(tx: Tx, kit: Kit, topic: Topic, now: float, *, most: int) -> TopicView:
    """Return one topic with its items as the feeds have them, pinned ones first."""
    showings = tx.publications.visible(topic.id, now, topic.spec.publish.items)
    pinned = tx.publications.pinned(topic.id, now)[:most]
    who = identity_of(tx)

    newest = _composed(kit, topic, corrections.marked(tx, showings[:most]), who)
    above = _composed(kit, topic, corrections.marked(tx, pinned), who).items
    feeds = addresses(newest.base_url)
    corrected = corrections.PATH.format(slug=topic.spec.slug)

    return TopicView(
        slug=topic.spec.slug,
        title=newest.title,
        about=newest.about,
        lang=newest.lang,
        chosen=_chosen(topic),
        rhythm=rhythm([each.lead.entry.place for each in showings]),
        retired=topic.status is TopicStatus.RETIRED,
        feeds=feeds,
        items=_pinned_first(above, newest.items)[:most],
        sources=_sources((*pinned, *showings)),
        readers=reader_links(feeds[0].url),
        archives=tx.archives.all(topic.id)[::-1][:ARCHIVES],
        corrections_url=f"{kit.base}/{corrected}" if tx.publications.etag(corrected) else None,
        has_letters=bool(offered(kit, topic)),
    )


def archive_view(tx: Tx, kit: Kit, topic: Topic, number: int, now: float) -> ArchiveView | None:
    """Return what may still be shown of an archive; None: the topic has none of this number."""
    archives = tx.archives.all(topic.id)
    found = next((each for each in archives if each.number == number), None)
    if found is None:
        return None
    showings = tx.publications.numbered(topic.id, found.first, found.last, now)
    return ArchiveView(
        topic=topic_view(tx, kit, topic, now, most=0),
        number=number,
        closed_at=found.closed_at,
        feeds=addresses(f"{kit.base}/topics/{topic.spec.slug}/archive/{number}"),
        items=_composed(kit, topic, showings, identity_of(tx), most=len(showings)).items,
        older=number - 1 if number > 1 else None,
        newer=number + 1 if number < archives[-1].number else None,
    )


def addresses(base_url: str) -> tuple[Address, ...]:
    """Return a topic's feeds, the one to recommend first."""
    return (
        Address(label="Atom", url=f"{base_url}.atom", type="application/atom+xml"),
        Address(label="RSS", url=f"{base_url}.rss", type="application/rss+xml"),
        Address(label="JSON Feed", url=f"{base_url}.json", type="application/feed+json"),
    )


def rhythm(dates: Sequence[int]) -> str:
    """Return how often something comes, judged by the dates of the latest items.

    >>> rhythm([0, DAY, 2 * DAY, 3 * DAY]), rhythm([]), rhythm([0, 60, 120])
    ('about 1 a day', 'nothing yet', 'about 3 a day')
    """
    if not dates:
        return "nothing yet"
    if len(dates) < 3:
        return "just begun"
    span = max(dates) - min(dates)
    # Items less than a day apart are one day's; else the gaps between them count.
    a_day = len(dates) if span < DAY else (len(dates) - 1) * DAY / span
    for name, days in (("day", 1), ("week", 7), ("month", 30)):
        if round(a_day * days) >= 1:
            return f"about {round(a_day * days)} a {name}"
    return "now and then"


def status(tx: Tx, now: float) -> Status:
    """Return the figures of /status.json."""
    feeds = _public(tx.feeds.all(FeedStatus.ACTIVE))
    states, counts = tx.feeds.states(), tx.feeds.counts()
    ours = [states[feed.id] for feed in feeds if feed.id in states]
    polls = [int(state.last_poll_at) for state in ours if state.last_poll_at is not None]
    return Status(
        feeds=len(feeds),
        failing=sum(state.failures > 0 for state in ours),
        entries=sum(counts.get(feed.id, 0) for feed in _public(tx.feeds.all())),
        last_poll_at=max(polls, default=None),
        pushed=sum((state.pushed_until or 0) > now for state in ours),
        asked=public_total(tx),
        topics=tuple(
            (each.topic.spec.slug, each.published, each.last_item_at)
            for each in tx.topics.summaries(now)
            if each.topic.status is TopicStatus.ACTIVE
        ),
    )


def is_public(feed: Feed) -> bool:
    """Return whether a feed may be named: it has no login, and an address that can be given."""
    return not feed.spec.private and safe_link(feed.spec.url) is not None


def _public(feeds: Iterable[Feed]) -> tuple[Feed, ...]:
    return tuple(feed for feed in feeds if is_public(feed))


def _chosen(topic: Topic) -> str:
    if topic.spec.mode is Mode.REVIEW:
        return "Each item is chosen by an editor."
    return "Items are published as they arrive; editors take out what does not belong."


def _composed(
    kit: Kit, topic: Topic, showings: Sequence[Showing], who: Identity, *, most: int | None = None
) -> Edition:
    """Return an edition of these; of `most` where a topic may hold fewer now than it did."""
    site, base = kit.settings.site, kit.base
    if most is not None:
        publishing = replace(topic.spec.publish, items=most)
        topic = replace(topic, spec=replace(topic.spec, publish=publishing))
    return compose(topic, showings, site, base=base, authority=who.authority, year=who.year)


def _pinned_first(
    pinned: Sequence[PublishedItem], newest: Sequence[PublishedItem]
) -> tuple[PublishedItem, ...]:
    above = {item.uri for item in pinned}
    return (*pinned, *(item for item in newest if item.uri not in above))


def _sources(showings: Iterable[Showing]) -> tuple[Feed, ...]:
    """Return the public feeds these items are owed to, by name; our own desk is none."""
    feeds = {source.feed.id: source.feed for each in showings for source in each.sources}
    named = (feed for feed in _public(feeds.values()) if feed.spec.name != DESK_FEED)
    return tuple(sorted(named, key=lambda feed: (outlet(feed).casefold(), feed.id)))
