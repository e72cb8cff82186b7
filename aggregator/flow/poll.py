"""Poll feeds: claim by lease, wait for servers side by side, read and keep in one thread.

Threads only wait: for servers, and for the processes that read what is dangerous. What takes
processor time is done by the round's own thread, one document after the other. Python runs one
thread at a time anyhow; many that want to run cost switches, and as many trees and drafts in
memory (docs/performance.md).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event

from aggregator.errors import NotFound, UsageError
from aggregator.flow.health import subscribers
from aggregator.flow.kit import Kit, books
from aggregator.flow.polled import Absorbed, Polled
from aggregator.flow.rekey import keys_hold
from aggregator.flow.turn import (
    Arrived,
    Ground,
    broken_turn,
    drafted,
    fetch_one,
    keep_group,
    read_at_once,
    read_with_patience,
)
from aggregator.model.exchange import Failed, Fetched, NotModified
from aggregator.model.feed import Claim, FeedStatus
from aggregator.model.ids import FeedId
from aggregator.ports import Tx

log = logging.getLogger(__name__)

GROUP = 50  # polls a transaction (MEASURES §5)
DRAFTS = 200  # entries after which a group is kept, however few polls brought them
GROUP_WAIT = 0.05  # seconds a finished poll waits for company
LEASE = 600.0
REACH = 256  # chosen feeds among which those to be claimed next are looked for
SLOW = 0.5  # seconds after which a turn no longer counts among the workers …
SLOW_SHARE = 8  # … as long as there are not so many times more turns than workers
IDLE = 0.25  # seconds between looks at a stop while nothing happens

OnTurn = Callable[[Absorbed], None]


@dataclass(slots=True, kw_only=True)
class PollReport:
    """What a round of polling did, as `poll --json` tells it."""

    polled: int = 0
    fetched: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0
    stories: int = 0
    seconds: float = 0.0
    waiting: int = 0  # left alone: their host asked for a longer pause than we wait
    problems: list[tuple[str, str]] = field(default_factory=list)  # (feed name, in words)

    def count(self, turn: Absorbed) -> None:
        """Add one turn. A body that could not be used at all counts as failed."""
        if turn.overtaken:
            return
        useless = isinstance(turn.outcome, Failed) or turn.unusable
        self.polled += 1
        self.failed += useless
        self.fetched += isinstance(turn.outcome, Fetched) and not useless
        self.not_modified += isinstance(turn.outcome, NotModified)
        self.new += turn.new
        self.revised += turn.revised
        self.stories += turn.stories
        if turn.problem:
            self.problems.append((turn.feed.spec.name, turn.problem))


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a round polls: with `feed_ids` these, once each, due or not; else whatever is due.

    A host's spacing and its Retry-After hold in any case. `patience` is how many seconds a round
    waits for a host at the most.
    """

    owner: str
    feed_ids: tuple[FeedId, ...] | None = None
    patience: float = 60.0


def poll_round(
    kit: Kit, orders: Orders, *, stop: Event | None = None, on_turn: OnTurn | None = None
) -> PollReport:
    """Poll until nothing can be claimed any more, or `stop` is set; return what was done."""
    with kit.store.read() as tx:
        ground = Ground(books=books(tx, kit.settings, kit.guess), subscribers=subscribers(tx))
    return _Round(kit, orders, ground, stop or Event(), on_turn).run()


def keep_up_with_clock(tx: Tx, now: float) -> None:
    """Plan anew what was planned by a clock that has gone back since; else it would wait for it."""
    if replanned := tx.feeds.replan(now):
        log.warning("the clock went back", extra={"feeds": replanned})
    tx.pushes.replan(now)


def due_now(tx: Tx, now: float) -> tuple[FeedId, ...]:
    """Feeds whose time has come (`run --once` polls just these)."""
    active = {feed.id for feed in tx.feeds.all(FeedStatus.ACTIVE)}
    states = tx.feeds.states().items()
    return tuple(
        feed_id
        for feed_id, state in states
        if feed_id in active and state.next_poll_at is not None and state.next_poll_at <= now
    )


