"""`topics`: what we publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session, actor
from aggregator.cli.show import Screen, when
from aggregator.cli.topics_audience import audience
from aggregator.cli.topics_corrections import corrections
from aggregator.cli.topics_suggesting import suggest

if TYPE_CHECKING:
    from aggregator.flow.preview import Preview


@click.group()
def topics() -> None:
    """List, show and try topics."""


@topics.command("list", epilog="Example:  aggregator topics list")
@click.pass_obj
def list_topics(session: Session) -> None:
    """List topics with what waits and what is published."""
    with session.kit() as kit, kit.store.read() as tx:
        found = tx.topics.summaries(kit.clock())
        rows = [
            (
                each.topic.spec.slug,
                each.topic.spec.title,
                str(each.topic.spec.mode),
                str(each.topic.status),
                each.waiting,
                each.published,
                each.held,
                each.rejected,
                when(each.last_item_at),
            )
            for each in found
        ]
    columns = (
        "slug",
        "title",
        "mode",
        "status",
        "waiting",
        "published",
        "held",
        "rejected",
        "last item",
    )
    session.screen.rows(columns, rows, empty="No topics yet: write one into feeds.yaml.")


@topics.command(
    epilog=(
        "Examples:  aggregator topics show global-lane  ·  "
        "aggregator topics show global-lane --state new"
    )
)
@click.argument("slug")
@click.option("--state", type=click.Choice(["new", "published", "held", "rejected"]))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
@click.pass_obj
def show(session: Session, slug: str, state: str | None, limit: int) -> None:
    """Show a topic's rule and its newest stories, each with its because."""
    from aggregator.core.credits import tellings
    from aggregator.core.moments import will_be_out
    from aggregator.flow.aftermath import waits_until, zone_of
    from aggregator.flow.curate import topic_named

    with session.kit() as kit, kit.store.read() as tx:
        topic = topic_named(tx, slug)
        found = sorted(
            tx.stories.in_topic(topic.id, state=state, limit=limit),
            key=lambda view: -view.sources[0].entry.place,
        )
        cases = tx.topics.cases([(topic.id, view.story.id) for view in found])
        now, zone = kit.clock(), zone_of(kit)
        waits = {each.article_id: at for each in cases if (at := waits_until(each, now))}
        rows = []
        for view in found:
            verdict, because = next(
                ((verdict, why) for name, verdict, why in view.topics if name == slug), ("", "")
            )
            lead, at = view.sources[0], waits.get(view.story.id)
            whole = tx.stories.view(view.story.id)  # as many tell it as its page says
            if at is not None:
                because = f"{because}; {will_be_out(at, now, zone)}"
            rows.append(
                (
                    f"s{view.story.id}",
                    lead.entry.id,
                    verdict,
                    when(lead.entry.place),
                    lead.entry.text.title,
                    len(tellings(whole.sources if whole is not None else view.sources)),
                    because,
                )
            )
    columns = ("story", "entry", "verdict", "published", "title", "sources", "because")
    told = {
        "slug": slug,
        "title": topic.spec.title,
        "mode": str(topic.spec.mode),
        "match": topic.spec.match,
        "status": str(topic.status),
        "stories": [dict(zip(columns, row)) for row in rows],
    }
    if not session.screen.json:
        session.screen.say(f"{topic.spec.title} ({topic.spec.mode}): {topic.spec.match}")
    session.screen.rows(columns, rows, value=told, empty="Nothing in this topic yet.")


