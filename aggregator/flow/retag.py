"""Ask stored entries anew for tags and series: a changed vocabulary belongs to history too."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.drafting import Books, body_with_page, file, subject
from aggregator.core.naming import DESK_FEED
from aggregator.flow.filing import Desk, bring_feeds, desk, redraw, refresh_articles
from aggregator.flow.kit import Kit, books
from aggregator.flow.setup import identity
from aggregator.model.entry import Entry, Instalment
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx

PAGE = 500  # entries a transaction, so that polls get their turn between


@dataclass(frozen=True, slots=True, kw_only=True)
class Retagged:
    """How many entries were asked, and how many have other tags, series or topics now."""

    asked: int = 0
    changed: int = 0


def retag(kit: Kit, *, seconds: int = 30 * 86400) -> Retagged:
    """Give entries of the last `seconds` the tags, series and topics they would get now.

    What an editor decided stays as decided. Killed half way, what was done holds.
    """
    with kit.store.read() as tx:
        ready = books(tx, kit.settings)
    before, asked, changed = None, 0, 0
    while True:
        now = int(kit.clock())
        with kit.store.write() as tx:
            page = tx.entries.newest(since=now - seconds, before_id=before, limit=PAGE)
            who = desk(tx, identity(tx, kit.settings.site, now))
            changed += retag_entries(tx, who, ready, page, now)
        asked += len(page)
        if len(page) < PAGE:
            return Retagged(asked=asked, changed=changed)
        before = page[-1].id


def retag_entries(tx: Tx, who: Desk, ready: Books, entries: tuple[Entry, ...], now: int) -> int:
    """Do it for these entries, within one transaction; return how many changed."""
    bring_feeds(tx, who, (entry.feed_id for entry in entries))
    active = [each.id for each in who.topics.values() if each.status is TopicStatus.ACTIVE]
    touched = []
    for entry in entries:
        feed = who.feeds.get(entry.feed_id)
        if feed is None:
            continue
        body = body_with_page(entry)
        tags, series, matches = file(entry.text, body, feed, ready, place=entry.place)
        named = _named(entry, {each.series for each in series})
        if named and feed.spec.name == DESK_FEED:
            series = (*series, *named)
            about = subject(entry.text, feed, tags, series, place=entry.place, body=body)
            matches = ready.rules.match(about)
        retagged = (tags, series) != (entry.tags, entry.series)
        if retagged:
            tx.pages.refile(entry.id, tags, series)
        if tx.topics.readmit(entry.id, matches, active) or retagged:
            touched.append(entry.article_id)
    refresh_articles(tx, who, touched, now)
    redraw(tx, touched, now)
    return len(touched)


def _named(entry: Entry, told: set[str]) -> tuple[Instalment, ...]:
    """What an editors' own column was told by its closing fields, which are not kept."""
    return tuple(each for each in entry.series if each.series not in told)
