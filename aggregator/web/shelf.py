"""What is served, kept in memory: pages until somebody writes, feeds until they change."""

from __future__ import annotations

import asyncio
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
MOST_BYTES = 64_000_000  # of feeds, in all their codings; old archives are asked for seldom

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


class FeedShelf:
    """Finished documents by path, which are only read anew when they changed themselves.

    One task looks at the store's version once a second, and at the documents' tags when it is
    another: an answer from memory asks the store nothing, whatever is decided meanwhile. While
    the store cannot be read, what is on the shelf goes on being served.
    """

    def __init__(self, kit: Callable[[], Kit], load: Load) -> None:
        self._kit, self._load = kit, load
        self._lock = Lock()
        self._kept: dict[str, Ready] = {}
        self._size = 0
        self._seen: tuple[Kit, int] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._problem = ""

    @property
    def kit(self) -> Kit:
        """The kit as it is now."""
        return self._kit()

    def at_once(self, path: str) -> Ready | None:
        """Return what is in memory, and known to be as it is in the store."""
        if self._watch is None or self._watch.done():
            return None
        return self._kept.get(path)

    async def get(self, path: str) -> Ready | None:
        """Return the document at a path. Raises `StoreError` when that cannot be known."""
        if self._watch is None or self._watch.done():
            self._watch = asyncio.get_running_loop().create_task(self._watching())
            await run_in_threadpool(self.look)
        return self._kept.get(path) or await run_in_threadpool(self._find, path)

    def look(self) -> None:
        """Read anew what changed since the last look; asks nothing else while nobody wrote."""
        with self._lock:
            try:
                self._look()
            except StoreError as error:
                if self._problem != str(error):
                    log.error("serving from memory", extra={"problem": str(error)})
                self._problem = str(error)
            else:
                self._problem = ""

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await run_in_threadpool(self.look)

    def _look(self) -> None:
        kit = self.kit
        seen = (kit, kit.store.version())  # before the tags: what is written between comes again
        if self._seen is not None and self._seen[0] is kit and self._seen[1] == seen[1]:
            return
        anew = self._seen is None or self._seen[0] is not kit
        if self._kept:
            with kit.store.read() as tx:
                tags = tx.publications.etags(self._kept)
            for path, ready in tuple(self._kept.items()):
                if anew or tags.get(path, "").encode() != ready.plain.etag:
                    self._put(path, self._load(kit, path))
        self._seen = seen

    def _find(self, path: str) -> Ready | None:
        with self._lock:  # or a look could come between reading it and putting it here
            if path not in self._kept:
                self._put(path, self._load(self.kit, path))
            return self._kept.get(path)

    def _put(self, path: str, ready: Ready | None) -> None:
        before = self._kept.pop(path, None)
        self._size -= before.size if before is not None else 0
        if ready is None:
            return
        self._kept[path] = ready
        self._size += ready.size
        while self._size > MOST_BYTES and len(self._kept) > 1:
            self._size -= self._kept.pop(next(iter(self._kept))).size
