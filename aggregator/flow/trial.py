"""Try a feed: what it would bring, with nothing of it stored."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.drafting import Draft, draft
from aggregator.core.identity import assign, identify
from aggregator.errors import ReadFailed
from aggregator.flow.absorb import learned
from aggregator.flow.kit import Kit, books
from aggregator.flow.lists import spec_for
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fetched, Request
from aggregator.model.feed import Feed, Origin
from aggregator.model.ids import FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a feed would bring, with nothing of it stored."""

    url: str
    problem: str | None  # the fetch's or the document's, in words
    usable: bool
    status: int | None = None
    ms: int = 0
    parsed: ParsedFeed | None = None
    drafts: tuple[Draft, ...] = ()
    known_as: str | None = None  # the feed we already have at this address


def try_feed(kit: Kit, target: str) -> Tried:
    """Fetch and read a feed by name or address, and show what would be stored; store nothing."""
    with kit.store.read() as tx:
        known = tx.feeds.find(target)
        ready = books(tx, kit.settings)
    spec = known.spec if known is not None else spec_for(kit, target, frozenset())
    outcome = kit.fetcher.fetch(
        Request(url=spec.url, authorization=kit.authorize(spec.auth) if spec.auth else None)
    )
    name = known.spec.name if known is not None else None
    if not isinstance(outcome, Fetched):
        problem = outcome.problem if isinstance(outcome, Failed) else "304 to a plain request"
        status = outcome.status if isinstance(outcome, Failed) else 304
        return Tried(url=spec.url, problem=problem, usable=False, status=status, known_as=name)
    try:
        parsed = kit.reader.read(outcome.body, url=outcome.url, content_type=outcome.content_type)
    except ReadFailed as error:
        return Tried(
            url=outcome.url, problem=str(error), usable=False, status=outcome.status, known_as=name
        )
    feed = learned(Feed(id=FeedId(0), spec=spec, origin=Origin.DESK), parsed)
    now = int(kit.clock())
    keyed = assign(identify(parsed.entries), {})
    return Tried(
        url=outcome.url,
        problem=parsed.problem,
        usable=True,
        status=outcome.status,
        ms=outcome.ms,
        parsed=parsed,
        drafts=tuple(draft(each, feed, ready, first_seen=now) for each in keyed),
        known_as=name,
    )
