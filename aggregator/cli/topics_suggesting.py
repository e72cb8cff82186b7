"""`topics suggest`: what editors would choose, by what they chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when

if TYPE_CHECKING:
    from aggregator.flow.suggest import Suggestions

COLUMNS = ("state", "score", "entry", "published", "feed", "title", "because")


@click.command(
    epilog=(
        "Examples:  aggregator topics suggest global-lane  ·  "
        "aggregator topics suggest global-lane --days 2 --limit 50"
    )
)
@click.argument("slug")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 3650))
@click.pass_obj
def suggest(session: Session, slug: str, limit: int, days: int) -> None:
    """Suggest what to choose, by what was approved and rejected so far; change nothing.

    First what waits in the topic, then entries of the last days that its rule missed and that
    are like what was chosen, each with the words that say so.
    """
    from dataclasses import asdict

    from aggregator.flow.suggest import signed
    from aggregator.flow.suggest import suggest as suggested

    with session.kit() as kit:
        found = suggested(kit, slug, limit=limit, days=days)
    screen = session.screen
    if screen.json:
        screen.document(asdict(found))
        return
    screen.say(_held(found))
    if found.words:
        screen.say(f"it goes by {signed(found.words)}")
    rows = [
        (
            each.state or "not in it",
            f"{each.score:.2f}",
            each.entry_id,
            when(each.published),
            each.feed,
            each.title,
            signed(each.words),
        )
        for each in (*found.waiting, *found.near)
    ]
    screen.rows(COLUMNS, rows, empty="Nothing to suggest.")


def _held(found: Suggestions) -> str:
    """How far what was learnt may be trusted, in one line."""
    if not found.chosen:
        return "nothing learnt yet: approve or add what belongs here, reject what does not"
    said = f"{found.chosen} of {found.decisions} decisions were for the topic"
    if found.precision is None or found.recall is None:
        return f"{said}, too few to tell how far that holds; {found.acts}"
    held = f"precision {found.precision:.2f}, recall {found.recall:.2f}"
    return f"{said}; cross-validated {held}; {found.acts}"
