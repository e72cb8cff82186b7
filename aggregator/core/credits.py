"""Who tells a story: outlets, each once, however many reports of theirs there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from aggregator.core.outgoing import escaped, headline
from aggregator.core.urls import host_of
from aggregator.model.feed import Feed
from aggregator.model.publication import Credit
from aggregator.model.story import Source

TITLE_LIMIT = 120  # characters
UNTITLED = "another report"


def outlet(feed: Feed) -> str:
    """Return what a feed is called in print."""
    label = headline(feed.label, limit=TITLE_LIMIT)
    return label or headline(feed.spec.name) or "An unnamed source"


def by_outlet(credits: Iterable[Credit]) -> tuple[tuple[Credit, ...], ...]:
    """Return credits by outlet, those of one together, in the order in which each comes first.

    Feeds are one outlet's when they have one name and one site.
    """
    return _together((_of_credit(each), each) for each in credits)


def tellings(sources: Iterable[Source]) -> tuple[tuple[Source, ...], ...]:
    """Return sources by outlet; as many as there are groups is how many tell the story."""
    return _together((_of_source(each), each) for each in sources)


def named(credits: Iterable[Credit]) -> str:
    """Return credits as a line of HTML: each outlet once, with the titles of several reports.

    One report is a link from the outlet's name alone.
    """
    return ", ".join(_named(group) for group in by_outlet(credits))


def titled(credits: Iterable[Credit]) -> str:
    """Return links to reports by their titles, where these may be told, as HTML."""
    return ", ".join(anchor(each.url, each.article or UNTITLED) for each in credits)


def _named(group: tuple[Credit, ...]) -> str:
    if len(group) == 1:
        return anchor(group[0].url, group[0].title)
    return f"{escaped(group[0].title)} ({titled(group)})"


def anchor(url: str | None, text: str) -> str:
    """Return a link as HTML; without an address the text alone."""
    return f'<a href="{escaped(url)}">{escaped(text)}</a>' if url else escaped(text)


Key = tuple[str, str | None]
T = TypeVar("T")


def _of_credit(credit: Credit) -> Key:
    return credit.title.casefold(), host_of(credit.site_url or credit.feed_url)


def _of_source(source: Source) -> Key:
    feed = source.feed
    return outlet(feed).casefold(), host_of(feed.site_url or feed.spec.url)


def _together(keyed: Iterable[tuple[Key, T]]) -> tuple[tuple[T, ...], ...]:
    found: dict[Key, list[T]] = {}
    for key, each in keyed:
        found.setdefault(key, []).append(each)
    return tuple(map(tuple, found.values()))
