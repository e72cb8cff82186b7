"""Near-duplicates: prints of the entries of the last days, and what they are found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aggregator.model.ids import EntryId, FeedId
from aggregator.model.prints import Near, Print


class Prints(Protocol):
    """An index with a window: old prints are to be forgotten. What is withdrawn is not found."""

    def near(
        self, keys: Sequence[int], since: int, *, but: FeedId | None = None
    ) -> tuple[Near, ...]:
        """The entries with a place in time since then that share most with these keys, best
        first; a few, and none of the feed `but`. It costs the same however many share a key and
        however many are kept."""
        ...

    def get(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, Near]:
        """These entries with their prints, of those that have one still and are not withdrawn."""
        ...

    def keep(self, prints: Iterable[tuple[EntryId, int, Print]]) -> None:
        """Keep the prints of entries, each with its place in time; a second one replaces."""
        ...

    def drop(self, entry_id: EntryId) -> None:
        """Find the entry no more."""
        ...

    def forget(self, before: int, limit: int) -> int:
        """Drop so many prints of entries from before then; returns how many there were."""
        ...

    def sweep(self, start: int, limit: int) -> int | None:
        """Look at so many keys from `start` on (0: from the first) and delete what forgotten
        entries left there; returns where to go on, None at the end."""
        ...
