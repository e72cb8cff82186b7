"""`feeds add`, `test`, `import`, `export`: how feeds come to us and leave again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when
from aggregator.errors import ReadFailed, UsageError


@click.command(epilog="Example:  aggregator feeds add https://example.org/world.rss --tag world")
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
    from aggregator.flow.lists import add_feed
    from aggregator.flow.trial import try_feed
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


@click.command(
    epilog=(
        "Examples:  aggregator feeds test wire  ·  aggregator feeds test https://example.org/feed"
    )
)
@click.argument("feed", metavar="URL|FEED")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1))
@click.pass_context
def test(ctx: click.Context, feed: str, limit: int) -> None:
    """Fetch a feed and show what would be stored; store nothing. Exits with 3 when it fails."""
    from aggregator.flow.trial import try_feed

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


@click.command("import", epilog="Example:  aggregator feeds import list.opml")
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


@click.command(epilog="Example:  aggregator feeds export > feeds.opml")
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


COMMANDS_ADDING = (add, test, import_feeds, export)