def chosen(tx: Tx, handles: Sequence[str]) -> tuple[FeedId, ...]:
    """Feeds named by number, name or address; without any, all that are active.

    Of all those in trouble come first: one that drags until its deadline again shall begin early.
    """
    if not handles:
        states = tx.feeds.states()
        active = [feed.id for feed in tx.feeds.all(FeedStatus.ACTIVE)]
        return tuple(sorted(active, key=lambda feed_id: states[feed_id].failures == 0))
    found = []
    for handle in handles:
        feed = tx.feeds.find(handle)
        if feed is None:
            raise NotFound(f"no feed is called {handle!r}; `aggregator feeds list` names them all")
        if feed.status is FeedStatus.GONE:
            raise NotFound(
                f"feed {feed.spec.name!r} is gone (its server answered 410) and is not asked again"
            )
        if feed.status is not FeedStatus.ACTIVE:
            raise UsageError(
                f"feed {feed.spec.name!r} is {feed.status}"
                + ("; `feeds resume` has it polled" if feed.status is FeedStatus.PAUSED else "")
            )
        found.append(feed.id)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """A claim somebody is out for."""

    claim: Claim
    since: float  # monotonic seconds


class _Round:
    """The state of one round: who is still to be polled, who is being polled."""

    def __init__(
        self, kit: Kit, orders: Orders, ground: Ground, stop: Event, on_turn: OnTurn | None
    ) -> None:
        self._kit, self._orders, self._ground = kit, orders, ground
        self._stop, self._on_turn = stop, on_turn
        self._left = None if orders.feed_ids is None else list(orders.feed_ids)
        self._report = PollReport()
        self._idle = 0.0  # seconds in which nothing could be claimed
        self._workers = max(1, kit.settings.net.workers)
        self._pool = ThreadPoolExecutor(SLOW_SHARE * self._workers, thread_name_prefix="poll")
        self._out: dict[Future[Arrived], _Errand] = {}  # until the desk takes what they brought
        self._arrived: SimpleQueue[Future[Arrived]] = SimpleQueue()

    def run(self) -> PollReport:
        begun = time.monotonic()
        try:
            while not self._stop.is_set():
                self._send_out()
                if not self._out and not self._wait_for_a_host():
                    break
                self._keep(self._ready())
        finally:
            self._finish()
        self._report.waiting = len(self._left or ())
        self._report.seconds = round(time.monotonic() - begun, 3)
        return self._report

    def _send_out(self, least: float = 1) -> bool:
        """Fetch as many feeds as there is room for, when it is for so many at `least`.

        False: there are no more to be had now.
        """
        room = min(self._workers - self._busy(), SLOW_SHARE * self._workers - len(self._out))
        if room < least:
            return True
        claims = self._claim(room)
        for claim in claims:
            errand = _Errand(claim=claim, since=time.monotonic())
            self._send(errand, fetch_one, self._kit, claim, self._ground)
        return len(claims) == room

    def _busy(self) -> int:
        """Return how many workers are busy: one that drags must not keep others from their turn.

        What they brought fills memory until it is read, however long that takes.
        """
        young = time.monotonic() - SLOW
        return sum(each.since > young or future.done() for future, each in self._out.items())

    def _send(self, errand: _Errand, act: Callable[..., Arrived], *args: object) -> None:
        future = self._pool.submit(act, *args)
        self._out[future] = errand
        future.add_done_callback(self._arrived.put)

    def _ready(self) -> list[Polled]:
        """Return a group of finished turns, or as many as come within a moment."""
        ready: list[Polled] = []
        more, drafts, until = True, 0, time.monotonic() + IDLE
        while self._out and len(ready) < GROUP and drafts < DRAFTS and not self._stop.is_set():
            try:
                arrived = self._arrived.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                break
            if not ready:
                until = time.monotonic() + GROUP_WAIT
            done = self._at_desk(arrived)
            if done is not None:
                ready.append(done)
                drafts += len(done.drafts)
            # Some at a time: a claim is a transaction of its own.
            more = more and self._send_out(self._workers / 2)
        return ready

    def _at_desk(self, arrived: Future[Arrived]) -> Polled | None:
        """Read and draft what arrived; None: somebody is out again, to wait for the rest."""
        errand = self._out.pop(arrived)
        try:
            done = read_at_once(self._kit, arrived.result())
            if not done.waits:
                return drafted(self._kit, done, self._ground.books)
        except Exception as error:  # a bug must cost one poll, not the daemon
            log.exception("poll failed", extra={"feed": errand.claim.feed.spec.name})
            return broken_turn(self._kit, errand.claim, f"internal error: {error!r}")
        self._send(errand, read_with_patience, self._kit, done)
        return None

    def _claim(self, limit: int) -> tuple[Claim, ...]:
        if self._left is None:
            return self._claim_due(limit)
        if not self._left:
            return ()
        net = self._kit.settings.net
        # Of many feeds some at a time: what is asked for is looked at one by one.
        near, far = self._left[:REACH], self._left[REACH:]
        with self._kit.store.write() as tx:
            claims = tx.feeds.claim(
                near,
                self._kit.clock(),
                limit=limit,
                lease=LEASE,
                owner=self._orders.owner,
                per_host=net.per_host,
                spacing=net.spacing,
            )
        self._idle = 0.0 if claims else self._idle
        taken = {claim.feed.id for claim in claims}
        near = [feed_id for feed_id in near if feed_id not in taken]
        self._left = near + far if claims else far + near
        return claims

    def _claim_due(self, limit: int) -> tuple[Claim, ...]:
        net, now = self._kit.settings.net, self._kit.clock()
        at = self._next_claim_at()
        if at is None or at > now:
            return ()
        with self._kit.store.write() as tx:
            return tx.feeds.claim_due(
                now,
                limit=limit,
                lease=LEASE,
                owner=self._orders.owner,
                per_host=net.per_host,
                spacing=net.spacing,
            )

    def _next_claim_at(self) -> float | None:
        if self._left is not None and not self._left:
            return None
        with self._kit.store.read() as tx:
            if not keys_hold(tx, self._kit.settings):
                return None  # another process has taken in a newer feeds.yaml than ours
            return tx.feeds.next_claim_at(self._left)

    def _wait_for_a_host(self) -> bool:
        """Wait a little for the next of the chosen feeds; False when the round is over.

        What is due but could not be claimed belongs to a later round, or to another worker.
        """
        at, now = self._next_claim_at(), self._kit.clock()
        if self._left is None or at is None or at - now > self._orders.patience:
            return False
        if self._idle > self._orders.patience:
            return False
        self._idle += IDLE
        self._stop.wait(min(max(at - now, IDLE / 5), IDLE))
        return True

    def _keep(self, ready: Sequence[Polled]) -> None:
        if self._stop.is_set():  # what we cut off ourselves is no fault of the feed's
            ready = [polled for polled in ready if not _went_wrong(polled)]
        for start in range(0, len(ready), GROUP):
            for turn in keep_group(self._kit, ready[start : start + GROUP]):
                self._report.count(turn)
                if self._on_turn is not None:
                    self._on_turn(turn)

    def _finish(self) -> None:
        """Keep what is ready; what is not is given up, and its lease with it, when stopping."""
        stopping = self._stop.is_set()
        self._pool.shutdown(wait=not stopping, cancel_futures=stopping)
        if stopping:
            ended = [each for each in self._out if each.done() and not each.cancelled()]
            came = [each.result() for each in ended if each.exception() is None]
            self._keep([each.polled for each in came if each.body is None and each.parsed is None])


def _went_wrong(polled: Polled) -> bool:
    return isinstance(polled.outcome, Failed) or polled.unreadable is not None
