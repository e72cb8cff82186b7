"""`stories merge`, `split`, `lead` and `pairs`: editors' word on what is one piece of news."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.session import Session, actor

if TYPE_CHECKING:
    from aggregator.flow.retelling import Retold
    from aggregator.model.entry import Entry

REASON = click.option("--reason", default="", help="Kept with the decision.")


@click.command(epilog="Example:  aggregator stories merge s12 s15 --reason 'the same ferry'")
@click.argument("story", nargs=-1, required=True, metavar="STORY...")
@REASON
@click.pass_obj
def merge(session: Session, story: tuple[str, ...], reason: str) -> None:
    """Tell these stories as one, for good.

    They have one page from now on. A topic with `tell: stories` shows one item; one with
    `tell: copies` keeps an item for each article, and each names the others under "More reports".

    STORY is a story's number (s12), its public id, or the number of an entry told in it.
    """
    from aggregator.flow.publish import publish_due
    from aggregator.flow.retelling import merge as act

    with session.kit() as kit:
        done = act(kit, story, actor=actor(), why=reason)
        publish_due(kit)
        with kit.store.read() as tx:
            tells = {each.spec.slug: each.spec.tell for each in tx.topics.all()}
    _tell(session, done)
    _say_where(session, done, tells)


@click.command(epilog="Example:  aggregator stories split s12 415 --reason 'another ferry'")
@click.argument("story")
@click.argument("entry", nargs=-1, required=True, metavar="ENTRY...")
@REASON
@click.pass_obj
def split(session: Session, story: str, entry: tuple[str, ...], reason: str) -> None:
    """Make these entries of STORY a story of their own; the two stay apart for good."""
    from aggregator.flow.publish import publish_due
    from aggregator.flow.retelling import split as act

    with session.kit() as kit:
        done = act(kit, story, entry, actor=actor(), why=reason)
        publish_due(kit)
    _tell(session, done)


@click.command(epilog="Example:  aggregator stories lead s12 415 --reason 'the fullest account'")
@click.argument("story")
@click.argument("entry")
@REASON
@click.pass_obj
def lead(session: Session, story: str, entry: str, reason: str) -> None:
    """Show STORY by the text of this ENTRY, in every topic that has the entry."""
    from aggregator.flow.publish import publish_due
    from aggregator.flow.retelling import lead as act

    with session.kit() as kit:
        done = act(kit, story, entry, actor=actor(), why=reason)
        publish_due(kit)
    _tell(session, done)


@click.command(epilog="Example:  aggregator stories pairs --entries > labelled.jsonl")
@click.option(
    "--entries",
    is_flag=True,
    help="The entries in time order, as `benchmarks.stories` and `benchmarks.near` read them.",
)
@click.pass_obj
def pairs(session: Session, entries: bool) -> None:
    """Print what editors merged and split as labelled pairs, a JSON object a line."""
    from aggregator.flow.retelling import pairs as labelled
    from aggregator.flow.retelling import stories_of

    with session.kit(sync=False) as kit:
        found = labelled(kit)
    if entries:
        for entry, story in stories_of(found):
            _line(_told(entry) | {"story": f"e{story}", "group": f"s{entry.article_id}"})
        return
    for each in found:
        _line({"one": _told(each.one), "other": _told(each.other), "together": each.together})


COMMANDS_RETELLING = (merge, split, lead, pairs)


def _tell(session: Session, done: Retold) -> None:
    decision = done.decision
    told = [
        {
            "id": f"s{view.story.id}",
            "public_id": view.story.public_id,
            "lead": view.story.lead_entry_id,
            "title": view.sources[0].entry.text.title,
            "entries": [source.entry.id for source in view.sources],
        }
        for view in done.stories
    ]
    now = "; ".join(f"{each['id']} {each['title']} ({_count(each['entries'])})" for each in told)
    session.screen.line(
        f"decision {decision.id}: {decision.verb} of {decision.payload['stories']}: now {now}",
        {"decision": decision.id, "verb": str(decision.verb), "stories": told},
    )


def _say_where(session: Session, done: Retold, tells: Mapping[str, str]) -> None:
    """Tell what a merger does in each topic that has the story."""
    has = dict.fromkeys(slug for view in done.stories for slug, _, _ in view.topics)
    whole = ", ".join(slug for slug in has if tells.get(slug) == "stories")
    apart = ", ".join(slug for slug in has if tells.get(slug) == "copies")
    if whole:
        session.screen.say(f"one item now in {whole} (tell: stories)")
    if apart:
        session.screen.say(
            f"still an item for each article in {apart} (tell: copies);"
            " each names the others under More reports, and they share a story page"
        )


def _count(entries: Any) -> str:
    return f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"


def _told(entry: Entry) -> dict[str, Any]:
    from aggregator.core.drafting import body_of

    text = entry.text
    return {
        "id": entry.id,
        "title": text.title,
        "summary": text.summary,
        "text": body_of(text),
        "time": entry.place,
        "lang": text.lang,
        "url": text.url,
        "feed": entry.feed_id,
    }


def _line(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value))  # in ASCII: titles and texts are strangers' words
