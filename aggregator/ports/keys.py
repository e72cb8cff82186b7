"""Keys made of addresses, as the store keeps them: made anew when addresses are read otherwise."""

from __future__ import annotations

from typing import Protocol

from aggregator.model.ids import EntryId, FeedId
from aggregator.model.keys import StoredKey


class Keys(Protocol):
    """What entries are known by: in their feed, and by their address everywhere."""

    def page(self, after: EntryId, *, limit: int) -> tuple[StoredKey, ...]:
        """The keys of so many entries that have an address, in order of id."""
        ...

    def count(self) -> int:
        """How many entries have an address."""
        ...

    def holder(self, feed_id: FeedId, key_hash: int) -> EntryId | None:
        """The entry that goes by this key in the feed."""
        ...

    def others(self, feed_id: FeedId, entry_id: EntryId) -> int:
        """By how many keys but its own an entry is known: those it came back under."""
        ...

    def change(self, before: StoredKey, after: StoredKey) -> None:
        """Have an entry known by another key and address: in what was seen, and where a
        withdrawal of it bars its address, too. What it says is not touched."""
        ...
