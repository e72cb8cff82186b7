"""Keys that are made of an address, as they are stored and made anew."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.ids import EntryId, FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An entry's key in its feed and the hash of its address, with what they are made of."""

    entry_id: EntryId
    feed_id: FeedId
    key: str
    key_hash: int
    url: str
    url_hash: int | None
    title: str
    published_at: int | None
