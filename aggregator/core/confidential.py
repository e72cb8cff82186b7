"""What feeds with a login told, for those who may read it: who led, who is credited, since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.core.curation import judge, standing
from aggregator.model.feed import Feed
from aggregator.model.ids import FeedId
from aggregator.model.publication import Showing
from aggregator.model.story import Source
from aggregator.model.topic import Admitted, Case, Mode, State, Topic

MOST_REPORTS = 8  # of other feeds, the earliest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as feeds with a login told it first."""

    first: Admitted  # whom it has its id and its place from
    lead: Admitted  # whom it is shown by: the first, or the one that editors chose
    at: int  # since when it stands in the topic


def unlocked(source: Source) -> Source:
    """Return a source as the holder of a token may see it: its feed's login and address are not
    told. A public one is returned as it is."""
    feed = source.feed
    if not feed.spec.private:
        return source
    spec = replace(feed.spec, auth=None, url=feed.site_url or "")
    return replace(source, feed=replace(feed, spec=spec))


def told_first(
    case: Case,
    topic: Topic,
    feeds: Mapping[FeedId, Feed],
    homes: Mapping[FeedId, frozenset[str]],
    *,
    now: int,
) -> Told | None:
    """Return how a story is shown whose first entry in the topic is of a feed with a login.

    None where a public one was first: then it is shown as everybody sees it, if at all. Nothing
    is shown before its time, be it a delay or the editors' embargo.
    """
    verdict, item = case.verdict, case.item
    admitted = [each for each in case.admitted if not each.withdrawn and each.feed_id in feeds]
    if standing(case.decisions).state is None:
        admitted = [each for each in admitted if _by_itself(feeds[each.feed_id], topic)] or admitted
    first = min(admitted, key=lambda each: each.entry_id, default=None)
    if first is None or not feeds[first.feed_id].spec.private:
        return None
    if verdict is None or verdict.state is not State.PUBLISHED:
        return None
    ruling = judge(case, topic, feeds, homes, over_quota=None, now=now)
    embargo, since = ruling.embargo, verdict.since
    at = since + ruling.delay if embargo is None else max(embargo, since)
    if at > now or (item is not None and item.visible_from > now):
        return None
    lead = next((each for each in admitted if each.chosen), first)
    return Told(first=first, lead=lead, at=at)


def _by_itself(feed: Feed, topic: Topic) -> bool:
    """Return whether what a feed tells is published without an editor's word."""
    trust = topic.spec.publish.trust_in(feed.spec.name)
    return topic.spec.mode is Mode.AUTO if trust is None else trust.delay is not None


def is_waiting(cases: Sequence[Case], now: int) -> bool:
    """Return whether an article is to be seen in some topic, and in none before a time to come.

    Editors' embargoes count also where no item waits, as of a feed with a login.
    """
    items = [case.item for case in cases if case.item is not None]
    if any(item.visible_from <= now for item in items):
        return False
    embargoes = (standing(case.decisions).embargo for case in cases)
    return bool(items) or any(each is not None and each > now for each in embargoes)


def credited(
    lead: Source, told: Sequence[Source], *, whole: bool
) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """Return who is credited, the lead first, and who else reports the story, by one entry each.

    With `whole` all reports are one item. `told` is in order of entry id.
    """
    mine = lead.entry.article_id
    same = [each for each in told if whole or each.entry.article_id == mine]
    known = {each.feed.id for each in same}
    others: dict[FeedId, Source] = {}
    for each in told:
        if each.feed.id not in known:
            others.setdefault(each.feed.id, each)
    sources = (lead, *(each for each in same if each.entry.id != lead.entry.id))
    reports = [*others.values()][:MOST_REPORTS]
    return tuple(map(unlocked, sources)), tuple(map(unlocked, reports))


def in_order(showings: Sequence[Showing]) -> tuple[Showing, ...]:
    """Return showings numbered in the order in which they came out: some never had a number."""
    first = sorted(showings, key=lambda each: (each.item.first_published_at, each.item.id))
    return tuple(
        replace(each, item=replace(each.item, number=number))
        for number, each in enumerate(first, 1)
    )
