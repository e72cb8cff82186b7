"""The hub's side of WebSub (W3C Recommendation of 2018): every judgement, no act."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from aggregator.core.neighbours import neighbourhood
from aggregator.core.urls import host_of
from aggregator.model.exchange import Failed, Fault, Fetched, Outcome
from aggregator.model.hub import Crowd, Delivery, Lane, Mode, Ping, Subscription, Wish
from aggregator.model.publication import Document
from aggregator.model.settings import Site

MINUTE, HOUR, DAY = 60, 3600, 86400

OWN, NONE = "own", "none"  # what `site.hub` may say beside an address
PATH = "/hub"

LONGEST_LEASE = 10 * DAY  # section 8: "a good default"; none is perpetual (section 5.1)
SHORTEST_LEASE = 5 * MINUTE
LONGEST_CALLBACK = 2000  # characters
LONGEST_SECRET = 199  # bytes (section 5.1)

# A host is what `core.neighbours` makes of a callback's: a domain, or the network of an address.
MOST_OF_PATH = 5000  # subscriptions of one document
MOST_OF_HOST = 1000  # subscriptions of one host, and those at one machine, whatever its names
MOST_OF_BOTH = 100  # the same of one document: each change of it is so many bodies to them
MOST_WAITING_OF_HOST = 200  # requests of one host that are not confirmed yet
MOST_WAITING_OF_ASKER = 50  # the same of whoever asks, wherever the callbacks are
MOST_WAITING_OF_ANYBODY = 500  # of all askers together that cannot be told apart
MOST_WAITING = 1000

VERIFY_DEADLINE = 3.0  # seconds a subscriber has to say that it was them
VERIFY_AGAIN_DEADLINE = 10.0  # seconds it has when it is asked again
VERIFY_WAITS = (30, 5 * MINUTE)  # seconds before a verification is tried again
QUIET = 2.0  # seconds before the next question to a host that did not confirm the last
TURN_WAIT = 1.0  # seconds before a machine is tried again that was being called already
RETRY_WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)  # before a delivery is
PING_WAITS = (MINUTE, 10 * MINUTE, HOUR)
LONGEST_WAIT = 6 * HOUR  # however long a Retry-After is
MOST_FAILURES = 20  # calls in vain, one after the other: nobody lives there any more

FAST_DEADLINE = 3.0  # seconds: who needs longer is given longer, behind the others
PATIENCE = 5  # times as long as the last answer took, no less than
LEAST_PATIENCE = 1.0  # seconds: a mass of quick ones that die at once holds the lane no longer
QUICK = 1.5  # seconds: who answered later the last time waits in the slow lane

_TOPIC = re.compile(r"topics/([a-z0-9][a-z0-9-]{0,63})\.(?:atom|rss|json)")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a request is not taken: an HTTP status and words for whoever wrote the client."""

    status: int
    why: str
    retry_after: int | None = None  # seconds


ANOTHERS = Refused(
    status=409,
    why="this callback is subscribed with another secret, by somebody else: unsubscribe it first,"
    " or name a callback of your own",
)
CROWDED = "the machine that this callback lies at has as many subscriptions as we take"
NO_SUCH_FEED = Refused(status=404, why="hub.topic has to be the address of one of our feeds")


def hub_url(site: Site, base: str) -> str | None:
    """Return the hub that our documents name; None: changes are pushed to nobody.

    >>> hub_url(Site(url="https://desk.lane.org"), "https://desk.lane.org")
    'https://desk.lane.org/hub'
    >>> hub_url(Site(url="http://localhost:8000"), "http://localhost:8000") is None
    True
    """
    if not site.is_set_up or site.hub == NONE:
        return None
    return f"{base}{PATH}" if site.hub == OWN else site.hub


def is_ours(site: Site) -> bool:
    """Return whether we run the hub ourselves."""
    return site.is_set_up and site.hub == OWN


def why_closed(site: Site) -> str | None:
    """Return what subscribers are told when our hub serves nobody any more; None: it does.

    >>> why_closed(Site(url="https://desk.lane.org", hub="https://hub.lane.org/"))
    'this hub is closed: the feed names another, https://hub.lane.org/'
    """
    if is_ours(site):
        return None
    if not site.is_set_up or site.hub == NONE:
        return "this hub is closed: poll the feed"
    return f"this hub is closed: the feed names another, {site.hub}"


def is_topic(path: str) -> bool:
    """Return whether a document is one that may be subscribed to: archives never change."""
    return _TOPIC.fullmatch(path) is not None


def slug_of(path: str) -> str:
    """Return the topic a document belongs to; "": it is no topic's.

    >>> slug_of("topics/grain.atom")
    'grain'
    """
    found = _TOPIC.fullmatch(path)
    return found[1] if found else ""


