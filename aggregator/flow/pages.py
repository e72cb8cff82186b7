"""Article pages of feeds that only tease: each asked for once, with the manners of a poll."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

from aggregator.core.drafting import Books, body_with_page, file
from aggregator.core.identity import Keyed
from aggregator.core.robots import place_of
from aggregator.core.schedule import host_pause
from aggregator.errors import ReadFailed, StoreError, StoreRefused
from aggregator.flow.filing import Desk, bring_feeds, desk, redraw, refresh_articles
from aggregator.flow.kit import Kit, books
from aggregator.flow.robots import allowed
from aggregator.flow.setup import identity
from aggregator.formats.article import missing
from aggregator.model.entry import Known
from aggregator.model.exchange import Failed, Fault, Fetched, Hop, Outcome, Request, Wanted
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId
from aggregator.model.page import DuePage
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx

log = logging.getLogger(__name__)

WORKERS = 8  # pages asked for at the same time, each of another host
WAITS = (900.0, 7200.0)  # seconds before the second and the third try; there is no fourth
LEASE = 600.0  # seconds after which a page that was being asked for comes due again
SPARE = 5.0  # seconds beyond the deadlines of robots.txt and page after which a turn ends
LOOK = 0.25  # seconds between looks at a stop
PAGES = ("text/html", "application/xhtml+xml")
_AGAIN = (408, 425, 429)  # of 4xx, those that say "later"


@dataclass(slots=True, kw_only=True)
class PagesReport:
    """What one round did. `problems`: (address, in words) of pages that gave no text."""

    asked: int = 0
    kept: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    missing: str | None = None  # how to install what it takes; nothing was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """What a page gave: its article as HTML, or why there is none."""

    body: str = ""
    problem: str | None = None
    again_at: float | None = None  # when whoever it leads to may be asked; None: it stays so


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """What became of one page, before it is kept."""

    page: DuePage
    held_until: float
    body: str = ""
    problem: str | None = None
    again_at: float | None = None  # None: it is done
    tried: bool = True
    spacing: float = 0.0
    outcome: Outcome | None = None


def want_pages(tx: Tx, feed: Feed, entry_ids: Sequence[EntryId], now: float) -> int:
    """Queue the article pages of new entries where their feed has `fulltext: true`; how many."""
    if not feed.spec.fulltext or not entry_ids:
        return 0
    return tx.pages.want(entry_ids, now)


def page_texts(
    tx: Tx, feed: Feed, keyed: Iterable[Keyed], known: Mapping[int, Known]
) -> Mapping[int, str]:
    """Return the page's HTML of revised entries, by key hash: a new teaser unsays no article."""
    if not feed.spec.fulltext:
        return {}
    revised = {
        known[each.key_hash].entry_id: each.key_hash
        for each in keyed
        if each.key_hash in known and known[each.key_hash].digest != each.digest
    }
    bodies = tx.pages.bodies(list(revised)) if revised else {}
    return {revised[entry_id]: body for entry_id, body in bodies.items()}


def fetch_pages_due(
    kit: Kit, *, stop: Event | None = None, limit: int = 1_000, patience: float = 0.0
) -> PagesReport:
    """Ask for the pages that are due, at most `limit`, and keep and file what they say.

    One request at a time to a host, `net.spacing` and every pause kept, polls counted. Waits up
    to `patience` seconds in all for hosts that are not free yet. Without the extra that reads
    articles nothing is asked for.
    """
    report = PagesReport(missing=missing())
    if report.missing is None:
        _Round(kit, stop or Event(), limit, patience, report).run()
    return report


