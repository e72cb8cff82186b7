"""Closed stretches of what a topic published (RFC 5005, section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.ids import EntryId, TopicId
from aggregator.model.publication import Archive


class Archives(Protocol):
    """Which items of a topic lie in which archive, and whose texts these are."""

    def all(self, topic_id: TopicId) -> tuple[Archive, ...]:
        """The topic's archives, oldest first."""
        ...

    def newest(self, topic_id: TopicId) -> Archive | None: ...
    def open(self, topic_id: TopicId, now: float) -> tuple[int, ...]:
        """Numbers of the items visible now that lie in no archive, ascending."""
        ...

    def close(
        self,
        topic_id: TopicId,
        archive: Archive,
        sources: Mapping[int, Sequence[EntryId]],
    ) -> None:
        """Add an archive, with the entries that each of its items is told by.

        What is of its stretch and not in it is not numbered any more: should it ever be seen
        again, it comes as the newest.
        """
        ...

    def holding(self, entry_ids: Sequence[EntryId]) -> tuple[TopicId, ...]:
        """Topics with an archive that one of these entries is told or named in."""
        ...

    def touched(self, topic_id: TopicId, now: float) -> tuple[int, ...]:
        """Numbers of archived items with a source that was withdrawn, or may be shown again."""
        ...

    def tell(self, topic_id: TopicId, number: int, sources: Sequence[EntryId], now: float) -> None:
        """Note by whom an archived item is told now; by nobody: it was taken out."""
        ...

    def uris(self, topic_id: TopicId, numbers: Sequence[int]) -> Mapping[int, str]:
        """The ids of these items, those that an undo took away included."""
        ...
