"""How many read a topic, without knowing who; and how fresh what they get is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A reader as it names itself, and for how many people it asks."""

    name: str
    subscribers: int = 0  # 0: it told none


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one kind of reader asked of one topic on one day."""

    day: str  # UTC, ISO
    path: str  # of the topic's documents, without an ending: "topics/global-lane"
    agent: str
    requests: int
    not_modified: int
    bytes: int
    subscribers: int  # as the agent told, its most that day; 0: it told none
    addresses: int  # distinct ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """When one item came by each place on its way to readers. UTC seconds."""

    published_at: int | None  # at the source
    seen_at: int
    approved_at: int
    in_feed_at: int
    pushed_at: float | None
