"""A feed's older documents, walked once when it is new to us (RFC 5005, JSON Feed's next_url)."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from aggregator.core.urls import host_of, takes_login
from aggregator.errors import ReadFailed
from aggregator.flow.kit import Kit
from aggregator.model.entry import ParsedEntry, ParsedFeed
from aggregator.model.exchange import Fetched, Hop, Request
from aggregator.model.feed import Feed

log = logging.getLogger(__name__)

MOST_DOCUMENTS = 10
MOST_ENTRIES = 2_000
MOST_BYTES = 20_000_000  # of all documents together, unpacked


def with_archives(kit: Kit, feed: Feed, current: ParsedFeed) -> tuple[ParsedFeed, tuple[Hop, ...]]:
    """Return the document with the entries of older ones after its own, and what was asked.

    Bounded (nothing more is asked for once `net.timeout` is over), within the feed's own host,
    each address once, and a login goes only where it was given for; whatever fails ends the walk,
    and what was read till then counts. An entry of the current document stands before its older
    self.
    """
    entries: list[ParsedEntry] = list(current.entries)
    hops: list[Hop] = []
    url, seen, left = current.more_url, {feed.spec.url}, MOST_BYTES
    until = time.monotonic() + kit.settings.net.timeout
    for _ in range(MOST_DOCUMENTS):
        if url is None or url in seen or not _may_ask(feed, url) or time.monotonic() > until:
            break
        seen.add(url)
        outcome = kit.fetcher.fetch(_request(kit, feed, url))
        hops += outcome.hops
        if not isinstance(outcome, Fetched):
            log.info("an archive cannot be read", extra={"feed": feed.spec.name, "url": url})
            break
        left -= len(outcome.body)
        if left < 0:
            break
        try:
            older = kit.reader.read(
                outcome.body, url=outcome.url, content_type=outcome.content_type
            )
        except ReadFailed:
            break
        guids = {each.guid for each in entries if each.guid}
        entries += [each for each in older.entries if each.guid not in guids]
        url = older.more_url
        if len(entries) >= MOST_ENTRIES:
            break
    return replace(current, entries=tuple(entries[:MOST_ENTRIES])), tuple(hops)


def _may_ask(feed: Feed, url: str) -> bool:
    if feed.spec.auth is not None:
        return takes_login(url, feed.spec.url)
    return host_of(url) == host_of(feed.spec.url)


def _request(kit: Kit, feed: Feed, url: str) -> Request:
    secret = kit.authorize(feed.spec.auth) if feed.spec.auth else None
    return Request(url=url, authorization=secret)