class _Round:
    """The state of one round of asking for pages."""

    def __init__(
        self, kit: Kit, stop: Event, limit: int, patience: float, report: PagesReport
    ) -> None:
        self._kit, self._stop, self._report = kit, stop, report
        self._left, self._until = limit, time.monotonic() + patience
        self._books: Books | None = None  # read when the first page is kept

    def run(self) -> None:
        if not self._is_due(within=self._patience()):
            return
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="pages")
        pending: set[Future[_Visit]] = set()
        try:
            while not self._stop.is_set():
                for page, held_until in self._take(WORKERS - len(pending)):
                    pending.add(pool.submit(self._visit, page, held_until))
                if not pending and not self._wait():
                    break
                done, pending = wait(pending, timeout=LOOK, return_when=FIRST_COMPLETED)
                self._keep([future.result() for future in done])
        finally:
            pool.shutdown(wait=not self._stop.is_set(), cancel_futures=True)
            self._keep([each.result() for each in pending if each.done() and not each.cancelled()])

    def _is_due(self, *, within: float = 0.0) -> bool:
        with self._kit.store.read() as tx:
            at = tx.pages.next_at()
        return at is not None and at <= self._kit.clock() + within

    def _patience(self) -> float:
        return max(self._until - time.monotonic(), 0.0)

    def _wait(self) -> bool:
        """Wait a little for a host; False when there is nothing to wait for."""
        patience = self._patience()
        if self._left <= 0 or not patience or not self._is_due(within=patience):
            return False
        self._stop.wait(LOOK / 5)
        return True

    def _take(self, limit: int) -> list[tuple[DuePage, float]]:
        """Take pages, each with its host's turn; those that another entry's answer are done."""
        limit, kit = min(limit, self._left), self._kit
        if limit <= 0 or not self._is_due():
            return []
        net, now = kit.settings.net, kit.clock()
        hold = 2 * net.timeout + SPARE
        taken: list[tuple[DuePage, float]] = []
        answered: list[_Visit] = []
        with kit.store.write() as tx:
            for page in tx.pages.due(now, limit=limit):
                twin = tx.pages.twin(page.entry_id)
                if twin is not None:
                    answered.append(
                        _Visit(page=page, held_until=now, body=twin.body, problem=twin.problem)
                    )
                elif tx.hosts.take(page.host, now, hold=hold, per_host=net.per_host) <= now:
                    tx.pages.lease(page.entry_id, now + LEASE)
                    taken.append((page, now + hold))
        self._left -= len(taken)
        self._keep(answered)
        return taken

    def _visit(self, page: DuePage, held_until: float) -> _Visit:
        try:
            return _visit(self._kit, page, held_until)
        except Exception as error:  # a bug must cost one page, not the round
            log.exception("asking for a page failed", extra={"url": page.url})
            return _Visit(page=page, held_until=held_until, problem=f"internal error: {error!r}")

    def _keep(self, visits: Sequence[_Visit]) -> None:
        """Keep what came; what we cut off ourselves is no fault of the page's."""
        if not visits:
            return
        kit, now = self._kit, self._kit.clock()
        with kit.store.write() as tx:
            who = desk(tx, identity(tx, kit.settings.site, now))
            judged_by = self._books = self._books or books(tx, kit.settings)
            for visit in visits:
                if self._stop.is_set() and not visit.body:
                    tx.pages.postpone(visit.page.entry_id, now, None, tried=False)
                else:
                    _settle(tx, who, judged_by, visit, now)
                _free(tx, visit, now)
        for visit in visits:
            self._report.asked += visit.outcome is not None
            self._report.kept += bool(visit.body)
            if visit.problem is not None:
                self._report.problems.append((visit.page.url, visit.problem))


def _visit(kit: Kit, page: DuePage, held_until: float) -> _Visit:
    """Ask for one page, within its host's turn: robots.txt first, and then only if it may be."""

    def result(problem: str | None = None, **more: object) -> _Visit:
        return _Visit(page=page, held_until=held_until, problem=problem, **more)  # type: ignore[arg-type]

    said = allowed(kit, page.url, ask_by=kit.fetcher.fetch, private=page.private)
    spacing = max(kit.settings.net.spacing, said.delay)
    if said.asked and said.yes:  # the page comes at the host's next turn
        return result(again_at=kit.clock() + spacing, tried=False, spacing=spacing)
    if not said.yes:
        return result(said.because, again_at=_after(page, said.again_at), spacing=spacing)
    outcome = kit.fetcher.fetch(Request(url=page.url, wanted=Wanted.PAGE))
    if not isinstance(outcome, Fetched):
        again_at = _after(page, _again_at(kit, page, outcome))
        problem = outcome.problem if isinstance(outcome, Failed) else "304 to a plain request"
        return result(problem, again_at=again_at, spacing=spacing, outcome=outcome)
    read = read_article(kit, page.url, outcome, private=page.private)
    again_at = _after(page, read.again_at)
    return result(read.problem, body=read.body, again_at=again_at, spacing=spacing, outcome=outcome)


