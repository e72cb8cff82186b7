"""Feeds come and go: added, imported, exported, paused."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches

from aggregator.core.following import by_address, tags_from
from aggregator.core.naming import DESK_FEED, FEED_NAME, name_for
from aggregator.core.shortcuts import feed_address, spelt_out
from aggregator.errors import NotFound, UsageError
from aggregator.flow.kit import Kit
from aggregator.formats.opml import MAX_DEPTH, read_opml, write_opml
from aggregator.model.feed import Feed, FeedSpec, FeedStatus, Origin, Outline, OutlineList, Rights
from aggregator.ports import Tx

_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an OPML list brought."""

    added: tuple[Feed, ...]
    known: int
    problems: tuple[str, ...]


def add_feed(
    kit: Kit, url: str, *, name: str | None, tags: Sequence[str], rights: Rights | None
) -> Feed:
    """Keep a new feed of the desk's, due at once. Raises `UsageError` when it is known already."""
    now, address = kit.clock(), address_of(url)
    with kit.store.write(durable=True) as tx:
        others = (feed.spec for feed in tx.feeds.all() if feed.spec.url != address)
        taken = frozenset(other.name for other in others)
        spec = spec_for(kit, url, taken, name=name, tags=tags, rights=rights)
        known = tx.feeds.find(spec.url)
        if known is not None and known.status is FeedStatus.RETIRED:
            return _bring_back(tx, known, spec, now)
        if known is not None:
            raise UsageError(f"{spec.url} is a feed of ours already, called {known.spec.name!r}")
        return tx.feeds.add(spec, origin=Origin.DESK, now=now)


def address_of(text: str) -> str:
    """Return the http(s) address meant: as written, after `https://`, or behind a shortcut.

    Raises `UsageError` for what is no address or shortcut, or holds a password.
    """
    address = spelt_out(text) or text.strip()
    address = address if "://" in address else f"https://{address}"
    scheme, _, rest = address.partition("://")
    if is_a_word(text):
        raise UsageError(
            f"{text.strip()!r} is no feed's name, no address and no shortcut"
            f" (a host without a dot is written https://{rest}/)"
        )
    if (
        scheme.lower() not in ("http", "https")
        or not rest.strip("/")
        or any(c.isspace() for c in rest)
    ):
        raise UsageError(f"{text!r} is no feed's name, no http(s) address and no shortcut")
    if "@" in rest.split("/", 1)[0]:
        raise UsageError("an address must not hold a name and password; use auth: in feeds.yaml")
    return address


def is_a_word(text: str) -> bool:
    """Return whether this is more likely a mistyped name of a feed than the name of a host."""
    word = text.strip()
    return _WORD.fullmatch(word) is not None and word != "localhost"


