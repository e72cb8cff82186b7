"""`poll`, `publish` and `run --once`: the pipeline by hand."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session

if TYPE_CHECKING:
    from aggregator.flow.kit import Kit
    from aggregator.flow.poll import PollReport
    from aggregator.model.ids import FeedId

SOME_FAILED = 3
LIST_PATIENCE = 10.0  # seconds each followed list is waited for while its host is busy
PAGES_PATIENCE = 60.0  # seconds `run --once` waits for hosts of article pages, in all


@click.command(
    epilog=(
        "Examples:  aggregator poll  ·  aggregator poll --all  ·  aggregator poll wire bbc-world"
    )
)
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option("--all", "everything", is_flag=True, help="Every active feed and list, due or not.")
@click.pass_context
def poll(ctx: click.Context, feeds: tuple[str, ...], everything: bool) -> None:
    """Poll what is due, all feeds, or those named (number, name or address).

    A Retry-After, a 410 and a host's spacing hold in any case. Exits with 3 when a feed failed.
    """
    from aggregator.flow.poll import chosen, due_now
    from aggregator.system import bring_into_line, holding

    session: Session = ctx.obj
    with session.kit(sync=False, create=True) as kit, holding(kit, "poll"):
        bring_into_line(kit)
        if not feeds:
            _follow(session, kit, everything=everything)
        with kit.store.read() as tx:
            wanted = chosen(tx, feeds) if feeds or everything else due_now(tx, kit.clock())
        report = _poll(session, kit, wanted)
    _tell(session, report)
    ctx.exit(SOME_FAILED if report.failed else 0)


@click.command(
    epilog=(
        "Examples:  aggregator publish  ·  "
        "aggregator publish global-lane  ·  "
        "aggregator publish --out site"
    )
)
@click.argument("topics", nargs=-1, metavar="[TOPIC]...")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write a static site here."
)
@click.pass_obj
def publish(session: Session, topics: tuple[str, ...], out: Path | None) -> None:
    """Compose topics, all without a name; bytes that did not change are not written.

    With --out the whole public side is written as files any web server can serve, each one
    replaced as a whole. What would come out as it is there is neither made nor written again.
    """
    from aggregator.flow.publish import publish as compose

    with session.kit(lead=True) as kit:
        done = compose(kit, topics)
        rows = [
            (each.slug, each.items, len(each.changed), "; ".join(each.left_out)) for each in done
        ]
        if out is not None:
            from aggregator.web.static_site import write_site

            with session.screen.progress("writing") as tick:
                written = write_site(kit, out, on_file=tick)
            session.screen.say(f"{written.changed} of {written.files} files changed in {out}")
    session.screen.rows(
        ("topic", "items", "documents changed", "left out"), rows, empty="There are no topics yet."
    )


def run_once(session: Session, *, base: str) -> int:
    """Poll what is due, publish, and return the exit code."""
    from aggregator.flow.poll import due_now
    from aggregator.flow.publish import publish_due
    from aggregator.flow.suggest import publish_learnt
    from aggregator.flow.tidy import tidy
    from aggregator.system import bring_into_line, holding

    with session.kit(base=base, sync=False, create=True) as kit, holding(kit, "run --once"):
        bring_into_line(kit)
        _follow(session, kit)
        with kit.store.read() as tx:
            due = due_now(tx, kit.clock())
        report = _poll(session, kit, due)
        _fetch_pages(session, kit)
        publish_learnt(kit)
        publish_due(kit)
        tidy(kit)
    _tell(session, report)
    return SOME_FAILED if report.failed else 0


COMMANDS = {"poll": poll, "publish": publish}


def _follow(session: Session, kit: Kit, *, everything: bool = False) -> None:
    """Read the lists that are due, or all of them, and say what is wrong with them."""
    from aggregator.flow.follow import follow_due

    for done in follow_due(kit, patience=LIST_PATIENCE, early=everything):
        if done.problem:
            session.screen.warn(f"list {done.name}: {done.problem}")


def _poll(session: Session, kit: Kit, feed_ids: tuple[FeedId, ...]) -> PollReport:
    from threading import Event

    from aggregator.daemon.signals import stopping_on_signals
    from aggregator.flow.poll import Orders, poll_round
    from aggregator.flow.polled import Absorbed

    stop = Event()

    def cut() -> None:
        stop.set()
        kit.closing.set()
        kit.fetcher.close()

    orders = Orders(owner=f"{socket.gethostname()}:{os.getpid()}", feed_ids=feed_ids)
    with session.screen.progress("polling") as tick, stopping_on_signals(cut):
        tick("", total=len(feed_ids))

        def on_turn(turn: Absorbed) -> None:
            tick(turn.feed.spec.name)

        report = poll_round(kit, orders, stop=stop, on_turn=on_turn)
    if stop.is_set():
        raise KeyboardInterrupt
    return report


def _fetch_pages(session: Session, kit: Kit) -> None:
    """Ask for the article pages that are due; what is not had within a minute waits."""
    from threading import Event

    from aggregator.daemon.signals import stopping_on_signals
    from aggregator.flow.pages import fetch_pages_due

    stop = Event()

    def cut() -> None:
        stop.set()
        kit.closing.set()
        kit.fetcher.close()

    with stopping_on_signals(cut):
        report = fetch_pages_due(kit, stop=stop, patience=PAGES_PATIENCE)
    if stop.is_set():
        raise KeyboardInterrupt
    if report.asked:
        session.screen.say(f"article pages: {report.asked} asked for, {report.kept} read")
    for url, problem in report.problems[:5]:
        session.screen.say(f"{url}: {problem}")


def _tell(session: Session, report: PollReport) -> None:
    facts = {
        name: value for name, value in asdict(report).items() if name not in ("problems", "waiting")
    }
    for name, problem in report.problems:
        session.screen.warn(f"{name}: {problem}")
    if not report.polled and not report.waiting:
        session.screen.say("nothing was due; `aggregator poll --all` asks every feed now")
    if report.waiting:
        alone = (
            "1 feed left alone: its host asked"
            if report.waiting == 1
            else f"{report.waiting} feeds left alone: their hosts asked"
        )
        session.screen.warn(f"{alone} for a pause")
    session.screen.facts(facts)
