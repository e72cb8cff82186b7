"""Have hubs tell us what is new: agreements found, asked for, confirmed, renewed and given up."""

from __future__ import annotations

import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event

from aggregator.core import websub
from aggregator.core.urls import host_of
from aggregator.flow.asking import ask
from aggregator.flow.kit import Kit
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fault, Fetched, Outcome, Post
from aggregator.model.feed import Feed, FeedStatus, PollState
from aggregator.model.ids import FeedId
from aggregator.model.push import Offer, Push, PushId, PushState
from aggregator.ports import Tx

log = logging.getLogger(__name__)

MOST_A_ROUND = 20  # requests to hubs before the next look at the clock
AT_ONCE = 4  # hubs asked at the same time, one request at a time to the host of each
LONGEST_ROUND = 20.0  # seconds after which a host's other requests are left to the next round
MOST_REDIRECTS = 3
PATIENCE = 5.0  # seconds a request waits for the hub's turn; else it comes later
BASE = "push base"  # our address as the hubs know it
NEVER_CAME = "the hub took our request and never came to confirm it"

Mint = Callable[[], str]


def mint() -> str:
    """Return 256 bits of chance as text that may stand in an address."""
    return secrets.token_urlsafe(32)


def heed_hubs(
    tx: Tx, feed: Feed, answer: Fetched, parsed: ParsedFeed, homes: frozenset[str], *, now: float
) -> None:
    """Follow what a document just read says of hubs: new ones are asked, those gone given up.

    Call it after the poll is settled. `homes` are the hosts the feed speaks for.
    """
    offer = websub.offer_of(feed, answer, parsed, homes)
    pushes = _standing(tx, feed.id)
    if not offer.hubs and not pushes:
        return
    offer = _unless_anothers(tx, feed, offer)
    wanted = {(hub, offer.topic) for hub in offer.hubs}
    for push in pushes:
        if (push.hub, push.topic) not in wanted:
            _give_up(tx, push, now)
    known = {(push.hub, push.topic) for push in pushes}
    for hub in offer.hubs:
        if (hub, offer.topic) not in known:
            tx.pushes.add(_found(feed.id, hub, offer.topic, now))
    _see_to_one(tx, feed.id, now)


def heed_arrivals(
    tx: Tx, feed_id: FeedId, before: PollState, arrivals: Sequence[int | None], *, now: float
) -> None:
    """Distrust hubs that did not bring what a poll found; it is polled as usual again.

    `before` is the state the poll began with, `arrivals` the publisher's dates of what it found
    new. Call it after the poll is settled.
    """
    if not arrivals or before.pushed_until is None or before.pushed_until <= now:
        return
    live = [push for push in _standing(tx, feed_id) if websub.is_open(push, now)]
    since = before.last_poll_at or 0.0
    if not live or not all(websub.missed(push, arrivals, since, now) for push in live):
        return
    for push in live:
        tx.pushes.save(websub.after_miss(push, now))
    _poll_as_usual(tx, feed_id)


def push_due(
    kit: Kit, *, stop: Event | None = None, limit: int = MOST_A_ROUND, mint: Mint = mint
) -> int:
    """Ask hubs whose time has come, renew what ends soon, forget what is over.

    Nothing is asked of anybody while hubs could not call us back. Hosts are asked side by side,
    so that one that is slow or dead delays its own requests alone. Returns how many were asked.
    """
    if not websub.offers_callback(kit.settings.site):
        return 0
    _follow_base(kit)
    with kit.store.read() as tx:
        due = tx.pushes.due(kit.clock(), limit)
    if not due:
        return 0
    by_host: defaultdict[str | None, list[Push]] = defaultdict(list)
    for push in due:
        by_host[host_of(push.hub)].append(push)
    asking = _Asking(kit=kit, stop=stop or Event(), mint=mint)
    with ThreadPoolExecutor(min(AT_ONCE, len(by_host)), thread_name_prefix="hubs") as pool:
        return sum(pool.map(asking.one_by_one, by_host.values()))


def confirm(kit: Kit, token: str, said: Mapping[str, str]) -> str | None:
    """Take a hub's word at a callback; return what to answer with, None for a 404.

    The answer is the challenge, or nothing at all where the hub only tells that it refuses.
    """
    now, token_hash = kit.clock(), websub.hash_token(token)
    with kit.store.read() as tx:
        if tx.pushes.by_token(token_hash) is None:
            return None
    with kit.store.write() as tx:
        push = tx.pushes.by_token(token_hash)
        word = websub.judge(push, said, now, jitter=kit.jitter()) if push is not None else None
        if push is None or word is None:
            return None
        if word.push.state is PushState.LIVE and not is_polled(tx, push.feed_id):
            return None
        _take_word(tx, push, word.push, now)
    return word.challenge


