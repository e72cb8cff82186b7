"""Article pages: asked for once, for feeds that only tease; and what robots.txt lets us ask for."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.exchange import Hop
from aggregator.model.ids import EntryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What became of an entry's article page."""

    entry_id: EntryId
    url: str
    due_at: float | None  # None: it is done, one way or the other
    tries: int = 0
    fetched_at: float | None = None
    problem: str | None = None  # why there is no text of it, in words
    body: str = ""  # sanitised HTML


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """A page whose time has come, the first of its host."""

    entry_id: EntryId
    url: str
    host: str
    tries: int  # so far
    private: bool = False  # of a feed that may not be named


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """A host's robots.txt as it was last had. Status None: no answer came."""

    place: str  # host, and port where it is not the scheme's
    fetched_at: float
    status: int | None
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Whether a host lets us ask for an address, and why."""

    yes: bool
    because: str
    delay: float = 0.0  # seconds it wants between two requests
    asked: bool = False  # its robots.txt was asked for just now
    again_at: float | None = None  # nobody knows: when to look again
    hops: tuple[Hop, ...] = ()  # of that request
