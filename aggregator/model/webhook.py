"""Webhooks: programs that are told, item by item, what happens in a topic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aggregator.model.ids import ItemId, TopicId


class HookEvent(StrEnum):
    """What happened to an item."""

    PUBLISHED = "published"  # it came out, or is back
    UPDATED = "updated"  # what readers see of it changed
    WITHDRAWN = "withdrawn"  # nobody may show it any more
    TAKEN_BACK = "taken_back"  # it is in the topic no more
    TEST = "test"  # nothing: an operator tries whether calls arrive


class ItemState(StrEnum):
    """Where an item is that webhooks were told of, or were not."""

    OUT = "out"
    TAKEN_BACK = "taken_back"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookItem:
    """An item as webhooks know it."""

    item_id: ItemId
    number: int  # in its topic
    uri: str
    state: ItemState
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An item as webhooks know it, and what has become of it since."""

    item: HookItem
    became: ItemState
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDelivery:
    """One thing that one webhook has yet to be told. Times are UTC seconds."""

    id: int
    topic_id: TopicId
    url: str
    event: HookEvent
    item_id: ItemId
    uri: str  # of the item
    number: int | None  # of the item in its topic
    made_at: float
    due_at: float
    attempts: int = 0

    @property
    def host(self) -> str:
        """Whose turn it is: one call at a time to each address."""
        return self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """That an item is withdrawn, since when and why."""

    at: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """How it stands with one webhook. Times are UTC seconds."""

    url: str
    told_at: float | None = None  # when it took a call last
    failed_at: float | None = None  # when it did not
    failures: int = 0  # calls in vain, in a row
    lost: int = 0  # things it was never told: given up
    ended_at: float | None = None  # it said 410: not called any more
    problem: str | None = None
    waiting: int = 0  # things it is still to be told


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFigures:
    """How it stands with all webhooks."""

    failing: int = 0  # addresses whose last call was in vain
    ended: int = 0
    lost: int = 0
    waiting: int = 0
    oldest: float | None = None  # since when what has waited longest waits
