"""Bring what a topic holds into line with rule and decisions: the one way anything is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from aggregator.core.curation import Folded, Ruling, elect, fold, judge, standing, visible_from
from aggregator.core.homes import bare_host, homes_of
from aggregator.core.ids import choose_uri
from aggregator.core.intake import blocked
from aggregator.flow.setup import Identity
from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId, EntryId, FeedId, TopicId
from aggregator.model.intake import Blocks, Match
from aggregator.model.topic import Admitted, Case, Item, NewItem, Tell, Topic, Verdict
from aggregator.ports import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What judging needs besides the case: topics, feeds, and how ids are made."""

    topics: dict[TopicId, Topic]
    feeds: dict[FeedId, Feed]  # those that were asked for: there may be 50,000
    homes: dict[FeedId, frozenset[str]]  # and the hosts they speak for
    identity: Identity


def desk(tx: Tx, identity: Identity) -> Desk:
    """Gather the topics once for many cases; feeds follow as cases need them."""
    topics = {topic.id: topic for topic in tx.topics.all()}
    return Desk(topics=topics, feeds={}, homes={}, identity=identity)


def bring_feeds(tx: Tx, desk: Desk, feed_ids: Iterable[FeedId]) -> None:
    """Have these feeds on the desk, those there are."""
    for feed_id in {each for each in feed_ids if each not in desk.homes}:
        feed = desk.feeds.get(feed_id) or tx.feeds.get(feed_id)
        if feed is not None:
            desk.feeds[feed_id] = feed
            desk.homes[feed_id] = homes(tx, feed)


def homes(tx: Tx, feed: Feed) -> frozenset[str]:
    """Return the hosts a feed speaks for, as far as our other feeds do not contest them."""
    site = bare_host(feed.site_url or "")
    contested = bool(site) and tx.feeds.is_anothers(site, feed.id)
    return homes_of(feed, site_is_anothers=contested)


def is_free(tx: Tx, entry_id: EntryId, blocks: Blocks) -> bool:
    """Return whether no withdrawal by editors keeps this entry out."""
    entry = tx.entries.get(entry_id)
    feed = tx.feeds.get(entry.feed_id) if entry is not None else None
    if entry is None or feed is None:
        return False
    hashes = tx.entries.hashes(entry_id)
    by_itself = entry_id in blocks.entries  # whatever it says by now
    return not by_itself and blocked(feed, entry.text.url, hashes, blocks) is None


Place = tuple[TopicId, ArticleId]


def refresh_articles(
    tx: Tx, desk: Desk, article_ids: Iterable[ArticleId], now: int, *, also: Iterable[Place] = ()
) -> set[TopicId]:
    """Judge these articles anew in every topic they touch; return the topics that changed.

    Within one call the older entries go first, so that those published together stand in the
    order of their dates. `also` are places that nothing is known of yet but a decision.
    """
    places = _places(tx, desk, tuple(dict.fromkeys(article_ids)), also)
    if not places:
        return set()
    cases = [_with_editors_entries(tx, case) for case in tx.topics.cases(places)]
    folded = _folded(tx, desk, cases)
    folded.sort(key=lambda each: (_oldest(each.case), each.case.article_id))
    changed: set[TopicId] = set()
    verdicts: list[Verdict] = []
    for each in folded:
        ruled = _rule(tx, desk, each, now)
        if ruled is not None:
            changed |= {each.case.topic_id} if ruled.visible else set()
            verdicts += ruled.verdicts
    tx.topics.keep_verdicts(verdicts)
    for topic_id in changed:
        tx.publications.mark_dirty(topic_id, now)
    return changed


def case_in(tx: Tx, topic: Topic, article_id: ArticleId) -> Case:
    """Return what is known of an article in a topic, of its whole story where that is one item."""
    if topic.spec.tell is not Tell.STORIES:
        return tx.topics.case(topic.id, article_id)
    parts = tx.stories.articles_of((article_id,)) or (article_id,)
    return fold(tx.topics.cases([(topic.id, part) for part in parts])).case


