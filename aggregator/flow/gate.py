"""Work that few do at a time, however many ask for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

Done = TypeVar("Done")


class Gate:
    """A few threads that do what others ask of them, one thing after the other.

    Threads of their own, because each thread keeps some of the memory it used: 32 that draft a
    feed once in a while hold more than the two that draft all of them.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._threads = ThreadPoolExecutor(most, name)
        self._lock = Lock()
        self._asking = 0

    @property
    def crowded(self) -> bool:
        """Whether somebody has to wait."""
        return self._asking > self._most

    def run(self, act: Callable[[], Done]) -> Done:
        """Return what this does, or raise what it raises, when its turn has come."""
        with self._lock:
            self._asking += 1
        try:
            return self._threads.submit(act).result()
        finally:
            with self._lock:
                self._asking -= 1

    def close(self) -> None:
        """Take nothing more; what waits is still done."""
        self._threads.shutdown(wait=False)
