"""`check`, `config`, `doctor`, `completion`: is everything as it should be?"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session
from aggregator.errors import AggregatorError, ConfigError

if TYPE_CHECKING:
    from aggregator.flow.kit import Kit
    from aggregator.model.settings import Settings

FAULTY = 2


@click.command(epilog="Example:  aggregator -c feeds.yaml check")
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check feeds.yaml, every problem at once, and the topics' contracts.

    Contracts (`expect:`) are asked of the entries in the store; what has not been seen yet is
    told and is no fault. A rule that suddenly matches nothing or nearly everything, and one that an
    editor has taken back, are worth a warning; so are a `former:` that came too late and an address
    that readers know as another topic's. Exits with 2 when anything is wrong.
    """
    session: Session = ctx.obj
    try:
        settings = session.settings(environ=os.environ)
    except ConfigError as error:
        if session.screen.json:
            session.screen.document(
                {
                    "ok": False,
                    "problems": [_problem(each) for each in error.problems],
                    "contracts": [],
                    "warnings": [],
                }
            )
        else:
            click.echo(str(error), err=True)
            count = len(error.problems)
            session.screen.fail(
                f"{count} {'problem' if count == 1 else 'problems'} in {session.config}"
            )
        ctx.exit(FAULTY)
    broken, told, noted = [], [], list[str]()
    if "://" not in settings.store and Path(settings.store).exists():
        from aggregator.flow.preview import contracts, warnings

        with session.kit(sync=False) as kit:
            told = [asdict(each) for each in contracts(kit)]
            noted = list(warnings(kit))
            for warning in noted:
                session.screen.warn(warning)
            _warn_of_unknown_feeds(session, kit)
        broken = [each for each in told if not each["holds"]]
    for warning in _full_text_missing(settings):
        session.screen.warn(warning)
    if session.screen.json:
        session.screen.document(
            {"ok": not broken, "problems": [], "contracts": told, "warnings": noted}
        )
    else:
        for each in told:
            word = "in" if each["expected"] else "out"
            if each["unseen"]:
                session.screen.say(f"{each['slug']}: {each['url']}: {each['because']}")
            elif not each["holds"]:
                session.screen.fail(
                    f"{each['slug']}: {each['url']} should be {word}: {each['because']}"
                )
        kept = sum(each["holds"] and not each["unseen"] for each in told)
        click.echo(
            f"{session.config}: {len(settings.feeds)} feeds, {len(settings.topics)} topics, "
            f"{len(settings.tags)} tags; contracts: {kept} kept, {len(broken)} broken"
        )
    ctx.exit(FAULTY if broken else 0)


@click.group()
def config() -> None:
    """Show the configuration, its schema or a sample."""


@config.command("show", epilog="Example:  aggregator config show")
@click.pass_obj
def show_config(session: Session) -> None:
    """Print the configuration in force, defaults filled in; secrets are never resolved."""
    from aggregator.config import shown

    _print_yaml(session, shown(session.settings()))


@config.command("sample", epilog="Example:  aggregator config sample > feeds.yaml")
@click.pass_obj
def sample_config(session: Session) -> None:
    """Print the feeds.yaml that comes with the program: a working start for your newsroom."""
    from aggregator.config import sample

    _print_yaml(session, sample())


@config.command(epilog="Example:  aggregator config schema > feeds.schema.json")
@click.pass_obj
def schema(session: Session) -> None:
    """Print the JSON Schema of feeds.yaml, for editors that complete while you type."""
    from aggregator.config import json_schema

    session.screen.document(json_schema())