def read_article(kit: Kit, url: str, outcome: Fetched, *, private: bool = False) -> ReadPage:
    """Return the article of a page that was asked for at `url`, or why there is none."""
    if place_of(outcome.url) != place_of(url):
        said = allowed(kit, outcome.url, private=private)  # of whoever it led to
        if not said.yes:
            problem = f"it leads to another host: {said.because}"
            return ReadPage(problem=problem, again_at=said.again_at)
    kind = (outcome.content_type or "").split(";")[0].strip().lower()
    if kind not in PAGES and (kind or outcome.body.lstrip()[:1] != b"<"):
        return ReadPage(problem=f"no web page but {kind or 'something without a type'}")
    try:
        body = kit.reader.extract(outcome.body, url=outcome.url, content_type=outcome.content_type)
    except ReadFailed as error:
        return ReadPage(problem=str(error))
    return ReadPage(body=body, problem=None if body else "no article was found on the page")


def _again_at(kit: Kit, page: DuePage, outcome: Outcome) -> float | None:
    """Return when to try again; None: a page that is not there, or is no page, stays so."""
    if not isinstance(outcome, Failed):
        return None
    status = outcome.status or 0
    # A redirect that names a time leads to a host that is busy, or asked to be left alone.
    later = 300 <= status < 400 and outcome.retry_after is not None
    passing = status >= 500 or status in _AGAIN or later
    if outcome.fault is not Fault.NETWORK and not (outcome.fault is Fault.STATUS and passing):
        return None
    wait = WAITS[min(page.tries, len(WAITS) - 1)]
    return kit.clock() + max(wait, outcome.retry_after or 0.0)


def _after(page: DuePage, again_at: float | None) -> float | None:
    return again_at if page.tries < len(WAITS) else None


def _settle(tx: Tx, who: Desk, judged_by: Books, visit: _Visit, now: float) -> None:
    entry_id = visit.page.entry_id
    if visit.again_at is not None:
        tx.pages.postpone(entry_id, visit.again_at, visit.problem, tried=visit.tried)
        return
    if not tx.pages.done(entry_id, now, body=visit.body, problem=visit.problem):
        return
    try:
        with tx.savepoint():
            _file(tx, who, judged_by, entry_id, int(now))
    except Exception as error:  # what one page leads us to write is that page's trouble
        if isinstance(error, StoreError) and not isinstance(error, StoreRefused):
            raise
        log.exception("could not file an entry by its page", extra={"url": visit.page.url})


def _file(tx: Tx, who: Desk, judged_by: Books, entry_id: EntryId, now: int) -> None:
    """File an entry by the text of its page as well: tags, series, topics."""
    entry = tx.entries.get(entry_id)
    if entry is None or not entry.page:
        return
    bring_feeds(tx, who, [entry.feed_id])
    feed = who.feeds[entry.feed_id]
    body = body_with_page(entry)
    tags, series, matches = file(entry.text, body, feed, judged_by, place=entry.place)
    tx.pages.refile(entry_id, tags, series)
    active = [each.id for each in who.topics.values() if each.status is TopicStatus.ACTIVE]
    tx.topics.readmit(entry_id, matches, active)
    refresh_articles(tx, who, [entry.article_id], now)
    redraw(tx, [entry.article_id], now)


def _free(tx: Tx, visit: _Visit, now: float) -> None:
    """Give the host's turn back, pass on what it asked for, and enter what was sent."""
    page, outcome = visit.page, visit.outcome
    tx.hosts.give_back(page.host, held_until=visit.held_until, free_at=now + visit.spacing)
    if isinstance(outcome, Failed) and (until := host_pause(outcome, now)) is not None:
        tx.feeds.pause_host(outcome.host or page.host, until)
    hops: tuple[Hop, ...] = outcome.hops if outcome is not None else ()
    tx.ledger.count(hops, now, private=page.private)
