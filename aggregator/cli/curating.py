"""An editor's acts at the terminal: each is one appended decision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session, actor
from aggregator.cli.show import when
from aggregator.errors import ColumnError, UsageError

if TYPE_CHECKING:
    from aggregator.core.column import Column
    from aggregator.model.topic import Decision
    from aggregator.ports import Tx

WHY = click.option("--why", default="", help="Kept with the decision.")
ENTRY = click.argument("entry")
TOPIC = click.argument("topic")


@click.command(
    epilog=(
        "Examples:  aggregator approve 412 global-lane --why 'first full account'  ·  "
        "aggregator approve 412 global-lane --at 2026-11-24T07:00"
    )
)
@ENTRY
@TOPIC
@WHY
@click.option("--at", help="Not before this time, such as 2026-11-24T07:00+01:00; UTC without one.")
@click.pass_obj
def approve(session: Session, entry: str, topic: str, why: str, at: str | None) -> None:
    """Publish the story of ENTRY in TOPIC, whether its rule admits it or not.

    ENTRY is an entry's number, a story's (s12) or its public id. With --at it is embargoed until
    then; another approval moves that, one without --at ends it.
    """
    payload = {} if at is None else {"visible_from": str(_moment(at))}
    _act(session, "approve", entry, topic, why=why, payload=payload)


def _moment(said: str) -> int:
    """Return a time as it is typed, in UTC seconds. Raises `UsageError`."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(f"{said!r} is no time: write 2026-11-24T07:00 or 2026-11-24") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@click.command(epilog="Example:  aggregator reject 412 global-lane --why 'advertising'")
@ENTRY
@TOPIC
@WHY
@click.pass_obj
def reject(session: Session, entry: str, topic: str, why: str) -> None:
    """Keep the story of ENTRY out of TOPIC; it stays in the store."""
    _act(session, "reject", entry, topic, why=why)


@click.command(epilog="Example:  aggregator hold 412 global-lane --why 'ask the author first'")
@ENTRY
@TOPIC
@WHY
@click.pass_obj
def hold(session: Session, entry: str, topic: str, why: str) -> None:
    """Keep the story of ENTRY waiting in TOPIC."""
    _act(session, "hold", entry, topic, why=why)


@click.command(
    epilog=("Examples:  aggregator pin 412 global-lane  ·  aggregator pin 412 global-lane --off")
)
@ENTRY
@TOPIC
@click.option("--off", is_flag=True, help="Unpin.")
@click.pass_obj
def pin(session: Session, entry: str, topic: str, off: bool) -> None:
    """Keep the story of ENTRY on top of TOPIC's page; feeds keep their order."""
    _act(session, "unpin" if off else "pin", entry, topic)


@click.command(epilog="Example:  aggregator edit 412 global-lane --title 'Grain corridor reopens'")
@ENTRY
@TOPIC
@click.option("--title", help="The headline shown in this topic; '' gives the publisher's back.")
@click.option("--summary", help="The summary shown in this topic; '' gives the publisher's back.")
@WHY
@click.pass_obj
def edit(
    session: Session, entry: str, topic: str, *, title: str | None, summary: str | None, why: str
) -> None:
    """Give the story of ENTRY another headline or summary in TOPIC; no poll overwrites it."""
    payload = {
        name: value for name, value in (("title", title), ("summary", summary)) if value is not None
    }
    if not payload:
        raise UsageError("nothing to edit: give --title, --summary or both")
    _act(session, "edit", entry, topic, why=why, payload=payload)


@click.command(epilog="Example:  aggregator note 412 global-lane 'We asked the port for comment.'")
@ENTRY
@TOPIC
@click.argument("text")
@click.pass_obj
def note(session: Session, entry: str, topic: str, text: str) -> None:
    """Put an editor's note, visible to readers, to the story of ENTRY in TOPIC; '' removes it."""
    _act(session, "note", entry, topic, payload={"note": text})


@click.command(
    epilog=(
        "Examples:  aggregator withdraw 412 --reason 'court order'  ·  "
        "aggregator withdraw example.com --reason 'asked to'"
    )
)
@click.argument("what", metavar="ENTRY|FEED|HOST")
@click.option(
    "--reason", required=True, help="Required: why. Kept with the decision, never published."
)
@click.pass_obj
def withdraw(session: Session, what: str, reason: str) -> None:
    """Take an entry, a feed or a host out of everything public, and block its return.

    The text stays in the store, so that `undo` can bring it back.
    """
    from aggregator.flow import curate
    from aggregator.flow.publish import publish_due

    with session.kit(protects=True) as kit:
        decision, count = curate.withdraw(kit, what, reason=reason, actor=actor())
        publish_due(kit)
    session.screen.line(
        f"decision {decision.id}: {count} {'entry' if count == 1 else 'entries'} withdrawn"
        + ("" if count else "; nothing of it is here, but it is kept from coming"),
        {"decision": decision.id, "entries": count},
    )


@click.command(epilog="Examples:  aggregator undo  ·  aggregator undo 17")
@click.argument("decision", type=click.IntRange(1, 2**63 - 1), required=False)
@click.pass_obj
def undo(session: Session, decision: int | None) -> None:
    """Take back a decision by its number; without one, the last that still holds."""
    from aggregator.flow import curate
    from aggregator.flow.publish import publish_due

    with session.kit(protects=True) as kit:
        target, done = curate.undo(kit, decision, actor=actor())
        publish_due(kit)
    session.screen.line(
        f"decision {done.id}: took back decision {target.id} ({target.verb} by {target.actor})",
        {"decision": done.id, "undone": target.id},
    )


