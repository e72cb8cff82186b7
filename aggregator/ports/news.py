"""What feeds brought: entries, and the stories they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.entry import Entry, EntryView, Known, Revision
from aggregator.model.ids import EntryId, FeedId, StoryId, TopicId
from aggregator.model.intake import Candidate, Intake, Kept, Past
from aggregator.model.story import StoryView


class Entries(Protocol):
    """Entries, their texts, tags and what was seen."""

    def known(self, feed_id: FeedId, key_hashes: Sequence[int]) -> Mapping[int, Known]: ...
    def past(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, Past]:
        """How often each was revised, of those still there."""
        ...

    def candidates(
        self, url_hashes: Sequence[int], body_hashes: Sequence[int]
    ) -> tuple[Candidate, ...]:
        """Stored entries that share one of these hashes, in order of id."""
        ...

    def keep(self, intake: Intake) -> tuple[Kept, ...]:
        """Write all of it, search index included; arrivals first, then changes, in order.
        Rule matches become admissions (a change replaces its entry's rule admissions)."""
        ...

    def get(self, entry_id: EntryId) -> Entry | None: ...
    def view(self, entry_id: EntryId) -> EntryView | None: ...
    def views(self, entry_ids: Sequence[EntryId]) -> tuple[EntryView, ...]:
        """In the order asked for."""
        ...

    def hashes(self, entry_id: EntryId) -> tuple[int | None, int | None]:
        """The entry's (url_hash, body_hash)."""
        ...

    def by_url(self, url_hash: int) -> tuple[EntryId, ...]: ...
    def revisions(self, entry_id: EntryId) -> tuple[Revision, ...]: ...
    def newest(
        self, *, since: int = 0, before_id: int | None = None, limit: int
    ) -> tuple[Entry, ...]:
        """By id, newest first: the pages that whole-history scans walk."""
        ...

    def search(self, fts: str, *, before_id: int | None = None, limit: int) -> tuple[EntryId, ...]:
        """Ids whose indexed tokens match an FTS5 expression, newest first."""
        ...

    def count(self) -> int: ...
    def take_back(self, entry_ids: Sequence[EntryId], at: int, why: str) -> None:
        """Withdraw what is not withdrawn yet, and remember why."""
        ...

    def taken_back(self, feed_id: FeedId, why: str) -> tuple[EntryId, ...]:
        """A feed's entries that were withdrawn for this reason."""
        ...

    def set_withdrawn(self, entry_ids: Sequence[EntryId], at: int | None) -> None: ...
    def of_feed(self, feed_id: FeedId) -> tuple[EntryId, ...]: ...
    def of_host(self, host: str) -> tuple[EntryId, ...]:
        """Entries whose article or whose feed lies on this host."""
        ...


class Stories(Protocol):
    """Stories and their sources."""

    def find(self, handle: str) -> StoryView | None:
        """By `sNUMBER` or public id."""
        ...

    def view(self, story_id: StoryId) -> StoryView | None: ...
    def of_entry(self, entry_id: EntryId) -> StoryId | None: ...
    def entry_ids(self, story_id: StoryId) -> tuple[EntryId, ...]: ...
    def newest(
        self, *, topic_id: TopicId | None = None, state: str | None = None, limit: int
    ) -> tuple[StoryView, ...]: ...
    def published_ids(self) -> tuple[StoryId, ...]:
        """Stories with an item in any topic."""
        ...
