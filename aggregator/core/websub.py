"""The subscriber's side of WebSub (W3C Recommendation of 2018): every judgement, no act."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aggregator.core.homes import at_home, bare_host
from aggregator.core.text import clean_line
from aggregator.core.urls import host_of, is_web
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Fetched
from aggregator.model.feed import Feed, PollState
from aggregator.model.push import Offer, Push, PushState, Signed
from aggregator.model.settings import Site

MINUTE, HOUR, DAY = 60, 3600, 86400

MOST_HUBS = 3  # of those a feed names; the others are asked when the first does not work
LONGEST_ADDRESS = 2000  # characters of a hub or topic
ASKED_LEASE = 10 * DAY  # the Recommendation, section 8: "a good default"
SHORTEST_LEASE = HOUR  # what is granted shorter is renewed no sooner, and polled meanwhile
LONGEST_LEASE = 30 * DAY  # what is granted longer is renewed all the same: tokens change
UNSAID_LEASE = DAY  # a hub that verifies without a word on the lease
RENEWED_AFTER = 0.7  # of a lease, and by chance up to 0.15 of it later
OVERLAP = HOUR  # for so long a renewed agreement's old callback is served beside the new one
VERIFIED_WITHIN = 15 * MINUTE  # a hub that has not come by then will not come
FIRST_WAIT, LONGEST_WAIT = HOUR, 7 * DAY  # between requests that were in vain
DENIED_WAIT = 7 * DAY
LONGEST_CHALLENGE = 4096  # characters that are echoed
PING_EVERY = MINUTE  # at least between two polls that pings bring about
MOST_MISSES = 3  # polls that found what was not pushed: no more trust until the next lease
NEWS_TRAVELS = 10 * MINUTE  # what is younger may still be on its way through the hub
RARELY = DAY  # between looks at what may not be asked for now

_METHODS = {"sha1", "sha256", "sha384", "sha512"}  # section 7.1
NOTHING_OFFERED = Offer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A hub's call at a callback, judged: what to answer, and how the agreement stands then."""

    push: Push
    challenge: str = ""  # the body of our answer


def offers_callback(site: Site) -> bool:
    """Return whether we may have hubs call us: only at a real address, and only over TLS.

    >>> offers_callback(Site(url="https://desk.lane.org")), offers_callback(Site(url=None))
    (True, False)
    """
    return site.is_set_up and (site.url or "").lower().startswith("https://")


def offer_of(feed: Feed, answer: Fetched, parsed: ParsedFeed, homes: frozenset[str]) -> Offer:
    """Return which hubs tell of this feed under which address (section 4, discovery).

    Link headers go before the body. The topic is the address the feed calls its own, as long as
    it lies on a host the feed speaks for or that just answered: else a feed could have another's
    words pushed to us under its name. A feed with a login is nobody's to push.
    """
    topic = answer.self_url or parsed.self_url or answer.moved_to or feed.spec.url
    if feed.spec.auth is not None or not _usable(topic):
        return NOTHING_OFFERED
    if not at_home(topic, homes | {bare_host(answer.url)}):
        return NOTHING_OFFERED
    named = answer.hubs or parsed.hub_urls
    hubs = dict.fromkeys(form for hub in named for form in _forms(hub, topic))
    return Offer(topic=topic, hubs=tuple(hubs)[:MOST_HUBS]) if hubs else NOTHING_OFFERED


def _forms(hub: str, topic: str) -> Iterator[str]:
    """Yield the hub by TLS even where it is named without (section 8.1); plainly only where the
    feed itself comes so, or its words would be easier to forge on the way than they are now."""
    if not _usable(hub):
        return
    parts = urlsplit(hub)
    plain = parts.scheme.lower() == "http"
    if plain and parts.port is None:
        yield parts._replace(scheme="https").geturl()
    if not plain or topic.lower().startswith("http://"):
        yield hub


def _usable(url: str) -> bool:
    return len(url) <= LONGEST_ADDRESS and is_web(url) and "@" not in urlsplit(url).netloc


