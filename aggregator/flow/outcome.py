"""What a topic's feed would gain and lose by another rule: judged by the code that publishes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from aggregator.core.curation import Ruling, elect, fold, judge
from aggregator.flow.filing import Desk, bring_feeds, desk
from aggregator.flow.kit import Kit
from aggregator.flow.setup import Identity
from aggregator.model.entry import Entry, EntryView
from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.topic import Admitted, Case, Item, State, Tell, Topic
from aggregator.ports import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One story that stands otherwise in the topic: its states before and after, None: none.

    `shown` says whether the topic's feed would gain (True) or lose it (False); None: neither.
    """

    entry_id: int
    title: str
    before: str | None
    after: str | None
    shown: bool | None
    because: str


def outcome(
    tx: Tx, kit: Kit, topic: Topic, joined: Mapping[EntryId, str], left: Iterable[EntryId]
) -> tuple[Change, ...]:
    """Judge the stories of these entries as if they were admitted (with why), or were not.

    Verdicts, decisions, folded stories and quotas count; nothing is written. Older stories
    first, as they would be published.
    """
    now, gone = int(kit.clock()), frozenset(left)
    who = desk(tx, Identity(authority="", year=0))  # no id is made here
    views = {view.entry.id: view for view in tx.entries.views((*joined, *sorted(gone)))}
    more: defaultdict[ArticleId, list[Admitted]] = defaultdict(list)
    for entry_id, because in joined.items():
        if entry_id in views:
            more[views[entry_id].entry.article_id].append(_admitted(views[entry_id], because))
    articles = {view.entry.article_id for view in views.values()}
    parts = _parts(tx, topic, articles)
    told = [(_before(part), _after(part, more, gone), part) for part in parts]
    told.sort(key=lambda each: min((a.place for a in each[1].admitted), default=0))
    quota, changes = _Quota(tx, topic, now), list[Change]()
    for before, after, part in told:
        bring_feeds(tx, who, (each.feed_id for each in after.admitted))
        over = quota.over(after, who)
        ruling = judge(after, topic, who.feeds, who.homes, over_quota=over, now=now)
        change = _change(tx, before, ruling, now)
        if change is not None:
            changes.append(change)
            if change.shown and ruling.lead is not None:
                quota.spend(after, who)
        changes += _told_by_another(tx, part, after.article_id, now)
    return tuple(changes)


def _parts(tx: Tx, topic: Topic, articles: set[ArticleId]) -> list[list[Case]]:
    """Return the cases that are told as one: an article's, or all of its story."""
    if topic.spec.tell is not Tell.STORIES:
        return [[case] for case in tx.topics.cases([(topic.id, each) for each in sorted(articles)])]
    story_of = tx.stories.articles_of(tuple(articles))
    grouped: defaultdict[ArticleId, list[Case]] = defaultdict(list)
    for case in tx.topics.cases([(topic.id, each) for each in sorted(articles | set(story_of))]):
        grouped[story_of.get(case.article_id, case.article_id)].append(case)
    return list(grouped.values())


def _before(parts: list[Case]) -> Case:
    known = [each for each in parts if each.admitted or each.verdict or each.item]
    return fold(known or parts[:1]).case


def _after(
    parts: list[Case], more: Mapping[ArticleId, list[Admitted]], gone: frozenset[EntryId]
) -> Case:
    changed = []
    for case in parts:
        kept = [each for each in case.admitted if each.by_editor or each.entry_id not in gone]
        have = {each.entry_id for each in kept}
        new = [each for each in more.get(case.article_id, ()) if each.entry_id not in have]
        admitted = tuple(sorted((*kept, *new), key=lambda each: each.entry_id))
        changed.append(replace(case, admitted=admitted))
    known = [each for each in changed if each.admitted or each.verdict or each.item]
    return fold(known or changed[:1]).case


def _admitted(view: EntryView, because: str) -> Admitted:
    entry: Entry = view.entry
    return Admitted(
        entry_id=entry.id,
        feed_id=entry.feed_id,
        because=because,
        by_editor=False,
        place=entry.place,
        guid=entry.guid,
        key_hash=0,
        published_at=entry.text.published_at,
        updated_at=entry.text.updated_at,
        first_seen_at=entry.first_seen_at,
        url=entry.text.url,
        withdrawn=entry.withdrawn_at is not None,
    )


class _Quota:
    """How many of a source the topic may still publish, those of this preview counted."""

    def __init__(self, tx: Tx, topic: Topic, now: int) -> None:
        self._tx, self._topic, self._now = tx, topic, now
        self._spent: defaultdict[FeedId, int] = defaultdict(int)

    def over(self, case: Case, who: Desk) -> str | None:
        allowed = self._topic.spec.publish.per_source
        first = elect(case.admitted, who.feeds, who.homes, None)
        if allowed is None or case.item is not None or first is None:
            return None
        most, period = allowed
        shown = self._tx.topics.shown_by_source(self._topic.id, first.feed_id, self._now - period)
        if shown + self._spent[first.feed_id] < most:
            return None
        return f"{who.feeds[first.feed_id].spec.name} has had its {most}"

    def spend(self, case: Case, who: Desk) -> None:
        first = elect(case.admitted, who.feeds, who.homes, None)
        if first is not None:
            self._spent[first.feed_id] += 1


def _is_out(item: Item | None, now: int) -> bool:
    return item is not None and (item.visible_until is None or item.visible_until > now)


def _told_by_another(tx: Tx, parts: list[Case], head: ArticleId, now: int) -> Iterator[Change]:
    """Yield what is an item of its own now and will be told by that of its story."""
    for case in parts:
        item, verdict = case.item, case.verdict
        if item is None or case.article_id == head or not _is_out(item, now):
            continue
        entry = tx.entries.get(item.lead_entry_id)
        yield Change(
            entry_id=int(item.lead_entry_id),
            title=entry.text.title if entry is not None else "",
            before=verdict.state if verdict is not None else None,
            after=None,
            shown=False,
            because="another item tells its story",
        )


def _change(tx: Tx, before: Case, ruling: Ruling, now: int) -> Change | None:
    item, old, new = before.item, before.verdict, ruling.verdict
    was = _is_out(item, now)
    shown = new is not None and new.state is State.PUBLISHED and ruling.lead is not None
    states = (old.state if old else None, new.state if new else None)
    if was == shown and states[0] == states[1]:
        return None
    lead = ruling.lead.entry_id if ruling.lead is not None else None
    told = lead or (item.lead_entry_id if item is not None else tx.stories.lead(before.article_id))
    entry = tx.entries.get(told) if told is not None else None
    return Change(
        entry_id=int(told or 0),
        title=entry.text.title if entry is not None else "",
        before=states[0],
        after=states[1],
        shown=shown if was != shown else None,
        because=new.because if new is not None else "the rule admits it no more",
    )
