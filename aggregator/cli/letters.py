"""`letters`: topics by e-mail."""

from __future__ import annotations

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when

_COLUMNS = ("topic", "address", "state", "every", "asked", "confirmed", "next", "problem")


@click.group()
def letters() -> None:
    """Show who gets topics by e-mail; send letters, forget addresses."""


@letters.command(
    "list", epilog="Examples:  aggregator letters list  ·  aggregator letters list --topic lane"
)
@click.option("--topic", help="Readers of this topic alone.")
@click.option("--all", "everything", is_flag=True, help="Those who left or never answered too.")
@click.pass_obj
def list_readers(session: Session, topic: str | None, everything: bool) -> None:
    """List who gets which topic how often, and what is wrong with an address."""
    from aggregator.core.letters import gets
    from aggregator.flow.curate import topic_named

    with session.kit(protects=True) as kit, kit.store.read() as tx:
        only = topic_named(tx, topic).id if topic is not None else None
        slugs = {each.id: each.spec.slug for each in tx.topics.all()}
        rows = [
            (
                slugs[each.topic_id],
                each.address,
                "gets it" if gets(each) else "asked" if each.wants else "left",
                str(each.every if gets(each) else each.wants or each.every),
                when(each.asked_at),
                when(each.confirmed_at),
                when(int(each.next_at)) if each.next_at is not None else None,
                each.problem,
            )
            for each in tx.letters.all()
            if each.topic_id in slugs
            and only in (None, each.topic_id)
            and (everything or gets(each))
        ]
    value = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    session.screen.rows(_COLUMNS, rows, value=value, empty="Nobody gets letters yet.")


@letters.command(
    epilog=(
        "Examples:  aggregator letters send global-lane --dry-run  ·  "
        "aggregator letters send global-lane"
    )
)
@click.argument("slug")
@click.option("--dry-run", is_flag=True, help="Show the letter of a new reader; send nothing.")
@click.pass_obj
def send(session: Session, slug: str, dry_run: bool) -> None:
    """Send the readers of topic SLUG what is new for each, without waiting for the hour."""
    from dataclasses import asdict

    from aggregator.errors import AggregatorError
    from aggregator.flow.mailing import example, send_now
    from aggregator.formats.letter import html_letter, plain_letter

    screen = session.screen
    with session.kit() as kit:
        if dry_run:
            letter = example(kit, slug)
            text = plain_letter(letter)
            value = {"subject": letter.subject, "text": text, "html": html_letter(letter)}
            screen.line(f"Subject: {letter.subject}\n\n{text}", value)
            return
        done = send_now(kit, slug)
    screen.line(f"{done.letters} letters sent, {done.failed} in vain", asdict(done))
    if done.problem:
        raise AggregatorError(f"the mail server: {done.problem}; what is left waits")


@letters.command(epilog="Example:  aggregator letters remove ida@example.org")
@click.argument("address")
@click.pass_obj
def remove(session: Session, address: str) -> None:
    """Forget ADDRESS in every topic: no letter goes there, and nothing is kept of it."""
    from aggregator.flow.letters import remove as forget

    with session.kit(protects=True) as kit:
        many = forget(kit, address)
    session.screen.line(f"{address} is forgotten ({many} topics)", {"topics": many})


COMMANDS = {"letters": letters}
