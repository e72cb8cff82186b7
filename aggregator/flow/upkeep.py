"""What a poll means for the feed itself: moves, twins, pauses, and what its publisher took back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from aggregator.core.identity import guid_hash
from aggregator.core.schedule import confirmed_move, host_pause
from aggregator.core.urls import host_of, takes_login
from aggregator.flow.polled import Polled
from aggregator.model.correction import Corrections
from aggregator.model.exchange import Failed, Fault, Fetched
from aggregator.model.feed import Feed, FeedStatus, PollState
from aggregator.model.ids import EntryId
from aggregator.model.intake import Intake
from aggregator.ports import Tx

log = logging.getLogger(__name__)

TAKEN_BACK = "its publisher took it back"
WHOLE = 200  # a 226 holds only what is new, and tells nothing of what is missing
_MOVED = "redirects for good to "


def with_move(tx: Tx, feed: Feed, state: PollState, now: float) -> tuple[PollState, str | None]:
    """Return the state with what a confirmed permanent redirect means, and where to poll from now.

    Where another feed of ours is polled already this one is a twin: it is paused, and the operator
    told; where another was polled, and is not any more, it goes on as it is. A login goes to no
    other place than the one it was given for, and never from TLS to none.
    """
    to = confirmed_move(state, now)
    if to is None or host_of(to) is None:  # what is too long for an address is none
        over = state.moved_to is None and (state.notice or "").startswith(_MOVED)
        return (replace(state, notice=None) if over else state), None
    other = tx.feeds.find(to)
    if other is not None and other.id != feed.id:
        notice = f"{_MOVED}{to}, which is feed {other.spec.name!r}"
        if other.status is not FeedStatus.ACTIVE or other.spec.url != to:
            return replace(state, notice=f"{notice}, not polled there: one of the two can go"), None
        tx.feeds.set_status(feed.id, FeedStatus.PAUSED, now=now)
        return replace(state, notice=f"{notice}: paused, one of the two can go"), None
    if feed.spec.auth is not None and not takes_login(to, feed.spec.url):
        place = "port, or for TLS" if host_of(to) == host_of(feed.spec.url) else "host"
        notice = f"{_MOVED}{to}; its login was given for another {place}: change the feed's address"
        return replace(state, notice=notice), None
    return state, to


def move(tx: Tx, feed: Feed, to: str) -> None:
    """Poll a feed at its new address from now on."""
    log.warning("a feed has moved", extra={"feed": feed.spec.name, "to": to})
    tx.feeds.move(feed.id, to)


def pass_on(tx: Tx, polled: Polled) -> None:
    """What one answer means beyond its feed: a host's pause, a feed that is gone for good."""
    feed, outcome = polled.claim.feed, polled.outcome
    until = host_pause(outcome, polled.turn.started)
    answered = outcome.host if isinstance(outcome, Failed) else None
    host = answered or host_of(feed.spec.url)
    if until is not None and host is not None:
        tx.feeds.pause_host(host, until)
    if isinstance(outcome, Failed) and outcome.fault is Fault.GONE:
        tx.feeds.set_status(feed.id, FeedStatus.GONE, now=polled.turn.started)


def taken_back(
    tx: Tx, polled: Polled, intake: Intake
) -> tuple[tuple[EntryId, ...], tuple[EntryId, ...]]:
    """Return the entries that their publisher took back, and those that it gives again.

    It takes back what it names as deleted (RFC 6721; ids count only within this feed), and what a
    document that calls itself complete leaves out (RFC 5005, section 2). What comes under a new
    id is not left out. With `corrections: withdraw` nothing it took back is taken again.
    """
    parsed, outcome = polled.parsed, polled.outcome
    if parsed is None or not isinstance(outcome, Fetched):
        return (), ()
    feed_id = polled.claim.feed.id
    named = _named(tx, polled, parsed.deleted) if parsed.deleted else set()
    whole = (
        parsed.complete and polled.seen > 0 and parsed.problem is None and outcome.status == WHOLE
    )
    if not (named or whole):
        return (), ()
    present = {polled.known[each].entry_id for each in polled.digests if each in polled.known}
    present |= {alias.entry_id for alias in intake.aliases}
    present -= named
    missing = set(tx.entries.of_feed(feed_id)) - present if whole else set()
    before = set(tx.entries.taken_back(feed_id, TAKEN_BACK))
    gone = (named | missing) - before
    for_good = polled.claim.feed.spec.corrections is Corrections.WITHDRAW
    return tuple(sorted(gone)), tuple(sorted(before & present if whole and not for_good else ()))


def _named(tx: Tx, polled: Polled, guids: Iterable[str]) -> set[EntryId]:
    known = tx.entries.known(polled.claim.feed.id, [guid_hash(guid) for guid in guids])
    return {each.entry_id for each in known.values()}
