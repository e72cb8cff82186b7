"""`feeds list` and `feeds show`: how feeds fare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.session import Session
from aggregator.cli.show import ago, when

if TYPE_CHECKING:
    from aggregator.core.health import Health

SORTS = ("id", "name", "due", "problem", "entries", "rate", "new")
COLUMNS = {  # with the least width of a terminal that has room for each
    "id": 0,
    "name": 0,
    "state": 0,
    "entries": 110,
    "brings": 0,
    "last 30 days": 145,
    "last new": 100,
    "last success": 125,
    "next": 0,
    "problem": 0,
}
STATUSES = ("active", "paused", "retired", "gone")
LAST_POLLS = 10


@click.command(
    "list",
    epilog="Examples:  aggregator feeds list --sort rate  ·  aggregator feeds list --failing",
)
@click.option("--sort", type=click.Choice(SORTS), default="id", show_default=True)
@click.option("--status", type=click.Choice(STATUSES), help="Only feeds with this status.")
@click.option("--failing", is_flag=True, help="Only feeds whose last poll went wrong.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N.")
@click.pass_obj
def list_feeds(
    session: Session, sort: str, status: str | None, failing: bool, limit: int | None
) -> None:
    """List feeds with how they fare.

    State, entries kept and a day, the last 30 days (today last), last new entry, last success,
    next turn and last problem. A narrow terminal has some of them; `feeds show` and a pipe all.
    """
    from aggregator.core.health import ORDERS, Condition, pace, spark
    from aggregator.flow.health import health_of_all
    from aggregator.model.feed import FeedStatus

    statuses = () if status is None else (FeedStatus(status),)
    with session.kit() as kit, kit.store.read() as tx:
        now = kit.clock()
        found = sorted(
            health_of_all(tx, now, *statuses, series=kit.settings.series), key=ORDERS[sort]
        )
    if failing:
        found = [each for each in found if each.condition is Condition.FAILING]
    found = found[:limit]
    if session.screen.json:
        session.screen.document([_fields(each) for each in found])
        return
    columns = _columns(session.screen.is_terminal)
    cells: dict[str, Callable[[Health], object]] = {
        "id": lambda it: it.feed.id,
        "name": lambda it: it.feed.spec.name,
        "state": lambda it: str(it.condition),
        "entries": lambda it: it.entries,
        "brings": lambda it: pace(it.a_day),
        "last 30 days": lambda it: spark(it.days),
        "last new": lambda it: ago(it.state.last_new_at, now),
        "last success": lambda it: ago(it.state.last_ok_at, now),
        "next": lambda it: _next(it, now),
        "problem": lambda it: it.trouble or "",
    }
    session.screen.rows(
        columns,
        [tuple(cells[name](each) for name in columns) for each in found],
        empty="No such feed: `aggregator feeds list` shows all."
        if failing or status
        else "No feeds yet: write some into feeds.yaml, or `aggregator feeds add URL`.",
    )


@click.command(epilog="Example:  aggregator feeds show wire")
@click.argument("feed")
@click.pass_obj
def show(session: Session, feed: str) -> None:
    """Show everything about one feed, its last 30 days and its last polls."""
    from aggregator.flow.health import health_of
    from aggregator.flow.lists import no_such_feed
    from aggregator.flow.push import push_state

    with session.kit() as kit, kit.store.read() as tx:
        found = tx.feeds.find(feed)
        if found is None:
            raise no_such_feed(tx, feed)
        now = kit.clock()
        health = health_of(tx, found, now, kit.settings.series)
        history = tx.feeds.history(found.id, LAST_POLLS)
        push = push_state(tx, found.id)
    if session.screen.json:
        polls = [asdict(record) for record in history]
        more = _more_fields(health, now) | {"push": push, "polls": polls}
        session.screen.document(_fields(health) | more)
        return
    session.screen.facts(_facts(health, now, push))
    session.screen.rows(
        ("at", "status", "ms", "bytes", "seen", "new", "revised", "problem"),
        [
            (when(r.at), r.status, r.ms, r.bytes, r.seen, r.new, r.revised, r.problem)
            for r in history
        ],
        empty="Not polled yet.",
    )


COMMANDS_TELLING = (list_feeds, show)


def _facts(health: Health, now: float, push: str | None) -> dict[str, object]:
    """What people read of one feed."""
    from aggregator.core.column_rhythm import usually
    from aggregator.core.health import asked_told, pace, rhythm_told, spark

    feed, spec, state = health.feed, health.feed.spec, health.state
    facts: dict[str, object] = {
        "id": feed.id,
        "name": spec.name,
        "url": spec.url,
        "title": feed.title,
        "site": feed.site_url,
        "state": str(health.condition),
        "defined by": str(feed.origin),
        "tags": ", ".join(spec.tags),
        "rights": str(spec.rights),
        "private": spec.private,
        "entries": health.entries,
        "brings": pace(health.a_day),
        "last 30 days": spark(health.days),
        "rhythm": rhythm_told(state),
        "asked": asked_told(health, now),
        "unchanged": _percent(health.unchanged),
        "series": "; ".join(f"{each.series}, {usually(each)}" for each in health.columns),
        "late": "; ".join(each.note for each in health.columns if each.note),
        "last poll": when(state.last_poll_at),
        "last success": when(state.last_ok_at),
        "last new": when(state.last_new_at),
        "next": when(state.next_poll_at) or "never",
        "failures": state.failures,
        "problem": state.problem,
        "notice": state.notice,
        "moved to": state.moved_to,
        "hub": push,
        "read by": "feedparser alone" if state.tolerant else "",
    }
    always = {"id", "name", "url", "state", "entries", "private", "problem"}
    return {name: fact for name, fact in facts.items() if name in always or fact not in (None, "")}


def _fields(health: Health) -> dict[str, Any]:
    """A feed of the list, as programs read it."""
    feed, state = health.feed, health.state
    return {
        "id": feed.id,
        "name": feed.spec.name,
        "status": str(feed.status),
        "condition": str(health.condition),
        "title": feed.title,
        "entries": health.entries,
        "a_day": None if health.a_day is None else round(health.a_day, 3),
        "days": list(health.days),
        "unchanged": None if health.unchanged is None else round(health.unchanged, 3),
        "last_poll": when(state.last_poll_at) or None,
        "last_ok": when(state.last_ok_at) or None,
        "last_new": when(state.last_new_at) or None,
        "next": when(state.next_poll_at) or None,
        "interval": state.interval,
        "gap": state.gap,
        "failures": state.failures,
        "problem": state.problem,
        "notice": state.notice,
        "moved_to": state.moved_to,
        "pushed_until": when(state.pushed_until) or None,
        "url": feed.spec.url,
    }


def _more_fields(health: Health, now: float) -> dict[str, Any]:
    """What is told of one feed alone."""
    from aggregator.core.column_rhythm import usually
    from aggregator.core.health import asked_told, rhythm_told

    feed, spec, state = health.feed, health.feed.spec, health.state
    return {
        "site": feed.site_url,
        "lang": feed.lang,
        "defined_by": str(feed.origin),
        "added": when(feed.added_at),
        "tags": list(spec.tags),
        "rights": str(spec.rights),
        "private": spec.private,
        "every": spec.every,
        "ttl": state.ttl,
        "rhythm": rhythm_told(state),
        "asked": asked_told(health, now),
        "last_status": state.last_status,
        "tolerant": state.tolerant,
        "series": [
            {
                "name": each.series,
                "usually": usually(each),
                "last": when(each.last_at) or None,
                "note": each.note,
            }
            for each in health.columns
        ],
    }


def _columns(is_terminal: bool) -> tuple[str, ...]:
    """The columns there is room for; all of them in a pipe."""
    width = get_terminal_size().columns
    return tuple(name for name, least in COLUMNS.items() if not is_terminal or least <= width)


def _next(health: Health, now: float) -> str:
    at = health.state.next_poll_at
    if at is None:
        return "never"
    return "due" if at <= now else ago(at, now)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%} of the last polls (304)"
