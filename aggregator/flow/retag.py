"""Ask stored entries anew for tags and series: a changed vocabulary belongs to history too."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.core.drafting import Books, body_with_page, file, subject
from aggregator.core.naming import DESK_FEED
from aggregator.flow.filing import Desk, bring_feeds, redraw, refresh_articles
from aggregator.model.entry import Entry, Instalment, Tag
from aggregator.model.feed import Feed
from aggregator.model.ids import TopicId
from aggregator.model.intake import Match
from aggregator.ports import Tx


def retag_entries(
    tx: Tx,
    who: Desk,
    ready: Books,
    entries: Sequence[Entry],
    *,
    topics: Sequence[TopicId],
    now: int,
) -> int:
    """Give these entries the tags, series and, of `topics`, those they would get now.

    Returns how many changed. What an editor decided stays as decided.
    """
    bring_feeds(tx, who, (entry.feed_id for entry in entries))
    touched = []
    for entry in entries:
        feed = who.feeds.get(entry.feed_id)
        if feed is None:
            continue
        tags, series, matches = filed_today(entry, feed, ready)
        retagged = (tags, series) != (entry.tags, entry.series)
        if retagged:
            tx.pages.refile(entry.id, tags, series)
        if tx.topics.readmit(entry.id, matches, topics) or retagged:
            touched.append(entry.article_id)
    refresh_articles(tx, who, touched, now)
    redraw(tx, touched, now)
    return len(touched)


def filed_today(
    entry: Entry, feed: Feed, ready: Books
) -> tuple[tuple[Tag, ...], tuple[Instalment, ...], tuple[Match, ...]]:
    """Return the tags, series and topics a stored entry would get if it came now."""
    body = body_with_page(entry)
    tags, series, matches = file(entry.text, body, feed, ready, place=entry.place)
    named = _named(entry, {each.series for each in series})
    if named and feed.spec.name == DESK_FEED:
        series = (*series, *named)
        about = subject(entry.text, feed, tags, series, place=entry.place, body=body)
        matches = ready.rules.match(about)
    return tags, series, matches


def _named(entry: Entry, told: set[str]) -> tuple[Instalment, ...]:
    """What an editors' own column was told by its closing fields, which are not kept."""
    return tuple(each for each in entry.series if each.series not in told)
