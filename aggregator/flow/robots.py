"""Ask a host's robots.txt before its pages are asked for: feeds are for robots, pages need not be.

Held to for full text and `scrape:`, not for feeds (checklist 44).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aggregator.core.robots import MAX_BODY, place_of, robots_url
from aggregator.core.schedule import host_pause
from aggregator.core.urls import host_of
from aggregator.flow.asking import ask
from aggregator.flow.kit import Kit
from aggregator.model.exchange import Failed, Fault, Fetched, Outcome, Request, Wanted
from aggregator.model.feed import Feed
from aggregator.model.page import Allowed, RobotsFile

KEPT = 24 * 3600.0  # seconds that an answer holds (RFC 9309, section 2.4)
AGAIN = 3600.0  # seconds until a host that gave no answer is asked again
PATIENCE = 15.0  # seconds at most for the host's turn
LONGEST_WAIT = 10.0  # seconds at most between robots.txt and the page within one poll

Ask = Callable[[Request], Outcome]


def allowed(kit: Kit, url: str, *, ask_by: Ask | None = None, private: bool = False) -> Allowed:
    """Return whether the host lets us ask for this address (RFC 9309).

    Its robots.txt is asked for at most once in 24 h. No such file, or any 4xx, allows everything;
    no answer, a 5xx or 429 forbids everything for an hour, unless an older answer is known, which
    then holds. `ask_by` asks within a turn of the host that is the caller's already; `private`:
    for a feed that may not be named.
    """
    place, address = place_of(url), robots_url(url)
    if place is None or address is None:
        return Allowed(yes=False, because="this is no address of the web")
    now = kit.clock()
    with kit.store.read() as tx:
        kept = tx.pages.robots(place)
    if kept is not None and _holds(kept, now):
        return _judged(kit, kept, url)

    request = Request(url=address, wanted=Wanted.TEXT)
    outcome = ask_by(request) if ask_by else ask(kit, request, patience=PATIENCE, private=private)
    if isinstance(outcome, Failed) and outcome.fault is Fault.BLOCKED and outcome.status is None:
        again_at = now + (outcome.retry_after or AGAIN)  # no request was sent
        return Allowed(yes=False, because=outcome.problem, again_at=again_at)
    if isinstance(outcome, Failed) and kit.closing.is_set():  # we cut it off: it says nothing
        return Allowed(yes=False, because=outcome.problem, again_at=now)
    answer = _answer(outcome, place, kept, now)
    with kit.store.write() as tx:
        tx.pages.keep_robots(answer)
        if ask_by is not None:  # `ask` does both itself
            tx.ledger.count(outcome.hops, now, private=private)
            if isinstance(outcome, Failed) and (until := host_pause(outcome, now)) is not None:
                host = outcome.host or host_of(url) or place
                tx.feeds.pause_host(host, until)
    return replace(_judged(kit, answer, url), asked=True)


def refusal(kit: Kit, feed: Feed) -> Failed | None:
    """Return why a feed's page must not be polled now; None when it may be.

    For a poll, which has the host's turn: when robots.txt had to be asked for, the pause that the
    host wants between two requests is waited for here.
    """
    said = allowed(kit, feed.spec.url, ask_by=kit.fetcher.fetch, private=feed.spec.private)
    if said.yes:
        if said.asked:
            kit.closing.wait(min(max(kit.settings.net.spacing, said.delay), LONGEST_WAIT))
        return None
    return Failed(fault=Fault.BLOCKED, problem=said.because)


def led_astray(kit: Kit, feed: Feed, page: Fetched) -> Failed | None:
    """Return why a page must not be used that redirects led to another place; None: it may be."""
    if place_of(page.url) == place_of(feed.spec.url):
        return None
    said = allowed(kit, page.url, private=feed.spec.private)
    if said.yes:
        return None
    problem = f"it leads to another host: {said.because}"
    return Failed(fault=Fault.BLOCKED, problem=problem, ms=page.ms, hops=page.hops)


def _holds(kept: RobotsFile, now: float) -> bool:
    """Whether it need not be asked for anew. A clock that went back makes it due."""
    return 0.0 <= now - kept.fetched_at < (KEPT if _answered(kept.status) else AGAIN)


def _answered(status: int | None) -> bool:
    """Whether a status says what is allowed; 429 is a server in trouble, not a missing file."""
    return status is not None and (200 <= status < 300 or 400 <= status < 500) and status != 429


def _answer(outcome: Outcome, place: str, kept: RobotsFile | None, now: float) -> RobotsFile:
    if isinstance(outcome, Fetched):
        text = outcome.body[:MAX_BODY].decode("utf-8-sig", "replace")
        return RobotsFile(place=place, fetched_at=now, status=outcome.status, body=text)
    status = outcome.status if isinstance(outcome, Failed) else None
    if isinstance(outcome, Failed) and outcome.fault in (Fault.TOO_LARGE, Fault.UNREADABLE):
        status = None  # there is one, and nobody knows what it says
    if not _answered(status) and kept is not None and _answered(kept.status):
        return replace(kept, fetched_at=now - KEPT + AGAIN)  # the one before holds an hour more
    return RobotsFile(place=place, fetched_at=now, status=status)


def _judged(kit: Kit, kept: RobotsFile, url: str) -> Allowed:
    if not _answered(kept.status):
        how = "no answer" if kept.status is None else str(kept.status)
        because = f"{kept.place}/robots.txt could not be had ({how}), so nothing is asked there yet"
        return Allowed(yes=False, because=because, again_at=kept.fetched_at + AGAIN)
    if kept.status is None or kept.status >= 400:
        return Allowed(yes=True, because=f"{kept.place} has no robots.txt ({kept.status})")
    robots = kit.robots.read(kept.place, kept.body)
    rule = robots.rule_for(url)
    if rule is None:
        because = f"{kept.place}/robots.txt does not speak of it"
        return Allowed(yes=True, because=because, delay=robots.delay)
    word = "allows" if rule.allow else "forbids"
    because = f"{kept.place}/robots.txt {word} it ({rule.line})"
    return Allowed(yes=rule.allow, because=because, delay=robots.delay)
