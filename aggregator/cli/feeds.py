"""`feeds`: what we poll."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.feeds_adding import COMMANDS_ADDING
from aggregator.cli.session import Session
from aggregator.cli.show import ago, when
from aggregator.errors import NotFound

if TYPE_CHECKING:
    from aggregator.model.feed import Feed, PollState
    from aggregator.model.ids import FeedId


@click.group()
def feeds() -> None:
    """List, try, add, import and export feeds."""


@feeds.command(
    "list", epilog="Examples:  aggregator feeds list  ·  aggregator feeds list --sort problem"
)
@click.option(
    "--sort",
    type=click.Choice(["id", "name", "due", "problem", "entries"]),
    default="id",
    show_default=True,
)
@click.pass_obj
def list_feeds(session: Session, sort: str) -> None:
    """List feeds with their state, last success, next turn and last problem."""
    with session.kit() as kit, kit.store.read() as tx:
        now, counts, states = kit.clock(), tx.feeds.counts(), tx.feeds.states()
        all_feeds = sorted(tx.feeds.all(), key=_order(sort, counts, states))
    found = [
        {
            "id": feed.id,
            "name": feed.spec.name,
            "status": str(feed.status),
            "title": feed.title,
            "entries": counts.get(feed.id, 0),
            "last_ok": when(states[feed.id].last_ok_at) or None,
            "next": when(states[feed.id].next_poll_at) or None,
            "failures": states[feed.id].failures,
            "problem": states[feed.id].problem,
            "moved_to": states[feed.id].moved_to,
            "url": feed.spec.url,
        }
        for feed in all_feeds
    ]
    rows = [
        (
            feed.id,
            feed.spec.name,
            str(feed.status),
            counts.get(feed.id, 0),
            ago(states[feed.id].last_ok_at, now),
            _next(states[feed.id], now),
            _problem(states[feed.id]),
        )
        for feed in all_feeds
    ]
    session.screen.rows(
        ("id", "name", "status", "entries", "last success", "next", "problem"),
        rows,
        value=found,
        empty="No feeds yet: write some into feeds.yaml, or `aggregator feeds add URL`.",
    )


@feeds.command(epilog="Example:  aggregator feeds show wire")
@click.argument("feed")
@click.pass_obj
def show(session: Session, feed: str) -> None:
    """Show one feed and its last polls."""
    with session.kit() as kit, kit.store.read() as tx:
        found = tx.feeds.find(feed)
        if found is None:
            raise NotFound(f"no feed is called {feed!r}; `aggregator feeds list` names them all")
        state, history = tx.feeds.state(found.id), tx.feeds.history(found.id, 10)
        facts = {
            "id": found.id,
            "name": found.spec.name,
            "url": found.spec.url,
            "title": found.title,
            "site": found.site_url,
            "status": str(found.status),
            "defined by": str(found.origin),
            "tags": ", ".join(found.spec.tags),
            "rights": str(found.spec.rights),
            "private": found.spec.private,
            "entries": tx.feeds.counts().get(found.id, 0),
            "last poll": when(state.last_poll_at),
            "last success": when(state.last_ok_at),
            "last new": when(state.last_new_at),
            "next": when(state.next_poll_at),
            "every": f"{state.interval} s",
            "failures": state.failures,
            "problem": state.problem,
            "moved to": state.moved_to,
        }
    if session.screen.json:
        names = {name.replace(" ", "_"): value for name, value in facts.items()}
        session.screen.document(names | {"polls": [asdict(record) for record in history]})
    else:
        session.screen.facts(facts)
        session.screen.rows(
            ("at", "status", "ms", "bytes", "seen", "new", "revised", "problem"),
            [
                (when(r.at), r.status, r.ms, r.bytes, r.seen, r.new, r.revised, r.problem)
                for r in history
            ],
            empty="Not polled yet.",
        )


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


for command in COMMANDS_ADDING:
    feeds.add_command(command)

COMMANDS = {"feeds": feeds}


def _order(
    sort: str, counts: Mapping[FeedId, int], states: Mapping[FeedId, PollState]
) -> Callable[[Feed], tuple[Any, ...]]:
    def key(feed: Feed) -> tuple[Any, ...]:
        state = states[feed.id]
        keys: dict[str, tuple[Any, ...]] = {
            "id": (feed.id,),
            "name": (feed.spec.name,),
            "due": (state.next_poll_at is None, state.next_poll_at or 0.0),
            "problem": (state.problem is None, -state.failures, feed.spec.name),
            "entries": (-counts.get(feed.id, 0), feed.spec.name),
        }
        return keys[sort]

    return key


def _next(state: PollState, now: float) -> str:
    if state.next_poll_at is None:
        return "never"
    return "due" if state.next_poll_at <= now else ago(state.next_poll_at, now)


def _problem(state: PollState) -> str:
    return state.problem or (f"moved to {state.moved_to}" if state.moved_to else "")
