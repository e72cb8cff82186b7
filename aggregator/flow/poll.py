"""Poll feeds: claim by lease, fetch and read side by side, keep in groups by one writer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

from aggregator.errors import NotFound, UsageError
from aggregator.flow.health import subscribers
from aggregator.flow.kit import Kit, books
from aggregator.flow.polled import Absorbed, Polled
from aggregator.flow.turn import Ground, broken_turn, keep_group, poll_one
from aggregator.model.exchange import Failed, Fetched, NotModified
from aggregator.model.feed import Claim, FeedStatus
from aggregator.model.ids import FeedId
from aggregator.ports import Tx

log = logging.getLogger(__name__)

GROUP = 50  # polls a transaction (MEASURES §5)
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
        ground = Ground(books=books(tx, kit.settings), subscribers=subscribers(tx))
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
    """Feeds named by number, name or address; without any, all that are active."""
    if not handles:
        return tuple(feed.id for feed in tx.feeds.all(FeedStatus.ACTIVE))
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

    def run(self) -> PollReport:
        begun = time.monotonic()
        workers = max(1, self._kit.settings.net.workers)
        pool = ThreadPoolExecutor(SLOW_SHARE * workers, thread_name_prefix="poll")
        pending: dict[Future[Polled], float] = {}  # and since when
        try:
            while not self._stop.is_set():
                room = min(workers - _quick(pending), SLOW_SHARE * workers - len(pending))
                if room > 0:
                    for claim in self._claim(room):
                        pending[pool.submit(self._turn, claim)] = time.monotonic()
                if not pending and not self._wait_for_a_host():
                    break
                for future in self._collect(pending):
                    del pending[future]
        finally:
            self._finish(pool, pending)
            self._ground.drafting.shutdown(wait=False)
        self._report.waiting = len(self._left or ())
        self._report.seconds = round(time.monotonic() - begun, 3)
        return self._report

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

    def _turn(self, claim: Claim) -> Polled:
        try:
            return poll_one(self._kit, claim, self._ground)
        except Exception as error:  # a bug must cost one poll, not the daemon
            log.exception("poll failed", extra={"feed": claim.feed.spec.name})
            return broken_turn(self._kit, claim, f"internal error: {error!r}")

    def _collect(self, pending: Iterable[Future[Polled]]) -> set[Future[Polled]]:
        """Keep what is ready, or becomes so in a moment; return it."""
        done, rest = wait(pending, timeout=IDLE, return_when=FIRST_COMPLETED)
        if done and len(done) < GROUP and rest:
            more, _ = wait(rest, timeout=GROUP_WAIT)
            done |= more
        self._keep([future.result() for future in done])
        return done

    def _keep(self, ready: Sequence[Polled]) -> None:
        if self._stop.is_set():  # what we cut off ourselves is no fault of the feed's
            ready = [polled for polled in ready if not _went_wrong(polled)]
        for start in range(0, len(ready), GROUP):
            for turn in keep_group(self._kit, ready[start : start + GROUP]):
                self._report.count(turn)
                if self._on_turn is not None:
                    self._on_turn(turn)

    def _finish(self, pool: ThreadPoolExecutor, pending: Iterable[Future[Polled]]) -> None:
        """Keep what is ready; what is not is given up, and its lease with it, when stopping."""
        stopping = self._stop.is_set()
        pool.shutdown(wait=not stopping, cancel_futures=stopping)
        if stopping:
            ready = [future for future in pending if future.done() and not future.cancelled()]
            self._keep([future.result() for future in ready])


def _quick(pending: Mapping[Future[Polled], float]) -> int:
    """Return how many turns are young: one that drags must not keep others from their turn."""
    young = time.monotonic() - SLOW
    return sum(since > young for since in pending.values())


def _went_wrong(polled: Polled) -> bool:
    return isinstance(polled.outcome, Failed) or polled.unreadable is not None
