"""Our hub's books: requests taken, subscribers asked, changes announced and delivered."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Mapping

from aggregator.core import hub
from aggregator.core.hub import Refused
from aggregator.flow.audience import note_pushed
from aggregator.flow.kit import Kit
from aggregator.model.exchange import Failed, Post, Request, Wanted
from aggregator.model.hub import Delivery, Lane, Mode, Ping, Subscription, Wish
from aggregator.ports import Tx

log = logging.getLogger(__name__)

VERIFY_DEADLINE = 10.0  # seconds a subscriber has to say that it was them
WISH_LASTS = hub.DAY  # seconds a request may wait for that, whatever happens


def announce(tx: Tx, kit: Kit, changed: Collection[str]) -> None:
    """Have whoever is subscribed to these documents get them, and whoever wants it be told.

    Call it in the transaction that keeps them; what the hub does not serve is left alone.
    """
    site, now = kit.settings.site, kit.clock()
    paths = [path for path in changed if hub.is_topic(path)]
    if not paths:
        return
    if hub.is_ours(site):
        tx.hub.announce(paths, now)
    for target in hub.targets(site):
        about = paths if target == site.hub else [path for path in paths if path.endswith(".rss")]
        tx.hub.announce_to([target], about, now)


def accept(kit: Kit, said: Mapping[str, str]) -> Refused | None:
    """Take a request for a subscription, or for its end; None: the subscriber is asked next."""
    if not hub.is_ours(kit.settings.site):
        return Refused(status=404, why="there is no hub here")
    wish = hub.judge(said, kit.base, kit.clock())
    if isinstance(wish, Refused):
        return wish
    with kit.store.write() as tx:
        if not tx.hub.is_published(wish.path):
            return hub.NO_SUCH_FEED
        known = tx.hub.subscription(wish.path, wish.callback) is not None
        refused = hub.room(tx.hub.crowd(wish.path, wish.host), is_known=known)
        if refused is None:
            tx.hub.wish(wish)
    return refused


def verify(kit: Kit, wish: Wish) -> None:
    """Ask a subscriber whether it was them, or tell it that it is denied.

    What is not confirmed leaves everything as it was (section 5.3 of the Recommendation).
    """
    challenge = secrets.token_urlsafe(32)
    address = hub.question(wish, kit.base, challenge)
    asked = Request(url=address, wanted=Wanted.WORD, timeout=VERIFY_DEADLINE)
    outcome = kit.strangers.fetch(asked)
    if kit.closing.is_set():
        return
    now = kit.clock()
    later = hub.asked_again(wish, outcome, now)
    with kit.store.write() as tx:
        if later is not None:
            tx.hub.postpone(wish, later)
        elif tx.hub.settle(wish) and hub.confirms(outcome, challenge):
            _grant(tx, wish, now)


def deliver(kit: Kit, delivery: Delivery, lane: Lane) -> None:
    """Bring a subscriber the document as it is now."""
    subscription = delivery.subscription
    with kit.store.read() as tx:
        document = tx.publications.document(subscription.path)
    if document is None:
        end(kit, subscription)
        return
    headers = hub.content_headers(
        document, subscription.secret, site=kit.settings.site, base=kit.base
    )
    deadline = hub.FAST_DEADLINE if lane is Lane.FAST else None
    sent = Post(url=subscription.callback, body=document.body, headers=headers, timeout=deadline)
    outcome = kit.strangers.post(sent)
    if kit.closing.is_set():
        return
    now = kit.clock()
    with kit.store.write() as tx:
        if not isinstance(outcome, Failed):
            tx.hub.delivered(delivery, now, outcome.ms / 1000)
            note_pushed(tx, subscription.path, now)
            return
        after = hub.after_failure(delivery, outcome, lane, now)
        if after.subscription is None:
            tx.hub.leave(subscription.path, subscription.callback)
        else:
            tx.hub.failed(delivery, after.subscription, after.retry_at)
    if after.subscription is None or not subscription.failures:
        told = {"host": subscription.host, "path": subscription.path, "problem": outcome.problem}
        log.info("a subscriber was called in vain", extra=told)


def ping(kit: Kit, due: Ping) -> None:
    """Tell an outside hub or an rssCloud server that a document changed."""
    form = hub.ping_form(due, kit.settings.site, kit.base)
    outcome = kit.fetcher.post(Post(url=due.target, form=form)) if form is not None else None
    if kit.closing.is_set():
        return
    retry_at = None
    if isinstance(outcome, Failed):
        retry_at = hub.after_ping(due, outcome, kit.clock())
        told = {"target": due.target, "problem": outcome.problem, "again": retry_at is not None}
        log.warning("a ping was in vain", extra=told)
    with kit.store.write() as tx:
        tx.hub.pinged(due, retry_at)


def end(kit: Kit, subscription: Subscription) -> None:
    """End a subscription; one whose lease still runs is told why."""
    now = kit.clock()
    with kit.store.write() as tx:
        tx.hub.leave(subscription.path, subscription.callback)
        if subscription.lease_until > now:
            tx.hub.wish(hub.denial(subscription, _why_gone(tx, kit, subscription.path), now))


def clean(kit: Kit) -> int:
    """End what has ended: leases, and subscriptions to what is not published any more."""
    now = kit.clock()
    with kit.store.read() as tx:
        over = tx.hub.ended(now)
        stale = tx.hub.has_wishes(now - WISH_LASTS)
    for subscription in over:
        end(kit, subscription)
    if stale:
        with kit.store.write() as tx:
            tx.hub.forget_wishes(now - WISH_LASTS)
    return len(over)


def _grant(tx: Tx, wish: Wish, now: float) -> None:
    if wish.mode is Mode.SUBSCRIBE:
        tx.hub.keep(hub.granted(wish, now))
    elif wish.mode is Mode.UNSUBSCRIBE:
        tx.hub.leave(wish.path, wish.callback)


def _why_gone(tx: Tx, kit: Kit, path: str) -> str:
    slug = hub.slug_of(path)
    former = tx.publications.former(slug)
    if former is None or former.now is None:
        return "this feed is not published any more"
    return f"this feed has moved: {kit.base}/{path.replace(slug, former.now, 1)}"
