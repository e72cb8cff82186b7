"""A feed's rhythm: how long between two entries, and at what hour if it is a dated column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from statistics import median

MINUTE, HOUR, DAY = 60, 3600, 86400
LOOKED_AT = 30  # moments that count, the newest: rhythms change
ENOUGH = 5  # instalments before an hour is called usual
MOST = 0.8  # of them have to keep to it; the others are late, early or extra
NARROW = 2 * HOUR  # within which they come, from the first to the last
QUIET = 4  # a silence of so many gaps makes the gap longer
LEARNING = 4  # a new gap counts for one part of so many
_FIRST_WEEKDAY = 3  # 1 January 1970 was a Thursday; Monday is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What the dates of one document tell; seconds. None: they do not tell."""

    gap: int | None = None  # between two entries: the median, longer in a long silence
    newest: int | None = None  # of all dates that are not in the future
    usual_at: int | None = None  # second of the UTC day by which a dated column has come
    usual_days: int | None = None  # the days it comes on, a bit each, Monday the lowest


def rhythm(dates: Sequence[int], now: float) -> Rhythm:
    """Return the rhythm that the dates of a document's entries show, in any order.

    Robust against what documents do: dates in the future are left out, entries of one minute
    count once (one date on all entries, two posts a minute, an import), and a silence that has
    become long counts as a gap.

    >>> rhythm([DAY, 2 * DAY, 3 * DAY + HOUR, 99 * DAY], now=4 * DAY).gap
    88200
    """
    moments = _moments(dates, now)
    if not moments:
        return Rhythm()
    newest = max(date for date in dates if date <= now)
    if len(moments) < 2:
        return Rhythm(newest=newest)
    usual = median(later - earlier for earlier, later in pairwise(moments))
    gap = int(max(usual, (now - newest) / QUIET))
    usual_at = _usual_at(moments)
    days = 0 if usual_at is None else _usual_days(moments, usual_at, now)
    if not days:
        return Rhythm(gap=gap, newest=newest)
    return Rhythm(gap=gap, newest=newest, usual_at=usual_at, usual_days=days)


def gap_of_arrivals(gap: int | None, *, new: int, since: float, now: float) -> int | None:
    """Return the gap of a feed that dates nothing, by `new` entries found between two moments.

    >>> gap_of_arrivals(None, new=2, since=0, now=7200)
    3600
    >>> gap_of_arrivals(3600, new=1, since=0, now=7200)
    4500
    """
    if new < 1 or now <= since:
        return gap
    seen = (now - since) / new
    return int(seen if gap is None else gap + (seen - gap) / LEARNING)


def usual_moments(usual_at: int, usual_days: int, at: float) -> tuple[int, int]:
    """Return the last usual moment not after `at`, and the next one after it.

    `usual_days` names at least one day.

    >>> usual_moments(6 * HOUR, 0b1111111, 3 * DAY) == (2 * DAY + 6 * HOUR, 3 * DAY + 6 * HOUR)
    True
    """
    today = int((at - usual_at) // DAY)
    last = next(day for day in range(today, today - 7, -1) if usual_days >> weekday(day) & 1)
    coming = next(day for day in range(today + 1, today + 8) if usual_days >> weekday(day) & 1)
    return last * DAY + usual_at, coming * DAY + usual_at


def weekday(day: int) -> int:
    """Return the weekday, Monday is 0, of a day counted from 1 January 1970.

    >>> weekday(0), weekday(4)
    (3, 0)
    """
    return (day + _FIRST_WEEKDAY) % 7


def _moments(dates: Sequence[int], now: float) -> list[int]:
    """Return the newest moments at which something came, at least a minute apart, oldest first."""
    found: list[int] = []
    for date in sorted((date for date in dates if 0 < date <= now), reverse=True):
        if not found or found[-1] - date >= MINUTE:
            found.append(date)
        if len(found) == LOOKED_AT:
            break
    return found[::-1]


def _usual_at(moments: Sequence[int]) -> int | None:
    """Return the second of the day by which most have come, if they keep together at all.

    Dates at midnight sharp are days without an hour.
    """
    hours = sorted(moment % DAY for moment in moments)
    needed = ceil(MOST * len(hours))
    if len(hours) < ENOUGH or hours.count(0) >= needed:
        return None
    round_the_clock = [*hours, *(hour + DAY for hour in hours)]
    width, end = min(
        (round_the_clock[first + needed - 1] - start, round_the_clock[first + needed - 1])
        for first, start in enumerate(hours)
    )
    return None if width > NARROW else end % DAY


def _usual_days(moments: Sequence[int], usual_at: int, now: float) -> int:
    """Return the days of the week on which it came at least every second time.

    None at all when several come on one day: that is no column of instalments.
    """
    came = {(moment - usual_at + DAY // 2) // DAY for moment in moments}
    if len(came) < MOST * len(moments):
        return 0
    first, last = min(came), max(*came, int((now - usual_at) // DAY))
    hits = Counter(weekday(day) for day in came)
    days = 0
    for day in range(first, first + 7):
        chances = (last - day) // 7 + 1
        if 2 * hits[weekday(day)] >= chances:
            days |= 1 << weekday(day)
    return days
