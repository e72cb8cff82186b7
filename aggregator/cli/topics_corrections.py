"""`topics corrections`: what became of items after readers had them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.session import Session
from aggregator.cli.show import Screen, when

if TYPE_CHECKING:
    from aggregator.model.correction import Correction, Diff, Runs

COLUMNS = ("at", "what", "told", "entry", "title", "why", "difference")
_COLORS = {"-": "red", "+": "green"}


@click.command(
    epilog=(
        "Examples:  aggregator topics corrections global-lane  ·  "
        "aggregator --json topics corrections global-lane --limit 5"
    )
)
@click.argument("slug")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.pass_obj
def corrections(session: Session, slug: str, limit: int) -> None:
    """Show what sources edited, and what was withdrawn, after it was published; newest first.

    With the difference in words, of edits that readers are not told of too. Of what is withdrawn
    neither title nor text is shown.
    """
    from aggregator.flow.curate import topic_named

    with session.kit() as kit, kit.store.read() as tx:
        topic = topic_named(tx, slug)
        found = tx.corrections.of_topic(topic.id, limit)
    screen = session.screen
    if screen.is_terminal and not screen.json and found:
        for each in found:
            _tell(screen, each)
        return
    screen.rows(
        COLUMNS,
        [_row(each) for each in found],
        value=[_told(each) for each in found],
        empty="Nothing was corrected yet.",
    )


def _row(one: Correction) -> tuple[object, ...]:
    from aggregator.core.corrections import diff_text

    parts = (one.diff.title, one.diff.text) if one.diff is not None else ()
    difference = " | ".join(diff_text(runs) for runs in parts if runs)
    said = (when(one.at), str(one.kind), str(one.policy))
    return (*said, int(one.entry_id), one.title, one.why, difference)


def _told(one: Correction) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": when(one.at),
        "what": str(one.kind),
        "told": str(one.policy),
        "entry": int(one.entry_id),
        "title": one.title,
        "why": one.why,
        "diff": None if one.diff is None else {"title": one.diff.title, "text": one.diff.text},
    }


def _tell(screen: Screen, one: Correction) -> None:
    """Show one to a person, what went in red and what came in green."""
    title = f"  {one.title}" if one.title else ""
    screen.line(f"{when(one.at)}  {one.kind} ({one.policy})  entry {one.entry_id}{title}")
    screen.line(f"  {one.why}")
    if one.diff is not None:
        _tell_diff(screen, one.diff)


def _tell_diff(screen: Screen, diff: Diff) -> None:
    for runs in (diff.title, diff.text):
        if runs:
            screen.runs([("  ", None), *_colored(runs)])


def _colored(runs: Runs) -> list[tuple[str, str | None]]:
    from aggregator.core.corrections import diff_text

    return [
        (text if sign not in _COLORS else f"{diff_text(((sign, text),))} ", _COLORS.get(sign))
        for sign, text in runs
    ]
