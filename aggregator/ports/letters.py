"""Letters: who gets what, and the server that takes them."""

from __future__ import annotations

from typing import Protocol

from aggregator.model.ids import TopicId
from aggregator.model.letter import LetterFigures, LetterReader, Unsent
from aggregator.model.topic import Every


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

    def due(self, now: float, limit: int, *, hold: float) -> tuple[LetterReader, ...]:
        """Those whose question or letter is due, the longest waiting first, and whom nobody has
        taken; nobody may take one for longer than `hold` seconds."""
        ...

    def due_again(self, topic_id: TopicId, now: float) -> int:
        """Have everybody who gets this topic get what is new now. How many they are."""
        ...

    def wish(self, box: str, topic_id: TopicId, at: int, *, asks: bool) -> None:
        """Note that letters were wished for; `asks`: a question goes out for it."""
        ...

    def questions(self, box: str, since: int) -> tuple[tuple[TopicId, int], ...]:
        """About which topics a box was asked since then, and when."""
        ...

    def wishes_since(self, since: int) -> int: ...
    def waiting(self) -> int:
        """How many were asked and have not answered."""
        ...

    def remove(self, address: str, box: str) -> int:
        """Forget an address in every topic, and its box's wishes. In how many it was."""
        ...

    def forget(self, *, asked_before: int, ended_before: int, wished_before: int) -> int:
        """Forget who never answered or left before then, readers of removed topics, and wishes."""
        ...

    def numbers(self, topic_id: TopicId, before: int) -> tuple[int, int]:
        """The highest number of an item, and of those first published before then; 0: none."""
        ...

    def figures(self, now: float) -> LetterFigures: ...
    def counts(self) -> tuple[tuple[TopicId, Every, int], ...]:
        """How many get each topic how often."""
        ...


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