@click.command(epilog="Example:  aggregator log --limit 100")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1))
@click.pass_obj
def log(session: Session, limit: int) -> None:
    """List decisions, newest first, with those that were taken back marked."""
    with session.kit(sync=False, protects=True) as kit, kit.store.read() as tx:
        slugs = {topic.id: topic.spec.slug for topic in tx.topics.all()}
        rows = [
            (
                each.id,
                when(each.at),
                each.actor,
                str(each.verb) + (f" of {each.undo_of}" if each.undo_of else ""),
                slugs.get(each.topic_id, "") if each.topic_id else "",
                each.entry_id,
                _said(tx, each),
                each.why,
                "undone" if tx.topics.undone(each.id) else "",
            )
            for each in tx.topics.decisions(limit=limit)
        ]
    session.screen.rows(
        ("decision", "at", "by", "act", "topic", "entry", "said", "why", "state"),
        rows,
        empty="No decision has been made yet.",
    )


@click.command(
    epilog=(
        "Examples:  aggregator add column.txt  ·  aggregator add column.txt --topic global-lane"
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--topic", help="Put it into this topic as well as those its series belongs to.")
@click.pass_obj
def add(session: Session, files: tuple[str, ...], topic: str | None) -> None:
    """Add a column of your own from a text or HTML file ('-': standard input).

    A title line, a date line in any usual form, paragraphs, closing `Name: value` fields
    (keywords, series). The series it names puts it into its topic.
    """
    from aggregator.flow.add import add_column
    from aggregator.flow.publish import publish_due

    columns = [_column_in(name) for name in files]
    with session.kit() as kit:
        done = [add_column(kit, column, topic=topic, actor=actor()) for column in columns]
        publish_due(kit)
    for each in done:
        where = ", ".join(each.topics) or "no topic: name one with --topic, or give it a series"
        session.screen.say(f"{each.title}: in {where}")
        if each.dated is None:
            session.screen.warn(
                f"{each.title}: no date was read, so it is dated now; write one on the second "
                "line, as 03-14-2017, 14 March 2017 or 2017-03-14"
            )
    session.screen.rows(
        ("entry", "date", "title", "new", "topics", "series", "decisions"),
        [
            (
                each.entry_id,
                when(each.dated)[:10],
                each.title,
                each.new,
                ", ".join(each.topics),
                ", ".join(each.series),
                ", ".join(map(str, each.decisions)),
            )
            for each in done
        ],
        value=[
            {
                "entry": each.entry_id,
                "date": when(each.dated)[:10] or None,
                "title": each.title,
                "new": each.new,
                "topics": list(each.topics),
                "series": list(each.series),
                "decisions": list(each.decisions),
            }
            for each in done
        ],
    )


COMMANDS = {
    "approve": approve,
    "reject": reject,
    "hold": hold,
    "pin": pin,
    "edit": edit,
    "note": note,
    "withdraw": withdraw,
    "undo": undo,
    "log": log,
    "add": add,
}


def _said(tx: Tx, decision: Decision) -> str:
    """What a decision was about: the headline, the host, the words of an edit or note.

    An undo is about what the act that it takes back was about.
    """
    from aggregator.core.moments import to_the_minute
    from aggregator.flow.undoing import original_of

    payload = (original_of(tx, decision) or decision).payload
    if payload.get("kind") in ("feed", "host"):
        feed = tx.feeds.find(payload["value"]) if payload["kind"] == "feed" else None
        return f"{payload['kind']} {feed.spec.name if feed is not None else payload['value']}"
    if "stories" in payload and "entries" in payload:
        return f"{payload['stories']}: entry {payload['entries']}"
    if payload.get("what"):  # of an act on many entries
        return payload["what"]
    words = [f"{name}: {payload[name]}" for name in ("title", "summary", "note") if name in payload]
    entry = tx.entries.get(decision.entry_id) if decision.entry_id is not None else None
    said = "; ".join(words) or (entry.text.title if entry is not None else "")
    at = payload.get("visible_from", "")
    return f"{said}; not before {to_the_minute(int(at))}" if at.isdecimal() else said


def _column_in(name: str) -> Column:
    from aggregator.core.column import read_column

    if "://" in name:
        raise UsageError(f"{name} is an address: save the page as a file first")
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")  # what old newsroom systems write
    try:
        return read_column(text)
    except ColumnError as error:
        raise ColumnError(f"{name}: {error}") from None


def _act(
    session: Session,
    verb: str,
    entry: str,
    topic: str,
    *,
    why: str = "",
    payload: dict[str, str] | None = None,
) -> None:
    from aggregator.flow.aftermath import aftermath
    from aggregator.flow.curate import Act, act
    from aggregator.flow.publish import publish_due
    from aggregator.model.topic import Verb

    what = Act(
        verb=Verb(verb), entry=entry, topic=topic, actor=actor(), why=why, payload=payload or {}
    )
    with session.kit() as kit:
        decision = act(kit, what)
        publish_due(kit)
        with kit.store.read() as tx:
            found = tx.entries.get(decision.entry_id) if decision.entry_id is not None else None
        after = aftermath(kit, decision)
    title = found.text.title if found is not None else ""
    if after.warning:
        session.screen.warn(after.warning)
    told = f"; {after.told}" if after.told else ""
    session.screen.line(
        f"decision {decision.id}: {verb} entry {decision.entry_id} in {topic}: {title}{told}",
        {
            "decision": decision.id,
            "entry": decision.entry_id,
            "title": title,
            "topic": topic,
            "verb": verb,
            **({"out": when(after.out_at)} if verb == "approve" else {}),
        },
    )
