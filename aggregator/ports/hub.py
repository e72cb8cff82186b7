"""Our hub: who is told of changes, what waits to be confirmed, delivered and pinged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from aggregator.model.hub import Crowd, Delivery, HubFigures, Lane, Ping, Subscription, Wish


class Hub(Protocol):
    """Subscriptions to documents of ours. What is due comes in the order it is to be done,
    one of each host and machine at most, and none of those named as busy."""

    def subscription(self, path: str, callback: str) -> Subscription | None: ...
    def crowd(self, path: str, host: str, asker: str = "") -> Crowd: ...
    def at_machine(self, address: str, path: str) -> tuple[int, int]:
        """How many subscriptions were found at a machine: in all, of the path."""
        ...

    def wish(self, wish: Wish) -> None:
        """Keep a request; of another mode or secret it stands beside an earlier one."""
        ...

    def postpone(self, before: Wish, after: Wish) -> None:
        """Have a wish asked again, unless it was seen to."""
        ...

    def settle(self, wish: Wish) -> bool:
        """Take out a wish that was seen to; False: it was already."""
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
    def wishes_due(
        self, now: float, *, again: bool, busy: Collection[str], limit: int
    ) -> tuple[Wish, ...]:
        """Who is subscribed first, then the requests of who has the fewest waiting."""
        ...

    def pings_due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[Ping, ...]: ...
    def put_off(self, delivery: Delivery, due_at: float) -> None:
        """Have a delivery wait that was not tried."""
        ...

    def found_at(self, delivery: Delivery, address: str) -> None:
        """Note at which machine a subscriber was found."""
        ...

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

    def subscriptions(self) -> tuple[Subscription, ...]: ...
    def forget_requests(self) -> None:
        """Take out what subscribers are to be asked, and leave what they are to be told."""
        ...

    def forget_wishes(self, before: float) -> None:
        """Take out wishes that are older than this."""
        ...

    def has_wishes(self, before: float) -> bool:
        """Whether there are any."""
        ...

    def is_published(self, path: str) -> bool: ...

    def figures(self, now: float) -> HubFigures: ...