def hash_token(token: str) -> str:
    """Return what is kept of a callback's token: whoever reads the store learns no callback."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def form(push: Push, callback: str, mode: str) -> tuple[tuple[str, str], ...]:
    """Return what is sent to the hub (section 5.1); `mode` is subscribe or unsubscribe."""
    fields = (("hub.mode", mode), ("hub.topic", push.topic), ("hub.callback", callback))
    if mode == "unsubscribe":
        return fields
    return (*fields, ("hub.lease_seconds", str(ASKED_LEASE)), ("hub.secret", push.secret))


def asked(push: Push, *, token: str, secret: str, now: float) -> Push:
    """Return it as it stands when the hub is asked: a callback and a secret used never before."""
    return replace(
        push,
        state=PushState.ASKED,
        token_hash=hash_token(token),
        secret=secret,
        asked_at=now,
        next_at=now + VERIFIED_WITHIN,
    )


def in_vain(push: Push, problem: str, now: float, *, wait: float = 0.0) -> Push:
    """Return it after a request that led to nothing: asked again later and later.

    `wait` is the least that the hub wants us to wait.
    """
    pause = min(FIRST_WAIT * 2 ** min(push.failures, 10), LONGEST_WAIT)
    return replace(
        push,
        state=PushState.FOUND,
        expires_at=None,
        failures=push.failures + 1,
        problem=problem,
        next_at=now + max(pause, wait),
    )


def over(push: Push, now: float) -> Push:
    """Return it as given up by us: the hub is told when it calls, and forgotten in the end."""
    return replace(push, state=PushState.OVER, expires_at=now, next_at=now + LONGEST_LEASE)


def leaving(push: Push, now: float) -> Push:
    """Return it as given up, with the hub asked to leave us out."""
    return replace(push, state=PushState.LEAVING, asked_at=now, next_at=now + DAY)


def renewal(push: Push, now: float) -> Push:
    """Return the agreement that is to follow this one with the same hub."""
    return replace(
        push, state=PushState.FOUND, expires_at=None, next_at=now, failures=0, problem=None
    )


def superseded(push: Push, now: float) -> Push:
    """Return a live one after its successor was verified: what is on its way still arrives."""
    end = min(push.expires_at or now, now + OVERLAP)
    return replace(push, expires_at=end, next_at=end)


def judge(push: Push, said: Mapping[str, str], now: float, *, jitter: float = 0.0) -> Word | None:
    """Return what follows from a hub's GET at a callback (sections 5.2, 5.3); None: refuse it.

    Only what we asked for is confirmed, of the very topic we asked for it. A hub that asks twice
    because it did not hear us hears the same again.
    """
    if said.get("hub.topic") != push.topic:
        return None
    mode, challenge = said.get("hub.mode", ""), said.get("hub.challenge", "")
    if mode == "denied":
        return _denied(push, said.get("hub.reason", ""), now)
    if not 0 < len(challenge) <= LONGEST_CHALLENGE:
        return None
    if mode == "unsubscribe" and push.state is PushState.LEAVING:
        return Word(push=push, challenge=challenge)
    if mode != "subscribe":
        return None
    if push.state is PushState.LIVE and now < push.asked_at + VERIFIED_WITHIN:
        return Word(push=push, challenge=challenge)
    if push.state is not PushState.ASKED:
        return None
    return Word(push=_verified(push, said, now, jitter), challenge=challenge)


def _verified(push: Push, said: Mapping[str, str], now: float, jitter: float) -> Push:
    granted = lease(said.get("hub.lease_seconds", ""))
    renewed_in = max(granted, SHORTEST_LEASE) * (RENEWED_AFTER + 0.15 * jitter)
    return replace(
        push,
        state=PushState.LIVE,
        verified_at=now,
        expires_at=now + granted,
        next_at=now + renewed_in,
        failures=0,
        problem=None,
    )


def _denied(push: Push, reason: str, now: float) -> Word | None:
    if push.state not in (PushState.ASKED, PushState.LIVE):
        return None
    why = clean_line(reason, 200)
    problem = f"the hub refused{f': {why}' if why else ''}"
    return Word(push=in_vain(push, problem, now, wait=DENIED_WAIT))


def lease(text: str) -> int:
    """Return the seconds a hub grants, bounded; what is no number is short.

    >>> lease("864000"), lease("99999999999"), lease("for ever"), lease("0")
    (864000, 2592000, 86400, 1)
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return UNSAID_LEASE
    return min(max(int(text[:12]), 1), LONGEST_LEASE)