@topics.command(
    epilog=(
        "Examples:  aggregator topics test global-lane  ·  "
        "aggregator topics test global-lane --match 'tag:world'"
    )
)
@click.argument("slug")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650))
@click.option("--match", help="A rule to try instead of the one in feeds.yaml.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(0))
@click.pass_obj
def test(session: Session, slug: str, days: int, match: str | None, limit: int) -> None:
    """Ask a topic's rule of the last days' entries; change nothing.

    A rule that changed in feeds.yaml is tried, not taken in.
    """
    from dataclasses import asdict

    from aggregator.flow.preview import preview
    from aggregator.system import follows_another

    with session.kit(sync=False) as kit:
        ours = kit.settings.topics if follows_another(kit) is None else ()
        spec = next((each for each in ours if each.slug == slug), None)
        seen = preview(kit, slug, days=days, match=match, spec=spec)
    screen = session.screen
    if screen.json:
        screen.document(
            asdict(seen)
            | {"hits": [asdict(hit) for hit in seen.hits[:limit]]}
            | {"misses": [asdict(miss) for miss in seen.misses[:limit]]}
            | {"found": len(seen.hits), "gained": len(seen.gained), "lost": len(seen.lost)}
        )
        return
    change = f", {seen.joined} more and {seen.left} fewer than by the rule in force"
    other = match is not None or bool(seen.joined or seen.left)
    screen.say(f"{len(seen.hits)} of {seen.asked} entries in {days} days{change if other else ''}")
    if seen.warning:
        screen.warn(f"topic {slug} {seen.warning}")
    most = max((count for _, count in seen.per_day), default=1)
    for day, count in seen.per_day[-14:]:
        screen.say(f"  {day}  {'█' * max(1, round(30 * count / most))} {count}")
    for feed, count in seen.per_feed[:10]:
        screen.say(f"  {feed}: {count}")
    _say_changes(screen, seen, limit)
    for miss in seen.misses[:limit]:
        screen.say(f"  nearly: entry {miss.entry_id} {miss.title}: {miss.because} ({miss.clause})")
    screen.rows(
        ("entry", "published", "feed", "title", "because"),
        [(h.entry_id, when(h.published), h.feed, h.title, h.because) for h in seen.hits[:limit]],
        empty="The rule admits nothing of that time.",
    )


def _say_changes(screen: Screen, seen: Preview, limit: int) -> None:
    desk = len(seen.changes) - len(seen.gained) - len(seen.lost)
    screen.say(f"the feed: +{len(seen.gained)} −{len(seen.lost)}; otherwise at the desk: {desk}")
    for sign, changes in (("+", seen.gained), ("−", seen.lost)):
        for each in changes[:limit]:
            screen.say(f"  {sign} {each.title}: {each.because}")


@topics.command(
    epilog=(
        "Examples:  aggregator topics backfill  ·  aggregator topics backfill global-lane --days 90"
    )
)
@click.argument("slugs", nargs=-1, metavar="[TOPIC]...")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650))
@click.pass_obj
def backfill(session: Session, slugs: tuple[str, ...], days: int) -> None:
    """Give stored entries the tags, series and topics that feeds.yaml would give them now.

    All topics, or those named. Rules that changed in the file are taken in with it. It is one
    decision: `undo` takes all of it back.
    """
    from aggregator.flow import backfill as filling
    from aggregator.flow.publish import publish_due

    with session.kit(sync=False) as kit:
        taker = filling.taker(kit, slugs, days=days, actor=actor())
        taken = session.follow(kit, taker=taker)
        act = taken.applied if taken is not None else None
        begun = (act, taker) if act is not None else None
        done = filling.backfill(kit, slugs, days=days, actor=actor(), begun=begun)
        publish_due(kit)
    for warning in done.warnings:
        session.screen.warn(f"{warning}; `aggregator undo {done.decision.id}` takes it back")
    session.screen.line(
        f"decision {done.decision.id}: {done.asked} entries of {days} days asked, "
        f"{done.changed} are filed otherwise now",
        {
            "decision": done.decision.id,
            "entries": done.asked,
            "changed": done.changed,
            "warnings": list(done.warnings),
        },
    )


@topics.command(epilog="Example:  aggregator topics remove global-lane")
@click.argument("slug")
@click.pass_obj
def remove(session: Session, slug: str) -> None:
    """Take a topic out for good: its documents are deleted, and its addresses answer 410.

    They lead to the topic that names it under `former:`, if one does. Take it out of feeds.yaml
    first. Entries, decisions and other topics stay as they are.
    """
    from aggregator.flow import renaming

    with session.kit() as kit:
        topic = renaming.remove(kit, slug)
        with kit.store.read() as tx:
            former = tx.publications.former(slug)
    now = former.now if former is not None else None
    session.screen.line(
        f"topic {slug} is removed; its addresses "
        + ("answer 410" if now is None else f"lead to {now}")
        + " from now on",
        {"slug": slug, "title": topic.spec.title},
    )


topics.add_command(suggest)
topics.add_command(audience)
topics.add_command(corrections)

COMMANDS = {"topics": topics}
