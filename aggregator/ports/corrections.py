"""What happened to items after readers had them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from aggregator.model.correction import Came, Correction, Had, NewCorrection, TakenOut
from aggregator.model.ids import ItemId, TopicId
from aggregator.model.publication import Tombstone


class Corrections(Protocol):
    """What readers last had, how it was corrected, and what was withdrawn."""

    def had(self, item_ids: Collection[ItemId]) -> Mapping[ItemId, Had]:
        """What readers last had of these items, where that is known."""
        ...

    def came(self, item_ids: Collection[ItemId]) -> Mapping[ItemId, Came]:
        """What the texts came of that readers last had, without these."""
        ...

    def keep_had(self, texts: Iterable[Had]) -> None: ...
    def revised(self, topic_id: TopicId, now: float, *, newest: int, limit: int) -> tuple[int, ...]:
        """Numbers of items to be seen now whose source revised them since readers had them.

        Looked for among so many of the topic's newest items.
        """
        ...

    def add(self, corrections: Iterable[NewCorrection], *, keep: int) -> None:
        """Append; of each item's edits only the last `keep` are kept."""
        ...

    def taken_out(self, topic_id: TopicId, since: int) -> tuple[TakenOut, ...]:
        """Items that readers had, whose lead was withdrawn from then on, not known to be out."""
        ...

    def returned(self, topic_id: TopicId) -> tuple[Correction, ...]:
        """Withdrawals of items whose lead may be shown again, and that are not known to be back."""
        ...

    def marks(self, item_ids: Collection[ItemId]) -> Mapping[ItemId, Correction]:
        """The last edit of each that the item itself tells of, while its lead is the same."""
        ...

    def tombstones(self, topic_id: TopicId, limit: int) -> tuple[Tombstone, ...]:
        """Items that are withdrawn now, the last first, those that readers are told of."""
        ...

    def shown(self, topic_id: TopicId, now: float, limit: int) -> tuple[Correction, ...]:
        """Edits that readers are told of, newest first; of items to be seen now, lead unchanged."""
        ...

    def of_topic(self, topic_id: TopicId, limit: int) -> tuple[Correction, ...]:
        """All there is, newest first; of what is withdrawn neither title nor difference."""
        ...
