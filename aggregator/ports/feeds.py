"""What we poll: feeds, their state, their leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.feed import (
    Claim,
    Feed,
    FeedSpec,
    FeedStatus,
    Origin,
    PollRecord,
    PollState,
)
from aggregator.model.ids import FeedId


class Feeds(Protocol):
    """Feeds, their poll state and the leases."""

    def all(self, *statuses: FeedStatus) -> tuple[Feed, ...]:
        """Feeds in order of id; with statuses, only those."""
        ...

    def get(self, feed_id: FeedId) -> Feed | None: ...
    def find(self, handle: str) -> Feed | None:
        """By number, name or exact address, in this order."""
        ...

    def add(self, spec: FeedSpec, *, origin: Origin, now: float) -> Feed:
        """Keep a new feed, due at once. Raises `UsageError` when its address or name is taken."""
        ...

    def change(self, feed_id: FeedId, spec: FeedSpec, *, origin: Origin) -> None:
        """Replace what editors say. A new address or account drops the validators."""
        ...

    def move(self, feed_id: FeedId, url: str) -> None:
        """Poll it at another address, for a permanent redirect says so; it is due when it was.
        The address editors wrote still finds it. The validators, which the new one gave, stay."""
        ...

    def set_status(self, feed_id: FeedId, status: FeedStatus, *, now: float) -> None:
        """ACTIVE makes it due now; any other status stops polling."""
        ...

    def learn(
        self,
        feed_id: FeedId,
        *,
        title: str | None,
        site_url: str | None,
        lang: str | None,
        icon: str | None,
    ) -> None:
        """Keep what the publisher says of itself; writes only what changed."""
        ...

    def state(self, feed_id: FeedId) -> PollState: ...
    def states(self) -> Mapping[FeedId, PollState]: ...
    def claim_due(
        self,
        now: float,
        *,
        limit: int,
        lease: float,
        owner: str,
        per_host: int,
        spacing: float,
    ) -> tuple[Claim, ...]:
        """Lease due feeds, oldest due first; a host has at most `per_host` leases and its next
        claim not before `spacing` seconds after its last."""
        ...

    def claim(
        self,
        feed_ids: Sequence[FeedId],
        now: float,
        *,
        limit: int,
        lease: float,
        owner: str,
        per_host: int,
        spacing: float,
    ) -> tuple[Claim, ...]:
        """Lease these feeds though they are not due; hosts' spacing and pauses still hold.
        Those that cannot be claimed yet are simply not returned."""
        ...

    def next_claim_at(self, feed_ids: Sequence[FeedId] | None = None) -> float | None:
        """When the next feed can be claimed, its host's spacing counted; None: never.
        With ids: when one of these can be claimed, due or not."""
        ...

    def pause_host(self, host: str, until: float) -> None:
        """No claim on this host before `until` (Retry-After is the host's)."""
        ...

    def release_leases(self) -> int:
        """Give back every lease; only for the one daemon that holds the store. Returns how many."""
        ...

    def replan(self, now: float) -> int:
        """Make due what was last polled in the future: the clock went back. Returns how many."""
        ...

    def settle(self, claim: Claim, state: PollState) -> bool:
        """End a claim with its new state. False, and nothing written, when the claim was
        overtaken (the generation moved on)."""
        ...

    def log_poll(self, record: PollRecord) -> None: ...
    def history(self, feed_id: FeedId, limit: int) -> tuple[PollRecord, ...]: ...
    def is_anothers(self, host: str, feed_id: FeedId) -> bool:
        """Whether another feed is polled from this host (`www.` or `m.` before it or not)."""
        ...

    def counts(self) -> Mapping[FeedId, int]:
        """Entries kept per feed."""
        ...
