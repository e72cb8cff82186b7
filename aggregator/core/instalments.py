"""Whether two entries are one instalment of a column, or two: what tells copies asks here."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.core.column_dates import MONTHS
from aggregator.core.text import tokens
from aggregator.model.entry import Instalment

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"
_DATE_WORDS = frozenset((*MONTHS, *_WEEKDAYS.split(), "the", "of", "no"))

Key = tuple[str, str | int]
"""A column's name, and the ISO date or the number of one instalment."""


def instalment_key(instalments: Sequence[Instalment]) -> Key | None:
    """Return the key of an entry's first instalment that has one; None: it is of no column.

    Entries of one column whose keys differ are two instalments, however alike. `apart` knows
    more: entries of several columns, numbers beside dates.

    >>> instalment_key([Instalment(series="Lane", date="2026-11-22", because="", number=214)])
    ('Lane', 214)
    """
    for each in instalments:
        which = each.date if each.number is None else each.number
        if which is not None:
            return each.series, which
    return None


def apart(one: Sequence[Instalment], other: Sequence[Instalment]) -> str | None:
    """Return why two entries are two instalments of one column; None: nothing says they are.

    Their numbers differ, or their days: those the texts tell, else those of publication.
    """
    for mine in one:
        for its in other:
            if mine.series == its.series and (why := _differ(mine, its)) is not None:
                return f"two instalments of {mine.series}: {why}"
    return None


def rerun(
    one: Sequence[Instalment], other: Sequence[Instalment], *, titles: tuple[str, str]
) -> str | None:
    """Return why two entries are one and the same instalment; None: nothing says they are.

    The texts themselves tell the same number, or the same day under titles that do not speak
    against it: two pieces of one day stay two, and being published on one day proves nothing.
    """
    if apart(one, other) is not None:
        return None
    for mine in one:
        for its in other:
            if mine.series != its.series:
                continue
            if mine.number is not None and mine.number == its.number:
                return f"{mine.series}, No. {mine.number}"
            same_day = mine.told and its.told and mine.date is not None and mine.date == its.date
            if same_day and _agree(*(_said(title, mine.series) for title in titles)):
                return f"{mine.series}, {mine.date}"
    return None


def rerun_keys(instalments: Sequence[Instalment]) -> tuple[Key, ...]:
    """Return the keys by which stored copies and first runs of an entry's instalments are found.

    None for those whose text tells neither date nor number. What is found `rerun` must confirm.
    """
    keys: list[Key] = []
    for each in instalments:
        if each.number is not None:
            keys.append((each.series, each.number))
        if each.told and each.date is not None:
            keys.append((each.series, each.date))
    return tuple(keys)


def _differ(mine: Instalment, its: Instalment) -> str | None:
    if mine.number is not None and its.number is not None:
        if mine.number != its.number:
            return f"No. {mine.number} and No. {its.number}"
        if not (mine.told and its.told):
            return None  # out again on another day
    if mine.date is not None and its.date is not None and mine.date != its.date:
        return f"{mine.date} and {its.date}"
    return None


def _said(title: str, series: str) -> frozenset[str]:
    """Return a title's words without the column's name and the date."""
    words = set(tokens(title)) - set(tokens(series))
    return frozenset(word for word in words if not word[0].isdigit() and word not in _DATE_WORDS)


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    return not (one and other) or 2 * len(one & other) > min(len(one), len(other))
