"""`stats`: what all of it comes to."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when

if TYPE_CHECKING:
    from aggregator.flow.health import Totals
    from aggregator.model.ledger import Tally


@click.command(epilog="Examples:  aggregator stats  ·  aggregator --json stats")
@click.pass_obj
def stats(session: Session) -> None:
    """Tell what is polled, of whom, and what it brings.

    Feeds by state, requests and bytes of the last 30 days (today included) with the share answered
    304, the busiest and the slowest hosts.
    """
    from aggregator.flow.health import totals

    with session.kit() as kit, kit.store.read() as tx:
        now = kit.clock()
        told = totals(tx, now)
    if session.screen.json:
        session.screen.document(_fields(told))
        return
    session.screen.facts(_facts(told, now))
    session.screen.rows(
        ("busiest host", "requests", "unchanged", "failed", "received"),
        [
            (
                each.host,
                each.tally.requests,
                _percent(each.tally.unchanged),
                each.tally.failed,
                size(each.tally.bytes),
            )
            for each in told.busiest
        ],
        empty="Nobody was asked in the last 30 days.",
    )
    session.screen.rows(
        ("slowest host", "last polls", "mean ms"), told.slowest, empty="Nothing was polled yet."
    )


COMMANDS = {"stats": stats}


def size(count: int) -> str:
    """Return a number of bytes as people read it.

    >>> size(999), size(1_500), size(2_000_000_000)
    ('999 B', '1.5 kB', '2 GB')
    """
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= one:
            return f"{count / one:.3g} {unit}"
    return f"{count} B"


def _facts(told: Totals, now: float) -> dict[str, object]:
    from aggregator.core.health import DAYS, spark
    from aggregator.model.ledger import day_of

    today = day_of(now)
    days = range(today - DAYS + 1, today + 1)
    requests = [told.days[day].requests if day in told.days else 0 for day in days]
    new = [told.brought.get(day, (0, 0))[0] for day in days]
    return {
        "feeds": ", ".join(f"{count} {state}" for state, count in sorted(told.feeds.items())),
        "told by hubs": told.pushed,
        "entries": told.entries,
        "stories in topics": told.published,
        "requests": f"{told.asked.requests} in {DAYS} days, {requests[-1]} today",
        "requests a day": spark(requests),
        "unchanged (304)": _percent(told.asked.unchanged),
        "failed": told.asked.failed,
        "received": size(told.asked.bytes),
        "new entries": f"{sum(new)} in {DAYS} days, {new[-1]} today",
        "new entries a day": spark(new),
    }


def _fields(told: Totals) -> dict[str, object]:
    from aggregator.model.ledger import DAY

    days = sorted(told.days.keys() | told.brought.keys())
    return {
        "feeds": {str(state): count for state, count in sorted(told.feeds.items())},
        "pushed": told.pushed,
        "entries": told.entries,
        "published": told.published,
        "asked": asdict(told.asked),
        "days": [
            {
                "day": when(day * DAY)[:10],
                **_tally(told.days.get(day)),
                "new": told.brought.get(day, (0, 0))[0],
                "revised": told.brought.get(day, (0, 0))[1],
            }
            for day in days
        ],
        "busiest": [{"host": each.host, **asdict(each.tally)} for each in told.busiest],
        "slowest": [{"host": host, "polls": polls, "ms": ms} for host, polls, ms in told.slowest],
    }


def _tally(tally: Tally | None) -> dict[str, int]:
    from aggregator.model.ledger import Tally

    return asdict(tally or Tally())


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
