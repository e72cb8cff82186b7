"""Ask stored entries anew when a topic's rule has changed: history belongs to the new rule too."""

from __future__ import annotations

import json

from aggregator.core.drafting import subject_of
from aggregator.core.standing import RuleBook, rule_book
from aggregator.core.text import hash_text
from aggregator.flow.filing import Desk, bring_feeds, desk, refresh_articles
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry
from aggregator.model.topic import Tell, Topic, TopicSpec, TopicStatus
from aggregator.ports import Tx

HISTORY = 30 * 86400  # seconds back that a new or changed rule is asked of
PAGE = 500  # entries a transaction, so that polls get their turn between


def refile_changed(kit: Kit) -> int:
    """File stored entries of the last 30 days into topics whose rule changed.

    Returns how many entries were asked. What an editor decided stays as decided. Killed half
    way, it starts again at the next call: the new fingerprint is kept last.
    """
    with kit.store.read() as tx:
        stale = tuple(t for t in tx.topics.all(TopicStatus.ACTIVE) if _is_stale(tx, t))
    if not stale:
        return 0
    book, before, asked = rule_book(stale), None, 0
    while True:
        page = _refile_page(kit, book, stale, before)
        asked += len(page)
        if len(page) < PAGE:
            break
        before = page[-1].id
    with kit.store.write() as tx:
        for topic in stale:
            tx.topics.set_filed_spec(topic.id, fingerprint(topic.spec))
    return asked


def fingerprint(spec: TopicSpec) -> str:
    """Return what filing depends on: the rule, whether it publishes at once, what is one item."""
    facts = [spec.match, spec.mode]
    if spec.tell is not Tell.COPIES:
        facts.append(spec.tell)
    return str(hash_text(json.dumps(facts)))


def _is_stale(tx: Tx, topic: Topic) -> bool:
    return tx.topics.filed_spec(topic.id) != fingerprint(topic.spec)


def _refile_page(
    kit: Kit, book: RuleBook, topics: tuple[Topic, ...], before: int | None
) -> tuple[Entry, ...]:
    now = int(kit.clock())
    with kit.store.write() as tx:
        page = tx.entries.newest(since=now - HISTORY, before_id=before, limit=PAGE)
        who = desk(tx, identity(tx, kit.settings.site, now))
        bring_feeds(tx, who, (entry.feed_id for entry in page))
        touched = [entry.article_id for entry in page if _file(tx, entry, who, book, topics)]
        refresh_articles(tx, who, touched, now)
    return page


def _file(tx: Tx, entry: Entry, who: Desk, book: RuleBook, topics: tuple[Topic, ...]) -> bool:
    feed = who.feeds.get(entry.feed_id)
    if feed is None:
        return False
    asked = subject_of(entry, feed)
    found = book.match(asked)
    changed = tx.topics.readmit(entry.id, found, [topic.id for topic in topics])
    return changed or bool(found)  # a changed mode shows in verdicts though no admission changed
