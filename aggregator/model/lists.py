"""OPML lists that are followed: what they name is polled, what leaves them is retired."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aggregator.model.feed import Origin, Rights
from aggregator.model.ids import ListId

DAY = 86400


class ListStatus(StrEnum):
    """Whether a list is read, and if not, why."""

    ACTIVE = "active"
    RETIRED = "retired"  # it left feeds.yaml, or nobody follows it any more
    GONE = "gone"  # the server answered 410; its feeds are still polled


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSpec:
    """What an editor said of a list, and what its feeds are given."""

    url: str
    name: str
    tags: tuple[str, ...] = ()
    every: int = DAY  # seconds between two looks at it
    trust: float = 0.5
    rights: Rights = Rights.EXCERPT
    rights_written: bool = False  # `rights:` stands at this very list


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What reading it taught us; written by reading alone."""

    title: str | None = None  # its publisher's, plain text
    next_poll_at: float | None = 0.0  # None: never
    etag: str | None = None
    last_modified: str | None = None
    last_poll_at: float | None = None
    last_ok_at: float | None = None
    failures: int = 0
    problem: str | None = None  # the last reading's, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedList:
    """An OPML document that is followed."""

    id: ListId
    spec: ListSpec
    origin: Origin
    status: ListStatus = ListStatus.ACTIVE
    state: ListState = ListState()
    added_at: int = 0
