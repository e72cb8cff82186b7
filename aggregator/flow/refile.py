"""Ask stored entries anew when a topic's rule has changed: history belongs to the new rule too."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext

from aggregator.core.drafting import subject_of
from aggregator.core.standing import RuleBook, rule_book
from aggregator.flow.applied import FILE, acts, fingerprint, gives, held, swings
from aggregator.flow.filing import Desk, bring_feeds, desk, refresh_articles
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry
from aggregator.model.ids import DecisionId, TopicId
from aggregator.model.topic import Topic, TopicStatus
from aggregator.ports import Tx

HISTORY = 30 * 86400  # seconds back that a new or changed rule is asked of
PAGE = 500  # entries a transaction, so that polls get their turn between

log = logging.getLogger(__name__)


def refile_changed(kit: Kit) -> int:
    """File stored entries of the last 30 days into topics whose rule changed.

    Returns how many entries were asked. What an editor decided stays as decided. The filing
    belongs to the act that changed the rule, and is undone with it. Killed half way, it starts
    again at the next call, under the same act: the new fingerprint is kept last.
    """
    with kit.store.read() as tx:
        stale = _stale(tx)
    return sum(_refile(kit, act, topics) for act, topics in stale.items())


def _stale(tx: Tx) -> dict[DecisionId | None, tuple[Topic, ...]]:
    """Return topics that are still to be filed, by the act that is not over yet; None: new ones."""
    found: dict[DecisionId | None, tuple[Topic, ...]] = {}
    topics = [t for t in tx.topics.all(TopicStatus.ACTIVE) if _is_stale(tx, t)]
    last = acts(tx) if topics else {}
    for topic in topics:
        act = last.get(topic.spec.slug)
        filed_before = tx.topics.filed_spec(topic.id)
        is_act = filed_before and act is not None and gives(act, topic.spec)
        number = act.id if act is not None and is_act and not tx.topics.undone(act.id) else None
        found[number] = (*found.get(number, ()), topic)
    return found


def _is_stale(tx: Tx, topic: Topic) -> bool:
    return tx.topics.filed_spec(topic.id) != fingerprint(topic.spec)


def _refile(kit: Kit, act: DecisionId | None, topics: tuple[Topic, ...]) -> int:
    since = int(kit.clock()) - HISTORY
    with kit.store.read() as tx:
        had: dict[TopicId, int] = held(tx, topics, since) if act is not None else {}
    book, before, asked = rule_book(topics), None, 0
    while True:
        page = _refile_page(kit, book, topics, before, act)
        asked += len(page)
        if len(page) < PAGE:
            break
        before = page[-1].id
    with kit.store.write() as tx:
        if _holds(tx, act, topics):
            with _recording(tx, act):
                for topic in topics:
                    tx.topics.set_filed_spec(topic.id, fingerprint(topic.spec))
    with kit.store.read() as tx:
        if _is_files(tx, act):  # whoever took it in with more will tell of all at the end
            for told in swings(tx, topics, had, since):
                log.warning("%s; `aggregator undo %s` takes the rule back", told, act)
    return asked


def _is_files(tx: Tx, act: DecisionId | None) -> bool:
    decision = tx.topics.decision(act) if act is not None else None
    return decision is not None and decision.actor == FILE


def _refile_page(
    kit: Kit,
    book: RuleBook,
    topics: tuple[Topic, ...],
    before: int | None,
    act: DecisionId | None = None,
) -> tuple[Entry, ...]:
    now = int(kit.clock())
    with kit.store.write() as tx:
        who = desk(tx, identity(tx, kit.settings.site, now))
        if not _holds(tx, act, topics):
            return ()
        page = tx.entries.newest(since=now - HISTORY, before_id=before, limit=PAGE)
        bring_feeds(tx, who, (entry.feed_id for entry in page))
        with _recording(tx, act):
            touched = [entry.article_id for entry in page if _file(tx, entry, who, book, topics)]
            refresh_articles(tx, who, touched, now)
    return page


def _holds(tx: Tx, act: DecisionId | None, topics: tuple[Topic, ...]) -> bool:
    """Whether nobody has undone the act or changed the rules meanwhile."""
    if act is not None and tx.topics.undone(act):
        return False
    now = (tx.topics.get(topic.id) for topic in topics)
    return [each.spec if each is not None else None for each in now] == [t.spec for t in topics]


def _recording(tx: Tx, act: DecisionId | None) -> AbstractContextManager[None]:
    return tx.journal.recording(act) if act is not None else nullcontext()


def _file(tx: Tx, entry: Entry, who: Desk, book: RuleBook, topics: tuple[Topic, ...]) -> bool:
    feed = who.feeds.get(entry.feed_id)
    if feed is None:
        return False
    asked = subject_of(entry, feed)
    found = book.match(asked)
    changed = tx.topics.readmit(entry.id, found, [topic.id for topic in topics])
    return changed or bool(found)  # a changed mode shows in verdicts though no admission changed
