"""Search stored entries: the index narrows, the one query language decides."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.drafting import subject_of
from aggregator.core.fts import fts_expression
from aggregator.core.query import Node, parse_query
from aggregator.core.rules import matches
from aggregator.flow.kit import Kit
from aggregator.model.entry import Entry, EntryView
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId, FeedId
from aggregator.ports import Tx

PAGE = 200
MOST_ASKED = 200_000  # entries a query without words may walk through


def search(kit: Kit, query: str, *, limit: int = 50) -> tuple[EntryView, ...]:
    """Return entries that match, newest first. Raises `QueryError` with the position.

    An entry that is withdrawn, or whose feed is unknown, is not found.
    """
    node = parse_query(query)
    now = int(kit.clock())
    with kit.store.read() as tx:
        feeds = {feed.id: feed for feed in tx.feeds.all()}
        found: list[EntryId] = []
        for entry in _narrowed(tx, fts_expression(node)):
            if _says_yes(node, entry, feeds, now):
                found.append(entry.id)
                if len(found) >= limit:
                    break
        return tx.entries.views(found)


def _says_yes(node: Node, entry: Entry, feeds: dict[FeedId, Feed], now: int) -> bool:
    feed = feeds.get(entry.feed_id)
    if feed is None or entry.withdrawn_at is not None:
        return False
    asked = subject_of(entry, feed)
    return matches(node, asked, now=now).yes


def _narrowed(tx: Tx, expression: str | None) -> Iterator[Entry]:
    before: int | None = None
    asked = 0
    while asked < MOST_ASKED:
        if expression is None:
            page = tx.entries.newest(before_id=before, limit=PAGE)
        else:
            ids = tx.entries.search(expression, before_id=before, limit=PAGE)
            page = tuple(view.entry for view in tx.entries.views(ids))
        yield from page
        asked += len(page)
        if len(page) < PAGE:
            return
        before = page[-1].id
