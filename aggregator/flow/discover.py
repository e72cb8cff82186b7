"""Find the feeds of a site, with as few requests as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aggregator.core.discover import MAX_TITLE, Named, is_page, named_by, per_week, usual_places
from aggregator.core.sanitize import plain_text
from aggregator.core.shortcuts import shortcut, spelt_out
from aggregator.core.urls import host_of, url_key
from aggregator.errors import ReadFailed
from aggregator.flow.asking import ask
from aggregator.flow.kit import Kit
from aggregator.flow.lists import address_of
from aggregator.flow.robots import allowed
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fault, Fetched, Request
from aggregator.model.feed import FeedStatus

MOST_ASKED = 11  # requests in one search; with a robots.txt they are twelve
PATIENCE = 60.0  # seconds we wait for a host's turn

NOT_HERE = frozenset({404, 406, 410})  # answers after which other places may be guessed
TROUBLE = frozenset({429, 503, None})  # a host that says so, or nothing, is left alone

OnAsk = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed's, and what was found there."""

    url: str
    title: str = ""
    format: str | None = None  # None: it is no feed, or was not looked at
    entries: int = 0
    per_week: float | None = None
    newest: int | None = None  # when its newest entry was published
    problem: str | None = None
    known_as: str | None = None  # the feed of ours that is polled there, or where it leads to
    comments: bool = False  # of what readers say about the articles

    @property
    def usable(self) -> bool:
        """Whether it is a feed that can be added."""
        return self.format is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a search found: usable candidates first, comments after articles."""

    target: str
    candidates: tuple[Candidate, ...]
    asked: tuple[str, ...]  # addresses, in order
    direct: bool = False  # the address itself is a feed's
    problem: str | None = None  # why nothing was found, in words

    @property
    def usable(self) -> tuple[Candidate, ...]:
        """The feeds among the candidates."""
        return tuple(each for each in self.candidates if each.usable)


def discover(kit: Kit, target: str, *, on_ask: OnAsk | None = None) -> Discovery:
    """Find the feeds at an address, of a site or behind a shortcut; nothing is stored.

    An address that is a feed's is all there is to find. Else its page's link elements count, else
    links that look like a feed's, else the usual places of a site that names none (of these the
    first that holds a feed, and only as its robots.txt allows). At most `MOST_ASKED` requests,
    none twice, each in its host's turn. Raises `UsageError` for what is no address.
    """
    return _Search(kit, target, on_ask).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What came instead of a feed: where it came from, the feeds it names, and what it is."""

    url: str
    named: tuple[Named, ...]
    problem: str


_Looked = Candidate | _Page | Failed


