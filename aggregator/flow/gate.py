"""A gate that only so many pass at once, and that tells when others wait before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, get_ident


class Gate:
    """Lets `most` threads in at a time."""

    def __init__(self, most: int) -> None:
        self._slots = BoundedSemaphore(most)
        self._waiting: set[int] = set()  # threads; a set's own acts are atomic

    @property
    def crowded(self) -> bool:
        """Whether somebody waits to be let in."""
        return bool(self._waiting)

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Be inside, after waiting for as long as it takes."""
        if not self._slots.acquire(blocking=False):
            me = get_ident()
            self._waiting.add(me)
            try:
                self._slots.acquire()
            finally:
                self._waiting.discard(me)
        try:
            yield
        finally:
            self._slots.release()
