"""The only place that builds live things: clock, chance, store, net and reader."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator import PROJECT_PAGE, __version__
from aggregator.config import recalled_settings, without_comments
from aggregator.core.text import hash_text
from aggregator.errors import ConfigError, UsageError
from aggregator.flow.applied import Taker, left_since
from aggregator.flow.kit import Kit
from aggregator.flow.poll import keep_up_with_clock
from aggregator.flow.refile import refile_changed
from aggregator.flow.rekey import rekey
from aggregator.flow.sync import Synced, sync
from aggregator.formats.guard import GuardedReader
from aggregator.formats.languages import FastLanguages, missing
from aggregator.model.feed import Auth
from aggregator.model.settings import Settings
from aggregator.net.etiquette import authorization, secret_at, user_agent
from aggregator.net.fetcher import HttpFetcher
from aggregator.net.mail import SmtpPostman
from aggregator.ports import Fetcher, Tx
from aggregator.store.checks import sqlite_version
from aggregator.store.engine import open_store
from aggregator.store.hold import hold
from aggregator.store.sqlite import SQLITE_VERSION

log = logging.getLogger(__name__)

SYNCED = "synced"  # what feeds.yaml said when the store last followed it
FOLLOWS = "follows"  # the file it follows
LAST_GOOD, LAST_SAID = "last good file", "last good digest"  # its text, and that of all of it
SAMPLE = "the sample newsroom"
BASE = "base"  # where our pages lay when a server last ran
M_ARENA_MAX = -8  # of glibc's malloc.h
DEFAULT_BASE = "http://127.0.0.1:8000"


def clock() -> float:
    """Return UTC seconds now: the one clock everything else is handed."""
    return time.time()


@contextmanager
def open_kit(settings: Settings, *, base: str | None = None, create: bool = True) -> Iterator[Kit]:
    """Build everything a flow works with, and take it down again.

    `base` is where our pages lie while `site.url` is unset; without it, where they lay when a
    server last ran. Reader processes start when first needed.
    """
    _few_arenas()
    store = open_store(store_path(settings), create=create)
    with store.read() as tx:
        base = settings.site.url or base or tx.meta.get(BASE) or DEFAULT_BASE
    fetcher, strangers = new_fetcher(settings), new_strangers(settings)
    reader, postman = GuardedReader(), SmtpPostman()
    try:
        yield Kit(
            settings=settings,
            store=store,
            fetcher=fetcher,
            strangers=strangers,
            reader=reader,
            clock=clock,
            jitter=random.random,
            authorize=_authorize,
            base=base,
            guess=None if missing() else FastLanguages().guess,
            postman=postman,
            secret=_secret,
        )
    finally:
        fetcher.close()
        strangers.close()
        postman.close()
        reader.close()
        store.close()


def _few_arenas() -> None:
    """Have threads share what memory they freed: glibc keeps an arena for each of many.

    With 32 workers that is 6 MB of 100 in a full poll (docs/performance.md); other C libraries
    have no such call, and no such habit.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def new_fetcher(settings: Settings) -> Fetcher:
    """Build what asks servers, by `net:` and under the name `site:` gives."""
    agent = user_agent(settings.site, __version__, PROJECT_PAGE)
    return HttpFetcher(settings.net, agent, wall=clock)


def new_strangers(settings: Settings) -> Fetcher:
    """Build what asks addresses that strangers gave us.

    What `net.allow` opens for our own feeds stays shut to them, and they take no feed's turn: the
    spacing of hosts is of its own, and none, for the hub calls a host once at a time.
    """
    net = replace(settings.net, allow=settings.net.callbacks, spacing=0.0)
    return HttpFetcher(net, user_agent(settings.site, __version__, PROJECT_PAGE), wall=clock)


def bring_into_line(kit: Kit, taker: Taker | None = None) -> Synced:
    """Make the store follow feeds.yaml, stored entries included; documents carry our address.

    A store that followed this very file already is only read: no command waits for a writer
    without need. Changed rules are a decision of the file's, or of `taker`. Raises `UsageError`
    when the store is the demo's.
    """
    settings = kit.settings
    if settings.path is not None and follows_another(kit) == SAMPLE:
        raise UsageError("this store is the sample newsroom's; give your own with --db or `store:`")
    said = (settings.feeds, settings.topics, settings.site, settings.lists)
    mark = str(hash_text(*map(repr, said)))
    facts = {SYNCED: mark, FOLLOWS: _name_of(settings.path), BASE: kit.base}
    done = Synced()
    with kit.store.read() as tx:
        stale = any(tx.meta.get(name) != value for name, value in facts.items())
        stale = stale or bool(left_since(tx, settings.topics))
        other = bool(settings.text) and tx.meta.get(LAST_SAID) != str(hash_text(settings.text))
    if stale:
        with kit.store.write(durable=True) as tx:
            done = sync(tx, settings, kit.clock(), taker)
            for topic in tx.topics.all():
                tx.publications.mark_dirty(topic.id, kit.clock())
            act = done.applied  # undone, it is not this file that the store follows
            with tx.journal.recording(act) if act is not None else contextlib.nullcontext():
                for name, value in facts.items():
                    tx.meta.set(name, value)
                if other:
                    _keep_text(tx, settings.text)
    elif other:
        with kit.store.write() as tx:
            _keep_text(tx, settings.text)
    rekey(kit)
    refile_changed(kit)
    return done


def _keep_text(tx: Tx, text: str) -> None:
    tx.meta.set(LAST_GOOD, without_comments(text))
    tx.meta.set(LAST_SAID, str(hash_text(text)))


def last_good(store: str, *, of: Path) -> Settings | None:
    """Return what a file said when this store last followed it; None where it follows another."""
    if not Path(store).is_file():
        return None
    found = open_store(store, create=False)
    try:
        with found.read() as tx:
            name, text = tx.meta.get(FOLLOWS), tx.meta.get(LAST_GOOD)
    finally:
        found.close()
    if name is None or text is None or name != _name_of(of):
        return None
    try:
        return replace(recalled_settings(text, Path(name)), store=store)
    except ConfigError:
        return None


def sample_base(store: str) -> str | None:
    """Return where pages of the sample newsroom's store lie; None: this is another's store."""
    if not Path(store).is_file():
        return None
    found = open_store(store, create=False)
    try:
        with found.read() as tx:
            sample = tx.meta.get(FOLLOWS) == SAMPLE
            return (tx.meta.get(BASE) or DEFAULT_BASE) if sample else None
    finally:
        found.close()


def follows_another(kit: Kit) -> str | None:
    """Return the file the store follows when that is not the one given; None: it is, or none.

    Looking at a store must not make it follow another newsroom's file.
    """
    with kit.store.read() as tx:
        followed = tx.meta.get(FOLLOWS)
    return followed if followed not in (None, _name_of(kit.settings.path)) else None


def _name_of(path: Path | None) -> str:
    return SAMPLE if path is None else str(path.resolve())


@contextmanager
def holding(kit: Kit, command: str) -> Iterator[None]:
    """Be the one daemon of the store; leases of a dead one are given back.

    Raises `StoreHeld` when another is.
    """
    _, safe, found = sqlite_version(SQLITE_VERSION)
    if not safe:
        log.warning("this SQLite is not safe for a daemon", extra={"found": found})
    if kit.settings.path is not None and not kit.settings.site.is_set_up:
        log.warning(
            "site.url is no public address yet; ids of what is published now keep it for good",
            extra={"url": kit.settings.site.url},
        )
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


def _secret(place: str) -> str:
    return secret_at(place, os.environ, "feeds.yaml")