@click.command(epilog="Example:  aggregator doctor")
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say in a line each what is well and what is not, and what to do. Exits with 1 on a fault."""
    session: Session = ctx.obj
    findings = _findings(session)
    session.screen.rows(
        ("check", "state", "what was found"),
        [(name, state, text) for name, state, text in findings],
        value=[{"check": n, "state": s, "found": t} for n, s, t in findings],
    )
    ctx.exit(1 if any(state == "fault" for _, state, _ in findings) else 0)


@click.command(epilog="Example:  aggregator completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    from aggregator.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None, "click knows the three shells"
    click.echo(found(cli, {}, "aggregator", "_AGGREGATOR_COMPLETE").source())


COMMANDS = {"check": check, "config": config, "doctor": doctor, "completion": completion}


def _print_yaml(session: Session, text: str) -> None:
    if session.screen.json:
        import yaml

        session.screen.document(yaml.safe_load(text))
    else:
        click.echo(text, nl=False)


def _findings(session: Session) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    try:
        settings = session.settings()
    except ConfigError as error:
        count = len(error.problems)
        problems = "1 problem" if count == 1 else f"{count} problems"
        return [("configuration", "fault", f"{problems}; `aggregator check` tells where")]
    found.append(
        (
            "configuration",
            "ok",
            f"{session.config}: {len(settings.feeds)} feeds, {len(settings.topics)} topics",
        )
    )
    if settings.site.is_set_up:
        found.append(("site.url", "ok", str(settings.site.url)))
    else:
        found.append(
            (
                "site.url",
                "note",
                "unset, an example or a local address: publishers cannot look us up there, so "
                "they are told the project's page; set site.url in feeds.yaml",
            )
        )
    if not settings.site.contact:
        found.append(("site.contact", "note", "unset: publishers and readers cannot reach you"))
    if "://" not in settings.store and not Path(settings.store).exists():
        found.append(
            ("store", "note", f"{settings.store} is not there yet; the first run makes it")
        )
        return found
    try:
        with session.kit(sync=False) as kit:
            found += [
                (name, "ok" if fine else "fault", text) for name, fine, text in kit.store.doctor()
            ]
            found += _feed_findings(kit)
    except AggregatorError as error:
        found.append(("store", "fault", str(error)))
    return found


def _feed_findings(kit: Kit) -> list[tuple[str, str, str]]:
    from aggregator.model.feed import FeedStatus

    with kit.store.read() as tx:
        feeds = tx.feeds.all(FeedStatus.ACTIVE, FeedStatus.GONE)  # others rest by an editor's will
        names = {feed.id: feed.spec.name for feed in feeds}
        states = [(names[f], s) for f, s in tx.feeds.states().items() if f in names and s.problem]
        lists = [each for each in tx.lists.all() if each.status != "retired"]
    failing = [f"{name}: {state.problem}" for name, state in states if state.failures]
    flawed = [f"{name}: {state.problem}" for name, state in states if not state.failures]
    told = f"{len(names)} that are not paused; failing or gone: {_some(failing)}"
    found = [("feeds", "note" if failing else "ok", told)]
    if flawed:
        found.append(("documents", "note", f"read with a flaw: {_some(flawed)}"))
    unwell = [f"{each.spec.name}: {each.state.problem}" for each in lists if each.state.problem]
    if lists:
        told = f"{len(lists)} followed; not well: {_some(unwell)}"
        found.append(("lists", "note" if unwell else "ok", told))
    return found


def _full_text_missing(settings: Settings) -> list[str]:
    """Say how to install what reads articles where a feed wants full text and it is not there."""
    wanted = [spec.name for spec in settings.feeds if spec.fulltext]
    if not wanted:
        return []
    from aggregator.formats.article import missing

    how = missing()
    return [f"feed {_some_names(wanted)}: {how}"] if how else []


def _some_names(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _warn_of_unknown_feeds(session: Session, kit: Kit) -> None:
    """A rule may name a feed of the desk's; one that nobody has is worth a word."""
    from aggregator.core.query import named, parse_query

    with kit.store.read() as tx:
        names = {feed.spec.name.casefold() for feed in tx.feeds.all()}
    names |= {spec.name.casefold() for spec in kit.settings.feeds}
    for topic in kit.settings.topics:
        for term in named(parse_query(topic.match), "feed"):
            if term.text.casefold() not in names:
                session.screen.warn(f"topic {topic.slug}: there is no feed called {term.text!r}")


def _some(problems: list[str]) -> str:
    """How many, and the first three by name."""
    if not problems:
        return "none"
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    return f"{len(problems)}, {'; '.join(problems[:3])}{more}"


def _problem(problem: object) -> dict[str, object]:
    names = ("line", "column", "problem", "hint")
    return {name: getattr(problem, name, None) for name in names} | {"text": str(problem)}