def no_such_feed(tx: Tx, handle: str) -> NotFound:
    """Return the error for a name that no feed has, with the names that are near to it."""
    names = [feed.spec.name for feed in tx.feeds.all()]
    near = get_close_matches(handle, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    return NotFound(f"no feed is called {handle!r}; {hint}`aggregator feeds list` names them all")


def check_name(kit: Kit, name: str, url: str) -> None:
    """Refuse a name for a new feed that is none, or taken, before anybody is asked for anything.

    Raises `UsageError`.
    """
    with kit.store.read() as tx:
        feeds = tx.feeds.all(FeedStatus.ACTIVE, FeedStatus.PAUSED, FeedStatus.GONE)
    _refuse_name(name, {feed.spec.name for feed in feeds if feed.spec.url != url})


def _refuse_name(name: str, taken: Set[str]) -> None:
    if not FEED_NAME.fullmatch(name):
        raise UsageError(f"a feed's name is written with a-z 0-9 . _ -, not {name!r}")
    if name in taken:
        raise UsageError(f"another feed is called {name!r}; choose another --name")


def spec_for(
    kit: Kit,
    url: str,
    taken: frozenset[str],
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    rights: Rights | None = None,
) -> FeedSpec:
    """Return what the desk would say of a feed at this address, or behind this shortcut.

    Raises `UsageError`.
    """
    address = address_of(feed_address(url) or url)
    if name is not None:
        _refuse_name(name, taken)
    return FeedSpec(
        url=address,
        name=name or name_for(address, taken),
        tags=tuple(tags),
        every=kit.settings.defaults.every,
        rights=rights or kit.settings.defaults.rights,
        rights_written=rights is not None,
    )


def import_opml(kit: Kit, body: bytes) -> Imported:
    """Add the feeds of an OPML list; folders become tags. Raises `ReadFailed` when it is none."""
    listed = read_opml(body)
    now = kit.clock()
    added, known = [], 0
    with kit.store.write(durable=True) as tx:
        feeds = tx.feeds.all()
        taken = {feed.spec.name for feed in feeds}
        ours = by_address(feeds)
        for outline in listed.outlines:
            found = ours.get(outline.url)
            if found is not None and found.status is not FeedStatus.RETIRED:
                known += 1
                continue
            spec = FeedSpec(
                url=found.spec.url if found else outline.url,
                name=found.spec.name if found else name_for(outline.url, taken),
                tags=tags_from(outline.folders),
                every=kit.settings.defaults.every,
                rights=kit.settings.defaults.rights,
            )
            if found is not None:
                added.append(_bring_back(tx, found, spec, now))
                continue
            feed = tx.feeds.add(spec, origin=Origin.DESK, now=now)
            tx.feeds.learn(
                feed.id, title=outline.title, site_url=outline.site_url, lang=None, icon=None
            )
            added.append(tx.feeds.get(feed.id) or feed)
            taken.add(spec.name)
    return Imported(added=tuple(added), known=known, problems=listed.problems)


def export_opml(tx: Tx, title: str) -> bytes:
    """Return the feeds we poll as OPML 2.0; of those with secrets only the address.

    A feed's tags are the folders it stands in, the first one outermost: an import gives the same
    tags in the same order.
    """
    outlines = tuple(
        Outline(
            url=feed.spec.url,
            title=feed.label,
            site_url=feed.site_url,
            folders=feed.spec.tags[:MAX_DEPTH],
        )
        for feed in sorted(
            tx.feeds.all(FeedStatus.ACTIVE, FeedStatus.PAUSED),
            key=lambda feed: (feed.spec.tags, feed.id),
        )
        if "://" in feed.spec.url and feed.spec.name != DESK_FEED
    )
    return write_opml(OutlineList(title=title, outlines=outlines))


def set_status(kit: Kit, handle: str, status: FeedStatus) -> Feed:
    """Pause, resume or retire a feed; its entries stay."""
    with kit.store.write(durable=True) as tx:
        feed = tx.feeds.find(handle)
        if feed is None:
            raise no_such_feed(tx, handle)
        if feed.origin is Origin.FILE and status is FeedStatus.RETIRED:
            raise UsageError(f"{feed.spec.name!r} stands in feeds.yaml: take it out there")
        if feed.origin is Origin.FILE and feed.status is FeedStatus.RETIRED:
            raise UsageError(f"{feed.spec.name!r} has left feeds.yaml: put it back there")
        if feed.origin is Origin.LIST and status is FeedStatus.RETIRED:
            raise UsageError(
                f"{feed.spec.name!r} comes with {_list_of(tx, feed)}: `feeds pause` stops it, and"
                " `feeds unfollow` ends the whole list"
            )
        left = feed.origin is Origin.LIST and feed.status is FeedStatus.RETIRED
        if left and status is FeedStatus.ACTIVE:
            return _bring_back(tx, feed, feed.spec, kit.clock())  # its list names it no more
        tx.feeds.set_status(feed.id, status, now=kit.clock())
        return tx.feeds.get(feed.id) or feed


def _bring_back(tx: Tx, feed: Feed, spec: FeedSpec, now: float) -> Feed:
    """Poll a retired feed again, as the desk's own."""
    tx.feeds.change(feed.id, spec, origin=Origin.DESK)
    tx.feeds.set_status(feed.id, FeedStatus.ACTIVE, now=now)
    tx.lists.let_go([feed.id])
    return tx.feeds.get(feed.id) or feed


def _list_of(tx: Tx, feed: Feed) -> str:
    found = tx.lists.get(feed.list_id) if feed.list_id is not None else None
    return f"the list {found.spec.name!r}" if found else "a list"