def link_header(path: str, site: Site, base: str) -> str | None:
    """Return the Link header that a document is served with (section 4); None: it has no hub.

    >>> link_header("topics/a.json", Site(url="https://d.lane.org"), "https://d.lane.org")
    '<https://d.lane.org/hub>; rel="hub", <https://d.lane.org/topics/a.json>; rel="self"'
    """
    hub = hub_url(site, base)
    if hub is None or not is_topic(path):
        return None
    return f'<{hub}>; rel="hub", <{base}/{path}>; rel="self"'


def targets(site: Site) -> tuple[str, ...]:
    """Return whom to ping when a document changed: an outside hub, rssCloud servers."""
    if not site.is_set_up:
        return ()
    outside = () if site.hub in (OWN, NONE) else (site.hub,)
    return tuple(dict.fromkeys((*outside, *site.pings)))


def ping_form(ping: Ping, site: Site, base: str) -> tuple[tuple[str, str], ...] | None:
    """Return what a ping says; None: this target does not want to hear of this document.

    Hubs take `hub.mode=publish`, which the Recommendation leaves to hub and publisher to agree on;
    rssCloud servers take the address of an RSS document (rssboard.org/rsscloud-interface).
    """
    address = f"{base}/{ping.path}"
    if ping.target == site.hub:
        return (("hub.mode", "publish"), ("hub.url", address), ("hub.topic", address))
    if ping.target in site.pings and ping.path.endswith(".rss"):
        return (("url", address),)
    return None


def judge(said: Mapping[str, str], base: str, now: float, *, asker: str = "") -> Wish | Refused:
    """Return what a request asks for (section 5.1); parameters we do not know are left alone."""
    mode, callback = said.get("hub.mode", ""), said.get("hub.callback", "")
    if mode not in (Mode.SUBSCRIBE, Mode.UNSUBSCRIBE):
        return Refused(status=400, why="hub.mode has to be subscribe or unsubscribe")
    path = said.get("hub.topic", "").removeprefix(f"{base}/")
    if not is_topic(path) or said.get("hub.topic") != f"{base}/{path}":
        return NO_SUCH_FEED
    host = _callback_host(callback)
    if host is None:
        why = f"hub.callback has to be an http(s) address of at most {LONGEST_CALLBACK} characters"
        return Refused(status=400, why=why)
    secret = said.get("hub.secret") or None
    if secret is not None and len(secret.encode()) > LONGEST_SECRET:
        return Refused(status=400, why="hub.secret has to be less than 200 bytes long")
    return Wish(
        path=path,
        callback=callback,
        mode=Mode(mode),
        host=neighbourhood(host),
        secret=secret if mode == Mode.SUBSCRIBE else None,
        lease=lease(said.get("hub.lease_seconds", "")),
        at=now,
        due_at=now,
        asker=asker,
    )


def _callback_host(callback: str) -> str | None:
    if not callback or len(callback) > LONGEST_CALLBACK or _CONTROL.search(callback):
        return None
    try:
        parts = urlsplit(callback)
        if parts.username is not None or parts.fragment:
            return None
    except ValueError:
        return None
    return host_of(callback)


