"""The only place that builds live things: clock, chance, store, net and reader."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aggregator import PROJECT_PAGE, __version__
from aggregator.core.text import hash_text
from aggregator.errors import UsageError
from aggregator.flow.kit import Kit
from aggregator.flow.poll import keep_up_with_clock
from aggregator.flow.refile import refile_changed
from aggregator.flow.sync import Synced, sync
from aggregator.formats.guard import GuardedReader
from aggregator.model.feed import Auth
from aggregator.model.settings import Settings
from aggregator.net.etiquette import authorization, user_agent
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import open_store
from aggregator.store.hold import hold

SYNCED = "synced"  # the fact that tells which feeds.yaml the store follows
DEFAULT_BASE = "http://127.0.0.1:8000"


def clock() -> float:
    """Return UTC seconds now: the one clock everything else is handed."""
    return time.time()


@contextmanager
def open_kit(settings: Settings, *, base: str | None = None, create: bool = True) -> Iterator[Kit]:
    """Build everything a flow works with, and take it down again.

    `base` is where our pages lie while `site.url` is unset. Reader processes start when first
    needed.
    """
    store = open_store(store_path(settings), create=create)
    agent = user_agent(settings.site, __version__, PROJECT_PAGE)
    fetcher = HttpFetcher(settings.net, agent, wall=clock)
    reader = GuardedReader()
    try:
        yield Kit(
            settings=settings,
            store=store,
            fetcher=fetcher,
            reader=reader,
            clock=clock,
            jitter=random.random,
            authorize=_authorize,
            base=settings.site.url or base or DEFAULT_BASE,
        )
    finally:
        fetcher.close()
        reader.close()
        store.close()


def bring_into_line(kit: Kit) -> Synced:
    """Make the store follow feeds.yaml, stored entries included.

    A store that followed this very file already is only read: a command that looks never waits
    for a writer.
    """
    mark = str(hash_text(repr(kit.settings.feeds), repr(kit.settings.topics)))
    done = Synced()
    with kit.store.read() as tx:
        stale = tx.meta.get(SYNCED) != mark
    if stale:
        with kit.store.write(durable=True) as tx:
            done = sync(tx, kit.settings, kit.clock())
            tx.meta.set(SYNCED, mark)
    refile_changed(kit)
    return done


@contextmanager
def holding(kit: Kit, command: str) -> Iterator[None]:
    """Be the one daemon of the store; leases of a dead one are given back.

    Raises `StoreHeld` when another is.
    """
    since = datetime.fromtimestamp(kit.clock(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    with hold(store_path(kit.settings), command, since):
        with kit.store.write() as tx:
            tx.feeds.release_leases()
            keep_up_with_clock(tx, kit.clock())
        yield


def store_path(settings: Settings) -> str:
    """Return the store's file. Raises `UsageError` for a server: we speak to none yet."""
    if "://" in settings.store:
        raise UsageError("PostgreSQL stores come in a later version; give a file in `store:`")
    if settings.store != ":memory:":
        Path(settings.store).parent.mkdir(parents=True, exist_ok=True)
    return settings.store


def _authorize(auth: Auth) -> str:
    return authorization(auth, os.environ)
