"""Columns: which series an entry is an instalment of, of which day, with which number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.core.column_dates import find_day, find_number
from aggregator.core.dates import find_date, iso_day
from aggregator.core.query import compile_pattern
from aggregator.core.query_tree import MAX_ASKED
from aggregator.errors import UsageError
from aggregator.model.entry import Instalment
from aggregator.model.settings import SeriesSpec

FIELDS = ("title", "body", "category", "author", "url")
BODY_TAIL = 20_000  # characters; a column names its series at its end
DATED_LINES = 3  # lines of a body that may tell the day …
DATED_LINE = 80  # … if they are this short: longer ones are prose, about other days too


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    field: str
    text: str
    matches: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    name: str
    feeds: frozenset[str]
    patterns: tuple[_Pattern, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBook:
    """Every series of the settings, its patterns compiled; made by `series_book`."""

    series: tuple[_Series, ...]


def series_book(specs: Iterable[SeriesSpec]) -> SeriesBook:
    """Compile the series of the settings; case does not count in their patterns.

    Raises `UsageError` for a field that is none of `FIELDS` and a pattern that is no RE2.
    """
    return SeriesBook(
        series=tuple(
            _Series(
                name=spec.name,
                feeds=frozenset(spec.feeds),
                patterns=tuple(_compile(spec.name, field, text) for field, text in spec.any),
            )
            for spec in specs
        )
    )


def find(
    book: SeriesBook,
    *,
    feed_name: str,
    title: str,
    body: str,
    categories: Sequence[str],
    author: str,
    url: str,
    published: int | None,
) -> tuple[Instalment, ...]:
    """Return the series the entry belongs to, in the settings' order, each with its because.

    The day is the one in the title, else one in the first lines of the body (plain text), else
    the UTC day of publication, which is not `told`. Its number, if any, is the title's.
    """
    own = [series for series in book.series if not series.feeds or feed_name in series.feeds]
    if not own:
        return ()
    if len(body) > MAX_ASKED:
        body = f"{body[: MAX_ASKED - BODY_TAIL - 1]}\n{body[-BODY_TAIL:]}"
    texts = {
        "title": (title,),
        "body": (body,),
        "category": categories,
        "author": (author,),
        "url": (url,),
    }
    found: dict[str, str] = {}
    for series in own:
        because = _because(series, texts)
        if because and series.name not in found:
            found[series.name] = because
    if not found:
        return ()
    day, told = _day(title, body, published)
    return tuple(
        Instalment(
            series=name,
            date=day,
            because=because,
            number=find_number(title, name),
            told=told,
        )
        for name, because in found.items()
    )


def _compile(name: str, field: str, text: str) -> _Pattern:
    if field not in FIELDS:
        raise UsageError(f"series {name!r}: no field is called {field!r}; use {', '.join(FIELDS)}")
    try:
        return _Pattern(field=field, text=text, matches=compile_pattern(text))
    except ValueError as error:
        raise UsageError(f"series {name!r}: {field} pattern {text!r}: {error}") from error


def _because(series: _Series, texts: Mapping[str, Sequence[str]]) -> str | None:
    for pattern in series.patterns:
        for text in texts[pattern.field]:
            if text and pattern.matches(text):
                return f"{pattern.field} matches '{pattern.text}'"
    return None


def _day(title: str, body: str, published: int | None) -> tuple[str | None, bool]:
    """Return the ISO date, and whether the text itself tells it."""
    in_title = find_day(title, published)
    if in_title is not None:
        return in_title.isoformat(), True
    lines = (line.strip() for line in body[: 20 * DATED_LINE].splitlines())
    first = [line for line in lines if line][:DATED_LINES]
    for line in first:
        found = find_date(line) if len(line) <= DATED_LINE else None
        if found is not None:
            return found[0].isoformat(), True
    return None if published is None else iso_day(published), False
