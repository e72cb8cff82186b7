"""What a followed list changes in what we poll: pure, from its outlines and the feeds we have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from aggregator.core.naming import name_for
from aggregator.core.tagging import MAX_NAME, tag_name
from aggregator.core.text import clean_line
from aggregator.core.urls import safe_link
from aggregator.model.feed import Feed, FeedSpec, FeedStatus, Origin, Outline, OutlineList
from aggregator.model.ids import FeedId
from aggregator.model.lists import FollowedList
from aggregator.model.settings import Defaults

MOST_FEEDS = 5_000  # that one list may bring


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done: new feeds with their outlines, and our feeds by number."""

    add: tuple[tuple[FeedSpec, Outline], ...] = ()
    take: tuple[tuple[FeedId, FeedSpec], ...] = ()  # retired ones that the list names (again)
    change: tuple[tuple[FeedId, FeedSpec], ...] = ()
    name: Mapping[FeedId, str] = field(default_factory=dict)  # it names them, by this address
    retire: tuple[FeedId, ...] = ()
    let_go: tuple[FeedId, ...] = ()  # of the file or the desk: the list names them no more
    call: tuple[tuple[FeedId, Outline], ...] = ()  # not heard of yet: they get the list's title
    problem: str | None = None


def tags_from(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the tags that folders and tags of an OPML list make, each once.

    >>> tags_from(["World ", "world", "★", "Black Sea"])
    ('World', 'Black Sea')
    """
    tags: dict[str, str] = {}
    for folder in folders:
        label = clean_line(folder, MAX_NAME)
        if key := tag_name(label):
            tags.setdefault(key, label)
    return tuple(tags.values())


def by_address(feeds: Iterable[Feed]) -> dict[str, Feed]:
    """Return feeds by their address, as it is and as an OPML list would write it.

    One that moved for good is found at the address it left as well, unless another is there now.
    """
    feeds = tuple(feeds)
    left = {way: feed for feed in feeds if (url := feed.moved_from) for way in _ways(url)}
    return left | {way: feed for feed in feeds for way in _ways(feed.spec.url)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we have when a list is read."""

    feeds: Sequence[Feed]
    listed_as: Mapping[FeedId, str]  # by what address this list names feeds: some have moved on
    unheard: Set[FeedId]  # never polled with success
    defaults: Defaults


def plan(followed: FollowedList, listed: OutlineList, known: Known) -> Plan:
    """Return what a list as just read changes.

    What it names is added, or taken back where it was retired; but what an editor removed from
    the desk stays removed, and what another list brought is left to that one. What it names no
    more is retired if this list brought it and nobody else names it; never when the list names
    nothing at all, or could not be read to its end.
    """
    ours = {feed.id: feed for feed in known.feeds if feed.list_id == followed.id}
    here = {known.listed_as.get(feed.id, _listed(feed)): feed for feed in ours.values()}
    feeds = by_address(known.feeds) | here
    taken = {feed.spec.name for feed in known.feeds}
    add, take, change, name, call = [], [], [], {}, []
    for outline in listed.outlines[:MOST_FEEDS]:
        feed = feeds.get(outline.url)
        said = feed.spec if feed else FeedSpec(url=outline.url, name=name_for(outline.url, taken))
        spec = _given(said, followed, outline, known.defaults)
        if feed is None:
            taken.add(spec.name)
            add.append((spec, outline))
        elif feed.status is FeedStatus.RETIRED:
            if feed.origin is not Origin.DESK:
                take.append((feed.id, spec))
                name[feed.id] = outline.url
        elif feed.origin is not Origin.LIST:
            if feed.list_id is None:
                name[feed.id] = outline.url
        elif feed.id in ours:
            if spec != feed.spec:
                change.append((feed.id, spec))
            if feed.id in known.unheard and outline.title != feed.title:
                call.append((feed.id, outline))
    named = {outline.url for outline in listed.outlines}
    trusted = listed.whole and bool(listed.outlines)
    left = [feed for url, feed in here.items() if trusted and url not in named]
    left = [feed for feed in left if feed.status is not FeedStatus.RETIRED]
    return Plan(
        add=tuple(add),
        take=tuple(take),
        change=tuple(change),
        name=name,
        retire=tuple(each.id for each in left if each.origin is Origin.LIST),
        let_go=tuple(each.id for each in left if each.origin is not Origin.LIST),
        call=tuple(call),
        problem=_problem(listed),
    )


def _ways(url: str) -> tuple[str, str]:
    return safe_link(url) or url, url


def _listed(feed: Feed) -> str:
    """Return a feed's address as an OPML list would write it."""
    return safe_link(feed.spec.url) or feed.spec.url


def _given(
    spec: FeedSpec, followed: FollowedList, outline: Outline, defaults: Defaults
) -> FeedSpec:
    """Return the spec with what the list and its folders give; address and name stay."""
    said = followed.spec
    return replace(
        spec,
        tags=tags_from((*outline.folders, *said.tags)),
        every=defaults.every,
        trust=said.trust,
        rights=said.rights,
        rights_written=said.rights_written,
    )


def _problem(listed: OutlineList) -> str | None:
    """Return what is to be told of the list, in words."""
    if not listed.outlines:
        return "it names no feed, so nothing is changed"
    if not listed.whole:
        return f"not read as a whole ({listed.problems[0]}), so nothing is retired"
    if len(listed.outlines) > MOST_FEEDS:
        return f"it names {len(listed.outlines)} feeds; the first {MOST_FEEDS} are polled"
    return None
