"""Count who reads: in memory with each answer, in the store once a minute."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from threading import Lock

from aggregator.core.audience import Leg, Readership, agent_of, freshness, readership
from aggregator.errors import StoreError
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.model.audience import Reading
from aggregator.ports import Tx

TOLD_EVERY = 60.0  # seconds between two writes
KEEP_DAYS = 400
MOST_AGENTS = 200  # names a topic and day; what comes later is counted as others
MOST_KINDS = 10_000  # paths and User-Agents a minute; then all are one
MOST_ADDRESSES = 500_000  # hashes a day: 60 MB; then they are not counted any more
OTHERS = "others"
_LONGEST_AGENT = 500  # bytes of a User-Agent that are looked at
_NONE: frozenset[bytes] = frozenset()

_Key = tuple[str, bytes]  # path, User-Agent as it came


@dataclass(slots=True)
class _Count:
    requests: int = 0
    not_modified: int = 0
    size: int = 0
    addresses: int = 0  # that were new that day


@dataclass(slots=True)
class _Day:
    """What one day knows beside its counts; thrown away with it."""

    day: str = ""
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    seen: dict[_Key, set[bytes]] = field(default_factory=dict)
    hashes: int = 0
    told: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    # subscribers, by family and agent, of each path
    agents: dict[str, set[str]] = field(default_factory=dict)  # of a family


class Counter:
    """Counts answers. An address is only ever kept as a hash, under a salt that nobody knows and
    that is forgotten with the day; processes count for themselves."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[_Key, _Count] = {}
        self._today = _Day()

    def note(
        self, path: str, user_agent: bytes, address: str, *, not_modified: bool, size: int
    ) -> None:
        """Count one answer: with which document, to whom, of how many bytes."""
        key = (path, user_agent[:_LONGEST_AGENT])
        with self._lock:
            count = self._counts.get(key)
            if count is None:
                if len(self._counts) >= MOST_KINDS:
                    key = (path, b"")
                count = self._counts.setdefault(key, _Count())
            count.requests += 1
            count.not_modified += not_modified
            count.size += size
            self._note_address(key, address, count)

    def tell(self, kit: Kit) -> int:
        """Write down what was counted since; returns how many rows. Raises `StoreError`, and then
        all of it waits for the next time."""
        now = datetime.fromtimestamp(kit.clock(), UTC).date()
        with self._lock:
            counts, self._counts = self._counts, {}
            today = self._today
            today.day = today.day or now.isoformat()
            begins = today.day != now.isoformat()
            if begins:
                self._today = _Day(day=now.isoformat())
        readings = _readings(today, counts)
        if not readings:
            return 0
        try:
            with kit.store.write() as tx:
                tx.audience.add(readings)
                if begins:
                    tx.audience.forget((now - timedelta(days=KEEP_DAYS)).isoformat())
        except StoreError:
            self._take_back(counts)
            raise
        return len(readings)

    def _note_address(self, key: _Key, address: str, count: _Count) -> None:
        today = self._today
        hashed = blake2b(address.encode(), digest_size=8, key=today.salt).digest()
        reader = (family_of(key[0]), key[1])  # formats and archives of a topic: one reader
        seen = today.seen.get(reader, _NONE)
        if hashed not in seen and today.hashes < MOST_ADDRESSES:
            today.seen.setdefault(reader, set()).add(hashed)
            today.hashes += 1
            count.addresses += 1

    def _take_back(self, counts: Mapping[_Key, _Count]) -> None:
        with self._lock:
            for key, count in counts.items():
                ours = self._counts.setdefault(key, _Count())
                ours.requests += count.requests
                ours.not_modified += count.not_modified
                ours.size += count.size
                ours.addresses += count.addresses


def _readings(today: _Day, counts: Mapping[_Key, _Count]) -> list[Reading]:
    found: dict[tuple[str, str], _Count] = {}
    for (path, user_agent), count in counts.items():
        family = family_of(path)
        agent = agent_of(user_agent.decode("latin-1"))
        names = today.agents.setdefault(family, set())
        name = agent.name if agent.name in names or len(names) < MOST_AGENTS else OTHERS
        names.add(name)
        told = today.told.setdefault((family, name), {})
        told[path] = max(told.get(path, 0), agent.subscribers)
        sums = found.setdefault((family, name), _Count())
        sums.requests += count.requests
        sums.not_modified += count.not_modified
        sums.size += count.size
        sums.addresses += count.addresses
    return [
        Reading(
            day=today.day,
            path=family,
            agent=name,
            requests=sums.requests,
            not_modified=sums.not_modified,
            bytes=sums.size,
            # Who reads two formats tells the readers of each.
            subscribers=sum(today.told[family, name].values()),
            addresses=sums.addresses,
        )
        for (family, name), sums in sorted(found.items())
    ]


@lru_cache(maxsize=4096)
def family_of(path: str) -> str:
    """Return what the documents of a topic are counted under.

    >>> family_of("topics/lane.atom"), family_of("topics/lane/archive/3.rss")
    ('topics/lane', 'topics/lane')
    """
    first, _, rest = path.partition("/")
    return f"{first}/{rest.partition('/')[0].partition('.')[0]}"


def note_pushed(tx: Tx, path: str, at: float, *, since: float) -> None:
    """Note that a topic's document reached a subscriber: what is new in it is pushed by now.

    What was out before the subscriber came (`since`) was not waited for.
    """
    topic = tx.topics.find(family_of(path).removeprefix("topics/"))
    if topic is not None and "/archive/" not in path:
        tx.audience.mark_pushed(topic.id, at, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a topic's readers, and how fresh what they get is."""

    slug: str
    title: str
    readership: Readership
    freshness: tuple[Leg, ...]


def audience(kit: Kit, slug: str, *, days: int) -> Told:
    """Return who read a topic in the last days, today included. Raises `NotFound`."""
    now = kit.clock()
    since = datetime.fromtimestamp(now, UTC).date() - timedelta(days=days - 1)
    with kit.store.read() as tx:
        topic = topic_named(tx, slug)
        readings = tx.audience.readings(family_of(f"topics/{slug}"), since=since.isoformat())
        passages = tx.audience.passages(topic.id, since=int(now) - days * 86_400)
    return Told(
        slug=slug,
        title=topic.spec.title,
        readership=readership(readings),
        freshness=freshness(passages),
    )