def push_state(tx: Tx, feed_id: FeedId) -> str | None:
    """Return how it stands between a feed and its hubs, in words; None: it names none."""
    return websub.words(tx.pushes.of_feed(feed_id), tx.feeds.state(feed_id).pushed_until)


def call_hub(kit: Kit, push: Push, token: str, mode: str) -> Outcome:
    """Ask a hub to subscribe or unsubscribe a callback, wherever it sends us (section 5.1)."""
    form = websub.form(push, f"{kit.base}/push/{token}", mode)
    with kit.store.read() as tx:
        feed = tx.feeds.get(push.feed_id)
    private = feed is not None and feed.spec.private
    url, left = push.hub, MOST_REDIRECTS
    while True:
        outcome = ask(kit, Post(url=url, form=form), patience=PATIENCE, private=private)
        to = outcome.location if isinstance(outcome, Failed) else None
        if not isinstance(outcome, Failed) or outcome.status not in (307, 308) or to is None:
            return outcome
        if left == 0:
            return replace(outcome, problem=f"the hub redirects more than {MOST_REDIRECTS} times")
        if push.hub.lower().startswith("https:") and not to.lower().startswith("https:"):
            return replace(outcome, problem="the hub redirects to a place without TLS")
        url, left = to, left - 1


def is_polled(tx: Tx, feed_id: FeedId) -> bool:
    """Return whether the feed is one we poll: what is paused or gone is not pushed either."""
    feed = tx.feeds.get(feed_id)
    return feed is not None and feed.status is FeedStatus.ACTIVE


def set_aside(tx: Tx, push: Push, now: float) -> None:
    """Give up what a hub brings for a feed that is not polled, until it is polled again."""
    later = replace(websub.renewal(push, now), token_hash=_nobodys(), next_at=now + websub.RARELY)
    _give_up(tx, push, now)
    tx.pushes.add(later)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    push: Push
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One round of asking hubs."""

    kit: Kit
    stop: Event
    mint: Mint

    def one_by_one(self, pushes: Sequence[Push]) -> int:
        """Ask one host's hubs; return how many were asked."""
        begun = time.monotonic()
        count = 0
        for push in pushes:
            if self.stop.is_set() or time.monotonic() - begun > LONGEST_ROUND:
                break
            count += self._ask(push)
        return count

    def _ask(self, push: Push) -> bool:
        kit = self.kit
        with kit.store.write() as tx:
            asked = _prepare(tx, push.id, kit.clock(), self.mint)
        if asked is None:
            return False
        outcome = call_hub(kit, asked.push, asked.token, "subscribe")
        if self.stop.is_set() and isinstance(outcome, Failed):
            # What we cut off ourselves is no fault of the hub's: as if it was not asked.
            outcome = replace(outcome, fault=Fault.BLOCKED, retry_after=0.0)
        with kit.store.write() as tx:
            _take_answer(tx, asked.push, outcome, kit.clock())
        return True


def _standing(tx: Tx, feed_id: FeedId) -> tuple[Push, ...]:
    given_up = (PushState.OVER, PushState.LEAVING)
    return tuple(push for push in tx.pushes.of_feed(feed_id) if push.state not in given_up)


def _unless_anothers(tx: Tx, feed: Feed, offer: Offer) -> Offer:
    """What calls itself by the address of another feed of ours is told of through that one."""
    other = tx.feeds.find(offer.topic) if offer.hubs and offer.topic != feed.spec.url else None
    return Offer() if other is not None and other.id != feed.id else offer


def _found(feed_id: FeedId, hub: str, topic: str, now: float) -> Push:
    return Push(
        id=PushId(0),
        feed_id=feed_id,
        hub=hub,
        topic=topic,
        token_hash=_nobodys(),
        secret="",
        state=PushState.FOUND,
        asked_at=now,
    )


def _nobodys() -> str:
    """A token that was never offered: no callback has it."""
    return websub.hash_token(mint())


def _see_to_one(tx: Tx, feed_id: FeedId, now: float) -> None:
    """Have the next hub asked when none is at work for the feed and none waits to be asked."""
    pushes = _standing(tx, feed_id)
    if any(push.state is not PushState.FOUND or push.next_at is not None for push in pushes):
        return
    _call_reserve(tx, pushes, now)


def _call_reserve(tx: Tx, pushes: Sequence[Push], now: float) -> None:
    for push in pushes:
        if push.state is PushState.FOUND and push.next_at is None:
            tx.pushes.save(replace(push, next_at=now))
            return