class _Search:
    """One search: what was asked so far, and the feeds we have."""

    def __init__(self, kit: Kit, target: str, on_ask: OnAsk | None) -> None:
        self._kit, self._target, self._on_ask = kit, target, on_ask
        self._asked: list[str] = []
        self._requests = 0
        self._forbidden: str | None = None
        self._refused: dict[str | None, Failed] = {}
        self._ours = _feeds_by_key(kit)

    def run(self) -> Discovery:
        """Ask what a shortcut stands for, then the address itself, then what its page names."""
        behind = [Named(url=url) for url in shortcut(self._target)]
        looked = [(named, self._look(named)) for named in behind]
        found = [self._told(named, result) for named, result in looked]
        if any(each.usable for each in found):
            return self._done(found)
        own = Named(url=address_of(self._target))
        first = next((result for named, result in looked if named.url == own.url), None)
        if first is None:
            first = self._look(own)
        if isinstance(first, _Page):
            return self._on(first)
        told = self._told(own, first)
        return self._done([told], direct=told.usable, problem=told.problem)

    def _on(self, page: _Page) -> Discovery:
        """Look at the feeds a page names; only where none of them is one, try the usual places."""
        named = [self._candidate(each) for each in page.named if each.url not in self._asked]
        if any(each.usable for each in named):
            return self._done(named)
        spelt = spelt_out(self._target) is not None  # of a service whose places are known
        guessed = None if spelt else self._guess(page.url)
        if guessed is not None:
            return self._done([guessed, *named])
        if named:
            return self._done(named, problem="the page names feeds, but none that can be read")
        places = self._forbidden or "no feed was found in the usual places"
        return self._done([], problem=page.problem if spelt else f"{page.problem}; {places}")

    def _guess(self, url: str) -> Candidate | None:
        """Try the usual places until one holds a feed, or the host says more than "not here"."""
        for place in usual_places(url):
            if self._requests >= MOST_ASKED or host_of(place) in self._refused:
                return None
            if place in self._asked or not self._may_guess(place):
                continue
            found = self._look(Named(url=place))
            if isinstance(found, Candidate):
                return found
            if isinstance(found, Failed) and found.status not in NOT_HERE:
                return None
        return None

    def _may_guess(self, place: str) -> bool:
        """Nobody named this address, so robots.txt is asked (it is one request at the most)."""
        said = allowed(self._kit, place)
        self._forbidden = None if said.yes else said.because
        return said.yes

    def _candidate(self, named: Named) -> Candidate:
        """Look at what a page names, while requests are left."""
        if self._requests < MOST_ASKED:
            return self._told(named, self._look(named))
        problem = f"not looked at: a search takes {MOST_ASKED} requests at the most"
        return Candidate(url=named.url, title=named.title, problem=problem, comments=named.comments)

    def _look(self, named: Named) -> _Looked:
        """Ask one address and read what comes; of a host in trouble nothing more is asked."""
        host = host_of(named.url)
        if host in self._refused:
            return self._refused[host]
        self._asked.append(named.url)
        if self._on_ask is not None:
            self._on_ask(named.url)
        outcome = ask(self._kit, Request(url=named.url), patience=PATIENCE)
        self._requests += max(1, len(outcome.hops))
        if isinstance(outcome, Failed):
            if outcome.status in TROUBLE:
                self._refused[host] = outcome
            return outcome
        if not isinstance(outcome, Fetched):
            return Failed(fault=Fault.STATUS, problem="304 to a plain request", status=304)
        try:
            if is_page(outcome.body):
                raise ReadFailed("this is an HTML page, not a feed")
            parsed = self._kit.reader.read(
                outcome.body, url=outcome.url, content_type=outcome.content_type
            )
        except ReadFailed as error:
            there = named_by(outcome.body, outcome.url, outcome.content_type)
            return _Page(url=outcome.url, named=there, problem=str(error))
        places = (named.url, outcome.url, outcome.moved_to, parsed.self_url)
        return self._feed(named, parsed, places)

    def _feed(self, named: Named, parsed: ParsedFeed, places: Iterable[str | None]) -> Candidate:
        """Return what a feed tells of itself, and whether it is polled at one of these places."""
        times = [each.published or each.updated for each in parsed.entries]
        dated = [at for at in times if at is not None]
        now = self._kit.clock()
        title = plain_text(parsed.title or "", MAX_TITLE) or named.title
        keys = (url_key(place) for place in places if place)
        return Candidate(
            url=named.url,
            title=title,
            format=parsed.format,
            entries=len(parsed.entries),
            per_week=per_week(dated, now),
            newest=max((at for at in dated if at <= now), default=None),
            problem=parsed.problem,
            known_as=next((self._ours[key] for key in keys if key in self._ours), None),
            comments=Named(url=named.url, title=f"{named.title} {title}").comments,
        )

    def _told(self, named: Named, looked: _Looked) -> Candidate:
        if isinstance(looked, Candidate):
            return looked
        return Candidate(
            url=named.url, title=named.title, problem=looked.problem, comments=named.comments
        )

    def _done(
        self, found: list[Candidate], *, direct: bool = False, problem: str | None = None
    ) -> Discovery:
        ranked = sorted(found, key=lambda each: (not each.usable, each.comments))
        return Discovery(
            target=self._target,
            candidates=tuple(ranked),
            asked=tuple(self._asked),
            direct=direct,
            problem=None if any(each.usable for each in found) else problem,
        )


def _feeds_by_key(kit: Kit) -> dict[str | None, str]:
    """Return the names of feeds that are not retired by what all copies of an address agree on."""
    with kit.store.read() as tx:
        feeds = tx.feeds.all(FeedStatus.ACTIVE, FeedStatus.PAUSED, FeedStatus.GONE)
    return {key: each.spec.name for each in feeds if (key := url_key(each.spec.url)) is not None}
