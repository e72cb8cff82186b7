"""A column's rhythm: when its instalments come, and whether today's is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from aggregator.core.dates import iso_day
from aggregator.core.health import rhythm_told
from aggregator.core.rhythm import rhythm, usual_moments
from aggregator.model.feed import PollState
from aggregator.model.ids import FeedId
from aggregator.model.series import Came, Column

HOUR, DAY = 3600, 86400
GRACE = HOUR  # after the usual moment, before anybody is told
EARLY = DAY // 2  # before the usual moment, within which an instalment is the one that is due
LOOKED_BACK = 120 * DAY  # instalments by which a rhythm is learnt: thirty of a weekly column's

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def columns(came: Iterable[Came], now: float) -> dict[FeedId, tuple[Column, ...]]:
    """Return how every column fares in each of its feeds, by name."""
    moments: defaultdict[tuple[FeedId, str], list[int]] = defaultdict(list)
    for each in came:
        moments[each.feed_id, each.series].append(each.at)
    found: defaultdict[FeedId, list[Column]] = defaultdict(list)
    for (feed_id, series), its in sorted(moments.items()):
        found[feed_id].append(column(series, its, now))
    return {feed_id: tuple(its) for feed_id, its in found.items()}


def column(series: str, came: Sequence[int], now: float) -> Column:
    """Return how one column fares, by the moments (UTC seconds) its instalments came.

    A rhythm takes five instalments that keep to an hour. It is forgotten by itself when the
    column stays away for as long as it was seen.
    """
    past = [at for at in came if at <= now]
    learnt, last = rhythm(past, now), max(past, default=None)
    if last is None or learnt.usual_at is None or not learnt.usual_days:
        return Column(series=series, last_at=last)
    due, _ = usual_moments(learnt.usual_at, learnt.usual_days, now - GRACE)
    found = Column(
        series=series, usual_at=learnt.usual_at, usual_days=learnt.usual_days, last_at=last
    )
    if last >= due - EARLY:
        return found
    return replace(found, note=_note(series, due, last, usually(found), now))


def usually(column: Column) -> str:
    """Return when a column comes.

    >>> usually(Column(series="Lane", usual_at=6 * HOUR, usual_days=0b0011111))
    'usually by 06:00 UTC, Mon-Fri'
    >>> usually(Column(series="Lane"))
    'not known yet'
    """
    return rhythm_told(PollState(usual_at=column.usual_at, usual_days=column.usual_days))


def _note(series: str, due: int, last: int, usual: str, now: float) -> str:
    when = "today" if due // DAY == int(now) // DAY else f"on {iso_day(due)}"
    if last < due - 2 * DAY:
        when += f", the last came on {iso_day(last)}"
    return f"no instalment of {series} {when} ({usual})"
