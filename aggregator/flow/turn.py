"""One feed's turn: gathered beside others, kept together by the one writer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from aggregator.core.drafting import Books, place_of
from aggregator.core.schedule import Turn, after_failure
from aggregator.core.text import signed64
from aggregator.core.websub import after_ping
from aggregator.errors import AggregatorError, ReadFailed, StoreError, StoreRefused
from aggregator.flow.absorb import absorb, prepare
from aggregator.flow.archives import with_archives
from aggregator.flow.filing import Desk, desk
from aggregator.flow.health import enter
from aggregator.flow.kit import Kit
from aggregator.flow.polled import Absorbed, Overtaken, Polled
from aggregator.flow.rekey import keys_hold
from aggregator.flow.robots import led_astray, refusal
from aggregator.flow.setup import identity
from aggregator.formats.reading import READERS, differences
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fault, Fetched, Request, Wanted
from aggregator.model.feed import Claim, FeedStatus, Origin
from aggregator.model.intake import Blocks
from aggregator.ports import Tx

log = logging.getLogger(__name__)

FAST = "fast"
SHADOWED = 0.01  # of the documents the fast reader took: feedparser reads them too


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all turns of a round share."""

    books: Books
    subscribers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A turn whose answer came, on its way from who waits for others to who does the work.

    `body` is what is to be read still, `parsed` what was read and is to be drafted; without
    either the turn is done.
    """

    polled: Polled
    body: Fetched | None = None
    parsed: ParsedFeed | None = None
    archives: bool = False  # the older documents it names are still to be asked for

    @property
    def waits(self) -> bool:
        """Whether the next step is one that waits for others."""
        return self.body is not None or self.archives


def fetch_one(kit: Kit, claim: Claim, ground: Ground) -> Arrived:
    """Fetch one feed and compare what came; waits for servers.

    A body with the bytes of the last one is not read at all (checklist 9), unless it was read by
    an older reader.
    """
    turn = turn_of(kit, claim)
    try:
        request = _request(kit, claim, ground)
    except AggregatorError as error:
        refused = Failed(fault=Fault.BLOCKED, problem=str(error))
        return Arrived(polled=Polled(claim=claim, outcome=refused, turn=turn))
    if claim.feed.spec.scrape is not None and (unwelcome := refusal(kit, claim.feed)) is not None:
        return Arrived(polled=Polled(claim=claim, outcome=unwelcome, turn=turn))
    outcome = kit.fetcher.fetch(request)
    if claim.feed.spec.scrape is not None and isinstance(outcome, Fetched):
        outcome = led_astray(kit, claim.feed, outcome) or outcome
    if not isinstance(outcome, Fetched):
        return Arrived(polled=Polled(claim=claim, outcome=outcome, turn=turn))
    body_hash = signed64(outcome.body)
    polled = Polled(claim=claim, outcome=_without_body(outcome), turn=turn, body_hash=body_hash)
    if body_hash == claim.state.body_hash and claim.state.read_by == READERS:
        return Arrived(polled=polled)
    return Arrived(polled=polled, body=outcome)


def read_at_once(kit: Kit, arrived: Arrived) -> Arrived:
    """Read a body if that takes a moment; else it `waits` for `read_with_patience`."""
    polled, body = arrived.polled, arrived.body
    spec, state = polled.claim.feed.spec, polled.claim.state
    if body is None or state.tolerant or spec.scrape is not None:
        return arrived
    try:
        parsed = kit.reader.read_at_once(body.body, url=body.url, content_type=body.content_type)
    except ReadFailed as error:
        return Arrived(polled=replace(polled, unreadable=str(error)))
    if parsed is None:
        return arrived
    if parsed.reader == FAST and kit.jitter() >= 1 - SHADOWED:
        return replace(arrived, parsed=parsed)
    return Arrived(polled=polled, parsed=parsed, archives=_has_archives(polled, parsed))


def read_with_patience(kit: Kit, arrived: Arrived) -> Arrived:
    """Read what takes longer, or twice, and older documents; waits for workers and servers."""
    polled, parsed = arrived.polled, arrived.parsed
    if arrived.body is not None:
        try:
            polled, parsed = _read(kit, polled, arrived.body, parsed)
        except ReadFailed as error:
            return Arrived(polled=replace(polled, unreadable=str(error)))
    if parsed is not None and _has_archives(polled, parsed):
        parsed, hops = with_archives(kit, polled.claim.feed, parsed)
        more = replace(polled.outcome, hops=polled.outcome.hops + hops)
        polled = replace(polled, outcome=more)
    return Arrived(polled=polled, parsed=parsed)


def drafted(kit: Kit, arrived: Arrived, books: Books) -> Polled:
    """Return the turn with its drafts, ready to be kept."""
    if arrived.parsed is None:
        return arrived.polled
    with kit.store.read() as tx:
        return prepare(tx, arrived.polled, arrived.parsed, books)


def read_body(kit: Kit, polled: Polled, outcome: Fetched, books: Books) -> Polled:
    """Read and draft a body, however long it takes; what cannot be read is told in `unreadable`."""
    arrived = read_at_once(kit, Arrived(polled=polled, body=outcome))
    if arrived.waits:
        arrived = read_with_patience(kit, arrived)
    return drafted(kit, arrived, books)


def _read(
    kit: Kit, polled: Polled, outcome: Fetched, parsed: ParsedFeed | None
) -> tuple[Polled, ParsedFeed]:
    """Have feedparser read what nobody has read, or compare it with what was read fast."""
    spec, state = polled.claim.feed.spec, polled.claim.state
    ask = partial(kit.reader.read, outcome.body, url=outcome.url, content_type=outcome.content_type)
    if parsed is None:
        return polled, ask(tolerant=state.tolerant, scrape=spec.scrape)
    shadow = ask(tolerant=True)
    if misread := differences(parsed, shadow):
        log.error("misread", extra={"feed": spec.name, "fields": ", ".join(misread)})
        return replace(polled, misread=misread), shadow
    return polled, parsed


def _has_archives(polled: Polled, parsed: ParsedFeed) -> bool:
    new_to_us = polled.claim.state.last_ok_at is None and not polled.pushed
    return new_to_us and parsed.more_url is not None


def turn_of(kit: Kit, claim: Claim) -> Turn:
    """Return the turn that starts now; the ttl is that of the document last read."""
    every = claim.feed.spec.every
    return Turn(started=kit.clock(), every=every, ttl=claim.state.ttl, jitter=kit.jitter())


def broken_turn(kit: Kit, claim: Claim, problem: str) -> Polled:
    """Return a turn that went wrong by a fault of our own."""
    failed = Failed(fault=Fault.UNREADABLE, problem=problem)
    return Polled(claim=claim, outcome=failed, turn=turn_of(kit, claim))


def keep_group(kit: Kit, group: Sequence[Polled]) -> tuple[Absorbed, ...]:
    """Keep a group of turns in one transaction; one that cannot be kept spoils no other.

    When the transaction itself fails nothing of it is kept, validators included, so the next
    poll of each feed gets its body anew and no entry is lost.
    """
    try:
        return _keep_together(kit, group)
    except StoreError as error:
        problem = f"could not be kept: {error}"
        log.error("could not keep polls", extra={"polls": len(group), "problem": str(error)})
        return _hand_back(kit, group, problem)


def _keep_together(kit: Kit, group: Sequence[Polled]) -> tuple[Absorbed, ...]:
    turns: list[Absorbed] = []
    _look_for_stories(kit, group)
    asked = [(polled.claim.feed, polled.outcome) for polled in group]
    with kit.stories.trying(), kit.store.write() as tx:
        if not keys_hold(tx, kit.settings):  # their leases end by themselves, and it is asked anew
            return tuple(_overtaken(polled) for polled in group)
        who = desk(tx, identity(tx, kit.settings.site, kit.clock()))
        blocks = tx.withdrawals.blocks()
        for polled in group:
            turns.append(_keep_one(kit, tx, polled, blocks, who))
        enter(tx, asked, kit.clock())
        for turn in turns:
            if turn.new or turn.revised:
                now = kit.clock()
                tx.ledger.count_entries(turn.feed.id, now, new=turn.new, revised=turn.revised)
    return tuple(turns)


def _look_for_stories(kit: Kit, group: Sequence[Polled]) -> None:
    """Have the index of stories ready, if any of these entries will be looked for in it."""
    now, window = int(kit.clock()), kit.settings.window
    drafts = (each for polled in group for each in polled.drafts.values())
    if any(place_of(each.text, now) >= now - window for each in drafts):
        with kit.store.read() as tx:
            kit.stories.build(tx, kit.settings, now)


def _overtaken(polled: Polled) -> Absorbed:
    return Absorbed(feed=polled.claim.feed, outcome=polled.outcome, overtaken=True)


def _keep_one(kit: Kit, tx: Tx, polled: Polled, blocks: Blocks, who: Desk) -> Absorbed:
    feed = polled.claim.feed
    if polled.parsed is None:  # nothing in it that could lead us astray
        with suppress(Overtaken):
            return absorb(kit, tx, polled, blocks, who)
        return _overtaken(polled)
    try:
        with kit.stories.trying(), tx.savepoint():
            return absorb(kit, tx, polled, blocks, who)
    except Overtaken:
        return _overtaken(polled)
    except Exception as error:
        # What one document leads us to write is its feed's trouble; a store that fails is all's.
        if isinstance(error, StoreError) and not isinstance(error, StoreRefused):
            raise
        log.exception("could not absorb a poll", extra={"feed": feed.spec.name})
        problem = f"internal error, nothing of this poll was kept: {error!r}"
        failed = Failed(fault=Fault.UNREADABLE, problem=problem)
        without = Polled(claim=polled.claim, outcome=failed, turn=polled.turn, pushed=polled.pushed)
        try:
            return absorb(kit, tx, without, blocks, who)
        except Overtaken:
            return Absorbed(feed=feed, outcome=failed, overtaken=True)


def _hand_back(kit: Kit, group: Sequence[Polled], problem: str) -> tuple[Absorbed, ...]:
    """Make the feeds due again; if even that fails, their leases end by themselves."""
    failed = Failed(fault=Fault.UNREADABLE, problem=problem)
    try:
        with kit.store.write() as tx:
            for polled in group:
                # Their publishers have no part in it, and shall not be asked each minute. What a
                # hub brought is polled for.
                before, turn = polled.claim.state, polled.turn
                if polled.pushed:
                    state = after_ping(before, turn.started)
                else:
                    state = after_failure(before, failed, turn)
                tx.feeds.settle(polled.claim, state)
    except StoreError as error:
        log.error("could not hand feeds back", extra={"problem": str(error)})
    return tuple(
        Absorbed(feed=polled.claim.feed, outcome=failed, problem=problem) for polled in group
    )


def _request(kit: Kit, claim: Claim, ground: Ground) -> Request:
    """Return the conditional request. Validators stand for what these readers made of a body."""
    spec, state = claim.feed.spec, claim.state
    same = state.read_by == READERS
    return Request(
        url=spec.url,
        wanted=Wanted.FEED if spec.scrape is None else Wanted.PAGE,
        etag=state.etag if same else None,
        last_modified=state.last_modified if same else None,
        authorization=kit.authorize(spec.auth) if spec.auth else None,
        taken=partial(_taken, kit, claim),
        subscribers=ground.subscribers,
    )


def _taken(kit: Kit, claim: Claim, url: str) -> str | None:
    """Return the name of the other active feed that is polled at this address."""
    with kit.store.read() as tx:
        other = tx.feeds.find(url)
    if other is None or other.id == claim.feed.id or other.spec.url != url:
        return None
    if other.origin is Origin.LIST and claim.feed.origin is not Origin.LIST:
        return None  # what a stranger's list names takes nothing from what editors chose
    return other.spec.name if other.status is FeedStatus.ACTIVE else None


def _without_body(outcome: Fetched) -> Fetched:
    """A finished turn waits for the writer; its body need not."""
    return replace(outcome, body=b"")
