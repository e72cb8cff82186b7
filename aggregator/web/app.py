"""The whole public side as one ASGI application."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.flow.audience import Counter
from aggregator.flow.kit import Kit
from aggregator.flow.pushed import Inbox
from aggregator.web.feeds import FeedDoor
from aggregator.web.private import PrivateDoor
from aggregator.web.public import make_pages
from aggregator.web.rate import Buckets


def make_app(
    kit: Callable[[], Kit], inbox: Inbox | None = None, counter: Counter | None = None
) -> FeedDoor:
    """Return the application: feeds in front, pages behind them.

    `kit` is asked again and again, so that a new feeds.yaml shows without a restart. Only
    published words, and public ones, are ever read through it. Who reads is told the counter.
    """
    pages = PrivateDoor(make_pages(kit, inbox), kit)
    return FeedDoor(pages, kit, counter or Counter(), Buckets())