def signed(secret: str, body: bytes, header: str | None) -> Signed:
    """Return whether a body bears the signature of who knows the secret (section 7.1).

    >>> str(signed("s", b"body", "md5=00")), str(signed("s", b"body", None))
    ('badly', 'not at all')
    """
    if not header or not header.strip():
        return Signed.NOT
    method, _, given = header.strip().partition("=")
    method = method.lower()
    if method not in _METHODS:
        return Signed.BADLY
    made = hmac.new(secret.encode(), body, method).hexdigest()
    well = hmac.compare_digest(made.encode(), given.strip().lower().encode("utf-8", "replace"))
    return Signed.WELL if well else Signed.BADLY


def is_open(push: Push, now: float) -> bool:
    """Return whether what the hub brings is taken: the lease runs, as far as clocks agree."""
    return push.state is PushState.LIVE and now < (push.expires_at or 0) + 5 * MINUTE


def brought(push: Push, now: float) -> Push:
    """Return it after the hub brought something that was signed."""
    problem = push.problem if push.failures >= MOST_MISSES else None
    return replace(push, last_at=now, problem=problem)


def is_trusted(push: Push) -> bool:
    """Return whether what this hub brings lets us poll rarely."""
    return push.state is PushState.LIVE and push.failures < MOST_MISSES


def after_ping(state: PollState, now: float) -> PollState:
    """Return a feed's state after a hub said no more than that there is something new.

    It is polled at once, though not more than once a minute however often the hub says so; a
    feed whose server fails is left alone as before.
    """
    if state.failures or state.next_poll_at is None:
        return state
    soonest = now if state.last_poll_at is None else max(now, state.last_poll_at + PING_EVERY)
    return replace(state, next_poll_at=min(state.next_poll_at, soonest))


def missed(push: Push, arrivals: Sequence[int | None], last_poll_at: float, now: float) -> bool:
    """Return whether a poll found what this hub, being live, should have brought and did not.

    `arrivals` are the publisher's dates of what the poll found new. Nothing is held against a
    hub that came after the poll before, that has just called, or whose news is fresh.
    """
    if push.state is not PushState.LIVE or last_poll_at < (push.verified_at or now):
        return False
    if push.last_at is not None and push.last_at > now - NEWS_TRAVELS:
        return False
    return any(at is None or at < now - NEWS_TRAVELS for at in arrivals)


def after_miss(push: Push, now: float) -> Push:
    """Return it distrusted: the next thing it brings restores trust, but not for ever."""
    problem = f"a poll found on {_day(now)} what the hub had not brought: polled as usual"
    return replace(push, failures=push.failures + 1, problem=problem)


def words(pushes: Sequence[Push], pushed_until: float | None) -> str | None:
    """Return how it stands between a feed and its hubs, in a line; None: it names none."""
    standing = {PushState.LIVE: 0, PushState.ASKED: 1, PushState.FOUND: 2}
    known = [push for push in pushes if push.state in standing]
    if not known:
        return None
    # The live one says most, of two the newer; then the one that is asked, then what failed.
    push = min(known, key=lambda each: (standing[each.state], each.problem is None, -each.id))
    hub = host_of(push.hub) or push.hub
    if push.state is PushState.ASKED:
        return f"{hub} is asked to tell us what is new, and has not confirmed it yet"
    if push.state is PushState.FOUND:
        return f"{hub} could tell us what is new" + (f": {push.problem}" if push.problem else "")
    brought = f", last on {_day(push.last_at)}" if push.last_at else ", nothing so far"
    trusted = "" if pushed_until is not None or push.problem else "; polled as usual meanwhile"
    told = f"{hub} tells us what is new until {_day(push.expires_at or 0)}{brought}"
    return told + (f"; {push.problem}" if push.problem else trusted)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
