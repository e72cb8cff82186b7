"""What readers say of themselves, and what the counts of them come to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from aggregator.model.audience import Agent, Passage, Reading

UNNAMED = "unnamed"
BROWSER = "a browser"
MOST_SUBSCRIBERS = 10_000_000  # who tells more is not believed
_LONGEST = 40  # characters of a name

_TELLS = re.compile(r"\b([0-9]{1,9}) *(?:subscribers?|readers?|users?)\b", re.IGNORECASE)
_GUISE = re.compile(r"Mozilla/[0-9.]+ *\((?:compatible|fetcher)[;,] *([^;,)]+)", re.IGNORECASE)
_NAME_ENDS = re.compile(r"/|\(|;|,|\||https?:|\bfeed-?id\b| - | +v?[0-9]+[.0-9]*(?= |$)", re.I)
_ODD = re.compile(r"[^\w .+&'!-]+")


def agent_of(user_agent: str) -> Agent:
    """Return who a User-Agent says it is, without version, and for how many it asks.

    >>> agent_of("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 312 subscribers; like X)")
    Agent(name='Feedly', subscribers=312)
    >>> agent_of("NewsBlur Feed Fetcher - 8 subscribers - http://www.newsblur.com").name
    'NewsBlur Feed Fetcher'
    >>> agent_of("Mozilla/5.0 (compatible; theoldreader.com; 5 subscribers)").name
    'theoldreader.com'
    """
    told = _TELLS.search(user_agent)
    count = int(told[1]) if told else 0
    guise = _GUISE.match(user_agent)
    if guise is None and user_agent.startswith("Mozilla/"):
        name = BROWSER
    else:
        said = (guise[1] if guise else user_agent).strip()
        name = " ".join(_ODD.sub(" ", _NAME_ENDS.split(said, maxsplit=1)[0]).split())
    return Agent(
        name=name[:_LONGEST].strip() or UNNAMED,
        subscribers=count if count <= MOST_SUBSCRIBERS else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One kind of reader over some days."""

    name: str
    subscribers: int  # of the last day it asked on: told, else distinct addresses
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readership:
    """Who read a topic in some days. `subscribers` is that of the fullest of them."""

    subscribers: int = 0
    requests: int = 0
    not_modified: int = 0
    bytes: int = 0
    days: tuple[tuple[str, int, int], ...] = ()  # day, subscribers, requests
    readers: tuple[Reader, ...] = ()  # those for most people first

    @property
    def share_not_modified(self) -> float:
        """Of all polls, how many were answered with 304: 0..1."""
        return self.not_modified / self.requests if self.requests else 0.0


def readership(readings: Sequence[Reading]) -> Readership:
    """Add up what was counted of one topic.

    A reader stands for the people it tells, and for the addresses it came from where it tells
    none.
    """
    people: defaultdict[str, int] = defaultdict(int)
    polls: defaultdict[str, int] = defaultdict(int)
    of_agent: dict[str, Reader] = {}
    for each in sorted(readings, key=lambda reading: (reading.day, reading.agent)):
        people[each.day] += _people(each)
        polls[each.day] += each.requests
        before = of_agent.get(each.agent)
        of_agent[each.agent] = Reader(
            name=each.agent,
            subscribers=_people(each),
            requests=each.requests + (before.requests if before else 0),
        )
    return Readership(
        subscribers=max(people.values(), default=0),
        requests=sum(polls.values()),
        not_modified=sum(each.not_modified for each in readings),
        bytes=sum(each.bytes for each in readings),
        days=tuple((day, people[day], polls[day]) for day in sorted(people)),
        readers=tuple(
            sorted(of_agent.values(), key=lambda one: (-one.subscribers, -one.requests, one.name))
        ),
    )


def _people(reading: Reading) -> int:
    return reading.subscribers or reading.addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One part of the way to readers: of how many items, and how many seconds it took."""

    name: str
    items: int
    p50: float | None
    p90: float | None


def freshness(passages: Iterable[Passage]) -> tuple[Leg, ...]:
    """Return how long items took from place to place, and over all of the way.

    A place that an item did not come by, or came by before the one in front of it (an approval
    that was renewed, a date of the future), counts for nothing or for 0 seconds.
    """
    legs: dict[str, list[float]] = {name: [] for name in _LEGS}
    for each in passages:
        at = {
            "published": each.published_at,
            "seen": each.seen_at,
            "approved": each.approved_at,
            "in feed": each.in_feed_at,
            "pushed": each.pushed_at,
        }
        for name, (start, end) in _LEGS.items():
            first, last = at[start], at[end]
            if first is not None and last is not None:
                legs[name].append(max(0.0, last - first))
    return tuple(
        Leg(name=name, items=len(took), p50=_quantile(took, 0.5), p90=_quantile(took, 0.9))
        for name, took in legs.items()
    )


_LEGS = {
    "published to seen": ("published", "seen"),
    "seen to approved": ("seen", "approved"),
    "approved to in feed": ("approved", "in feed"),
    "in feed to pushed": ("in feed", "pushed"),
    "published to in feed": ("published", "in feed"),
}


def _quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that this share of them do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share - 1e-9) - 1)]