def redraw(tx: Tx, article_ids: Iterable[ArticleId], now: int) -> None:
    """Compose anew wherever these articles show, or another report of their stories does.

    A text was revised, or a source joined.
    """
    for topic_id in sorted(tx.topics.showing(tuple(tx.stories.articles_of(tuple(article_ids))))):
        tx.publications.mark_dirty(topic_id, now)


def redraw_archives(tx: Tx, entry_ids: Sequence[EntryId], now: int) -> None:
    """Have archives that tell or name these looked at: they were withdrawn, or let return."""
    for topic_id in tx.archives.holding(entry_ids):
        tx.publications.mark_dirty(topic_id, now)


def _redraw_others(tx: Tx, article_id: ArticleId, times: Iterable[int]) -> None:
    """Have what tells or names this article composed anew at these times."""
    held = tx.archives.holding(tx.stories.entry_ids(article_id))
    shown = tx.topics.showing(tuple(tx.stories.articles_of((article_id,))))
    for at in sorted(times):
        for topic_id in sorted({*held, *shown}):
            tx.publications.mark_dirty(topic_id, at)


def _places(
    tx: Tx, desk: Desk, article_ids: tuple[ArticleId, ...], also: Iterable[Place]
) -> tuple[Place, ...]:
    """Return where these are judged: where a topic tells stories, with all parts of theirs."""
    places = dict.fromkeys((*tx.topics.topics_of(article_ids), *also))
    telling = {each.id for each in desk.topics.values() if each.spec.tell is Tell.STORIES}
    if telling.isdisjoint(topic_id for topic_id, _ in places):
        return tuple(places)
    parts = tx.stories.articles_of(tuple({article_id for _, article_id in places}))
    more = tx.topics.topics_of(tuple(parts))
    return tuple(dict.fromkeys((*places, *(each for each in more if each[0] in telling))))


def _folded(tx: Tx, desk: Desk, cases: Sequence[Case]) -> list[Folded]:
    """Return what is judged together: in a topic that tells stories, all articles of each."""
    folded: list[Folded] = []
    together: dict[Place, list[Case]] = {}
    story_of: Mapping[ArticleId, ArticleId] = {}
    for case in cases:
        topic = desk.topics.get(case.topic_id)
        if topic is None or topic.spec.tell is not Tell.STORIES:
            folded.append(Folded(case=case))
            continue
        story_of = story_of or tx.stories.articles_of(tuple({each.article_id for each in cases}))
        story = story_of.get(case.article_id, case.article_id)
        together.setdefault((case.topic_id, story), []).append(case)
    return folded + [fold(each) for each in together.values()]


