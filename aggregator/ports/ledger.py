"""The ledger: what was asked of which host, what each feed brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aggregator.model.exchange import Hop
from aggregator.model.ids import FeedId
from aggregator.model.ledger import HostTally, OnHost, Tally


class Ledger(Protocol):
    """Sums by host and day, by feed and day. Days are those of `model.ledger.day_of`."""

    def count(self, hops: Iterable[Hop], at: float, *, private: bool = False) -> None:
        """Enter requests that were sent. `private`: for a feed that may not be named."""
        ...

    def count_entries(self, feed_id: FeedId, at: float, *, new: int, revised: int) -> None:
        """Enter what a poll brought; nothing is written when it brought nothing."""
        ...

    def hosts(
        self,
        since_day: int,
        *,
        public: bool = False,
        matching: str = "",
        limit: int | None = None,
    ) -> tuple[HostTally, ...]:
        """Hosts asked since, most requests first. `public`: without those of feeds that may not
        be named. `matching`: only hosts with these letters in their name."""
        ...

    def feeds_on(self, hosts: Sequence[str], most: int) -> Mapping[str, OnHost]:
        """The active feeds that may be named on these hosts, at most so many of each."""
        ...

    def last_poll_at(self) -> float | None:
        """When anything was last polled."""
        ...

    def total(self, since_day: int, *, public: bool = False) -> Tally:
        """Everything asked since."""
        ...

    def days(self, since_day: int) -> Mapping[int, Tally]:
        """What was asked on each day since, of all hosts."""
        ...

    def feed_days(
        self, since_day: int, feed_id: FeedId | None = None
    ) -> Mapping[FeedId, Mapping[int, tuple[int, int]]]:
        """(new, revised) by day since, for each feed that brought anything."""
        ...

    def brought(self, since_day: int) -> Mapping[int, tuple[int, int]]:
        """(new, revised) by day since, of all feeds."""
        ...

    def known_since(self, feed_id: FeedId | None = None) -> Mapping[FeedId, int]:
        """The first day that is entered for each feed's host."""
        ...

    def answers(self, last: int, feed_id: FeedId | None = None) -> Mapping[FeedId, tuple[int, int]]:
        """(polls, of them answered with 304) among so many last polls of each feed."""
        ...

    def told_before(self, day: int) -> tuple[tuple[str, ...], tuple[FeedId, ...]]:
        """The hosts and the feeds of which anything is entered before this day."""
        ...

    def forget_days(self, before: int, hosts: Sequence[str], feed_ids: Sequence[FeedId]) -> int:
        """Forget the days of these hosts and feeds before this one; how many there were."""
        ...

    def forget_polls(self, before: float, *, keep: int, limit: int) -> int:
        """Forget at most so many polls before then, but no feed's last `keep`; how many."""
        ...

    def slowest(self, among: int, limit: int) -> tuple[tuple[str, int, int], ...]:
        """(host, polls, their mean ms) among so many last polls of all, slowest first."""
        ...
