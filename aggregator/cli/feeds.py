"""`feeds`: what we poll."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.session import Session
from aggregator.cli.show import ago, when
from aggregator.errors import NotFound, ReadFailed, UsageError

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


@feeds.command(epilog="Example:  aggregator feeds add https://example.org/world.rss --tag world")
@click.argument("url")
@click.option("--name", help="What rules call it; made from the address by default.")
@click.option("--tag", "tags", multiple=True, help="A tag for each of its entries; repeatable.")
@click.option("--rights", type=click.Choice(["link", "excerpt", "full"]), help="What may be shown.")
@click.option("--unseen", is_flag=True, help="Add it without fetching it first.")
@click.pass_obj
def add(
    session: Session,
    url: str,
    *,
    name: str | None,
    tags: tuple[str, ...],
    rights: str | None,
    unseen: bool,
) -> None:
    """Add the feed at URL after reading it once; feeds.yaml is not touched."""
    from aggregator.flow.lists import add_feed, try_feed
    from aggregator.model.feed import Rights

    with session.kit() as kit:
        if not unseen:
            tried = try_feed(kit, url)
            if not tried.usable:
                raise UsageError(f"{tried.url}: {tried.problem} (--unseen adds it all the same)")
        feed = add_feed(kit, url, name=name, tags=tags, rights=Rights(rights) if rights else None)
    session.screen.line(
        f"{feed.id}\t{feed.spec.name}\t{feed.spec.url}",
        {"id": feed.id, "name": feed.spec.name, "url": feed.spec.url},
    )


@feeds.command(
    epilog=(
        "Examples:  aggregator feeds test wire  ·  aggregator feeds test https://example.org/feed"
    )
)
@click.argument("feed", metavar="URL|FEED")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1))
@click.pass_context
def test(ctx: click.Context, feed: str, limit: int) -> None:
    """Fetch a feed and show what would be stored; store nothing. Exits with 3 when it fails."""
    from aggregator.flow.lists import try_feed

    session: Session = ctx.obj
    with session.kit() as kit:
        tried = try_feed(kit, feed)
    if not tried.usable or tried.parsed is None:
        session.screen.fail(f"{tried.url}: {tried.problem}")
        ctx.exit(3)
    parsed = tried.parsed
    rows = [
        (
            when(draft.text.published_at),
            draft.text.title,
            draft.text.url,
            ", ".join(tag.name for tag in draft.tags),
            ", ".join(each.series for each in draft.series),
        )
        for draft in tried.drafts[:limit]
    ]
    columns = ("published", "title", "url", "tags", "series")
    told = {
        "url": tried.url,
        "known_as": tried.known_as,
        "status": tried.status,
        "ms": tried.ms,
        "format": parsed.format,
        "title": parsed.title,
        "entries": len(tried.drafts),
        "problem": tried.problem,
    }
    if session.screen.json:
        session.screen.document(told | {"newest": [dict(zip(columns, row)) for row in rows]})
        return
    for key, value in told.items():
        if value is not None:
            session.screen.say(f"{key}: {value}")
    session.screen.rows(columns, rows, empty="It holds no entries.")


@feeds.command("import", epilog="Example:  aggregator feeds import list.opml")
@click.argument("file", metavar="OPML")
@click.pass_obj
def import_feeds(session: Session, file: str) -> None:
    """Add the feeds of an OPML list ('-': standard input); folders become tags."""
    from aggregator.flow.lists import import_opml

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    with session.kit() as kit:
        try:
            done = import_opml(kit, body)
        except ReadFailed as error:
            raise UsageError(f"{file}: {error}") from None
    for problem in done.problems[:20]:
        session.screen.warn(problem)
    if len(done.problems) > 20:
        session.screen.warn(f"and {len(done.problems) - 20} more problems")
    if not done.added and not done.known and done.problems:
        raise UsageError(f"{file}: no feed could be read from it: {done.problems[0]}")
    told = {"added": len(done.added), "known": done.known, "problems": len(done.problems)}
    session.screen.line(
        f"{told['added']} added, {told['known']} known already, {told['problems']} left out", told
    )


@feeds.command(epilog="Example:  aggregator feeds export > feeds.opml")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout."
)
@click.pass_obj
def export(session: Session, out: Path | None) -> None:
    """Write the feeds we poll as OPML 2.0."""
    from aggregator.flow.lists import export_opml

    with session.kit() as kit, kit.store.read() as tx:
        body = export_opml(tx, kit.settings.site.title)
    if out is not None:
        out.write_bytes(body)
    else:
        sys.stdout.buffer.write(body)


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
