"""Webhooks: what they know of a topic, what they are still to be told, how it stands with each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from aggregator.model.ids import ItemId, TopicId
from aggregator.model.webhook import (
    HookDelivery,
    HookEvent,
    HookFigures,
    HookItem,
    HookState,
    Noted,
    Withdrawn,
)


class Hooks(Protocol):
    """What webhooks know and are to be told. What is due comes oldest first, one of each address
    at most, and none of those named as busy."""

    def watch(self, topic_id: TopicId, after: int, now: float) -> None:
        """Watch what is visible and has a higher number."""
        ...

    def watched(self, topic_id: TopicId, now: float) -> tuple[Noted, ...]:
        """What is watched, in order of numbers, and what has become of it."""
        ...

    def keep(self, topic_id: TopicId, noted: Noted) -> None:
        """Keep what has become of one."""
        ...

    def last(self, topic_id: TopicId) -> tuple[int, int]:
        """The highest number of an item, and of a correction, of the topic; 0: none."""
        ...

    def gone(self, topic_id: TopicId, after: int) -> tuple[tuple[HookItem, bool], ...]:
        """Items watched no more that were withdrawn, or are back (False), by corrections with
        higher numbers, in order."""
        ...

    def forget(self, topic_id: TopicId, upto: int) -> None:
        """Watch items up to this number no more."""
        ...

    def tell(
        self, topic_id: TopicId, url: str, event: HookEvent, item: HookItem, now: float
    ) -> None:
        """Have an address told; what waits already is told once, as it stands then."""
        ...

    def due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[HookDelivery, ...]: ...
    def withdrawn(self, item_id: ItemId) -> Withdrawn | None:
        """Since when and why an item is withdrawn; None: it is not."""
        ...

    def done(self, delivery: HookDelivery) -> None:
        """Forget it, unless there is more of its kind to tell since it was taken."""
        ...

    def put_off(self, delivery: HookDelivery, problem: str, retry_at: float) -> None: ...
    def took(self, topic_id: TopicId, url: str, at: float) -> None:
        """Note that an address took a call."""
        ...

    def refused(
        self, topic_id: TopicId, url: str, at: float, problem: str, *, lost: int, ends: bool
    ) -> None:
        """Note a call in vain, and how much is never told for it; `ends`: no other is made."""
        ...

    def drop(self, topic_id: TopicId, url: str) -> int:
        """Forget what an address was still to be told. How much it was."""
        ...

    def states(self, topic_id: TopicId) -> Mapping[str, HookState]:
        """How it stands with each address that was called or is to be."""
        ...

    def leave_out(self, topic_id: TopicId, named: Collection[str]) -> None:
        """Forget all about addresses that are not named any more."""
        ...

    def figures(self) -> HookFigures: ...
    def waiting(self) -> int: ...
