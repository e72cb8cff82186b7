"""`feeds add`, `import`, `export`: how feeds come to us and leave again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.feeds_lists import COMMANDS_LISTS
from aggregator.cli.feeds_trying import test
from aggregator.cli.session import Session
from aggregator.cli.show import when
from aggregator.errors import ReadFailed, UsageError

if TYPE_CHECKING:
    from aggregator.flow.discover import Candidate
    from aggregator.flow.kit import Kit


@click.command(
    epilog=(
        "Examples:  aggregator feeds add https://example.org/world.rss --tag world  ·  "
        "aggregator feeds add example.org --pick 2  ·  aggregator feeds add github:python/cpython"
    )
)
@click.argument("url")
@click.option("--name", help="What rules call it; made from the address by default.")
@click.option("--tag", "tags", multiple=True, help="A tag for each of its entries; repeatable.")
@click.option("--rights", type=click.Choice(["link", "excerpt", "full"]), help="What may be shown.")
@click.option("--pick", type=click.IntRange(1), help="Of several feeds of a site, this one.")
@click.option("--unseen", is_flag=True, help="Add it without fetching it first.")
@click.pass_obj
def add(
    session: Session,
    url: str,
    *,
    name: str | None,
    tags: tuple[str, ...],
    rights: str | None,
    pick: int | None,
    unseen: bool,
) -> None:
    """Add the feed at URL, or of the site there, after reading it; feeds.yaml is not touched.

    URL may be a feed's address, a site's, or a shortcut such as github:owner/repository. Of
    several feeds it asks which; where nobody can answer it lists them and exits with 2.
    """
    from aggregator.flow.lists import add_feed, check_name
    from aggregator.model.feed import Rights

    with session.kit(create=True) as kit:
        if name is not None:
            check_name(kit, name, url)
        address = url if unseen else _found(session, kit, url, pick)
        feed = add_feed(
            kit, address, name=name, tags=tags, rights=Rights(rights) if rights else None
        )
    session.screen.line(
        f"{feed.id}\t{feed.spec.name}\t{feed.spec.url}",
        {"id": feed.id, "name": feed.spec.name, "url": feed.spec.url},
    )


def _found(session: Session, kit: Kit, url: str, pick: int | None) -> str:
    """Return the address of the one feed that is meant; ask, or list them, when it is not clear."""
    from aggregator.flow.discover import discover

    with session.screen.progress("looking") as tick:
        found = discover(kit, url, on_ask=tick)
    feeds = found.usable
    if not feeds:
        asked = found.asked[0] if found.asked else url
        hint = "--unseen adds an address all the same"
        if not found.candidates:  # a page that names none
            hint = f"`feeds test {asked} --items CSS` tries to read such a page"
        raise UsageError(f"{asked}: {found.problem} ({hint})")
    if pick is not None and pick > len(feeds):
        raise UsageError(f"there is no feed {pick} there: {len(feeds)} were found")
    if pick is None and len(feeds) > 1:
        _list(session, feeds)
        if not _can_answer(session):
            raise UsageError(
                f"{url} has {len(feeds)} feeds: choose one with --pick N, or add its address"
            )
        pick = click.prompt("Which", type=click.IntRange(1, len(feeds)), default=1, err=True)
    chosen = feeds[(pick or 1) - 1]
    if chosen.known_as is not None:
        raise UsageError(
            f"{chosen.url} is a feed of ours already, or leads to one: {chosen.known_as!r}"
            " (--unseen adds it all the same)"
        )
    if not found.direct:
        session.screen.say(f"found {chosen.url}: {chosen.title}")
    if chosen.problem:
        session.screen.warn(f"{chosen.url}: {chosen.problem}")
    return chosen.url


def _can_answer(session: Session) -> bool:
    return session.screen.is_terminal and sys.stdin.isatty() and not session.screen.json


def _list(session: Session, feeds: Sequence[Candidate]) -> None:
    """Show the feeds of a site, numbered as `--pick` counts them."""
    columns = ("pick", "title", "format", "a week", "newest", "known as", "url")
    rows = [
        (n, each.title, each.format, each.per_week, when(each.newest), each.known_as, each.url)
        for n, each in enumerate(feeds, 1)
    ]
    keys = ("pick", "title", "format", "per_week", "newest", "known_as", "url")
    session.screen.rows(columns, rows, value=[dict(zip(keys, row, strict=True)) for row in rows])


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
    with session.kit(create=True) as kit:
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


COMMANDS_ADDING = (add, test, import_feeds, export, *COMMANDS_LISTS)
