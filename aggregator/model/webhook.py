"""Webhooks: programs that are told, item by item, what happens in a topic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aggregator.model.ids import ItemId, TopicId


class HookEvent(StrEnum):
    """What happened to an item."""

    ITEM = "item"  # it came out, or is back
    EDITED = "edited"  # what readers see of it changed
    WITHDRAWN = "withdrawn"


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
