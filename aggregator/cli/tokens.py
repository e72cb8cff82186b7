"""`tokens`: who may read feeds at addresses of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.flow.kit import Kit
    from aggregator.flow.tokens import Issued
    from aggregator.model.token import Token
    from aggregator.ports import Tx

TOKEN = click.argument("token")
_COLUMNS = (
    "id",
    "hint",
    "label",
    "state",
    "topics",
    "query",
    "private",
    "created",
    "expires",
    "last_used",
)


@click.group()
def tokens() -> None:
    """Give, change and take back the right to read private feeds."""


@tokens.command(
    epilog=(
        "Examples:  aggregator tokens create 'Ida' --topic global-lane  ·  "
        "aggregator tokens create 'Research' --query --with-private --expires 90d"
    )
)
@click.argument("label")
@click.option("--topic", "topics", multiple=True, help="A topic it is for; repeatable; all else.")
@click.option("--query", is_flag=True, help="It may ask queries of all that is stored.")
@click.option("--with-private", is_flag=True, help="It shows entries of feeds with `auth:`.")
@click.option("--expires", metavar="SPAN", help="It ends after so long, as 90d; else never.")
@click.pass_obj
def create(
    session: Session,
    label: str,
    *,
    topics: tuple[str, ...],
    query: bool,
    with_private: bool,
    expires: str | None,
) -> None:
    """Make a token called LABEL and tell its addresses: this once, they cannot be told again."""
    from aggregator.flow import tokens as flow

    lasts = _span(expires) if expires is not None else None
    with session.kit() as kit:
        issued = flow.create(
            kit, label, topics=topics, query=query, private=with_private, lasts=lasts
        )
        _tell_issued(session, kit, issued)


@tokens.command("list", epilog="Examples:  aggregator tokens list  ·  aggregator tokens list --all")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@click.pass_obj
def list_tokens(session: Session, everything: bool) -> None:
    """List tokens with what they open and when they were last used; never a secret."""
    from aggregator.core.tokens import Standing, standing

    with session.kit(protects=True) as kit, kit.store.read() as tx:
        now = kit.clock()
        told = [_told(tx, each, standing(each, now)) for each in tx.tokens.all()]
    shown = [each for each in told if everything or each["state"] == Standing.OPEN]
    rows = [
        [" ".join(cell) or "all" if isinstance(cell, list) else cell for cell in each.values()]
        for each in shown
    ]
    columns = [name.replace("_", " ") for name in _COLUMNS]
    session.screen.rows(
        columns, rows, value=shown, empty="No tokens yet: `aggregator tokens create LABEL`."
    )


@tokens.command(epilog="Example:  aggregator tokens rotate 3")
@TOKEN
@click.pass_obj
def rotate(session: Session, token: str) -> None:
    """Give TOKEN, by its number or hint, new addresses; the old ones open nothing any more."""
    from aggregator.flow import tokens as flow

    with session.kit(protects=True) as kit:
        _tell_issued(session, kit, flow.rotate(kit, token))


@tokens.command(epilog="Example:  aggregator tokens revoke 3")
@TOKEN
@click.pass_obj
def revoke(session: Session, token: str) -> None:
    """End TOKEN, by its number or hint, for good; its addresses answer 404 from now on."""
    from aggregator.flow import tokens as flow

    with session.kit(protects=True) as kit:
        ended = flow.revoke(kit, token)
        with kit.store.read() as tx:
            told = _told(tx, ended, "revoked")
    session.screen.line(f"token {ended.id} ({ended.label}) is revoked", told)


def _told(tx: Tx, token: Token, state: str) -> dict[str, object]:
    from aggregator.flow.tokens import slugs_of

    values = (
        token.id,
        token.hint,
        token.label,
        str(state),
        [slug or "(removed)" for slug in slugs_of(tx, token)],
        token.query,
        token.private,
        when(token.created_at),
        when(token.expires_at),
        when(token.last_used_at),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _tell_issued(session: Session, kit: Kit, issued: Issued) -> None:
    from aggregator.flow.tokens import addresses

    token, urls = issued.token, addresses(kit, issued)
    screen = session.screen
    if screen.json:
        with kit.store.read() as tx:
            told = _told(tx, token, "open")
        screen.document(told | {"secret": issued.secret, "addresses": list(urls)})
        return
    screen.say(f"token {token.id} ({token.label}): its addresses are told this once")
    for url in urls:
        screen.line(url)
    if token.query:
        screen.say("q=%2A finds everything: put any query there, URL-encoded")


def _span(said: str) -> int:
    from aggregator.config.words import duration

    try:
        return duration(said, low=60)
    except ValueError as error:
        raise UsageError(f"--expires: {error}") from None


COMMANDS = {"tokens": tokens}
