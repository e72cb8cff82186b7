"""Counts of readers, and when items came by each place on their way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from aggregator.model.audience import Passage, Reading
from aggregator.model.ids import TopicId


class Audience(Protocol):
    """How many read, without knowing who."""

    def add(self, readings: Iterable[Reading]) -> None:
        """Add counts to those of the same day, path and agent; of subscribers the most counts."""
        ...

    def readings(self, path: str, *, since: str) -> tuple[Reading, ...]:
        """What was counted of a topic from this day on."""
        ...

    def forget(self, before: str) -> None:
        """Drop the counts of days before this one."""
        ...

    def mark_pushed(self, topic_id: TopicId, at: float, *, since: float) -> None:
        """Note that what came into the topic's feed in the last hour is pushed by now."""
        ...

    def passages(self, topic_id: TopicId, *, since: int) -> tuple[Passage, ...]:
        """The ways of the items that were first out at this time or later."""
        ...
