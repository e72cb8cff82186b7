"""How a feed fares: its condition, what it brings, how often it is asked and why, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from aggregator.model.feed import Feed, FeedStatus, PollState
from aggregator.model.ledger import DAY, day_of
from aggregator.model.series import Column

DAYS = 30
HOUR, MINUTE = 3600, 60
BARS = "▁▂▃▄▅▆▇█"
UNKNOWN = "·"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Condition(StrEnum):
    """A feed's state in one word."""

    NEW = "new"  # not polled yet
    OK = "ok"
    FAILING = "failing"
    PAUSED = "paused"
    RETIRED = "retired"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything there is to tell of one feed."""

    feed: Feed
    state: PollState
    entries: int = 0  # kept
    days: tuple[int | None, ...] = (None,) * DAYS  # new entries, oldest first; None: not known
    a_day: float | None = None  # entries
    unchanged: float | None = None  # the share of the last polls that were answered with 304
    columns: tuple[Column, ...] = ()  # the series it brings

    @property
    def condition(self) -> Condition:
        """Its state in one word."""
        if self.feed.status is not FeedStatus.ACTIVE:
            return Condition(str(self.feed.status))
        if self.state.failures:
            return Condition.FAILING
        return Condition.NEW if self.state.last_poll_at is None else Condition.OK

    @property
    def trouble(self) -> str | None:
        """What somebody should look at: problem, notice, move, a column that is late; or None."""
        moved = f"moved to {self.state.moved_to}" if self.state.moved_to else None
        told = (
            self.state.problem,
            self.state.notice,
            moved,
            *(column.note for column in self.columns),
        )
        return "; ".join(each for each in told if each) or None


def judge(
    feed: Feed,
    state: PollState,
    *,
    now: float,
    entries: int = 0,
    brought: Mapping[int, tuple[int, int]] | None = None,
    known_since: int | None = None,
    answers: tuple[int, int] = (0, 0),
    columns: tuple[Column, ...] = (),
) -> Health:
    """Return how a feed fares.

    `brought` holds (new, revised) by day. `known_since` is the first day in the ledger, which
    brought what there was already: days count from the next one on, and until one is over the
    rate is told by the rhythm.
    """
    today, polls, same = day_of(now), answers[0], answers[1]
    first = today if known_since is None else max(known_since, day_of(feed.added_at))
    found, nothing = brought or {}, (0, 0)
    begins = today - DAYS + 1
    unknown = min(max(first + 1 - begins, 0), DAYS)
    known = [found.get(day, nothing)[0] for day in range(begins + unknown, today + 1)]
    return Health(
        feed=feed,
        state=state,
        entries=entries,
        days=(*(None,) * unknown, *known),
        a_day=_a_day(known, state, now),
        unchanged=same / polls if polls else None,
        columns=columns if feed.status is FeedStatus.ACTIVE else (),
    )


def _a_day(known: Sequence[int], state: PollState, now: float) -> float | None:
    passed = len(known) - 1 + now % DAY / DAY  # today is not over
    if passed >= 1:
        return sum(known) / passed
    return DAY / state.gap if state.gap else None


def _first(value: float | None) -> tuple[bool, float]:
    """Sort what is not known to the end."""
    return value is None, value or 0.0


ORDERS: dict[str, Callable[[Health], tuple[Any, ...]]] = {
    "id": lambda it: (it.feed.id,),
    "name": lambda it: (it.feed.spec.name,),
    "due": lambda it: (*_first(it.state.next_poll_at), it.feed.id),
    "problem": lambda it: (it.trouble is None, -it.state.failures, it.feed.spec.name),
    "entries": lambda it: (-it.entries, it.feed.spec.name),
    "rate": lambda it: (*_first(None if it.a_day is None else -it.a_day), it.feed.spec.name),
    "new": lambda it: (
        *_first(None if it.state.last_new_at is None else -it.state.last_new_at),
        it.feed.spec.name,
    ),
}
"""What feeds can be sorted by; the busiest, the newest and the worst come first."""


def spark(days: Sequence[int | None]) -> str:
    """Return a line of bars, one a day, the highest being the most.

    >>> spark([None, 0, 1, 4, 8])
    '·▁▂▅█'
    """
    most = max((day for day in days if day is not None), default=0)
    return "".join(
        UNKNOWN if day is None else BARS[-(-day * (len(BARS) - 1) // most) if most else 0]
        for day in days
    )


def pace(a_day: float | None) -> str:
    """Return how often something comes.

    >>> pace(3.2), pace(0.3), pace(0.01), pace(0), pace(None)
    ('3 a day', '2 a week', 'less than 1 a month', 'nothing', 'not known yet')
    """
    if a_day is None:
        return "not known yet"
    if a_day == 0:
        return "nothing"
    for name, days in (("day", 1), ("week", 7), ("month", 30)):
        if round(a_day * days) >= 1:
            return f"{round(a_day * days)} a {name}"
    return "less than 1 a month"


def span(seconds: float) -> str:
    """Return a length of time in the largest unit that says something.

    >>> span(5400), span(3600), span(59), span(3 * DAY)
    ('1 h 30 min', '1 h', '59 s', '3 d')
    """
    left = int(seconds)
    told: list[str] = []
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1)):
        if left >= size or (unit == "s" and not told):
            told.append(f"{left // size} {unit}")
            left %= size
        elif told:
            break
    return " ".join(told[:2])


def weekdays(days: int) -> str:
    """Return the days of a set of bits, Monday the lowest.

    >>> weekdays(0b0011111), weekdays(0b1000101), weekdays(0b1111111)
    ('Mon-Fri', 'Mon, Wed, Sun', 'daily')
    """
    if days == 0b1111111:
        return "daily"
    numbers = [number for number in range(7) if days >> number & 1]
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(
        f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"
        if len(run) > 2
        else ", ".join(WEEKDAYS[number] for number in run)
        for run in runs
    )


def rhythm_told(state: PollState) -> str:
    """Return what was learnt of when a feed brings something.

    >>> rhythm_told(PollState(gap=7200, usual_at=21600, usual_days=0b0011111))
    'an entry every 2 h; usually by 06:00 UTC, Mon-Fri'
    >>> rhythm_told(PollState())
    'not known yet'
    """
    told = []
    if state.gap:
        told.append(f"an entry every {span(state.gap)}")
    if state.usual_at is not None:
        at = f"{state.usual_at // HOUR:02}:{state.usual_at % HOUR // MINUTE:02}"
        told.append(f"usually by {at} UTC, {weekdays(state.usual_days or 0b1111111)}")
    return "; ".join(told) or "not known yet"


def asked_told(health: Health, now: float) -> str:
    """Return how often a feed is asked, and what decides it.

    >>> from aggregator.model.feed import FeedSpec, Origin
    >>> spec = FeedSpec(url="https://wire.example/", name="wire", every=900)
    >>> feed = Feed(id=1, spec=spec, origin=Origin.FILE)
    >>> asked_told(Health(feed=feed, state=PollState(interval=3600, ttl=3600)), 0)
    'every 1 h: `every:` says 15 min, its own ttl 1 h'
    """
    spec, state = health.feed.spec, health.state
    why = []
    if state.pushed_until is not None and state.pushed_until > now:
        why.append("a hub pushes what is new")
    if spec.every is not None:
        why.append(f"`every:` says {span(spec.every)}")
    if state.ttl:
        why.append(f"its own ttl {span(state.ttl)}")
    if state.skip_hours or state.skip_days:
        why.append("it asks us to leave out certain hours or days")
    if state.failures:
        why.append("longer while it fails")
    if not why:
        why.append("learnt" if state.gap else "as is usual")
    return f"every {span(state.interval)}: {', '.join(why)}"
