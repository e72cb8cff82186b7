"""Who is being called: one call at a time to each host, and to each machine whatever its names."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from aggregator.core.neighbours import machine


class Visits:
    """The hosts and machines that calls of one kind are at. For several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: set[str] = set()
        self._quiet: dict[str, float] = {}  # until when, in monotonic seconds

    @property
    def taken(self) -> set[str]:
        """Those that nobody is to go to now."""
        now = time.monotonic()
        with self._lock:
            if any(until <= now for until in self._quiet.values()):
                self._quiet = {key: until for key, until in self._quiet.items() if until > now}
            return self._taken | self._quiet.keys()

    def begin(self, host: str) -> Visit:
        """Go to a host that is not taken."""
        with self._lock:
            self._taken.add(host)
        return Visit(self, host)

    def take(self, key: str) -> bool:
        """Take a machine; False: somebody is there."""
        with self._lock:
            if key in self._taken or self._quiet.get(key, 0.0) > time.monotonic():
                return False
            self._taken.add(key)
            return True

    def over(self, visit: Visit) -> None:
        """Give back what a visit took, in some seconds if it asks for that."""
        with self._lock:
            self._taken -= visit.keys
            if visit.quiet:
                until = time.monotonic() + visit.quiet
                self._quiet.update(dict.fromkeys(visit.keys, until))


class Visit:
    """One call: to a host, and to the machines at which it is found."""

    def __init__(self, visits: Visits, host: str) -> None:
        self._visits = visits
        self.keys = {host}
        self.address: str | None = None  # the machine we came to last
        self.found_taken = False  # it is being called already
        self.found_full = False  # it has more subscriptions than it may
        self.quiet = 0.0  # seconds for which nobody is to go there afterwards

    def may_connect(self, full: Callable[[str], bool] = lambda _: False) -> Callable[[str], bool]:
        """Return what the net asks before it connects; `full` tells it of a machine."""

        def arriving(address: str) -> bool:
            self.address = key = machine(address)
            if key in self.keys:
                return True
            self.found_full = full(key)
            if self.found_full:
                return False
            self.found_taken = not self._visits.take(key)
            if not self.found_taken:
                self.keys.add(key)
            return not self.found_taken

        return arriving
