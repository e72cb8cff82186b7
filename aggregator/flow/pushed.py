"""What hubs bring: checked at the door, kept in a small queue, absorbed as a poll's body is."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from threading import Event, Lock

from aggregator.core import websub
from aggregator.core.drafting import Books
from aggregator.flow.kit import Kit, books
from aggregator.flow.polled import Absorbed, Polled
from aggregator.flow.push import call_hub, is_polled, set_aside
from aggregator.flow.turn import keep_group, read_body, turn_of
from aggregator.model.exchange import Caching, Failed, Fetched
from aggregator.model.feed import Claim
from aggregator.model.ids import FeedId
from aggregator.model.push import Push, PushId, PushState, Signed

log = logging.getLogger(__name__)

LEASE = 300.0  # seconds a feed is ours from a push's arrival; then a poll brings what we lost
PATIENCE = 120.0  # seconds a body waits for a poll that is under way; then it is but a ping …
LONGEST_POLL = 600.0  # … which waits until that poll's lease has ended for sure
PARTINGS = 4  # hubs that are left at the same time
LOOK = 0.2  # seconds between two looks at such a poll
IDLE = 0.5  # seconds between two looks at a stop
PING_EVERY = 60.0  # seconds at least between two polls that pings bring about
PARTIAL = 226  # what a poll's answer says (RFC 3229) that holds only what is new
ROOM = 64_000_000  # bytes of bodies that wait at the most; what comes then is taken as a ping
LEAST = 4_000  # bytes that the smallest body counts for: it is not kept for nothing


class Door(Enum):
    """Whether a hub may come in with a body."""

    OPEN = "open"
    NOBODY = "nobody"  # no such callback, or one that is not confirmed yet
    GONE = "gone"  # it was ours; the hub need not come again


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A body as a hub brought it. An empty one is a ping: the feed has something new."""

    body: bytes
    content_type: str | None = None
    signature: str | None = None  # the header, whole
    encoded: bool = False  # under a content coding, which hubs have no leave to use


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A body that waits to be absorbed. `claim`: the lease it holds on its feed since it came."""

    feed_id: FeedId
    topic: str
    body: bytes
    content_type: str | None
    claim: Claim | None
    until: float  # by the monotonic clock: no longer is a poll under way waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """A hub that came though we want nothing of it any more; its call taught us the callback."""

    push_id: PushId
    token: str


class Inbox:
    """What waits to be done for hubs: bounded, in memory, worked off by one thread.

    Nothing is lost with it: a feed whose push waits here is under a lease that ends by itself,
    and then it is polled. Hubs that are left are asked beside it: one that is dead delays nothing.
    """

    def __init__(self, *, room: int = ROOM) -> None:
        self._waiting: deque[Delivery | Parting] = deque()
        self._parting: list[Parting] = []  # those under way
        self._lock, self._came = Lock(), Event()
        self._room = room

    def has_room(self, size: int) -> bool:
        """Return whether a body of this many bytes may wait here."""
        waiting = sum(max(len(each.body), LEAST) for each in self._deliveries())
        return waiting + max(size, LEAST) <= self._room

    def has(self, feed_id: FeedId) -> bool:
        """Return whether something waits for this feed: what comes then waits behind it."""
        return any(each.feed_id == feed_id for each in self._deliveries())

    def put(self, what: Delivery | Parting) -> None:
        """Have this done soon; once, however often a hub pings or comes though it was left."""
        with self._lock:
            if what in self._parting or any(_says_the_same(each, what) for each in self._waiting):
                return
            self._waiting.append(what)
        self._came.set()

    def run(self, kit: Callable[[], Kit], stop: Event) -> None:
        """Do what comes, until told to stop; the kit is asked for anew each time."""
        hubs = ThreadPoolExecutor(PARTINGS, thread_name_prefix="parting")
        try:
            while not stop.is_set():
                if not self._came.wait(IDLE):
                    continue
                self._came.clear()
                if not _safely(lambda: not self.work(kit(), stop=stop, hubs=hubs)):
                    stop.wait(LOOK)
                    self._came.set()
        finally:
            hubs.shutdown(wait=False, cancel_futures=True)

    def work(self, kit: Kit, *, stop: Event | None = None, hubs: Executor | None = None) -> bool:
        """Do once what waits now; True when some of it has to wait for a poll under way.

        Of one feed the earlier push is kept before the later. `hubs` asks hubs to leave us out;
        without it they are asked here.
        """
        busy: set[FeedId] = set()
        later: list[Delivery] = []
        judged_by: Books | None = None
        for each in self._take():
            if stop is not None and stop.is_set():
                break
            if isinstance(each, Parting):
                if hubs is None:
                    self._part(kit, each)
                else:
                    hubs.submit(self._part, kit, each)
                continue
            if judged_by is None:
                with kit.store.read() as tx:
                    judged_by = books(tx, kit.settings, kit.guess)
            if each.feed_id not in busy and _safely(partial(_see_to, kit, each, judged_by)):
                continue
            busy.add(each.feed_id)
            if (waiting := _still_waits(each, later)) is not None:
                later.append(waiting)
        with self._lock:
            self._waiting.extendleft(reversed(later))
        return bool(later)

    def _part(self, kit: Kit, parting: Parting) -> None:
        _safely(partial(part, kit, parting))
        with self._lock:
            self._parting.remove(parting)

    def _take(self) -> list[Delivery | Parting]:
        """Take all that waits, first what holds a lease: what does not may wait for that."""
        with self._lock:
            batch = list(self._waiting)
            self._waiting.clear()
            self._parting += [each for each in batch if isinstance(each, Parting)]
        return sorted(batch, key=lambda each: isinstance(each, Delivery) and each.claim is None)

    def _deliveries(self) -> list[Delivery]:
        with self._lock:
            return [each for each in self._waiting if isinstance(each, Delivery)]


def _still_waits(delivery: Delivery, later: Sequence[Delivery]) -> Delivery | None:
    """Return what is kept waiting of a push whose feed is being polled.

    A body that waited too long becomes a ping: when the slow poll is over the feed is asked anew.
    """
    if time.monotonic() < delivery.until:
        return delivery
    if not delivery.body:
        return None
    ping = replace(delivery, body=b"", until=delivery.until + LONGEST_POLL)
    return None if any(_says_the_same(each, ping) for each in later) else ping


def _says_the_same(before: Delivery | Parting, after: Delivery | Parting) -> bool:
    """Whether the later adds nothing; what holds a lease has to be seen to."""
    if isinstance(before, Delivery) and isinstance(after, Delivery):
        pings = not before.body and not after.body and after.claim is None
        return pings and before.feed_id == after.feed_id
    return before == after


def door(kit: Kit, inbox: Inbox, token: str) -> Door:
    """Return whether a hub may bring something to this callback, before its body is read."""
    now = kit.clock()
    with kit.store.read() as tx:
        push = tx.pushes.by_token(websub.hash_token(token))
        polled = push is not None and is_polled(tx, push.feed_id)
    if push is None or push.state is PushState.LEAVING:
        return Door.GONE
    if push.state in (PushState.FOUND, PushState.ASKED):
        return Door.NOBODY
    if push.state is PushState.LIVE and not polled:
        with kit.store.write() as tx:
            push = tx.pushes.get(push.id) or push
            if push.state is PushState.LIVE:
                set_aside(tx, push, now)
    elif websub.is_open(push, now):
        return Door.OPEN
    inbox.put(Parting(push_id=push.id, token=token))
    return Door.GONE


def receive(kit: Kit, inbox: Inbox, token: str, brought: Brought) -> Door:
    """Take a body that a hub brought; what is not signed as agreed is left out and noted.

    Returns at once: reading and keeping it is the inbox's work.
    """
    now = kit.clock()
    with kit.store.read() as tx:
        push = tx.pushes.by_token(websub.hash_token(token))
    if push is None or not websub.is_open(push, now):
        return Door.GONE
    how = websub.signed(push.secret, brought.body, brought.signature)
    if how is not Signed.WELL:
        _note_unsigned(kit, push, how)
        return Door.OPEN
    body = b"" if brought.encoded or not inbox.has_room(len(brought.body)) else brought.body
    with kit.store.write() as tx:
        push = tx.pushes.get(push.id) or push
        push = websub.brought(push, now)
        tx.pushes.save(push)
        if websub.is_trusted(push):
            tx.pushes.rest(push.feed_id, push.expires_at)
        waits = inbox.has(push.feed_id)
        claim = None if waits else tx.pushes.take(push.feed_id, now, LEASE)
    inbox.put(
        Delivery(
            feed_id=push.feed_id,
            topic=push.topic,
            body=body,
            content_type=brought.content_type,
            claim=claim,
            until=time.monotonic() + PATIENCE + (0.0 if body else LONGEST_POLL),
        )
    )
    return Door.OPEN


def absorb_push(kit: Kit, delivery: Delivery, books: Books) -> Absorbed | None:
    """Keep what a hub brought, as a poll's body is kept but for all that is the poll's own.

    Validators, body hash, last poll and problem stay as they were, and so does when the feed is
    asked next; a ping, and a body that cannot be read, have it asked now. What is not in the
    body is not missing: a hub may bring only what is new. None: the feed is being polled.
    """
    claim = delivery.claim
    if claim is None:
        with kit.store.write() as tx:
            claim = tx.pushes.take(delivery.feed_id, kit.clock(), LEASE)
    if claim is None:
        return None
    answer = Fetched(
        url=delivery.topic,
        status=PARTIAL,
        body=delivery.body,
        content_type=delivery.content_type,
        etag=None,
        last_modified=None,
        caching=Caching(),
    )
    if not delivery.body:
        return _have_polled(kit, claim, answer)
    arrived = Polled(
        claim=claim, outcome=replace(answer, body=b""), turn=turn_of(kit, claim), pushed=True
    )
    try:
        (absorbed,) = keep_group(kit, [read_body(kit, arrived, answer, books)])
    except Exception:  # a bug must cost one push, and no more than a poll's time
        log.exception("could not absorb a push", extra={"feed": claim.feed.spec.name})
        return _have_polled(kit, claim, answer)
    return absorbed


def part(kit: Kit, parting: Parting) -> bool:
    """Ask a hub to leave us out, once; it was told already that nobody is at home (410).

    Returns whether the hub took it, or need not be asked.
    """
    now = kit.clock()
    if not websub.offers_callback(kit.settings.site):
        return True
    with kit.store.write() as tx:
        push = tx.pushes.get(parting.push_id)
        if push is None or push.state is not PushState.OVER:
            return True
        tx.pushes.save(websub.leaving(push, now))
    outcome = call_hub(kit, push, parting.token, "unsubscribe")
    if isinstance(outcome, Failed):
        log.info("a hub was left in vain", extra={"hub": push.hub, "problem": outcome.problem})
    return not isinstance(outcome, Failed)


def _see_to(kit: Kit, delivery: Delivery, judged_by: Books) -> bool:
    """Absorb one; False when it has to wait."""
    absorbed = absorb_push(kit, delivery, judged_by)
    if absorbed is None:
        return False
    told = {"feed": absorbed.feed.spec.name, "new": absorbed.new, "revised": absorbed.revised}
    log.info("pushed", extra=told)
    return True


def _safely(act: Callable[[], bool]) -> bool:
    """Act, and be done with what cannot be done: its feed is polled when the lease ends."""
    try:
        return act()
    except Exception:
        log.exception("could not do what a hub brought about")
        return True


def _have_polled(kit: Kit, claim: Claim, answer: Fetched) -> Absorbed:
    state = websub.after_ping(claim.state, kit.clock())
    with kit.store.write() as tx:
        held = tx.feeds.settle(claim, state)
    return Absorbed(feed=claim.feed, outcome=answer, overtaken=not held)


def _note_unsigned(kit: Kit, push: Push, how: Signed) -> None:
    problem = f"something was brought that was signed {how}: left out"
    log.warning("a push was left out", extra={"hub": push.hub, "signed": str(how)})
    if push.problem == problem:
        return
    with kit.store.write() as tx:
        now_known = tx.pushes.get(push.id)
        if now_known is not None and now_known.state is PushState.LIVE:
            tx.pushes.save(replace(now_known, problem=problem))
