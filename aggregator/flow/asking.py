"""Ask for what is no feed's poll, with the manners of one: the host's turn, its pauses."""

from __future__ import annotations

import math

from aggregator.core.schedule import host_pause
from aggregator.core.urls import host_of
from aggregator.flow.kit import Kit
from aggregator.model.exchange import Failed, Fault, Outcome, Post, Request

SPARE = 5.0  # seconds beyond the deadline of a request after which its turn ends by itself
LOOK = 1.0  # seconds at most between two looks at a host that is busy


def ask(kit: Kit, request: Request | Post, *, patience: float, private: bool = False) -> Outcome:
    """Ask in the host's turn, waiting at most `patience` seconds for it; then leave it alone.

    One request at a time to a host and `net.spacing` between two hold among polls and these
    requests together, in every process of this store. A Retry-After pauses the host for all.
    `private`: for a feed that may not be named, nor its hosts.
    """
    host = host_of(request.url)
    if host is None:
        return _send(kit, request)  # which says what is wrong with it
    held_until = _turn(kit, host, patience)
    if isinstance(held_until, Failed):
        return held_until
    try:
        outcome = _send(kit, request)
    except BaseException:
        _give_back(kit, host, held_until, None, private)
        raise
    _give_back(kit, host, held_until, outcome, private)
    return outcome


def _send(kit: Kit, request: Request | Post) -> Outcome:
    if isinstance(request, Post):
        return kit.fetcher.post(request)
    return kit.fetcher.fetch(request)


def _turn(kit: Kit, host: str, patience: float) -> float | Failed:
    """Return until when the host's turn is ours; or that it wants to be left alone."""
    net = kit.settings.net
    hold = net.timeout + SPARE
    while True:
        now = kit.clock()
        with kit.store.write() as tx:
            at = tx.hosts.take(host, now, hold=hold, per_host=net.per_host)
        if at <= now:
            return now + hold
        if at - now > patience:
            return _left_alone(host, at - now)
        wait = min(at - now, LOOK)
        patience -= wait
        if kit.closing.wait(wait):
            return _left_alone(host, at - now)


def _left_alone(host: str, seconds: float) -> Failed:
    wait = f"{math.ceil(seconds)} s" if seconds < 600 else f"{math.ceil(seconds / 60)} min"
    problem = f"not asked: {host} is to be left alone for {wait}"
    return Failed(fault=Fault.BLOCKED, problem=problem, retry_after=seconds, host=host)


def _give_back(
    kit: Kit, host: str, held_until: float, outcome: Outcome | None, private: bool
) -> None:
    now = kit.clock()
    with kit.store.write() as tx:
        tx.hosts.give_back(host, held_until=held_until, free_at=now + kit.settings.net.spacing)
        if outcome is not None:
            tx.ledger.count(outcome.hops, now, private=private)
        if isinstance(outcome, Failed) and (until := host_pause(outcome, now)) is not None:
            tx.feeds.pause_host(outcome.host or host, until)
