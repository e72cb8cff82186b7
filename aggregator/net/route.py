"""Where one request has come to by redirects, and what came over the wire on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin

from requests import Response

from aggregator.model.exchange import Hop
from aggregator.net.address import Target
from aggregator.net.coding import PIECE, TooLarge

_PERMANENT = frozenset({301, 308})
_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(slots=True, kw_only=True)
class Route:
    """Where a request has come to by redirects."""

    asked: str
    start: Target
    target: Target
    conditions: Mapping[str, str] = field(default_factory=dict)  # headers, the same at each step
    came_from: str | None = None  # the host that sent us to the target
    visited: list[str] = field(default_factory=list)
    moved_to: str | None = None
    permanent: bool = True  # whether every redirect so far was

    @property
    def redirected(self) -> bool:
        """Whether there was a redirect at all."""
        return bool(self.visited)

    def go(self, status: int, target: Target) -> None:
        """Follow one redirect: only the permanent beginning of a chain is a move."""
        self.visited.append(self.target.url)
        self.came_from, self.target = self.target.host, target
        self.permanent = self.permanent and status in _PERMANENT
        if self.permanent:
            self.moved_to = target.url


class Wire:
    """One answer and its body as it comes, counted in bytes before any coding is undone."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.size = 0

    def pieces(self, most: int, *, cut: bool = False) -> Iterator[bytes]:
        """Give the body. Beyond `most` bytes it raises `TooLarge`, or with `cut` just ends."""
        raw = self.response.raw
        if raw.length_remaining is not None and raw.length_remaining > most and not cut:
            raise TooLarge
        for piece in raw.stream(PIECE, decode_content=False):
            self.size += len(piece)
            if self.size > most and not cut:
                raise TooLarge
            yield piece
            if self.size > most:
                return

    def hop(self, target: Target) -> Hop:
        """Return what this request was and brought: a line of the ledger."""
        # A body that broke off within a piece was not given, but it came.
        came = max(self.size, self.response.raw.tell())
        return Hop(host=target.host, status=self.response.status_code, bytes=came)


def pointed_at(location: str, base: str) -> str:
    """Return the address that a Location means; many send UTF-8, which arrives as Latin-1.

    One with a scheme is taken as it stands (RFC 3986, section 5.2.2, strictly): what is then no
    address is refused, not completed with our own. Raises `ValueError` for what cannot be read.

    >>> pointed_at("/b\u00c3\u00bccher", "http://a.example/x"), pointed_at("http:///b", "http://a/")
    ('http://a.example/bücher', 'http:///b')
    """
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    return location if _SCHEME.match(location) else urljoin(base, location)
