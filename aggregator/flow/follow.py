"""Followed OPML lists: what they name is polled, what leaves them is retired."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event

from aggregator.core.following import Known, Plan, plan
from aggregator.core.naming import FEED_NAME, name_for
from aggregator.core.schedule import Turn, after_failure, after_success, after_unreadable
from aggregator.errors import NotFound, ReadFailed, StoreError, StoreRefused, UsageError
from aggregator.flow.asking import ask
from aggregator.flow.kit import Kit
from aggregator.flow.lists import address_of
from aggregator.formats.opml import read_opml
from aggregator.model.exchange import Failed, Fault, Fetched, NotModified, Outcome, Request, Wanted
from aggregator.model.feed import Feed, FeedStatus, Origin, OutlineList, PollState, Rights
from aggregator.model.lists import DAY, FollowedList, ListSpec, ListState, ListStatus
from aggregator.model.settings import Settings
from aggregator.ports import Tx

log = logging.getLogger(__name__)

LEASE = 600.0  # seconds a list is read by one reader alone
PATIENCE = 30.0  # seconds that somebody who follows a list waits for its host's turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What reading a list changed: names of feeds."""

    name: str  # of the list
    added: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    changed: int = 0  # feeds that have other tags, rights or trust now
    feeds: int = 0  # it brought, and that are not retired
    problem: str | None = None

    def __bool__(self) -> bool:
        return bool(self.added or self.retired or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What came when a list was asked for; without a list, and without a problem, a 304."""

    outcome: Outcome
    listed: OutlineList | None = None
    problem: str | None = None


def follow_due(
    kit: Kit, *, patience: float = 0.0, stop: Event | None = None, early: bool = False
) -> tuple[Followed, ...]:
    """Read the lists whose time has come and bring our feeds into line with them.

    `early`: all of them, except that a host which asked for a pause has it.

    Each is one conditional request in its host's turn; for a host that is busy longer than
    `patience` seconds the list waits till later. What was read and its validators are kept in
    one transaction. A list that fails, names nothing or breaks off retires nothing. Once `stop`
    is set no further list is asked for, and what was cut off is no list's fault.
    """
    with kit.store.write() as tx:
        due = tx.lists.claim_due(kit.clock(), lease=LEASE, early=early)
    stop = stop or Event()
    looked = (_look_safely(kit, each, patience, stop) for each in due if not stop.is_set())
    return tuple(done for done in looked if done is not None)


def follow(kit: Kit, spec: ListSpec) -> Followed:
    """Follow an OPML list from now on; it is read at once.

    `spec` is what the desk says of it (`list_spec`). Raises `UsageError`, and nothing is stored,
    when it is followed already or cannot be read.
    """
    with kit.store.read() as tx:
        known = tx.lists.find(spec.url)
    if known is not None and known.status is not ListStatus.RETIRED:
        raise UsageError(f"{spec.url} is followed already, as list {known.spec.name!r}")
    reading = _read(ask(kit, Request(url=spec.url, wanted=Wanted.LIST), patience=PATIENCE))
    if reading.listed is None or not reading.listed.outlines:
        raise UsageError(f"{spec.url}: {reading.problem or 'it names no feed'}")
    now = kit.clock()
    with kit.store.write(durable=True) as tx:
        if known is not None:
            tx.lists.change(known.id, spec, origin=Origin.DESK, now=now)
            tx.lists.set_status(known.id, ListStatus.ACTIVE, now=now)
        followed = (known and tx.lists.get(known.id)) or tx.lists.add(
            spec, origin=Origin.DESK, now=now
        )
        return _keep(tx, kit, followed, reading)


def list_spec(
    kit: Kit,
    url: str,
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    every: int = DAY,
    rights: Rights | None = None,
) -> ListSpec:
    """Return what the desk says of a list. Raises `UsageError` for what is no name or address."""
    address = address_of(url)
    with kit.store.read() as tx:
        taken = {each.spec.name for each in tx.lists.all() if each.spec.url != address}
    if name is not None and not FEED_NAME.fullmatch(name):
        raise UsageError(f"a list's name is written with a-z 0-9 . _ -, not {name!r}")
    if name in taken:
        raise UsageError(f"another list is called {name!r}; choose another --name")
    return ListSpec(
        url=address,
        name=name or name_for(address, taken),
        tags=tuple(tags),
        every=every,
        rights=rights or kit.settings.defaults.rights,
        rights_written=rights is not None,
    )


def unfollow(kit: Kit, handle: str) -> Followed:
    """Follow a list of the desk's no more: feeds that only it named are retired.

    Raises `NotFound`, and `UsageError` for a list that stands in feeds.yaml.
    """
    with kit.store.write(durable=True) as tx:
        found = tx.lists.find(handle)
        if found is None or found.status is ListStatus.RETIRED:
            raise NotFound(f"no list is called {handle!r}; `aggregator feeds lists` names them all")
        if found.origin is Origin.FILE:
            raise UsageError(f"{found.spec.name!r} stands in feeds.yaml: take it out there")
        return Followed(name=found.spec.name, retired=_end(tx, found, kit.clock()))


def sync_lists(tx: Tx, settings: Settings, now: float) -> None:
    """Make the lists of the file those of the store, after its feeds; what left it is retired.

    A feed that left the file while a list still names it goes back to that list.
    """
    before = {each.spec.url: each for each in tx.lists.all()}
    names = {spec.name: spec.url for spec in settings.lists}
    for url, each in before.items():
        left = each.origin is Origin.FILE and url not in names.values()
        if left and each.status is not ListStatus.RETIRED:
            _end(tx, each, now)
        if names.get(each.spec.name, url) != url:
            freed = replace(each.spec, name=f"{each.spec.name}-was-{each.id}")
            tx.lists.change(each.id, freed, origin=each.origin, now=now)
    for spec in settings.lists:
        found = before.get(spec.url)
        if found is None:
            tx.lists.add(spec, origin=Origin.FILE, now=now)
            continue
        if found.spec != spec or found.origin is not Origin.FILE:
            tx.lists.change(found.id, spec, origin=Origin.FILE, now=now)
        if found.status is ListStatus.RETIRED:
            tx.lists.set_status(found.id, ListStatus.ACTIVE, now=now)
    _hand_back(tx, now)


def _hand_back(tx: Tx, now: float) -> None:
    """Give feeds that left the file to the lists that name them."""
    active = {each.id for each in tx.lists.all(ListStatus.ACTIVE, ListStatus.GONE)}
    left = [
        feed
        for feed in tx.feeds.all(FeedStatus.RETIRED)
        if feed.origin is Origin.FILE and feed.list_id in active
    ]
    for feed in left:
        tx.feeds.change(feed.id, feed.spec, origin=Origin.LIST)
        tx.feeds.set_status(feed.id, FeedStatus.ACTIVE, now=now)
    if left:
        tx.lists.read_wholly()  # the lists say what such a feed is given


def _end(tx: Tx, followed: FollowedList, now: float) -> tuple[str, ...]:
    """Retire a list and what only it brought; return the names of those feeds."""
    feeds = [feed for feed in tx.lists.feeds(followed.id) if feed.status is not FeedStatus.RETIRED]
    leaving = [feed for feed in feeds if feed.origin is Origin.LIST]
    tx.lists.let_go([feed.id for feed in feeds if feed.origin is not Origin.LIST])
    _retire(tx, leaving, now)
    tx.lists.set_status(followed.id, ListStatus.RETIRED, now=now)
    return tuple(feed.spec.name for feed in leaving)


def _retire(tx: Tx, feeds: Sequence[Feed], now: float) -> None:
    for feed in feeds:
        tx.feeds.set_status(feed.id, FeedStatus.RETIRED, now=now)
    if feeds:
        tx.lists.read_wholly()  # another list may name one of them: it takes over then


def _look_safely(kit: Kit, followed: FollowedList, patience: float, stop: Event) -> Followed | None:
    """Look at one list; a bug it meets costs no other, and it is read again after its lease."""
    try:
        return _look(kit, followed, patience, stop)
    except Exception as error:
        if isinstance(error, StoreError) and not isinstance(error, StoreRefused):
            raise
        log.exception("could not follow a list", extra={"list": followed.spec.name})
        return Followed(name=followed.spec.name, problem=f"internal error: {error!r}")


def _look(kit: Kit, followed: FollowedList, patience: float, stop: Event) -> Followed | None:
    """Ask for one list and keep what comes of it; None when it was not to be asked now."""
    with kit.store.read() as tx:  # one that was read just before may have changed what is known
        state = (tx.lists.get(followed.id) or followed).state
    followed = replace(followed, state=state)
    outcome = ask(
        kit,
        Request(
            url=followed.spec.url,
            wanted=Wanted.LIST,
            etag=state.etag,
            last_modified=state.last_modified,
        ),
        patience=patience,
    )
    if isinstance(outcome, Failed) and stop.is_set():
        return None
    if isinstance(outcome, Failed) and outcome.fault is Fault.BLOCKED and outcome.retry_after:
        later = replace(state, next_poll_at=kit.clock() + outcome.retry_after)
        with kit.store.write() as tx:  # not asked: its host is busy, or wants a pause
            tx.lists.settle(followed.id, later)
        return None
    reading = _read(outcome)
    with kit.store.write() as tx:
        as_is = tx.lists.get(followed.id)
        if as_is is None or as_is.status is not ListStatus.ACTIVE or as_is.spec != followed.spec:
            return None  # somebody changed it meanwhile
        return _keep(tx, kit, followed, reading)


def _read(outcome: Outcome) -> _Reading:
    """Read what came as OPML."""
    if isinstance(outcome, Failed):
        return _Reading(outcome=outcome, problem=outcome.problem)
    if isinstance(outcome, NotModified):
        return _Reading(outcome=outcome)
    try:
        listed = read_opml(outcome.body)
    except ReadFailed as error:
        return _Reading(outcome=outcome, problem=str(error))
    return _Reading(outcome=outcome, listed=listed, problem=next(iter(listed.problems), None))


def _keep(tx: Tx, kit: Kit, followed: FollowedList, reading: _Reading) -> Followed:
    """Write what a list changes, and what reading it taught."""
    now = kit.clock()
    made, done = Plan(problem=reading.problem), Followed(name=followed.spec.name)
    if reading.listed is not None:
        states = tx.feeds.states()
        known = Known(
            feeds=tx.feeds.all(),
            listed_as=tx.lists.addresses(followed.id),
            unheard={each for each, state in states.items() if state.last_ok_at is None},
            defaults=kit.settings.defaults,
        )
        made = plan(followed, reading.listed, known)
        done = _carry_out(tx, followed, made, now)
    state = _after(kit, followed, reading, made.problem)
    tx.lists.settle(followed.id, state)
    if isinstance(reading.outcome, Failed) and reading.outcome.fault is Fault.GONE:
        tx.lists.set_status(followed.id, ListStatus.GONE, now=now)
    feeds = [feed for feed in tx.lists.feeds(followed.id) if feed.origin is Origin.LIST]
    alive = sum(feed.status is not FeedStatus.RETIRED for feed in feeds)
    return replace(done, feeds=alive, problem=state.problem)


def _carry_out(tx: Tx, followed: FollowedList, made: Plan, now: float) -> Followed:
    named, added = dict(made.name), []
    for spec, outline in made.add:
        feed = tx.feeds.add(spec, origin=Origin.LIST, now=now)
        tx.feeds.learn(
            feed.id, title=outline.title or None, site_url=outline.site_url, lang=None, icon=None
        )
        named[feed.id] = outline.url
        added.append(spec.name)
    for feed_id, spec in made.take:
        tx.feeds.change(feed_id, spec, origin=Origin.LIST)
        tx.feeds.set_status(feed_id, FeedStatus.ACTIVE, now=now)
        added.append(spec.name)
    for feed_id, spec in made.change:
        tx.feeds.change(feed_id, spec, origin=Origin.LIST)
    for feed_id, outline in made.call:
        tx.feeds.learn(
            feed_id, title=outline.title, site_url=outline.site_url, lang=None, icon=None
        )
    leaving = [left for each in made.retire if (left := tx.feeds.get(each)) is not None]
    _retire(tx, leaving, now)
    tx.lists.let_go(made.let_go)
    tx.lists.name(followed.id, named)
    if made.change or made.take:  # rights and trust show in whatever is published of them
        for topic in tx.topics.all():
            tx.publications.mark_dirty(topic.id, now)
    return Followed(
        name=followed.spec.name,
        added=tuple(added),
        retired=tuple(feed.spec.name for feed in leaving),
        changed=len(made.change),
    )


def _after(kit: Kit, followed: FollowedList, reading: _Reading, problem: str | None) -> ListState:
    """Return the list's state after a reading, with the manners that hold for feeds."""
    state, outcome, listed = followed.state, reading.outcome, reading.listed
    turn = Turn(started=kit.clock(), every=followed.spec.every, jitter=kit.jitter())
    before = PollState(
        interval=followed.spec.every,
        etag=state.etag,
        last_modified=state.last_modified,
        last_ok_at=state.last_ok_at,
        failures=state.failures,
    )
    moved = None if isinstance(outcome, Failed) else outcome.moved_to
    if isinstance(outcome, Failed):
        after = after_failure(before, outcome, turn)
    elif isinstance(outcome, Fetched) and (listed is None or not listed.outlines):
        after = after_unreadable(before, outcome, problem or "", turn)
    else:
        after = after_success(before, outcome, turn)
        if listed is not None and not listed.whole:  # a 304 to it would hide what is wrong
            after = replace(after, etag=None, last_modified=None)
        problem = problem or (
            f"it has moved for good to {moved}: follow it there" if moved else None
        )
    return ListState(
        title=(listed and listed.title) or state.title,
        next_poll_at=after.next_poll_at,
        etag=after.etag,
        last_modified=after.last_modified,
        last_poll_at=after.last_poll_at,
        last_ok_at=after.last_ok_at,
        failures=after.failures,
        problem=problem,
    )
