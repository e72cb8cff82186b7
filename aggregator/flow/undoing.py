"""Take back a journalled act, row by row; what came since is brought into line with the rest."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.drafting import subject_of
from aggregator.core.standing import rule_book
from aggregator.flow.filing import bring_feeds, desk, redraw, refresh_articles
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry
from aggregator.model.ids import ArticleId, DecisionId
from aggregator.model.topic import Decision, TopicStatus, Verb
from aggregator.ports import Touched, Tx

JOURNALLED = frozenset({Verb.APPLY})
THROUGH = "through"  # in a payload: the highest number of an entry when the act began
PAGE = 500


def since_now(tx: Tx) -> dict[str, str]:
    """Return what a journalled decision's payload says of the entries there are already."""
    newest = tx.entries.newest(limit=1)
    return {THROUGH: str(newest[0].id if newest else 0)}


def original_of(tx: Tx, decision: Decision) -> Decision | None:
    """Return the act at the end of a chain of undos."""
    found: Decision | None = decision
    while found is not None and found.verb is Verb.UNDO:
        found = tx.topics.decision(found.undo_of) if found.undo_of is not None else None
    return found


def is_journalled(tx: Tx, decision: Decision) -> bool:
    """Return whether what it did is taken back by the journal, not by judging its story anew."""
    original = original_of(tx, decision)
    return original is not None and original.verb in JOURNALLED


def reverse(tx: Tx, kit: Kit, decision: Decision, now: int) -> Touched:
    """Take back what the act that `decision` undoes has changed, noted under `decision` itself.

    So an undo is undone the same way. Where nothing came since, every row is as it was before;
    entries that came since, or were revised or filed by a later act, are asked by the rules that
    hold now, and what editors decided since stays decided.
    """
    target = tx.topics.decision(decision.undo_of) if decision.undo_of is not None else None
    if target is None:
        return Touched()
    us = identity(tx, kit.settings.site, now)
    with tx.journal.recording(decision.id):
        touched = tx.journal.reverse(target.id)
        who = desk(tx, us)  # with the rules of before
        late = (*_come_since(tx, target), *_changed_since(tx, target, touched))
        bring_feeds(tx, who, (entry.feed_id for entry in late))
        active = {each.id for each in who.topics.values() if each.status is TopicStatus.ACTIVE}
        asked = [who.topics[each] for each in sorted(touched.topics & active)]
        book, numbers = rule_book(asked), [each.id for each in asked]
        anew = _decided_since(tx, target.id) & touched.articles
        for entry in late:
            feed = who.feeds.get(entry.feed_id)
            matches = book.match(subject_of(entry, feed)) if feed is not None else ()
            changed = tx.topics.readmit(entry.id, matches, numbers)
            if changed or entry.article_id in touched.articles:
                anew.add(entry.article_id)
        refresh_articles(tx, who, sorted(anew), now)
    redraw(tx, sorted(touched.articles), now)
    for topic_id in sorted(touched.topics & who.topics.keys()):
        tx.publications.mark_dirty(topic_id, now)
    return touched


def _come_since(tx: Tx, target: Decision) -> Iterator[Entry]:
    """Yield the entries that are newer than the act; none where it does not say."""
    through, before = int(target.payload.get(THROUGH, -1)), None
    while through >= 0:
        page = tx.entries.newest(before_id=before, limit=PAGE)
        newer = [entry for entry in page if entry.id > through]
        yield from newer
        if len(newer) < PAGE:
            return
        before = newer[-1].id


def _changed_since(tx: Tx, target: Decision, touched: Touched) -> Iterator[Entry]:
    """Yield older entries whose topics are not what the act alone made of them."""
    ids = set(tx.entries.revised(target.at))
    for act in tx.topics.decided(Verb.APPLY):
        if act.id > target.id and not tx.topics.undone(act.id):
            ids |= tx.journal.touched(act.id).entries | touched.entries
    through = int(target.payload.get(THROUGH, -1))
    for entry_id in sorted(ids):
        entry = tx.entries.get(entry_id) if entry_id <= through else None
        if entry is not None:
            yield entry


def _decided_since(tx: Tx, target: DecisionId) -> set[ArticleId]:
    """Return the articles that editors spoke of after the act."""
    last = tx.topics.decisions(limit=1)
    count = last[0].id - target if last else 0
    entries = {each.entry_id for each in tx.topics.decisions(limit=max(1, count))} - {None}
    found = (tx.stories.of_entry(each) for each in entries if each is not None)
    return {article for article in found if article is not None}
