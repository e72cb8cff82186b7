"""Our hub's books: requests taken, subscribers asked, changes announced and delivered."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from aggregator.core import hub
from aggregator.core.hub import Refused
from aggregator.flow.audience import note_pushed
from aggregator.flow.kit import Kit
from aggregator.flow.visits import Visit, Visits
from aggregator.model.exchange import Failed, Post, Request, Wanted
from aggregator.model.hub import Delivery, Lane, Mode, Ping, Subscription, Wish
from aggregator.ports import Tx

log = logging.getLogger(__name__)

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


def accept(kit: Kit, said: Mapping[str, str], asker: str = "") -> Refused | None:
    """Take a request for a subscription, or for its end; None: the subscriber is asked next.

    `asker` tells who asks from others, and nothing else about them.
    """
    if not hub.is_ours(kit.settings.site):
        return Refused(status=404, why="there is no hub here")
    now = kit.clock()
    wish = hub.judge(said, kit.base, now, asker=asker)
    if isinstance(wish, Refused):
        return wish
    with kit.store.write() as tx:
        if not tx.hub.is_published(wish.path):
            return hub.NO_SUCH_FEED
        before = _live(tx, wish, now)
        if not hub.may_change(wish, before):
            return hub.ANOTHERS
        crowd = tx.hub.crowd(wish.path, wish.host, asker)
        refused = hub.room(crowd, is_known=before is not None, asker=wish.asker)
        if refused is None:
            tx.hub.wish(wish)
    return refused


def verify(kit: Kit, wish: Wish, visit: Visit | None = None) -> None:
    """Ask a subscriber whether it was them, or tell it that it is denied.

    What is not confirmed leaves everything as it was (section 5.3 of the Recommendation).
    """
    challenge = secrets.token_urlsafe(32)
    address = hub.question(wish, kit.base, challenge)
    deadline = hub.VERIFY_AGAIN_DEADLINE if wish.attempts else hub.VERIFY_DEADLINE
    visit = visit or Visits().begin(wish.host)
    asked = Request(url=address, wanted=Wanted.WORD, timeout=deadline, arriving=visit.may_connect())
    outcome = kit.strangers.fetch(asked)
    if kit.closing.is_set():
        return
    now, confirmed = kit.clock(), hub.confirms(outcome, challenge)
    if visit.found_taken:
        later: Wish | None = replace(wish, due_at=now + hub.TURN_WAIT)
    else:
        later = hub.asked_again(wish, outcome, now)
        visit.quiet = 0.0 if confirmed else hub.QUIET
    with kit.store.write() as tx:
        if later is not None:
            tx.hub.postpone(wish, later)
        elif tx.hub.settle(wish) and confirmed:
            _grant(tx, wish, visit.address, now)


def deliver(kit: Kit, delivery: Delivery, lane: Lane, visit: Visit | None = None) -> None:
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
    visit = visit or Visits().begin(subscription.host)
    sent = Post(
        url=subscription.callback,
        body=document.body,
        headers=headers,
        timeout=hub.patience(subscription) if lane is Lane.FAST else None,
        arriving=visit.may_connect(_is_full(kit, delivery)),
    )
    outcome = kit.strangers.post(sent)
    if kit.closing.is_set():
        return
    now = kit.clock()
    with kit.store.write() as tx:
        if visit.found_taken:
            tx.hub.put_off(delivery, now + hub.TURN_WAIT)
            return
        if not isinstance(outcome, Failed):
            tx.hub.delivered(delivery, now, outcome.ms / 1000)
            note_pushed(tx, subscription.path, now, since=subscription.since)
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


def end(kit: Kit, subscription: Subscription, why: str | None = None) -> None:
    """End a subscription; one whose lease still runs is told why."""
    now = kit.clock()
    with kit.store.write() as tx:
        tx.hub.leave(subscription.path, subscription.callback)
        if subscription.lease_until > now:
            why = why or _why_gone(tx, kit, subscription.path)
            tx.hub.wish(hub.denial(subscription, why, now))


def clean(kit: Kit) -> int:
    """End what has ended: leases, subscriptions to what is not published any more, and all of
    them once another hub than ours is named, or none."""
    now, why = kit.clock(), hub.why_closed(kit.settings.site)
    with kit.store.read() as tx:
        over = tx.hub.ended(now) if why is None else tx.hub.subscriptions()
        stale = tx.hub.has_wishes(now - WISH_LASTS)
        asking = why is not None and tx.hub.figures(now).verifying > 0
    for subscription in over:
        end(kit, subscription, why)
    if asking:
        with kit.store.write() as tx:
            tx.hub.forget_requests()
    if stale:
        with kit.store.write() as tx:
            tx.hub.forget_wishes(now - WISH_LASTS)
    return len(over)


def _live(tx: Tx, wish: Wish, now: float) -> Subscription | None:
    found = tx.hub.subscription(wish.path, wish.callback)
    return found if found is not None and found.lease_until > now else None


def _is_full(kit: Kit, delivery: Delivery) -> Callable[[str], bool]:
    """Return what tells whether a machine that is not the one we know has too many.

    Where it has not, the subscription is counted there from then on: many names that lead there
    at once are let in one by one.
    """
    known, path = delivery.subscription.address, delivery.subscription.path

    def full(address: str) -> bool:
        if address == known:
            return False
        with kit.store.write() as tx:
            of_all, of_path = tx.hub.at_machine(address, path)
            crowded = hub.is_crowded(of_all=of_all, of_path=of_path)
            if not crowded:
                tx.hub.found_at(delivery, address)
        return crowded

    return full


def _grant(tx: Tx, wish: Wish, address: str | None, now: float) -> None:
    """Do what was confirmed, as far as it may still be done."""
    before = _live(tx, wish, now)
    if wish.mode is Mode.SUBSCRIBE and hub.may_change(wish, before):
        made = hub.granted(wish, now, address)
        of_all, of_path = tx.hub.at_machine(address, wish.path) if address else (0, 0)
        if before is None and hub.is_crowded(of_all=of_all, of_path=of_path):
            tx.hub.wish(hub.denial(made, hub.CROWDED, now))
        else:
            tx.hub.keep(made)
    elif wish.mode is Mode.UNSUBSCRIBE:
        tx.hub.leave(wish.path, wish.callback)


def _why_gone(tx: Tx, kit: Kit, path: str) -> str:
    slug = hub.slug_of(path)
    former = tx.publications.former(slug)
    if former is None or former.now is None:
        return "this feed is not published any more"
    return f"this feed has moved: {kit.base}/{path.replace(slug, former.now, 1)}"
