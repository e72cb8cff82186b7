"""Deadlines that hold: one watchdog ends what takes too long, whatever it is waiting for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from aggregator.model.exchange import Arriving, Hop

_PATIENCE = 2.0  # seconds that closing waits for the threads whose waits it ended


class End(StrEnum):
    """Why an exchange was ended from outside."""

    DEADLINE = "deadline"
    CLOSED = "closed"


class Ended(Exception):
    """This exchange was ended from outside: its deadline passed, or everything is closing."""


class Exchange:
    """One request under way, redirects included, and how to wake whatever it waits for.

    `sent` is what went out so far; a request whose answer came stands there with its status.
    `deadline` is in seconds of the monotonic clock. Its own thread calls `hold`, `release` and
    `remaining`; the watchdog calls `end`.
    """

    __slots__ = ("_lock", "_stop", "arriving", "deadline", "doing", "ended", "sent")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.ended: End | None = None
        self.doing = ""  # what takes its time before there is a connection
        self.sent: list[Hop] = []
        self.arriving: Arriving | None = None  # may refuse an address that the guard let through
        self._stop: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def remaining(self) -> float:
        """Return the seconds left, more than 0. Raises `Ended` when there are none."""
        left = self.deadline - time.monotonic()
        if self.ended is None and left <= 0:
            self.end(End.DEADLINE)
        if self.ended is not None:
            raise Ended(self.ended)
        return left

    def pause(self, seconds: float) -> None:
        """Wait, for a turn with a host. Raises `Ended` when it is ended meanwhile."""
        over = threading.Event()
        self.hold(over.set)
        over.wait(seconds)
        self.release()
        self.remaining()

    def hold(self, stop: Callable[[], None]) -> None:
        """Name what ends the wait we are about to begin. Raises `Ended` when it is too late."""
        with self._lock:
            self._stop = stop
            if self.ended is None:
                return
        raise Ended(self.ended)

    def release(self) -> None:
        """Forget what we waited on: from here on it may belong to another exchange."""
        with self._lock:
            self._stop = None

    def end(self, why: End) -> None:
        """End it now. The first reason stands."""
        with self._lock:
            if self.ended is None:
                self.ended = why
            if self._stop is not None:
                self._stop()


class Watchdog:
    """Ends exchanges at their deadline; one thread for all, started with the first of them."""

    def __init__(self) -> None:
        self._under_way: set[Exchange] = set()
        self._change = threading.Condition()
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, seconds: float) -> Exchange:
        """Watch over an exchange of at most so many seconds, until it is `over`.

        Raises `Ended` once closed.
        """
        exchange = Exchange(time.monotonic() + seconds)
        with self._change:
            if self._closed:
                raise Ended(End.CLOSED)
            self._under_way.add(exchange)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="net-watchdog", daemon=True)
                self._thread.start()
            # With one timeout for all, a new deadline is never the next one: no wake-up is needed.
            if exchange.deadline < self._wakes_at:
                self._change.notify()
        return exchange

    def over(self, exchange: Exchange) -> None:
        """Watch over it no longer."""
        exchange.release()
        with self._change:
            self._under_way.discard(exchange)
            if self._closed:
                self._change.notify_all()

    def close(self) -> None:
        """End every exchange under way and refuse new ones; returns when they are gone, or
        after `_PATIENCE` seconds."""
        patience = time.monotonic() + _PATIENCE
        with self._change:
            self._closed = True
            self._change.notify_all()
            while self._under_way and time.monotonic() < patience:
                # Again and again: a socket shut a moment before its connect begins does not wake.
                for exchange in self._under_way:
                    exchange.end(End.CLOSED)
                self._change.wait(0.05)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                if self._closed:
                    return
                now = time.monotonic()
                waiting = [one for one in self._under_way if one.ended is None]
                late = [one for one in waiting if one.deadline <= now]
                if not late:
                    soonest = min((one.deadline for one in waiting), default=None)
                    self._wakes_at = float("inf") if soonest is None else soonest
                    self._change.wait(None if soonest is None else soonest - now)
            for exchange in late:
                exchange.end(End.DEADLINE)


def shut(sock: socket.socket) -> None:
    """Shut a socket both ways, so that its thread wakes; TLS or not, connected or not.

    The plain socket's method on purpose: that of an SSLSocket drops the TLS state under the
    thread that is reading through it.
    """
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
