"""Forget what is past its time: old entries, days of the ledger, polls, robots.txt, prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from threading import Event

from aggregator.core.fingerprint import WINDOW
from aggregator.flow.kit import Kit
from aggregator.model.ledger import DAY, day_of
from aggregator.ports import Tx
from aggregator.ports.retention import START, Mark

LEDGER_DAYS = 400  # a year, and what it takes to compare a month with that of the year before
POLL_DAYS = 30
LAST_POLLS = 10  # of each feed these are kept, however old: `feeds show` tells of them
ROBOTS_DAYS = 30
MOVES = 100_000  # of articles to other stories: who has not followed so many builds its index anew
SWEPT = 20_000  # keys of prints a transaction, which are looked at one after the other
_LOOKED_THROUGH = "entries looked through on"  # the name of a day in the store
AT_ONCE = 1_000  # rows, or hosts, a transaction: polls and editors wait for no more than that


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """How many rows were forgotten."""

    entries: int = 0  # older than their feeds keep them
    days: int = 0
    polls: int = 0
    robots: int = 0
    prints: int = 0  # of texts too old for a copy to be looked for
    reports: int = 0  # by which articles were placed among stories, outside their window
    moves: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))


def tidy(kit: Kit, *, stop: Event | None = None) -> Tidied:
    """Forget what is older than it is kept, a little at a time, until `stop` is set."""
    stop, now = stop or Event(), kit.clock()

    def polls(tx: Tx) -> int:
        return tx.ledger.forget_polls(now - POLL_DAYS * DAY, keep=LAST_POLLS, limit=AT_ONCE)

    def robots(tx: Tx) -> int:
        return tx.pages.forget_robots(now - ROBOTS_DAYS * DAY, AT_ONCE)

    def prints(tx: Tx) -> int:
        return tx.prints.forget(int(now) - WINDOW, AT_ONCE)

    def reports(tx: Tx) -> int:
        return tx.reports.forget(int(now) - kit.settings.window, AT_ONCE)

    done = Tidied(
        entries=_entries(kit, stop),
        days=_days(kit, day_of(now) - LEDGER_DAYS, stop),
        polls=_till_nothing_is_left(kit, polls, stop),
        robots=_till_nothing_is_left(kit, robots, stop),
        prints=_till_nothing_is_left(kit, prints, stop),
        reports=_till_nothing_is_left(kit, reports, stop),
        moves=_moves(kit, stop),
    )
    if done.prints:
        _sweep(kit, stop)
    return done


def _entries(kit: Kit, stop: Event) -> int:
    """Forget old entries; none of those among which reports of a story are still looked for.

    Once a day: what stays for good is looked at again each time.
    """
    keep, least = kit.settings.defaults.keep, kit.settings.window
    today = str(day_of(kit.clock()))
    with kit.store.read() as tx:
        if tx.meta.get(_LOOKED_THROUGH) == today:
            return 0
    count = 0
    at: Mark | None = START
    while at is not None and not stop.is_set():
        with kit.store.write() as tx:
            some = tx.retention.forget(at, kit.clock(), keep=keep, least=least, limit=AT_ONCE)
            count, at = count + some.entries, some.mark
            if at is None:
                tx.meta.set(_LOOKED_THROUGH, today)
    return count


def _days(kit: Kit, before: int, stop: Event) -> int:
    with kit.store.read() as tx:
        hosts, feeds = tx.ledger.told_before(before)
    count = 0
    for at in range(0, max(len(hosts), len(feeds)), AT_ONCE):
        if stop.is_set():
            break
        some = slice(at, at + AT_ONCE)
        with kit.store.write() as tx:
            count += tx.ledger.forget_days(before, hosts[some], feeds[some])
    return count


def _moves(kit: Kit, stop: Event) -> int:
    if stop.is_set():
        return 0
    with kit.store.write() as tx:
        return tx.reports.forget_moves(MOVES)


def _sweep(kit: Kit, stop: Event) -> None:
    """Delete what forgotten prints were found by: a few of all keys, so all are gone through."""
    start: int | None = 0
    while start is not None and not stop.is_set():
        with kit.store.write() as tx:
            start = tx.prints.sweep(start, SWEPT)


def _till_nothing_is_left(kit: Kit, forget: Callable[[Tx], int], stop: Event) -> int:
    count = 0
    while not stop.is_set():
        with kit.store.write() as tx:
            some = forget(tx)
        count += some
        if some < AT_ONCE:
            break
    return count
