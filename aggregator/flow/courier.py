"""Calls to subscribers, side by side: one that is slow or dead delays nobody but itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Generic, Protocol, TypeVar

from aggregator.core import hub
from aggregator.flow.hub import clean, deliver, ping, verify
from aggregator.flow.kit import Kit
from aggregator.flow.visits import Visit, Visits
from aggregator.flow.webhooks import call
from aggregator.model.hub import Delivery, Lane, Ping, Wish
from aggregator.model.webhook import HookDelivery
from aggregator.ports import Tx

log = logging.getLogger(__name__)

# Calls under way at the same time, each a thread that is made when it is needed: whoever dies for
# the first time holds one of the fast lane for its few seconds.
FAST, SLOW, PINGING, HOOKS = 256, 8, 2, 8
ASKING, ASKING_AGAIN = 64, 8  # more than the requests one asker may have waiting
REST = 30.0  # seconds without calls after the store could not keep what became of one
CLEAN_EVERY = 60.0  # seconds between two looks at what has ended


class _Job(Protocol):
    @property
    def host(self) -> str: ...


J = TypeVar("J", bound=_Job)

_Find = Callable[[Tx, float, Collection[str], int], Sequence[J]]
_Act = Callable[[Kit, J, Visit], None]


class Courier:
    """Makes the hub's calls in threads of its own; the store says what is due.

    Deliveries have two lanes: who has failed, or took long the last time, waits in the slow one,
    and the fast one gives nobody more than a few seconds. Each calls a host once at a time.
    """

    def __init__(self, *, fast: int = FAST, slow: int = SLOW) -> None:
        self._own = (
            _lane(Lane.FAST, fast),
            _lane(Lane.SLOW, slow),
        )
        self._asking = (
            _asking("asking", ASKING),
            _asking("asking-again", ASKING_AGAIN, again=True),
        )
        self._pings = _Line("pinging", PINGING, _pings, lambda kit, due, _: ping(kit, due))
        self._hooks = _Line("webhooks", HOOKS, _calls, lambda kit, due, _: call(kit, due))
        self._clean_at = 0.0

    def look(self, kit: Kit) -> None:
        """Begin whatever may begin now; nobody's answer is waited for."""
        if time.monotonic() >= self._clean_at:
            self._clean_at = time.monotonic() + CLEAN_EVERY
            clean(kit)
        if hub.is_ours(kit.settings.site):
            for line in self._own:
                line.fill(kit)
        for asking in self._asking:  # a hub that was closed tells those it had
            asking.fill(kit)
        self._pings.fill(kit)
        self._hooks.fill(kit)

    @property
    def is_idle(self) -> bool:
        """Whether no call is under way."""
        return not any(line.is_busy for line in self._lines)

    def close(self) -> None:
        """Begin nothing more; calls under way end with the fetcher."""
        for line in self._lines:
            line.close()

    @property
    def _lines(self) -> tuple[_AnyLine, ...]:
        return (*self._own, *self._asking, self._pings, self._hooks)


class _Line(Generic[J]):
    """Jobs of one kind, from the store to the net: so many at a time, one to a host."""

    def __init__(self, name: str, size: int, find: _Find[J], act: _Act[J]) -> None:
        self._size, self._find, self._act = size, find, act
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=f"hub-{name}")
        self._lock = Lock()
        self._closed = False
        self._rest_until = 0.0
        self._under_way = 0
        self._visits = Visits()

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way."""
        with self._lock:
            return self._under_way > 0

    def fill(self, kit: Kit) -> None:
        """Begin as many of the jobs that are due as there is room for."""
        with self._lock:
            self._begin(kit)

    def close(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._closed = True
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, kit: Kit) -> None:
        room = self._size - self._under_way
        if self._closed or kit.closing.is_set() or room <= 0:
            return
        if time.monotonic() < self._rest_until:
            return
        with kit.store.read() as tx:
            jobs = self._find(tx, kit.clock(), self._visits.taken, room)
        for job in jobs:
            self._under_way += 1
            self._pool.submit(self._do, kit, job, self._visits.begin(job.host))

    def _do(self, kit: Kit, job: J, visit: Visit) -> None:
        """Do one job, then let the next one begin: nobody waits for the next look."""
        try:
            self._act(kit, job, visit)
        except Exception:  # what became of it is not kept: to go on would be to repeat it at once
            self._rest_until = time.monotonic() + REST
            if not kit.closing.is_set():
                log.exception("the hub could not keep what became of a call")
        with self._lock:
            self._under_way -= 1
            self._visits.over(visit)
            try:
                self._begin(kit)
            except Exception:
                log.exception("the hub could not look for what is due")


_AnyLine = _Line[Delivery] | _Line[Wish] | _Line[Ping] | _Line[HookDelivery]


def _lane(lane: Lane, size: int) -> _Line[Delivery]:
    def find(tx: Tx, now: float, busy: Collection[str], limit: int) -> Sequence[Delivery]:
        return tx.hub.deliveries_due(lane, now, busy=busy, limit=limit)

    def act(kit: Kit, delivery: Delivery, visit: Visit) -> None:
        deliver(kit, delivery, lane, visit)

    return _Line(str(lane), size, find, act)


def _asking(name: str, size: int, *, again: bool = False) -> _Line[Wish]:
    """Who did not answer at once is asked again behind all who are asked for the first time."""

    def find(tx: Tx, now: float, busy: Collection[str], limit: int) -> Sequence[Wish]:
        return tx.hub.wishes_due(now, again=again, busy=busy, limit=limit)

    return _Line(name, size, find, verify)


def _pings(tx: Tx, now: float, busy: Collection[str], limit: int) -> Sequence[Ping]:
    return tx.hub.pings_due(now, busy=busy, limit=limit)


def _calls(tx: Tx, now: float, busy: Collection[str], limit: int) -> Sequence[HookDelivery]:
    return tx.hooks.due(now, busy=tuple(busy), limit=limit)
