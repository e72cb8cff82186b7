"""`feeds follow`, `unfollow`, `lists`: OPML lists that bring their feeds and take them away."""

from __future__ import annotations

import click

from aggregator.cli.session import Session
from aggregator.cli.show import ago, when


@click.command(
    epilog="Example:  aggregator feeds follow https://example.org/blogroll.opml --tag blogs"
)
@click.argument("url")
@click.option("--name", help="What the list is called; made from the address by default.")
@click.option("--tag", "tags", multiple=True, help="A tag for its feeds; repeatable.")
@click.option(
    "--every",
    type=click.Choice(["1h", "6h", "12h", "1d", "7d"]),
    default="1d",
    show_default=True,
    help="How often the list is read.",
)
@click.option("--rights", type=click.Choice(["link", "excerpt", "full"]), help="What may be shown.")
@click.pass_obj
def follow(
    session: Session,
    url: str,
    *,
    name: str | None,
    tags: tuple[str, ...],
    every: str,
    rights: str | None,
) -> None:
    """Follow the OPML list at URL: poll what it names, retire what leaves it."""
    from aggregator.config.words import duration
    from aggregator.flow.follow import follow as begin
    from aggregator.flow.follow import list_spec
    from aggregator.model.feed import Rights

    with session.kit(create=True) as kit:
        spec = list_spec(
            kit,
            url,
            name=name,
            tags=tags,
            every=duration(every),
            rights=Rights(rights) if rights else None,
        )
        done = begin(kit, spec)
    if done.problem:
        session.screen.warn(done.problem)
    told = {"list": done.name, "added": len(done.added), "feeds": done.feeds}
    session.screen.line(f"{done.name}: {_feeds(len(done.added))} added", told)


@click.command(epilog="Example:  aggregator feeds unfollow blogroll")
@click.argument("opml", metavar="LIST")
@click.pass_obj
def unfollow(session: Session, opml: str) -> None:
    """Follow a list no more, by number, name or address; feeds that only it named are retired."""
    from aggregator.flow.follow import unfollow as end

    with session.kit() as kit:
        done = end(kit, opml)
    told = {"list": done.name, "retired": len(done.retired)}
    session.screen.line(f"{done.name}: {_feeds(len(done.retired))} retired", told)


@click.command(epilog="Examples:  aggregator feeds lists  ·  aggregator feeds lists --all")
@click.option("--all", "everything", is_flag=True, help="Those that are followed no more, too.")
@click.pass_obj
def lists(session: Session, everything: bool) -> None:
    """Show the lists we follow, how many feeds each brought, and what is wrong with them.

    `poll --all` reads them anew, those too that failed.
    """
    from aggregator.model.feed import FeedStatus, Origin
    from aggregator.model.lists import ListStatus

    followed = () if everything else (ListStatus.ACTIVE, ListStatus.GONE)
    with session.kit() as kit, kit.store.read() as tx:
        now, found = kit.clock(), tx.lists.all(*followed)
        brought = {
            each.id: sum(
                feed.origin is Origin.LIST and feed.status is not FeedStatus.RETIRED
                for feed in tx.lists.feeds(each.id)
            )
            for each in found
        }
    value = [
        {
            "id": each.id,
            "name": each.spec.name,
            "status": str(each.status),
            "defined_by": str(each.origin),
            "title": each.state.title,
            "feeds": brought[each.id],
            "last_ok": when(each.state.last_ok_at) or None,
            "next": when(each.state.next_poll_at) or None,
            "problem": each.state.problem,
            "url": each.spec.url,
        }
        for each in found
    ]
    rows = [
        (
            each.id,
            each.spec.name,
            str(each.status),
            brought[each.id],
            ago(each.state.last_ok_at, now),
            each.state.problem,
            each.spec.url,
        )
        for each in found
    ]
    session.screen.rows(
        ("id", "name", "status", "feeds", "last success", "problem", "url"),
        rows,
        value=value,
        empty="No lists yet: write some into feeds.yaml, or `aggregator feeds follow URL`.",
    )


COMMANDS_LISTS = (follow, unfollow, lists)


def _feeds(count: int) -> str:
    return "1 feed" if count == 1 else f"{count} feeds"
