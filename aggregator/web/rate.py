"""How often one address may ask: a bucket for each, of which a polite reader sees no bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aggregator.web.conditions import Headers

A_SECOND = 5.0  # requests, for as long as one likes
AT_ONCE = 300  # requests before that counts: a reader may follow every topic we have
MOST = 65_536  # addresses remembered; of more than twice as many the oldest are forgotten

FORWARDED = b"x-forwarded-for"
_LONGEST = 200  # bytes of it: its end is what proxies of ours wrote
NOBODY = ""  # an asker whom nothing tells from others, and who is not limited

_Address = IPv4Address | IPv6Address


class Buckets:
    """What each address has left, as the time at which its bucket is full again (GCRA).

    Two generations of addresses stand for an eviction: who did not ask while a bucket fills is
    forgotten, which changes nothing. Not for several threads.
    """

    def __init__(
        self,
        *,
        a_second: float = A_SECOND,
        at_once: int = AT_ONCE,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step, self._depth = 1 / a_second, at_once / a_second
        self._seconds = seconds
        self._young: dict[str, float] = {}
        self._old: dict[str, float] = {}
        self._turn_at = seconds() + self._depth

    def wait(self, who: str) -> float:
        """Count a request; return 0, or in how many seconds the next is answered again."""
        now = self._seconds()
        if now >= self._turn_at or len(self._young) >= MOST:
            self._old, self._young = self._young, {}
            self._turn_at = now + self._depth
        full_at = self._young.get(who) or self._old.get(who, now)
        left_at = (full_at if full_at > now else now) + self._step
        if left_at - now > self._depth + 1e-6:
            self._young[who] = full_at
            return left_at - now - self._depth
        self._young[who] = left_at
        return 0.0


class Gate:
    """Lets requests in, as many of each asker as are answered. Not for several threads."""

    def __init__(self, proxies: Callable[[], tuple[str, ...]], buckets: Buckets) -> None:
        self._proxies, self._buckets = proxies, buckets
        self._of: tuple[str, ...] = ()
        self._askers = Askers(self._of)

    def enter(self, peer: str, headers: Headers) -> tuple[str, float]:
        """Return by what the asker is counted, and in how many seconds to come again (0: now)."""
        proxies = self._proxies()
        if proxies != self._of:
            self._askers, self._of = Askers(proxies), proxies
        who = self._askers.who(peer, headers)
        return who or peer, self._buckets.wait(who) if who else 0.0


class Askers:
    """Tells who asks, whoever brings the request.

    Only proxies that are named (`site.proxies`: addresses or networks) are believed when they
    say for whom they ask.
    """

    def __init__(self, proxies: Sequence[str]) -> None:
        self._networks = tuple(ip_network(each, strict=False) for each in proxies)
        self._is_proxy = lru_cache(maxsize=1024)(self._look_up)
        self._behind = lru_cache(maxsize=16_384)(self._first_that_is_none)

    def who(self, peer: str, headers: Headers) -> str:
        """Return the asker's address, of IPv6 its network.

        `NOBODY` for one that must be a proxy we were not told of, or this machine itself: a
        private address, behind which may be everybody.
        """
        if not self._is_proxy(peer):
            return bucket_of(peer)
        return self._behind(headers.get(FORWARDED, b"")[-_LONGEST:])

    def _first_that_is_none(self, forwarded: bytes) -> str:
        """Return who stands nearest to us of those that our proxies asked for."""
        for said in reversed(forwarded.decode("latin-1").split(",")):
            who = _bare(said)
            if not self._look_up(who):
                return bucket_of(who)
        return NOBODY

    def _look_up(self, address: str) -> bool:
        found = _parsed(address)
        return found is not None and any(found in each for each in self._networks)


@lru_cache(maxsize=4096)
def bucket_of(address: str) -> str:
    """Return by what an address is counted: itself, or the /64 that one household has.

    >>> bucket_of("203.0.113.7"), bucket_of("2001:4860:1:2::9"), bucket_of("10.0.0.1")
    ('', '2001:4860:1:2::/64', '')
    """
    found = _parsed(address)
    if found is None or not found.is_global:
        return NOBODY
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found)


def _bare(said: str) -> str:
    """Return an address as a proxy names it, without quotes, brackets and port (RFC 7239, 6).

    >>> _bare(" 203.0.113.7:5555"), _bare('"[2001:4860:1:2::9]:443"'), _bare("2001:4860::9")
    ('203.0.113.7', '2001:4860:1:2::9', '2001:4860::9')
    """
    said = said.strip().strip('"')
    if said.startswith("["):
        return said[1:].partition("]")[0]
    host, _, port = said.rpartition(":")
    return host if port.isdigit() and ":" not in host and host else said


def _parsed(address: str) -> _Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
