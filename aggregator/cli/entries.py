"""`entries`, `stories` and `explain`: what we know, and why it is where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when
from aggregator.cli.stories_retelling import COMMANDS_RETELLING
from aggregator.errors import NotFound

if TYPE_CHECKING:
    from aggregator.model.entry import EntryView
    from aggregator.model.explanation import Step
    from aggregator.model.story import Alike, StoryView


@click.group()
def entries() -> None:
    """Search and show entries."""


@entries.command(
    epilog=(
        "Examples:  aggregator entries search 'grain corridor'  ·  "
        "aggregator entries search 'tag:world NOT title:horoscope'"
    )
)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.pass_obj
def search(session: Session, query: tuple[str, ...], limit: int) -> None:
    """Find entries by the query language of topics, newest published first."""
    from aggregator.flow.search import search as find

    with session.kit() as kit:
        found = find(kit, " ".join(query), limit=limit)
    session.screen.rows(
        ("entry", "published", "feed", "title", "tags"),
        [
            (
                view.entry.id,
                when(view.entry.place),
                view.feed.spec.name,
                view.entry.text.title,
                ", ".join(tag.name for tag in view.entry.tags),
            )
            for view in found.entries
        ],
        value=[entry_json(view) for view in found.entries],
        empty="Nothing matches.",
    )
    for note in found.notes:
        session.screen.warn(note)


@entries.command("show", epilog="Example:  aggregator entries show 412")
@click.argument("entry", type=int)
@click.option("--revisions", is_flag=True, help="Older texts too.")
@click.pass_obj
def show_entry(session: Session, entry: int, revisions: bool) -> None:
    """Show one entry: text, tags with their because, story and topics."""
    from aggregator.model.ids import EntryId

    with session.kit(sync=False) as kit, kit.store.read() as tx:
        view = tx.entries.view(EntryId(entry))
        if view is None:
            raise NotFound(f"there is no entry {entry}; `aggregator entries search` finds them")
        older = tx.entries.revisions(EntryId(entry)) if revisions else ()
        related = tx.stories.related([EntryId(entry)])
    told = entry_json(view) | {
        "summary": view.entry.text.summary,
        "content": view.entry.text.content,
        "author": view.entry.text.author,
        "categories": list(view.entry.text.categories),
        "series": [
            {"name": s.series, "date": s.date, "because": s.because} for s in view.entry.series
        ],
        "rev": view.entry.rev,
        "first_seen": when(view.entry.first_seen_at),
        "withdrawn": when(view.entry.withdrawn_at) or None,
        "related": [alike_json(each) for each in related],
    }
    if revisions:
        told["revisions"] = [
            {"rev": r.rev, "until": when(r.at), "title": r.title, "body": r.body} for r in older
        ]
    if session.screen.json:
        session.screen.document(told)
        return
    told["tags"] = "; ".join(f"{tag['name']} ({tag['because']})" for tag in told["tags"])
    told["topics"] = "; ".join(
        f"{t['slug']}: {t['verdict']} ({t['because']})" for t in told["topics"]
    )
    told["series"] = "; ".join(
        f"{s['name']} {s['date'] or ''} ({s['because']})" for s in told["series"]
    )
    told["related"] = "; ".join(_related_line(each) for each in related)
    told["categories"] = ", ".join(told["categories"])
    session.screen.facts(told)


@click.group()
def stories() -> None:
    """List and show stories; merge, split and lead them."""


@stories.command("list", epilog="Example:  aggregator stories list --topic global-lane --state new")
@click.option("--topic", help="Only stories of this topic.")
@click.option(
    "--state", type=click.Choice(["new", "published", "held", "rejected"]), help="With --topic."
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.pass_obj
def list_stories(session: Session, topic: str | None, state: str | None, limit: int) -> None:
    """List stories, the one with the newest telling first."""
    from aggregator.core.credits import tellings
    from aggregator.errors import UsageError
    from aggregator.flow.curate import topic_named

    if state and not topic:
        raise UsageError("--state is a story's state in a topic: add --topic SLUG")
    with session.kit() as kit, kit.store.read() as tx:
        if topic:
            found = tx.stories.in_topic(topic_named(tx, topic).id, state=state, limit=limit)
        else:
            found = tx.stories.newest(limit=limit)
    session.screen.rows(
        ("story", "published", "title", "sources", "topics"),
        [
            (
                f"s{view.story.id}",
                when(view.sources[0].entry.place),
                view.sources[0].entry.text.title,
                len(tellings(view.sources)),
                ", ".join(f"{slug} ({verdict})" for slug, verdict, _ in view.topics),
            )
            for view in found
        ],
        value=[story_json(view) for view in found],
        empty="No stories yet.",
    )


@stories.command("show", epilog="Example:  aggregator stories show s12")
@click.argument("story")
@click.pass_obj
def show_story(session: Session, story: str) -> None:
    """Show a story (sNUMBER or public id) with all its sources and why they are one."""
    with session.kit(sync=False) as kit, kit.store.read() as tx:
        view = tx.stories.find(story)
        if view is None:
            raise NotFound(f"no story answers to {story!r}; `aggregator stories list` names them")
        related = tx.stories.related([source.entry.id for source in view.sources])
    if not session.screen.json:
        for slug, verdict, because in view.topics:
            session.screen.say(f"{slug}: {verdict} ({because})")
        for each in related:
            session.screen.say(f"related: entry {each.entry_id} and {_related_line(each)}")
    session.screen.rows(
        ("entry", "feed", "published", "title", "url", "because"),
        [
            (
                source.entry.id,
                source.feed.spec.name,
                when(source.entry.place),
                source.entry.text.title,
                source.entry.text.url,
                source.because,
            )
            for source in view.sources
        ],
        value=story_json(view) | {"related": [alike_json(each) for each in related]},
    )


@click.command(epilog="Example:  aggregator explain 412 global-lane")
@click.argument("entry")
@click.argument("topic")
@click.pass_obj
def explain(session: Session, entry: str, topic: str) -> None:
    """Say why ENTRY is in TOPIC, or why not, step by step."""
    from aggregator.flow.explain import explain as tell

    with session.kit() as kit:
        told = tell(kit, entry, topic)
    if not session.screen.json:
        session.screen.say(f"{told.headline} {topic}")
    session.screen.rows(
        ("step", "result", "because", "text"),
        [(step.step, step.result, step.because, step.text) for step in told.steps],
        value={"in": told.inside, "steps": [_step_json(step) for step in told.steps]},
    )


for command in COMMANDS_RETELLING:
    stories.add_command(command)

COMMANDS = {"entries": entries, "stories": stories, "explain": explain}


def entry_json(view: EntryView) -> dict[str, Any]:
    """An entry as `--json` tells it (DESIGN §6)."""
    entry, text = view.entry, view.entry.text
    return {
        "id": entry.id,
        "feed": view.feed.spec.name,
        "guid": entry.guid,
        "url": text.url,
        "title": text.title,
        "published": when(entry.place),
        "story": f"s{view.story_id}",
        "lang": text.lang or view.feed.lang,
        "tags": [{"name": tag.name, "because": tag.because} for tag in entry.tags],
        "topics": _topics(view.topics),
    }


def story_json(view: StoryView) -> dict[str, Any]:
    """A story as `--json` tells it (DESIGN §6)."""
    lead = view.sources[0]
    return {
        "id": f"s{view.story.id}",
        "story": f"s{view.story.told_in}",
        "public_id": view.story.public_id,
        "lead": lead.entry.id,
        "title": lead.entry.text.title,
        "url": lead.entry.text.url,
        "published": when(lead.entry.place),
        "sources": [
            {
                "feed": source.feed.spec.name,
                "entry": source.entry.id,
                "url": source.entry.text.url,
                "because": source.because,
            }
            for source in view.sources
        ],
        "topics": _topics(view.topics),
    }


def alike_json(alike: Alike) -> dict[str, Any]:
    """What is like an entry and told apart from it, as `--json` tells it."""
    return {
        "entry": alike.entry_id,
        "other": alike.other.entry.id,
        "feed": alike.other.feed.spec.name,
        "title": alike.other.entry.text.title,
        "url": alike.other.entry.text.url,
        "likeness": round(alike.likeness, 3),
        "because": alike.because,
    }


def _related_line(alike: Alike) -> str:
    entry, feed = alike.other.entry, alike.other.feed
    return f"{entry.id} of {feed.spec.name}, {entry.text.title!r} ({alike.because})"


def _step_json(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"step": step.step, "result": step.result, "because": step.because}
    if step.text:
        told["text"] = step.text
    if step.depth:
        told["depth"] = step.depth
    return told


def _topics(topics: tuple[tuple[str, str, str], ...]) -> list[dict[str, str]]:
    return [
        {"slug": slug, "verdict": verdict, "because": because} for slug, verdict, because in topics
    ]
