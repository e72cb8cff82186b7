"""Our hub: who is told of changes, what waits to be confirmed, delivered and pinged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from aggregator.model.hub import Crowd, Delivery, HubFigures, Lane, Ping, Subscription, Wish


class Hub(Protocol):
    """Subscriptions to documents of ours. What is due comes in the order it is to be done,
    one of each host at most, and none of the hosts named as busy."""

    def subscription(self, path: str, callback: str) -> Subscription | None: ...
    def crowd(self, path: str, host: str) -> Crowd: ...
    def wish(self, wish: Wish) -> None:
        """Keep a request; it takes the place of an earlier one of the same path and callback."""
        ...

    def postpone(self, before: Wish, after: Wish) -> None:
        """Have a wish asked again, unless another took its place."""
        ...

    def settle(self, wish: Wish) -> bool:
        """Take out a wish that was seen to; False: another took its place meanwhile."""
        ...

    def keep(self, subscription: Subscription) -> None:
        """Let it take the place of an earlier one of the same path and callback."""
        ...

    def leave(self, path: str, callback: str) -> None: ...
    def announce(self, paths: Collection[str], now: float) -> None:
        """Have all who are subscribed to these get them; who waits for a retry goes on waiting."""
        ...

    def announce_to(self, targets: Collection[str], paths: Collection[str], now: float) -> None:
        """Have each of these pinged about each of these."""
        ...

    def deliveries_due(
        self, lane: Lane, now: float, *, busy: Collection[str], limit: int
    ) -> tuple[Delivery, ...]: ...
    def wishes_due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[Wish, ...]: ...
    def pings_due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[Ping, ...]: ...
    def delivered(self, delivery: Delivery, now: float, took: float) -> None:
        """Note that the bytes arrived; what changed meanwhile is delivered next."""
        ...

    def failed(self, delivery: Delivery, after: Subscription, retry_at: float | None) -> None:
        """Note that they did not, and when to try again; None: not with these bytes."""
        ...

    def pinged(self, ping: Ping, retry_at: float | None) -> None:
        """Note that a ping arrived, or when to try again."""
        ...

    def ended(self, now: float) -> tuple[Subscription, ...]:
        """Those whose lease is over, and those whose document is no more."""
        ...

    def forget_wishes(self, before: float) -> None:
        """Take out wishes that are older than this."""
        ...

    def has_wishes(self, before: float) -> bool:
        """Whether there are any."""
        ...

    def is_published(self, path: str) -> bool: ...

    def figures(self, now: float) -> HubFigures: ...
