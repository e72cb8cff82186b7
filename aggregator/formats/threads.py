"""A few threads that read documents in this process, replaced now and then.

libxml2 keeps every name it met for as long as the thread lives: a publisher who makes up new names
in each document would fill the memory. And no more documents are read at once than there are
threads, because a tree takes ten times the memory of its document.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from aggregator.errors import ReadFailed

AT_ONCE = 2
DOCUMENTS = 500  # after which the threads are replaced

_Read = TypeVar("_Read")


class ReadingThreads:
    """Threads for reading; any number of others may call them."""

    def __init__(self, *, at_once: int = AT_ONCE, documents: int = DOCUMENTS) -> None:
        self._at_once, self._documents = at_once, documents
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._begun = 0
        self._closed = False

    def run(self, read: Callable[[], _Read]) -> _Read:
        """Return what this reads, from one of the threads; raise what it raises."""
        with self._lock:
            if self._closed:
                raise ReadFailed("the reader is closed")
            if self._pool is not None and self._begun >= self._documents:
                self._pool.shutdown(wait=False)  # it ends what it has begun
                self._pool = None
            if self._pool is None:
                self._pool, self._begun = ThreadPoolExecutor(self._at_once, "reading"), 0
            self._begun += 1
            answer = self._pool.submit(read)
        return answer.result()

    def close(self) -> None:
        """Take no more documents; those begun are read to their end."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)
