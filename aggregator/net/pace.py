"""When each host may be asked again, as far as this process has asked it."""

from __future__ import annotations

import threading
import time

_MOST = 4096  # hosts remembered before those whose time has come are forgotten


class _Times(dict[str, float]):
    """Host to a time ahead; what is over is forgotten before there is too much of it."""

    def __init__(self) -> None:
        super().__init__()
        self._most = _MOST

    def later(self, host: str, at: float, now: float) -> None:
        """Keep the later time of a host."""
        if at > self.get(host, 0.0):
            self[host] = at
        if len(self) > self._most:
            for over in [host for host, at in self.items() if at <= now]:
                del self[over]
            self._most = max(_MOST, 2 * len(self))


class Pace:
    """Turns and pauses of hosts, by the monotonic clock; used by many threads.

    Claims space the feeds of a host. This is for what no claim has heard of: the hosts that
    redirects lead to, and several requests of one turn. Seconds everywhere.
    """

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._lock = threading.Lock()
        self._next = _Times()  # when a host's spacing is over
        self._pauses = _Times()  # when its Retry-After is over

    def asked(self, host: str) -> None:
        """Note that the host is asked now."""
        now = time.monotonic()
        with self._lock:
            self._next.later(host, now + self._spacing, now)

    def turn(self, host: str, patience: float, *, insist: bool = True) -> float | None:
        """Take the host's next free turn; return how long it is until then.

        Where that is longer than `patience`, whoever insists comes when it is over, and whoever
        does not gets None and takes nothing.
        """
        now = time.monotonic()
        with self._lock:
            at = max(self._next.get(host, now), now)
            if at - now > patience:
                if not insist:
                    return None
                at = now + patience
            self._next.later(host, at + self._spacing, now)
        return at - now

    def pause(self, host: str, seconds: float) -> None:
        """Note that the host asked to be left alone for so long."""
        now = time.monotonic()
        with self._lock:
            self._pauses.later(host, now + seconds, now)

    def paused(self, host: str) -> float:
        """Return how long the host still wants to be left alone; 0: not at all."""
        return max(self._pauses.get(host, 0.0) - time.monotonic(), 0.0)
