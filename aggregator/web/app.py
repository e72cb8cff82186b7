"""The whole public side as one ASGI application."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.flow.kit import Kit
from aggregator.flow.pushed import Inbox
from aggregator.web.feeds import FeedDoor, load_feed
from aggregator.web.public import make_pages
from aggregator.web.shelf import Shelf


def make_app(kit: Callable[[], Kit], inbox: Inbox | None = None) -> FeedDoor:
    """Return the application: feeds in front, pages behind them.

    `kit` is asked again and again, so that a new feeds.yaml shows without a restart. Only
    published words, and public ones, are ever read through it.
    """
    return FeedDoor(make_pages(kit, inbox), Shelf(kit, load_feed))
