"""The live things a flow works with, handed to it whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from aggregator.core.drafting import Books
from aggregator.core.rules import rule_book
from aggregator.core.series import series_book
from aggregator.core.tagging import vocabulary
from aggregator.model.feed import Auth
from aggregator.model.settings import Settings
from aggregator.model.topic import TopicStatus
from aggregator.ports import Clock, Fetcher, Reader, Store, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Store, net, reader, clock and what feeds.yaml says. `base` has no trailing slash."""

    settings: Settings
    store: Store
    fetcher: Fetcher
    reader: Reader
    clock: Clock
    jitter: Callable[[], float]  # 0..1
    authorize: Callable[[Auth], str]  # the header value; UsageError when a secret is missing
    base: str  # address of our pages
    closing: Event = field(default_factory=Event)  # once set, nobody waits for a host any more


def books(tx: Tx, settings: Settings) -> Books:
    """Return what entries are judged by, as vocabulary, series and topics stand now."""
    return Books(
        vocabulary=vocabulary(settings.tags),
        series=series_book(settings.series),
        rules=rule_book(tx.topics.all(TopicStatus.ACTIVE)),
    )
