"""The live things a flow works with, handed to it whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from aggregator.core.drafting import Books
from aggregator.core.lang import Guess
from aggregator.core.robots import RobotsShelf
from aggregator.core.series import SeriesBook, series_book
from aggregator.core.standing import rule_book
from aggregator.core.tagging import Vocabulary, vocabulary
from aggregator.core.tracking import tracking
from aggregator.errors import UsageError
from aggregator.flow.memory import StoryMemory
from aggregator.model.feed import Auth
from aggregator.model.settings import Settings
from aggregator.model.topic import TopicStatus
from aggregator.ports import Clock, Fetcher, Postman, Reader, Store, Tx


def _no_secret(place: str) -> str:
    raise UsageError(f"{place}: no secrets can be read here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Store, net, reader, clock and what feeds.yaml says. `base` has no trailing slash."""

    settings: Settings
    store: Store
    fetcher: Fetcher
    strangers: Fetcher  # asks addresses that strangers gave us: callbacks of our hub
    reader: Reader
    clock: Clock
    jitter: Callable[[], float]  # 0..1
    authorize: Callable[[Auth], str]  # the header value; UsageError when a secret is missing
    base: str  # address of our pages
    closing: Event = field(default_factory=Event)  # once set, nobody waits for a host any more
    robots: RobotsShelf = field(default_factory=RobotsShelf)
    stories: StoryMemory = field(default_factory=StoryMemory)
    guess: Guess | None = None  # what language a text is in; None: nobody can tell
    postman: Postman | None = None  # None: no letters go out
    secret: Callable[[str], str] = _no_secret  # by its place; UsageError when it is missing


def books(tx: Tx, settings: Settings, guess: Guess | None = None) -> Books:
    """Return what entries are judged by, as vocabulary, series and topics stand now.

    With `guess`, languages that nobody states are guessed as well.
    """
    known, series = _compiled(settings)
    return Books(
        vocabulary=known,
        series=series,
        rules=rule_book(tx.topics.all(TopicStatus.ACTIVE)),
        tracking=tracking(settings.tracking),
        guess=guess,
        window=settings.window,
    )


_Compiled = tuple[Settings, Vocabulary, SeriesBook]
_last: list[_Compiled] = []  # gazetteers take a second to compile, and books are asked for each


def _compiled(settings: Settings) -> tuple[Vocabulary, SeriesBook]:
    """Return vocabulary and series of these very settings, compiled once for all rounds."""
    for held, known, series in tuple(_last):
        if held is settings:
            return known, series
    known = vocabulary(
        settings.tags, gazetteers=settings.gazetteers, categories=settings.categories
    )
    series = series_book(settings.series)
    _last[:] = [(settings, known, series)]
    return known, series
