"""Reading in a child process with limits: a hostile document costs a worker, never the daemon."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from aggregator.errors import ReadFailed
from aggregator.formats.article import extract
from aggregator.formats.reading import MAX_HERE, read_document, read_here
from aggregator.formats.scrape import read_page
from aggregator.formats.threads import ReadingThreads
from aggregator.model.entry import ParsedFeed

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

WORKERS = 2
SECONDS = 10.0  # for one document, by the wall clock
MEMORY = 400  # MB a worker may grow by
DOCUMENTS = 500  # after which a worker is replaced
ATTEMPTS = 3  # at one document, when workers end for reasons that are not its fault
OUT_OF_MEMORY = 71  # exit code of a worker
STARTING = 0.6  # seconds a worker takes to be there, with room to spare
_LOOK = 0.25  # seconds between two looks at whether an answer can still come


class GuardedReader:
    """A `Reader` whose work is done by other processes; any number of threads may call it.

    The workers are started by the first call, or ahead of it by `warm()`. They are spawned, never
    forked: this process has threads and an open database.
    """

    def __init__(
        self,
        *,
        workers: int = WORKERS,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        documents: int = DOCUMENTS,
    ) -> None:
        self._workers, self._seconds = workers, seconds
        self._memory, self._documents = memory, documents
        self._lock = Lock()
        self._pool: ProcessPool | None = None
        self._started = 0.0  # by the monotonic clock
        self._closed = False
        self._threads = ReadingThreads()

    def warm(self) -> None:
        """Start the workers without waiting until they are ready."""
        pool = self._running()
        for _ in range(self._workers):
            pool.schedule(_ready)

    def read(
        self,
        body: bytes,
        *,
        url: str,
        content_type: str | None,
        tolerant: bool = False,
        scrape: Mapping[str, str] | None = None,
    ) -> ParsedFeed:
        """Return what the document says; see `read_document`.

        What the fast reader takes is read in this process, a few documents at a time: there is
        nothing in it to be guarded against (`reading.read_here`). `scrape`: see `scrape.read_page`.
        Raises `ReadFailed` also when it takes too long or too much memory, or ends its worker.
        """
        if scrape is not None:
            return self._ask(partial(read_page, scrape=dict(scrape)), body, url, content_type)
        if not tolerant:
            read = self.read_at_once(body, url=url, content_type=content_type)
            if read is not None:
                return read
            tolerant = len(body) <= MAX_HERE  # the child need not try again
        return self._ask(partial(read_document, tolerant=tolerant), body, url, content_type)

    def read_at_once(self, body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | None:
        """Return what the document says if no worker is needed for that; see `read_here`."""
        if len(body) > MAX_HERE:
            return None
        return self._threads.run(lambda: read_here(body, url, content_type))

    def extract(self, body: bytes, *, url: str, content_type: str | None) -> str:
        """Return the article on a web page; see `article.extract`. Raises as `read` does."""
        return self._ask(extract, body, url, content_type)

    def _ask(
        self,
        task: Callable[[bytes, str, str | None], Answer],
        body: bytes,
        url: str,
        kind: str | None,
    ) -> Answer:
        """Have a worker do this to a document; another when it ends for reasons of its own."""
        for _ in range(ATTEMPTS):
            pool = self._running()
            try:
                answer = pool.schedule(
                    _do, args=(task, body, url, kind, self._seconds), timeout=self._seconds
                )
                done: Answer = self._answer(pool, answer)
                return done
            except ProcessExpired as error:
                if error.exitcode != -signal.SIGTERM:  # that one came from outside
                    raise ReadFailed(self._how_it_ended(error.exitcode)) from None
            except (BrokenProcessPool, RuntimeError) as error:  # a worker that died idle does that
                log.warning("the reader's workers are started anew: %s", error)
                self._discard(pool)
        raise ReadFailed("the reader's workers do not start; see the log and `aggregator doctor`")

    def close(self) -> None:
        """End the workers at once, whatever they do; waiting calls get `ReadFailed`."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        self._threads.close()
        if pool is not None:
            # A worker that is ended while Python starts in it leaves a traceback on the terminal.
            time.sleep(max(0.0, self._started + STARTING - time.monotonic()))
            _end(pool)

    def __enter__(self) -> GuardedReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> ProcessPool:
        with self._lock:
            if self._closed:
                raise ReadFailed("the reader is closed")
            if self._pool is None:
                self._started = time.monotonic()
                self._pool = ProcessPool(
                    max_workers=self._workers,
                    max_tasks=self._documents,
                    initializer=_limit,
                    initargs=(self._memory,),
                    context=multiprocessing.get_context("spawn"),
                )
            return self._pool

    def _discard(self, pool: ProcessPool) -> None:
        with self._lock:
            if self._pool is not pool:
                return  # another thread did
            self._pool = None
        _end(pool)

    def _answer(self, pool: ProcessPool, answer: ProcessFuture[Answer]) -> Answer:
        """Wait for the answer as long as one can come, and put failures in words."""
        while True:
            try:
                return answer.result(timeout=_LOOK)
            except TimeoutError:
                if answer.done():
                    raise ReadFailed(
                        f"the reader was stopped after {self._seconds:g} s: "
                        "the document takes too long to read"
                    ) from None
            except CancelledError:
                raise ReadFailed("the reader was closed while it read the document") from None
            except ProcessExpired:  # an OSError, too
                raise
            except (OSError, TypeError) as error:  # its pipe was closed while the body was sent
                raise BrokenProcessPool(f"the workers' pipe is closed: {error}") from None
            if self._closed:
                raise ReadFailed("the reader was closed while it read the document")
            if not pool.active:
                raise BrokenProcessPool("the workers ended")

    def _how_it_ended(self, code: int | None) -> str:
        if code == OUT_OF_MEMORY:
            return f"the document takes more than {self._memory} MB to read"
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"the document ended its reader ({signal.Signals(-code).name})"
        return f"the document ended its reader (exit code {code})"


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    with contextlib.suppress(RuntimeError):  # it says that a worker cannot be ended
        pool.join()


def _limit(memory: int) -> None:
    """Set a worker's limits, in the worker: memory it may grow by, no core dump, a quick death."""
    # Ending one that hangs inside a C function must not wait for Python to look at the signal.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():
        now = int(statm.read_text().split()[0]) * resource.getpagesize()
        most = now + memory * 1_000_000
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _ready() -> None:
    """Do nothing: a worker that did it has everything imported."""


def _do(
    task: Callable[[bytes, str, str | None], Answer],
    body: bytes,
    url: str,
    content_type: str | None,
    seconds: float,
) -> Answer:
    """Read one document in a worker; its processor time is limited for when nobody watches."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 2
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
    try:
        return task(body, url, content_type)
    except ReadFailed:
        raise
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # what is left of its memory is no good to the next document
    except Exception as error:  # a bug of ours, in one document: it must not stop the others
        log.exception("reading %s failed", url)
        raise ReadFailed(f"the reader has a fault ({type(error).__name__}: {error})") from error
