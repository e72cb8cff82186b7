"""Letters and webhooks: who gets what, and the server that takes letters."""

from __future__ import annotations

from typing import Protocol

from aggregator.model.ids import ItemId, TopicId
from aggregator.model.letter import LetterReader, Unsent
from aggregator.model.topic import Every
from aggregator.model.webhook import HookDelivery, HookEvent, Withdrawn


class Letters(Protocol):
    """Who gets a topic by e-mail, and what is due."""

    def all(self) -> tuple[LetterReader, ...]: ...
    def get(self, reader_id: int) -> LetterReader | None: ...
    def of(self, topic_id: TopicId, address: str) -> LetterReader | None: ...
    def by_secret(self, secret: str) -> LetterReader | None: ...
    def add(self, reader: LetterReader) -> LetterReader: ...
    def save(self, reader: LetterReader) -> None:
        """Replace what is kept of it; id, topic and address never change."""
        ...

    def due(self, now: float, limit: int) -> tuple[LetterReader, ...]:
        """Those whose question or letter is due, the longest waiting first."""
        ...

    def due_again(self, topic_id: TopicId, now: float) -> int:
        """Have everybody who gets this topic get what is new now. How many they are."""
        ...

    def asked_since(self, address: str, since: int) -> int:
        """How many topics were asked for with this address since then."""
        ...

    def waiting(self) -> int:
        """How many were asked and have not answered."""
        ...

    def remove(self, address: str) -> int:
        """Forget an address in every topic. In how many it was."""
        ...

    def forget(self, *, asked_before: int, ended_before: int) -> int:
        """Forget who never answered or left before then, and readers of removed topics."""
        ...

    def numbers(self, topic_id: TopicId, before: int) -> tuple[int, int]:
        """The highest number of an item, and of those first published before then; 0: none."""
        ...

    def counts(self) -> tuple[tuple[TopicId, Every, int], ...]:
        """How many get each topic how often."""
        ...


class Hooks(Protocol):
    """What webhooks are still to be told. What is due comes oldest first, one of each address
    at most, and none of those named as busy."""

    def last(self, topic_id: TopicId) -> tuple[int, int]:
        """The highest numbers of an item and of a correction of the topic; 0: none."""
        ...

    def fresh(self, topic_id: TopicId, after: int, now: float) -> tuple[ItemId, ...]:
        """Visible items with higher numbers."""
        ...

    def edited(self, topic_id: TopicId, upto: int, now: float) -> tuple[ItemId, ...]:
        """Visible items up to this number whose text changed in this very second."""
        ...

    def gone(self, topic_id: TopicId, after: int) -> tuple[tuple[ItemId, bool], ...]:
        """Items withdrawn, or back (False), by corrections with higher numbers, in order."""
        ...

    def tell(
        self, topic_id: TopicId, url: str, event: HookEvent, item_id: ItemId, now: float
    ) -> None:
        """Have an address told; what waits already waits on."""
        ...

    def due(self, now: float, *, busy: tuple[str, ...], limit: int) -> tuple[HookDelivery, ...]: ...
    def withdrawn(self, item_id: ItemId) -> Withdrawn | None:
        """Since when and why an item is withdrawn; None: it is not."""
        ...

    def done(self, delivery: HookDelivery) -> None: ...
    def failed(self, delivery: HookDelivery, problem: str, retry_at: float) -> None: ...
    def waiting(self) -> int: ...


class Postman(Protocol):
    """Takes letters to the one server that sends them on. Not for several threads, but `close`."""

    def send(self, server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        """Hand over one letter; None: it was taken. `server` is smtp://… or smtps://…, which
        may hold a login. Raises `UsageError` when it is no such address."""
        ...

    def rest(self) -> None:
        """Hang up until the next letter."""
        ...

    def close(self) -> None:
        """End what is under way and take nothing more; for any thread."""
        ...