def _oldest(case: Case) -> int:
    return min((each.place for each in case.admitted), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruled:
    """What is still to be kept of a case: a poll judges dozens and writes all verdicts at once."""

    verdicts: tuple[Verdict, ...]
    visible: bool  # whether anything that shows has changed


def _rule(tx: Tx, desk: Desk, folded: Folded, now: int) -> _Ruled | None:
    """Judge one place of a topic and keep its item; None when there is no such topic."""
    case = folded.case
    topic = desk.topics.get(case.topic_id)
    if topic is None:
        return None
    bring_feeds(tx, desk, (each.feed_id for each in case.admitted))

    quota = over_quota(tx, topic, case, desk, now)
    ruling = judge(case, topic, desk.feeds, desk.homes, over_quota=quota, now=now)

    changed = ruling.verdict != case.verdict
    if changed and ruling.verdict is None:
        tx.topics.drop_verdict(case.topic_id, case.article_id)
    visible = changed and _looks(ruling.verdict) != _looks(case.verdict)
    visible |= _keep_item(tx, desk, topic, case, ruling, now=now)
    for other in folded.others:
        visible |= _fold_away(tx, other, now)
    new = (ruling.verdict,) if changed and ruling.verdict is not None else ()
    return _Ruled(verdicts=new, visible=visible)


def _fold_away(tx: Tx, case: Case, now: int) -> bool:
    """Have an article told by another item of its story; True when it was to be seen."""
    if case.verdict is not None:
        tx.topics.drop_verdict(case.topic_id, case.article_id)
    return case.item is not None and _end(tx, case.item, now)


def _end(tx: Tx, item: Item, now: int) -> bool:
    """Take an item out of its topic; True when it was there."""
    if item.visible_until is not None and item.visible_until <= now:
        return False
    tx.topics.change_item(replace(item, visible_until=max(now, item.visible_from)))
    return True


def _with_editors_entries(tx: Tx, case: Case) -> Case:
    """Bring editors' admissions into line with the decisions in force."""
    if not case.decisions and not any(each.by_editor for each in case.admitted):
        return case
    wanted = standing(case.decisions).put_in
    present = {each.entry_id for each in case.admitted if each.by_editor}
    if wanted == present:
        return case
    for entry_id in sorted(wanted - present):
        match = Match(topic_id=case.topic_id, because="an editor put it here")
        tx.topics.admit(entry_id, (match,), by_editor=True)
    for entry_id in sorted(present - wanted):
        tx.topics.unadmit(entry_id, case.topic_id)
    return tx.topics.case(case.topic_id, case.article_id)


def over_quota(tx: Tx, topic: Topic, case: Case, desk: Desk, now: int) -> str | None:
    """Return why no more of this source may be published now, if so; its feeds are on the desk."""
    quota = topic.spec.publish.per_source
    if quota is None or case.item is not None:
        return None
    first = elect(case.admitted, desk.feeds, desk.homes, None)
    if first is None:
        return None
    most, period = quota
    if tx.topics.shown_by_source(topic.id, first.feed_id, now - period) < most:
        return None
    return f"{desk.feeds[first.feed_id].spec.name} has had its {most} in {_period(period)}"


def _period(seconds: int) -> str:
    return {3600: "an hour", 86400: "a day", 604800: "a week"}.get(seconds, f"{seconds} s")


def _looks(verdict: Verdict | None) -> tuple[object, ...] | None:
    if verdict is None:
        return None
    return (verdict.state, verdict.pinned, verdict.title, verdict.summary, verdict.note)


def _keep_item(tx: Tx, desk: Desk, topic: Topic, case: Case, ruling: Ruling, *, now: int) -> bool:
    item, lead = case.item, ruling.lead
    if lead is None or ruling.verdict is None:
        return item is not None and _end(tx, item, now)
    if item is None:
        those = [each.entry_id for each in case.admitted]
        item = tx.topics.return_item(topic.id, case.article_id, those)
    at = visible_from(item, ruling, now)
    if at > now:
        tx.publications.mark_dirty(topic.id, at)
    if ruling.embargo is not None or (item is not None and item.visible_from > at):
        _redraw_others(tx, case.article_id, {now, at})  # nobody else names it before its time
    if item is None:
        tx.topics.add_item(_new_item(tx, desk, case, lead, at))
        return True
    first = at if item.text_digest is None else item.first_published_at  # readers know no other
    changed = replace(
        item,
        lead_entry_id=lead.entry_id,
        visible_from=at,
        visible_until=None,
        first_published_at=first,
    )
    if changed == item:
        return False
    tx.topics.change_item(changed)
    return True


def _new_item(tx: Tx, desk: Desk, case: Case, lead: Admitted, at: int) -> NewItem:
    feed, identity = desk.feeds[lead.feed_id], desk.identity
    make = partial(
        choose_uri,
        feed=feed,
        homes=desk.homes[feed.id],
        authority=identity.authority,
        year=identity.year,
    )
    uri = make(lead.guid, key=lead.key_hash)
    if tx.topics.has_uri(case.topic_id, uri):  # two feeds claim one id: ours is namespaced
        uri = make("", key=f"{lead.key_hash}:{case.article_id}")
    published = lead.published_at if lead.published_at is not None else lead.first_seen_at
    return NewItem(
        topic_id=case.topic_id,
        article_id=case.article_id,
        uri=uri,
        lead_entry_id=lead.entry_id,
        first_published_at=at,
        updated_at=max(published, lead.updated_at or 0),
        visible_from=at,
    )