def lease(text: str) -> int:
    """Return the seconds we grant of those asked for.

    >>> lease("86400"), lease("99999999999"), lease("1"), lease("for ever"), lease("")
    (86400, 864000, 300, 864000, 864000)
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return LONGEST_LEASE
    return min(max(int(text[:12]), SHORTEST_LEASE), LONGEST_LEASE)


def room(crowd: Crowd, *, is_known: bool, asker: str) -> Refused | None:
    """Return why one more cannot be let in; who is subscribed already may always renew or leave.

    All whom nothing tells apart are one asker (""), with more room than one has.
    """
    if is_known:
        return None
    if (
        crowd.waiting_of_host >= MOST_WAITING_OF_HOST
        or crowd.waiting_of_asker >= (MOST_WAITING_OF_ASKER if asker else MOST_WAITING_OF_ANYBODY)
        or crowd.waiting >= MOST_WAITING
    ):
        why = "too many requests wait to be confirmed: come again in a few minutes"
        return Refused(status=429, why=why, retry_after=5 * MINUTE)
    crowded = is_crowded(of_all=crowd.of_host, of_path=crowd.of_both)
    if not crowded and crowd.of_path < MOST_OF_PATH:
        return None
    many = "this callback's domain or network" if crowded else "this feed"
    why = f"{many} has as many subscriptions as we take: come again when some have ended"
    return Refused(status=503, why=why, retry_after=DAY)


def is_crowded(*, of_all: int, of_path: int) -> bool:
    """Return whether a host or machine has as many subscriptions as it may, in all or of a path."""
    return of_all >= MOST_OF_HOST or of_path >= MOST_OF_BOTH


def may_change(wish: Wish, before: Subscription | None) -> bool:
    """Return whether a wish may override what there is.

    The Recommendation has every confirmed request override, a new secret included (section 5.1).
    But what is confirmed may be somebody else's request for a callback that expects one of its
    own: a new secret is taken from whoever asked for the subscription, and from nobody else.
    """
    if before is None or wish.mode is not Mode.SUBSCRIBE or before.secret == wish.secret:
        return True
    return bool(wish.asker) and before.asker == wish.asker


def question(wish: Wish, base: str, challenge: str) -> str:
    """Return the address that asks a subscriber whether it was them, or tells that it is denied.

    The callback's own query stays as it is, ours is appended (sections 5.2 and 5.3).
    """
    told = [("hub.mode", str(wish.mode)), ("hub.topic", f"{base}/{wish.path}")]
    if wish.mode is Mode.DENIED:
        told.append(("hub.reason", wish.why))
    else:
        told.append(("hub.challenge", challenge))
    if wish.mode is Mode.SUBSCRIBE:
        told.append(("hub.lease_seconds", str(wish.lease)))
    separator = "&" if "?" in wish.callback else "?"
    return f"{wish.callback}{separator}{urlencode(told)}"


def denial(subscription: Subscription, why: str, now: float) -> Wish:
    """Return what tells a subscriber that it gets nothing any more (section 5.2)."""
    return Wish(
        path=subscription.path,
        callback=subscription.callback,
        mode=Mode.DENIED,
        host=subscription.host,
        why=why,
        at=now,
        due_at=now,
    )


def confirms(outcome: Outcome, challenge: str) -> bool:
    """Return whether the subscriber echoed what it was asked, with any 2xx."""
    return isinstance(outcome, Fetched) and hmac.compare_digest(outcome.body, challenge.encode())


def granted(wish: Wish, now: float, address: str | None = None) -> Subscription:
    """Return the subscription that a confirmed wish makes."""
    return Subscription(
        path=wish.path,
        callback=wish.callback,
        host=wish.host,
        secret=wish.secret,
        lease_until=now + wish.lease,
        since=now,
        address=address,
        asker=wish.asker,
    )


def asked_again(wish: Wish, outcome: Outcome, now: float) -> Wish | None:
    """Return when to ask again after nobody answered; None: the wish is void.

    An answer that is no echo says that it was not them; a refusal is told once.
    """
    if not isinstance(outcome, Failed) or wish.mode is Mode.DENIED:
        return None
    if not _may_pass(outcome) or wish.attempts >= len(VERIFY_WAITS):
        return None
    wait = max(VERIFY_WAITS[wish.attempts], min(outcome.retry_after or 0.0, LONGEST_WAIT))
    return replace(wish, attempts=wish.attempts + 1, due_at=now + wait)


def _may_pass(outcome: Failed) -> bool:
    status = outcome.status or 0
    return outcome.fault is Fault.NETWORK or status == 429 or status >= 500


def content_headers(
    document: Document, secret: str | None, *, site: Site, base: str
) -> tuple[tuple[str, str], ...]:
    """Return what a body goes out with: its own type, both links, the signature (section 7)."""
    headers = [("Content-Type", document.content_type)]
    if link := link_header(document.path, site, base):
        headers.append(("Link", link))
    if secret is not None:
        made = hmac.new(secret.encode(), document.body, hashlib.sha256).hexdigest()
        headers.append(("X-Hub-Signature", f"sha256={made}"))
    return tuple(headers)


def patience(subscription: Subscription) -> float:
    """Return the seconds a subscriber has in the fast lane, by how quick it was."""
    took = FAST_DEADLINE if subscription.took is None else subscription.took
    return min(FAST_DEADLINE, max(LEAST_PATIENCE, PATIENCE * took))


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What a call in vain means: the subscription as it stands, and when to try again."""

    subscription: Subscription | None  # None: it ends
    retry_at: float | None = None  # None: not with this body


def after_failure(delivery: Delivery, outcome: Failed, lane: Lane, now: float) -> After:
    """Return what follows from a call in vain; 410 ends it, and so do too many of them.

    Who does not answer within the fast lane's deadline is asked again in the slow one at once.
    """
    before = delivery.subscription
    if outcome.status == 410 or before.failures + 1 >= MOST_FAILURES:
        return After(subscription=None)
    after = replace(before, failures=before.failures + 1, problem=outcome.problem)
    late = outcome.fault is Fault.NETWORK and outcome.ms >= patience(before) * 900
    if lane is Lane.FAST and late:
        return After(subscription=after, retry_at=now)
    if delivery.attempts >= len(RETRY_WAITS):
        return After(subscription=after)
    wait = max(RETRY_WAITS[delivery.attempts], min(outcome.retry_after or 0.0, LONGEST_WAIT))
    return After(subscription=after, retry_at=now + wait)


def after_ping(ping: Ping, outcome: Failed, now: float) -> float | None:
    """Return when a ping that was in vain is sent again; None: not any more."""
    if not _may_pass(outcome) or ping.attempts >= len(PING_WAITS):
        return None
    return now + max(PING_WAITS[ping.attempts], min(outcome.retry_after or 0.0, LONGEST_WAIT))
