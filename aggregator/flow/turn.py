"""One feed's turn: gathered beside others, kept together by the one writer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from aggregator.core.drafting import Books
from aggregator.core.schedule import Turn
from aggregator.core.text import signed64
from aggregator.errors import AggregatorError, ReadFailed, StoreError, StoreRefused
from aggregator.flow.absorb import Absorbed, Overtaken, Polled, absorb, prepare
from aggregator.flow.filing import Desk, desk
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.exchange import Failed, Fault, Fetched, Outcome, Request
from aggregator.model.feed import Claim
from aggregator.model.intake import Blocks
from aggregator.ports import Tx

log = logging.getLogger(__name__)


def poll_one(kit: Kit, claim: Claim, books: Books) -> Polled:
    """Fetch, compare, read and draft one feed: everything that needs no writer.

    A body with the bytes of the last one is not read at all (checklist 9).
    """
    turn = turn_of(kit, claim)
    try:
        request = _request(kit, claim)
    except AggregatorError as error:
        refused = Failed(fault=Fault.BLOCKED, problem=str(error))
        return Polled(claim=claim, outcome=refused, turn=turn)
    outcome = kit.fetcher.fetch(request)
    if not isinstance(outcome, Fetched):
        return Polled(claim=claim, outcome=outcome, turn=turn)
    body_hash = signed64(outcome.body)
    arrived = Polled(claim=claim, outcome=_without_body(outcome), turn=turn, body_hash=body_hash)
    if body_hash == claim.state.body_hash:
        return arrived
    return read_body(kit, arrived, outcome, books)


def read_body(kit: Kit, arrived: Polled, outcome: Fetched, books: Books) -> Polled:
    try:
        parsed = kit.reader.read(outcome.body, url=outcome.url, content_type=outcome.content_type)
    except ReadFailed as error:
        return replace(arrived, unreadable=str(error))
    with kit.store.read() as tx:
        return prepare(tx, arrived, parsed, books)


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
    turns = []
    with kit.store.write() as tx:
        who = desk(tx, identity(tx, kit.settings.site, kit.clock()))
        blocks = tx.withdrawals.blocks()
        for polled in group:
            turns.append(_keep_one(tx, polled, blocks, who))
    return tuple(turns)


def _keep_one(tx: Tx, polled: Polled, blocks: Blocks, who: Desk) -> Absorbed:
    feed = polled.claim.feed
    try:
        with tx.savepoint():
            return absorb(tx, polled, blocks, who)
    except Overtaken:
        return Absorbed(feed=feed, outcome=polled.outcome, overtaken=True)
    except Exception as error:
        # What one document leads us to write is its feed's trouble; a store that fails is all's.
        if isinstance(error, StoreError) and not isinstance(error, StoreRefused):
            raise
        log.exception("could not absorb a poll", extra={"feed": feed.spec.name})
        problem = f"internal error, nothing of this poll was kept: {error!r}"
        failed = Failed(fault=Fault.UNREADABLE, problem=problem)
        without = Polled(claim=polled.claim, outcome=failed, turn=polled.turn, pushed=polled.pushed)
        return absorb(tx, without, blocks, who)


def _hand_back(kit: Kit, group: Sequence[Polled], problem: str) -> tuple[Absorbed, ...]:
    """Make the feeds due again soon; if even that fails, their leases end by themselves."""
    failed: Outcome = Failed(fault=Fault.UNREADABLE, problem=problem)
    try:
        with kit.store.write() as tx:
            for polled in group:
                before = polled.claim.state
                state = replace(
                    before,
                    next_poll_at=kit.clock() + 60,
                    failures=before.failures + 1,
                    problem=problem,
                )
                tx.feeds.settle(polled.claim, state)
    except StoreError as error:
        log.error("could not hand feeds back", extra={"problem": str(error)})
    return tuple(
        Absorbed(feed=polled.claim.feed, outcome=failed, problem=problem) for polled in group
    )


def _request(kit: Kit, claim: Claim) -> Request:
    spec, state = claim.feed.spec, claim.state
    return Request(
        url=spec.url,
        etag=state.etag,
        last_modified=state.last_modified,
        authorization=kit.authorize(spec.auth) if spec.auth else None,
    )


def _without_body(outcome: Fetched) -> Fetched:
    """A finished turn waits for the writer; its body need not."""
    return replace(outcome, body=b"")
