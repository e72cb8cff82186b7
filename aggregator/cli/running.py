"""`demo`, `run` and `serve`: the processes that stay."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.session import Session

if TYPE_CHECKING:
    from aggregator.flow.kit import Kit
    from aggregator.flow.polled import Absorbed

DEMO = "db/demo.db"
ON_ALL = {"0.0.0.0", "::", ""}


def _base(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ON_ALL else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


@click.command(
    epilog=(
        "Examples:  aggregator run  ·  "
        "aggregator run --once  ·  "
        "aggregator run --host 0.0.0.0 --port 80"
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--once", is_flag=True, help="Poll what is due, publish, and exit; no web server.")
@click.pass_context
def run(ctx: click.Context, host: str, port: int, once: bool) -> None:
    """Run the daemon: scheduler, publisher and web in one process.

    Ends within five seconds of SIGTERM with nothing half written. A second daemon on the same
    store exits at once with 5 and says who holds it.
    """
    from aggregator.model.feed import FeedStatus
    from aggregator.system import bring_into_line, holding

    session: Session = ctx.obj
    if once:
        from aggregator.cli.polling import run_once

        ctx.exit(run_once(session, base=_base(host, port)))
    with (
        session.kit(base=_base(host, port), sync=False, create=True) as kit,
        holding(kit, "run"),
    ):
        bring_into_line(kit)
        with kit.store.read() as tx:
            count = len(tx.feeds.all(FeedStatus.ACTIVE))
        session.screen.say(f"polling {count} feeds, {len(kit.settings.feeds)} of {session.config}")
        _serve(session, kit, host, port, poll=True)


@click.command(epilog="Example:  aggregator serve --port 8080")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
def serve(session: Session, host: str, port: int) -> None:
    """Serve pages and feeds without polling; a daemon may work on the same store."""
    with session.kit(base=_base(host, port), sync=False, create=True) as kit:
        _serve(session, kit, host, port, poll=False)


@click.command(epilog="Example:  aggregator demo --port 9000")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--keep", is_flag=True, help="Go on with the demo's store of last time.")
@click.pass_obj
def demo(session: Session, port: int, keep: bool) -> None:
    """Run the whole pipeline on the bundled sample newsroom.

    Eight invented outlets are served on loopback by a real HTTP origin; polling, reading,
    telling once, tagging, publishing and serving are what `run` does, in a store of their own,
    db/demo.db.
    """
    from aggregator.demo.newsroom import Newsroom
    from aggregator.demo.settings import demo_settings
    from aggregator.system import bring_into_line, clock, holding, open_kit

    base = _base("127.0.0.1", port)
    store = Path(session.db or DEMO).resolve()
    with Newsroom(clock=clock) as newsroom:
        settings = demo_settings(newsroom.url, store=str(store), site_url=base)
        store.parent.mkdir(parents=True, exist_ok=True)
        if not keep:
            _clear(store)
        with open_kit(settings, base=base) as kit, holding(kit, "demo"):
            bring_into_line(kit)
            session.screen.say(
                f"the sample newsroom serves {len(settings.feeds)} outlets at {newsroom.url}"
            )
            _serve(session, kit, "127.0.0.1", port, poll=True, hint=_play_editor(session))


COMMANDS = {"run": run, "serve": serve, "demo": demo}


def _play_editor(session: Session) -> str:
    """Return how to curate the sample newsroom; no feeds.yaml is needed for that."""
    with_db = f"aggregator --db {shlex.quote(session.db or DEMO)}"
    return (
        f"be its editor in another terminal: `{with_db} topics show global-lane`, then"
        f" `{with_db} note s1 global-lane 'We asked.'`, `… reject`, `… undo`, `… explain`"
    )


def _serve(session: Session, kit: Kit, host: str, port: int, *, poll: bool, hint: str = "") -> None:
    from aggregator.daemon.service import Service
    from aggregator.daemon.signals import stopping_on_signals

    screen = session.screen

    def ready() -> None:
        screen.say(f"serving at {_base(host, port)}/ · Ctrl-C ends it")
        for topic in kit.settings.topics:
            screen.say(f"  {topic.title}: {kit.base}/topics/{topic.slug}.atom")
        if hint:
            screen.say(hint)

    service = Service(kit, on_turn=_teller(session))
    with stopping_on_signals(service.stop):
        service.run(host, port, poll=poll, ready=ready)
    screen.say("stopped")


def _clear(store: Path) -> None:
    """Begin with an empty store, unless another demo is at work on it."""
    from aggregator.store.hold import hold

    with hold(str(store), "demo", "just now"):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{store}{suffix}").unlink(missing_ok=True)


def _teller(session: Session) -> Callable[[Absorbed], None]:
    def tell(turn: Absorbed) -> None:
        if turn.new or turn.revised:
            revised = f", {turn.revised} revised" if turn.revised else ""
            session.screen.say(f"{turn.feed.spec.name}: {turn.new} new{revised}")
        elif turn.problem:
            session.screen.say(f"{turn.feed.spec.name}: {turn.problem}")

    return tell
