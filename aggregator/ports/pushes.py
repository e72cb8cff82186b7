"""Pushes: what was agreed with hubs, and what that means for a feed's polls."""

from __future__ import annotations

from typing import Protocol

from aggregator.model.feed import Claim
from aggregator.model.ids import FeedId
from aggregator.model.push import Push, PushId


class Pushes(Protocol):
    """Agreements with hubs. Of `feed_state` this room alone writes `pushed_until`."""

    def get(self, push_id: PushId) -> Push | None: ...
    def by_token(self, token_hash: str) -> Push | None: ...
    def of_feed(self, feed_id: FeedId) -> tuple[Push, ...]:
        """In order of id."""
        ...

    def due(self, now: float, limit: int) -> tuple[Push, ...]:
        """Those whose `next_at` has come, the oldest of each hub first, then the next of each."""
        ...

    def add(self, push: Push) -> Push:
        """Keep a new one; its id is given here."""
        ...

    def save(self, push: Push) -> None:
        """Replace all that is kept of it."""
        ...

    def drop(self, push_id: PushId) -> None: ...
    def renew_all(self, now: float) -> None:
        """Make every live one due: our own address has changed."""
        ...

    def replan(self, now: float) -> None:
        """Make due what was asked for in the future: the clock went back."""
        ...

    def rest(self, feed_id: FeedId, until: float | None) -> None:
        """Let the feed be polled rarely until then; None: as any other."""
        ...

    def poll_by(self, feed_id: FeedId, at: float | None = None) -> None:
        """Have the feed polled by `at`, or by when it would be due without a hub, unless it is
        due earlier, is not polled at all, is being polled or has just failed."""
        ...

    def take(self, feed_id: FeedId, now: float, lease: float) -> Claim | None:
        """Claim a feed to keep what was brought: nobody is asked, so no host's pause counts.
        None while it is being polled or is not polled at all."""
        ...