def _give_up(tx: Tx, push: Push, now: float) -> None:
    if push.state is PushState.FOUND:
        tx.pushes.drop(push.id)
        return
    tx.pushes.save(websub.over(push, now))
    if push.state is PushState.LIVE:
        _without(tx, push.feed_id)


def _without(tx: Tx, feed_id: FeedId) -> None:
    """Poll a feed as usual again unless another agreement of it is live."""
    if not any(push.state is PushState.LIVE for push in tx.pushes.of_feed(feed_id)):
        _poll_as_usual(tx, feed_id)


def _poll_as_usual(tx: Tx, feed_id: FeedId) -> None:
    if tx.feeds.state(feed_id).pushed_until is not None:
        tx.pushes.rest(feed_id, None)
        tx.pushes.poll_by(feed_id)


def _follow_base(kit: Kit) -> None:
    """Agree anew with every hub when our own address has changed."""
    with kit.store.read() as tx:
        known = tx.meta.get(BASE)
    if known == kit.base:
        return
    with kit.store.write() as tx:
        if known is not None:
            tx.pushes.renew_all(kit.clock())
        tx.meta.set(BASE, kit.base)


def _prepare(tx: Tx, push_id: PushId, now: float, mint: Mint) -> _Asked | None:
    """Return what is to be asked, kept as asked already: hubs may call before they answer."""
    push = tx.pushes.get(push_id)
    if push is None or push.next_at is None or push.next_at > now:
        return None
    if push.state in (PushState.OVER, PushState.LEAVING):
        tx.pushes.drop(push.id)
        return None
    if not is_polled(tx, push.feed_id):
        tx.pushes.save(replace(push, next_at=now + websub.RARELY))
        return None
    if push.state is PushState.ASKED:
        _fail(tx, push, NEVER_CAME, now)
        return None
    heir = _succession(tx, push, now) if push.state is PushState.LIVE else push
    if heir is None:
        return None
    token = mint()
    asked = websub.asked(heir, token=token, secret=mint(), now=now)
    tx.pushes.save(asked)
    return _Asked(push=asked, token=token)


def _succession(tx: Tx, push: Push, now: float) -> Push | None:
    """Return what is to follow a live agreement; None when that is seen to already."""
    heirs = [each for each in _standing(tx, push.feed_id) if each.id > push.id]
    if (push.expires_at or 0) <= now:
        tx.pushes.save(websub.over(push, now))
        _without(tx, push.feed_id)
    else:
        tx.pushes.save(replace(push, next_at=push.expires_at))
    if any((heir.hub, heir.topic) == (push.hub, push.topic) for heir in heirs):
        return None
    return tx.pushes.add(replace(websub.renewal(push, now), token_hash=_nobodys()))


def _take_answer(tx: Tx, asked: Push, outcome: Outcome, now: float) -> None:
    """Keep what a hub answered; its verification may have come before, and then counts."""
    push = tx.pushes.get(asked.id)
    if push is None or push.state is not PushState.ASKED or push.token_hash != asked.token_hash:
        return
    if not isinstance(outcome, Failed):
        return
    if outcome.fault is Fault.BLOCKED and outcome.retry_after is not None:  # it was not asked
        later = replace(push, state=PushState.FOUND, next_at=now + outcome.retry_after)
        tx.pushes.save(later)
        return
    log.info("a hub was asked in vain", extra={"hub": push.hub, "problem": outcome.problem})
    _fail(tx, push, outcome.problem, now, wait=outcome.retry_after or 0.0)


def _fail(tx: Tx, push: Push, problem: str, now: float, *, wait: float = 0.0) -> None:
    tx.pushes.save(websub.in_vain(push, problem, now, wait=wait))
    _call_reserve(tx, _standing(tx, push.feed_id), now)


def _take_word(tx: Tx, before: Push, push: Push, now: float) -> None:
    """Keep what a hub's word makes of an agreement, and what that means for its feed."""
    if before.state is PushState.LEAVING:
        tx.pushes.drop(before.id)
        return
    if push == before:
        return
    tx.pushes.save(push)
    if push.state is not PushState.LIVE:
        log.warning("a hub refused", extra={"hub": push.hub, "problem": push.problem})
        _without(tx, push.feed_id)
        _call_reserve(tx, _standing(tx, push.feed_id), now)
        return
    for other in _standing(tx, push.feed_id):
        if other.id == push.id:
            continue
        if other.state is PushState.LIVE:
            tx.pushes.save(websub.superseded(other, now))
        elif other.state is PushState.FOUND:
            tx.pushes.save(replace(other, next_at=None))
    if tx.feeds.state(push.feed_id).pushed_until is not None:
        tx.pushes.rest(push.feed_id, push.expires_at)
