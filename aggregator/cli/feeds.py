"""`feeds`: what we poll."""

from __future__ import annotations

import click

from aggregator.cli.feeds_adding import COMMANDS_ADDING
from aggregator.cli.feeds_telling import COMMANDS_TELLING
from aggregator.cli.session import Session


@click.group()
def feeds() -> None:
    """List, try, add, import and export feeds."""


def _change_status(session: Session, feed: str, status: str) -> None:
    from aggregator.flow.lists import set_status
    from aggregator.model.feed import FeedStatus

    with session.kit() as kit:
        found = set_status(kit, feed, FeedStatus(status))
    session.screen.line(
        f"{found.spec.name}: {found.status}", {"name": found.spec.name, "status": found.status}
    )


@feeds.command(epilog="Example:  aggregator feeds pause wire")
@click.argument("feed")
@click.pass_obj
def pause(session: Session, feed: str) -> None:
    """Stop polling a feed; its entries stay."""
    _change_status(session, feed, "paused")


@feeds.command(epilog="Example:  aggregator feeds resume wire")
@click.argument("feed")
@click.pass_obj
def resume(session: Session, feed: str) -> None:
    """Poll a paused or gone feed again, at once."""
    _change_status(session, feed, "active")


@feeds.command(epilog="Example:  aggregator feeds remove wire")
@click.argument("feed")
@click.pass_obj
def remove(session: Session, feed: str) -> None:
    """Stop polling a feed of the desk's for good; what it gave stays published."""
    _change_status(session, feed, "retired")


for command in (*COMMANDS_TELLING, *COMMANDS_ADDING):
    feeds.add_command(command)

COMMANDS = {"feeds": feeds}
