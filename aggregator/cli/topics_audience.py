"""`topics audience`: how many read a topic, and how fresh what they get is."""

from __future__ import annotations

import click

from aggregator.cli.session import Session

COLUMNS = ("reader", "subscribers", "polls")
TOP = 20


@click.command(
    epilog=(
        "Examples:  aggregator topics audience global-lane  ·  "
        "aggregator --json topics audience global-lane --days 7"
    )
)
@click.argument("slug")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 400))
@click.pass_obj
def audience(session: Session, slug: str, days: int) -> None:
    """Tell how many read a topic in the last days, with what, and how fresh it reached them.

    A reader counts for the subscribers it tells in its User-Agent, or for the addresses it came
    from that day. Nobody's address is stored.
    """
    from dataclasses import asdict

    from aggregator.flow.audience import audience as told_of

    with session.kit() as kit:
        told = told_of(kit, slug, days=days)
    read, screen = told.readership, session.screen
    if screen.json:
        share = round(read.share_not_modified, 4)
        screen.document({"slug": slug, "days": days} | {**asdict(told), "share_304": share})
        return
    screen.say(
        f"{told.title}: {read.subscribers} subscribers on the best of {days} days; "
        f"{read.requests} polls, {read.share_not_modified:.0%} of them 304, "
        f"{read.bytes / 1e6:.1f} MB sent"
    )
    for leg in told.freshness:
        if leg.p50 is not None and leg.p90 is not None:
            half, most = span(leg.p50), span(leg.p90)
            screen.say(f"  {leg.name}: half within {half}, 90 % within {most} ({leg.items} items)")
    rows = [(each.name, each.subscribers, each.requests) for each in read.readers[:TOP]]
    screen.rows(COLUMNS, rows, empty="Nobody read it in that time, or the count is a minute away.")


def span(seconds: float) -> str:
    """Return how long something took, in the unit that suits it.

    >>> span(4.2), span(300), span(90_000)
    ('4 s', '5 min', '25 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
