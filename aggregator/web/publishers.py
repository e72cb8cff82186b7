"""What publishers are told at /bot: how we ask, and what we took from whom."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator import PROJECT_PAGE, __version__
from aggregator.core.health import DAYS
from aggregator.core.urls import safe_link
from aggregator.flow.health import subscribers
from aggregator.flow.kit import Kit
from aggregator.model.feed import Feed
from aggregator.model.ledger import HostTally, OnHost, Tally, day_of
from aggregator.net.etiquette import user_agent
from aggregator.ports import Tx

MOST_HOSTS = 200
FEW_FEEDS = 3  # named of a host in the long list
MANY_FEEDS = 100  # named of a host that was searched for and found alone

_HOST = re.compile(r"[a-z0-9._:-]{1,253}")
_PORT = re.compile(r"^(?:\[([^\[\]]*)\]|([^:]*))(?::\d*)?$")  # IPv6 in brackets, or a name


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host: what we asked of it in these days, and its feeds as (name, address)."""

    host: str
    tally: Tally
    feeds: tuple[Feed, ...]
    more: int  # feeds not named
    last_poll_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BotView:
    """Everything the page tells; `sought` is None for the whole, else what was searched for."""

    agent: str
    days: int
    total: Tally
    hosts: tuple[HostView, ...]
    cut: bool  # there may be hosts beyond these
    sought: str | None
    searchable: bool


def sought_host(said: str) -> str:
    """Return what was searched for as host names are written; "" for what no name can hold.

    A port says nothing: hosts are counted with all their ports.

    >>> sought_host(" Example.ORG. "), sought_host("https://example.org/feed"), sought_host("a b")
    ('example.org', 'example.org', '')
    >>> sought_host("example.org:8080"), sought_host("http://[2001:db8::1]:80"), sought_host("::1")
    ('example.org', '2001:db8::1', '::1')
    """
    name = said.strip().lower().removeprefix("https://").removeprefix("http://")
    name = _PORT.sub(r"\1\2", name.split("/", 1)[0]).strip(".")
    if not name.isascii():
        name = _in_ascii(name)
    return name if _HOST.fullmatch(name) else ""


def _in_ascii(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def bot_view(tx: Tx, kit: Kit, *, sought: str | None = None, searchable: bool = True) -> BotView:
    """Return the page's view: of all hosts, or of those whose name holds what is sought.

    The days are counted back from the last poll: what the page says depends on the store alone.
    """
    since = day_of(tx.ledger.last_poll_at() or 0) - DAYS + 1
    found: tuple[HostTally, ...] = ()
    if sought != "":
        limit = MOST_HOSTS + 1
        found = tx.ledger.hosts(since, public=True, matching=sought or "", limit=limit)
    hosts = found[:MOST_HOSTS]
    named = tx.ledger.feeds_on([each.host for each in hosts], _feeds_named(hosts))
    return BotView(
        agent=user_agent(kit.settings.site, __version__, PROJECT_PAGE, subscribers(tx)),
        days=DAYS,
        total=tx.ledger.total(since, public=True),
        hosts=tuple(_host(each, named.get(each.host)) for each in hosts),
        cut=len(found) > MOST_HOSTS,
        sought=sought,
        searchable=searchable,
    )


def public_total(tx: Tx) -> Tally:
    """Return what was asked in the last days of all hosts that may be named."""
    return tx.ledger.total(day_of(tx.ledger.last_poll_at() or 0) - DAYS + 1, public=True)


def _feeds_named(hosts: tuple[HostTally, ...]) -> int:
    return MANY_FEEDS if len(hosts) == 1 else FEW_FEEDS


def _host(found: HostTally, here: OnHost | None) -> HostView:
    if here is None:
        return HostView(host=found.host, tally=found.tally, feeds=(), more=0, last_poll_at=None)
    feeds = tuple(feed for feed, _ in here.feeds if safe_link(feed.spec.url) is not None)
    return HostView(
        host=found.host,
        tally=found.tally,
        feeds=feeds,
        more=here.count - len(here.feeds),
        last_poll_at=None if here.last_poll_at is None else int(here.last_poll_at),
    )
