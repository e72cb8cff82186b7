"""OPML lists that are followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from aggregator.model.feed import Feed, Origin
from aggregator.model.ids import FeedId, ListId
from aggregator.model.lists import FollowedList, ListSpec, ListState, ListStatus


class Lists(Protocol):
    """Lists, what reading them taught, and which feeds each of them names."""

    def all(self, *statuses: ListStatus) -> tuple[FollowedList, ...]:
        """Lists in order of id; with statuses, only those."""
        ...

    def get(self, list_id: ListId) -> FollowedList | None: ...
    def find(self, handle: str) -> FollowedList | None:
        """By number, name or exact address, in this order."""
        ...

    def add(self, spec: ListSpec, *, origin: Origin, now: float) -> FollowedList:
        """Keep a new list, due at once. Raises `UsageError` when its address or name is taken."""
        ...

    def change(self, list_id: ListId, spec: ListSpec, *, origin: Origin, now: float) -> None:
        """Replace what editors say; it is read anew, as a whole, at once."""
        ...

    def set_status(self, list_id: ListId, status: ListStatus, *, now: float) -> None:
        """ACTIVE makes it due now; any other status ends reading."""
        ...

    def claim_due(
        self, now: float, *, lease: float, early: bool = False
    ) -> tuple[FollowedList, ...]:
        """Take the lists that are due; they come due again after `lease` unless settled.
        `early`: every list that is read at all, due or not."""
        ...

    def settle(self, list_id: ListId, state: ListState) -> None:
        """Keep what reading it taught; a list that nobody follows any more stays unread."""
        ...

    def read_wholly(self) -> None:
        """Forget the validators of all lists, so that each is read when it is next due."""
        ...

    def feeds(self, list_id: ListId) -> tuple[Feed, ...]:
        """Every feed the list named when it was last read, those included that left since."""
        ...

    def addresses(self, list_id: ListId) -> Mapping[FeedId, str]:
        """By what address the list names its feeds; a feed may have moved on since."""
        ...

    def name(self, list_id: ListId, named: Mapping[FeedId, str]) -> None:
        """Note that the list names these feeds, each by its address there."""
        ...

    def let_go(self, feed_ids: Iterable[FeedId]) -> None:
        """Note that no list names these feeds any more."""
        ...
