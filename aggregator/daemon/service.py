"""The daemon: a handful of jobs, a web server, and an end within five seconds."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import uvicorn
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from aggregator.config import load_settings
from aggregator.daemon.reloading import difference
from aggregator.errors import AggregatorError, UsageError
from aggregator.flow import letters, mailing
from aggregator.flow.audience import TOLD_EVERY, Counter
from aggregator.flow.courier import Courier
from aggregator.flow.follow import follow_due
from aggregator.flow.kit import Kit
from aggregator.flow.pages import fetch_pages_due
from aggregator.flow.poll import Orders, keep_up_with_clock, poll_round
from aggregator.flow.polled import Absorbed
from aggregator.flow.publish import publish_due
from aggregator.flow.push import push_due
from aggregator.flow.pushed import Inbox
from aggregator.flow.suggest import LearntMemory, publish_learnt
from aggregator.flow.tidy import tidy
from aggregator.model.settings import Settings
from aggregator.ports import Fetcher
from aggregator.system import bring_into_line, new_fetcher, new_strangers
from aggregator.web.app import make_app
from aggregator.web.static_site import Keeper
from aggregator.web.wire import QuickProtocol

log = logging.getLogger(__name__)
of_file = logging.getLogger(f"{__name__}.file")  # told of unless somebody asked for quiet

POLL_EVERY = 1.0  # seconds between looks at what is due; the feeds table is the schedule
PUBLISH_EVERY = 0.5
WATCH_EVERY = 2.0
FOLLOW_EVERY = 30.0  # between looks at lists that are due
PAGES_EVERY = 1.0  # between looks at article pages that are due
PUSH_EVERY = 2.0  # between looks at hubs that are to be asked
FILES_EVERY = 5.0  # between looks at whether the folder of `site.out` is still right
LETTERS_EVERY = 2.0  # between looks at letters that are due
HUB_EVERY = 0.5  # between looks at what our hub has to deliver
LEARN_EVERY = 5.0  # between looks at what waits in topics that publish by what they learnt
TIDY_EVERY = 86400.0
CLOCK_EVERY = 1.0
CLOCK_SLACK = 1.0  # seconds a clock may be set back without anybody minding
LAST_COUNT = 0.5  # seconds to write down who read in the last minute
LAST_WORDS = 3.0  # seconds the jobs under way get to end


class Service:
    """Polls, publishes and serves until told to stop.

    The scheduler has a few jobs, none per feed (MEASURES §1, Scheduler): look for due feeds,
    compose dirty topics, watch feeds.yaml, ask hubs. Each runs at most once at a time.
    """

    def __init__(self, kit: Kit, *, on_turn: Callable[[Absorbed], None] | None = None) -> None:
        self._kit, self._on_turn = kit, on_turn
        self._stop = Event()
        self._former: list[Fetcher] = []  # of earlier settings
        self._learnt = LearntMemory()
        self.inbox = Inbox()
        self.courier = Courier()
        self.counter = Counter()
        self._keeper = Keeper()
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._file_seen = _signatures(kit.settings)
        self._file_broken = False
        self._polls = False
        self._problems: dict[str, str] = {}  # by job: what stops it now
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(8)},  # a long one must not hold up the others
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    @property
    def kit(self) -> Kit:
        """The kit as the last good feeds.yaml has it."""
        return self._kit

    def stop(self) -> None:
        """Ask the service to end; safe from a signal handler."""
        self._stop.set()

    def run(self, host: str, port: int, *, poll: bool = True, ready: Callable[[], None]) -> None:
        """Serve until stopped. Raises `UsageError` when the port is taken."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        with _listening(host, port) as listener, _web(self, listener), _inbox(self, self._stop):
            if poll:
                self._kit.reader.warm()
            self._polls = poll
            if poll:
                self._do(self.plan)
            self._start_jobs(poll=poll)
            # What was loaded stays: looking through it again took 40 ms, in which nobody is served.
            gc.collect()
            gc.freeze()
            ready()
            try:
                self._wait()
            finally:
                self._end()

    def _wait(self) -> None:
        """Wait for the end, by a clock that never goes back, and watch the one that may."""
        seen = self._kit.clock()
        while not self._stop.wait(CLOCK_EVERY):
            before, seen = seen, self._kit.clock()
            if seen < before - CLOCK_SLACK and self._polls:
                self._do(self.keep_up)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._kit.clock(), UTC)

    def _start_jobs(self, *, poll: bool) -> None:
        of_daemon = (
            (self.poll, POLL_EVERY),
            (self.publish, PUBLISH_EVERY),
            (self.watch, WATCH_EVERY),
            (self.push, PUSH_EVERY),
            (self.hub, HUB_EVERY),
            (self.files, FILES_EVERY),
            (self.letters, LETTERS_EVERY),
            (self.follow, FOLLOW_EVERY),
            (self.pages, PAGES_EVERY),
            (self.learn, LEARN_EVERY),
            (self.tidy, TIDY_EVERY),
        )
        for job, seconds in ((self.count, TOLD_EVERY), *(of_daemon if poll else ())):
            self._scheduler.add_job(
                self._do,
                "interval",
                (job,),
                seconds=seconds,
                id=job.__name__,
                next_run_time=self._now(),
            )
        self._scheduler.start()

    def _end(self) -> None:
        """Cut what is under way; whatever is not kept yet comes again with the next poll."""
        self._stop.set()
        self._kit.closing.set()
        for fetcher in (*self._former, self._kit.fetcher, self._kit.strangers):
            fetcher.close()
        self._kit.reader.close()
        if self._kit.postman is not None:
            self._kit.postman.close()
        self.courier.close()
        if self._scheduler.running:
            self._scheduler.pause()
            ending = Thread(target=self._scheduler.shutdown, daemon=True)
            ending.start()
            ending.join(LAST_WORDS)
        last = Thread(target=self._do, args=(self.count,), daemon=True)
        last.start()
        last.join(LAST_COUNT)

    def _do(self, job: Callable[[], None]) -> None:
        """Do one job; what stops it (a full disk, a bug) is told when it begins and ends."""
        name = job.__name__
        try:
            job()
        except Exception as error:  # the other jobs, and this one's next turn, go on
            if not self._stop.is_set() and self._problems.get(name) != str(error):
                bug = None if isinstance(error, AggregatorError) else error
                log.error("cannot %s", name, extra={"problem": str(error)}, exc_info=bug)
                self._problems[name] = str(error)
        else:
            if self._problems.pop(name, None) is not None:
                log.warning("can %s again", name)

    def poll(self) -> None:
        """Poll whatever is due."""
        if not self._stop.is_set():
            orders = Orders(owner=self._owner, patience=0.0)
            poll_round(self._kit, orders, stop=self._stop, on_turn=self._on_turn)

    def follow(self) -> None:
        """Read the lists that are due; what they name is polled next."""
        for done in () if self._stop.is_set() else follow_due(self._kit, stop=self._stop):
            if done:
                changes = {"added": len(done.added), "retired": len(done.retired)}
                log.info("list followed", extra={"list": done.name, **changes})
            if done.problem:
                log.warning("list not well", extra={"list": done.name, "problem": done.problem})

    def pages(self) -> None:
        """Ask for the article pages of feeds with full text that are due."""
        if not self._stop.is_set():
            report = fetch_pages_due(self._kit, stop=self._stop)
            if report.asked:
                log.info("pages asked for", extra={"pages": report.asked, "kept": report.kept})

    def keep_up(self) -> None:
        """Plan anew what a clock that has gone back would let wait: feeds, letters, and jobs."""
        with self._kit.store.write() as tx:
            keep_up_with_clock(tx, self._kit.clock())
        mailing.keep_up(self._kit)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=self._now())

    def publish(self) -> None:
        """Compose dirty topics."""
        for done in publish_due(self._kit):
            if done.changed:
                log.info("published", extra={"topic": done.slug, "items": done.items})

    def learn(self) -> None:
        """Publish what waits where what editors decided bears it out, and they allow it."""
        for done in () if self._stop.is_set() else publish_learnt(self._kit, self._learnt):
            log.info("published by what was learnt", extra={"entry": done.entry_id})

    def push(self) -> None:
        """Ask hubs to tell us what is new, and renew what ends."""
        push_due(self._kit, stop=self._stop)

    def hub(self) -> None:
        """Have our hub ask and tell its subscribers what is due, beside all this."""
        self.courier.look(self._kit)

    def count(self) -> None:
        """Write down who read since the last time."""
        self.counter.tell(self._kit)

    def files(self) -> None:
        """Keep the folder of static files in step."""
        done = None if self._stop.is_set() else self._keeper.keep_up(self._kit)
        if done is not None and (done.changed or done.removed):
            log.info("files written", extra={"changed": done.changed, "removed": done.removed})

    def letters(self) -> None:
        """Send letters that are due."""
        done = None if self._stop.is_set() else mailing.send_due(self._kit)
        if done is not None and (done.letters or done.questions or done.failed):
            log.info("letters sent", extra=asdict(done))

    def plan(self) -> None:
        """See that no letter waits for a time that a wrong clock gave it."""
        mailing.keep_up(self._kit)

    def tidy(self) -> None:
        """Forget what nobody asks for any more."""
        letters.tidy(self._kit)
        done = tidy(self._kit, stop=self._stop)
        if done:
            log.info("tidied", extra=asdict(done))

    def watch(self) -> None:
        """Take in a changed feeds.yaml; with a mistake in it the last good one stays in force."""
        path = self._kit.settings.path
        seen = _signatures(self._kit.settings)
        if path is None or seen == self._file_seen:
            return
        try:
            settings = replace(load_settings(path), store=self._kit.settings.store)
        except AggregatorError as error:
            self._file_seen, self._file_broken = seen, True
            first = str(error).partition("\n")[0]
            more = {"problem": first, "next": "aggregator check tells all of them"}
            log.error("feeds.yaml not taken in, the last good one holds", extra=more)
            return
        base = settings.site.url or self._kit.base
        kit = replace(self._kit, settings=settings, base=base)
        before = self._kit.settings
        if (settings.net, settings.site) != (before.net, before.site):
            self._former += (kit.fetcher, kit.strangers)  # what is under way ends with them
            kit = replace(kit, fetcher=new_fetcher(settings), strangers=new_strangers(settings))
        bring_into_line(kit)
        self._kit, self._file_seen = kit, seen
        word = "mended and taken in" if self._file_broken else "taken in"
        self._file_broken = False
        of_file.info("feeds.yaml %s: %s", word, difference(before, settings))


def _signatures(settings: Settings) -> tuple[tuple[int, int] | None, ...]:
    """Of feeds.yaml and the gazetteers it names."""
    return tuple(map(_signature, (settings.path, *(one.file for one in settings.gazetteers))))


def _signature(path: Path | None) -> tuple[int, int] | None:
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status is not None else None


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another --port"
            ) from None
        listener.listen(128)
        yield listener
    finally:
        listener.close()


@contextmanager
def _inbox(service: Service, stop: Event) -> Iterator[None]:
    args = (lambda: service.kit, stop)
    thread = Thread(target=service.inbox.run, args=args, name="inbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(1.0)


@contextmanager
def _web(service: Service, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        make_app(lambda: service.kit, service.inbox, service.counter),
        http=QuickProtocol,
        ws="none",
        proxy_headers=False,  # whom we believe about others, site.proxies says
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2.0)
