"""Whose word counts for an address: a feed speaks for where it is polled from, and for its site."""

from __future__ import annotations

from aggregator.core.urls import host_of
from aggregator.model.feed import Feed


def homes_of(feed: Feed, *, site_is_anothers: bool) -> frozenset[str]:
    """Return the hosts a feed speaks for, without `www.` and `m.`.

    Its site is the feed's own claim. It counts unless another feed of ours is polled from there:
    else anybody could name a newspaper's site and publish under its ids.
    """
    claimed = {bare_host(feed.spec.url)}
    if feed.site_url and not site_is_anothers:
        claimed.add(bare_host(feed.site_url))
    return frozenset(claimed - {""})


def at_home(url: str | None, homes: frozenset[str]) -> bool:
    """Return whether an address lies where the feed speaks for."""
    return bool(url) and bare_host(url or "") in homes


def bare_host(url: str) -> str:
    """Return the host of an address without `www.` or `m.`; "" when it has none."""
    return bare(host_of(url) or "")


def bare(host: str) -> str:
    """Return a host name without `www.` or `m.`, in lower case.

    >>> bare("WWW.Example.org.")
    'example.org'
    """
    host = host.lower().rstrip(".")
    for prefix in ("www.", "m."):
        host = host.removeprefix(prefix)
    return host
