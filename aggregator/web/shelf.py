"""What is served, kept in memory for as long as nobody writes to the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

from starlette.concurrency import run_in_threadpool

from aggregator.errors import StoreError
from aggregator.flow.kit import Kit
from aggregator.web.answers import Ready

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at the store's version
MOST = 1024  # answers kept; pages of old stories are made again when asked for

Load = Callable[[Kit, str], Ready | None]
"""Makes what stands at a path; None when nothing does."""


class Shelf:
    """Answers by path, made when first asked for and again after somebody wrote.

    The kit may change under it (a new feeds.yaml), which counts as a write. While the store
    cannot be read, what is on the shelf goes on being served.
    """

    def __init__(
        self, kit: Callable[[], Kit], load: Load, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._kit, self._load, self._seconds = kit, load, seconds
        self._lock = Lock()
        self._kept: dict[str, Ready] = {}
        self._before: dict[str, Ready] = {}  # the last good ones, should the store fail
        self._seen: tuple[Kit, int] | None = None
        self._look_at = 0.0

    @property
    def kit(self) -> Kit:
        """The kit as it is now."""
        return self._kit()

    async def get(self, path: str) -> Ready | None:
        """Return what stands at a path. Raises `StoreError` when that cannot be known."""
        kept = self._kept.get(path)
        if kept is not None and self._seconds() < self._look_at:
            return kept
        return await run_in_threadpool(self._find, path)

    def _find(self, path: str) -> Ready | None:
        with self._lock:
            try:
                self._look()
                if path not in self._kept:
                    made = self._load(self.kit, path)
                    if made is None:
                        return None
                    if len(self._kept) >= MOST:
                        self._kept = {}
                    self._kept[path] = made
                return self._kept[path]
            except StoreError as error:
                last = self._kept.get(path) or self._before.get(path)
                if last is None:
                    raise
                log.error("serving from memory", extra={"path": path, "problem": str(error)})
                return last

    def _look(self) -> None:
        """Put everything aside if anybody wrote since; asks the store at most once a second."""
        kit, now = self.kit, self._seconds()
        if self._seen is not None and self._seen[0] is kit and now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        version = kit.store.version()
        if self._seen is None or self._seen[0] is not kit or self._seen[1] != version:
            self._before, self._kept = self._kept, {}
            self._seen = (kit, version)
