"""Try a feed, a page that is scraped, or full text: what it would bring; no entry is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aggregator.core.drafting import Draft, draft
from aggregator.core.identity import assign, identify
from aggregator.core.sanitize import plain_text
from aggregator.core.selectors import BadSelector, read_selectors
from aggregator.core.text import excerpt, word_count
from aggregator.errors import ReadFailed, UsageError
from aggregator.flow.absorb import learned
from aggregator.flow.asking import ask
from aggregator.flow.kit import Kit, books
from aggregator.flow.lists import is_a_word, no_such_feed, spec_for
from aggregator.flow.pages import read_article
from aggregator.flow.robots import allowed, led_astray
from aggregator.formats.article import missing
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fetched, Outcome, Request, Wanted
from aggregator.model.feed import Feed, FeedSpec, Origin
from aggregator.model.ids import FeedId

PATIENCE = 20.0  # seconds at most for a host's turn
WHOLE = 200_000  # characters of an article whose words are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPage:
    """What the first entry's article page would give to rules."""

    url: str
    robots: str  # what robots.txt says of it
    words: int = 0
    begins: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a feed would bring, with nothing of it stored."""

    url: str
    problem: str | None  # the fetch's or the document's, in words
    usable: bool
    status: int | None = None
    ms: int = 0
    parsed: ParsedFeed | None = None
    drafts: tuple[Draft, ...] = ()
    known_as: str | None = None  # the feed we already have at this address
    robots: str | None = None  # what robots.txt says of a page that is scraped
    page: TriedPage | None = None  # where full text is wanted


def try_feed(
    kit: Kit, target: str, *, scrape: Mapping[str, str] | None = None, fulltext: bool = False
) -> Tried:
    """Fetch and read a feed by name or address, and show what would be stored; store no entry.

    `scrape` are selectors in place of the feed's own, `fulltext` has the first entry's page tried
    though the feed does not want it. Asks with the manners of a poll. Raises `UsageError` for a
    selector nobody can read, `NotFound` for a word that is neither a feed's name nor an address.
    """
    with kit.store.read() as tx:
        known = tx.feeds.find(target)
        ready = books(tx, kit.settings, kit.guess)
        if known is None and is_a_word(target):
            raise no_such_feed(tx, target)
    spec = known.spec if known is not None else spec_for(kit, target, frozenset())
    if scrape:
        spec = replace(spec, scrape=_checked({**(spec.scrape or {}), **scrape}))
    tried = Tried(
        url=spec.url, problem=None, usable=False, known_as=known.spec.name if known else None
    )
    if spec.scrape:
        said = allowed(kit, spec.url, private=spec.private)
        tried = replace(tried, robots=said.because)
        if not said.yes:
            return replace(tried, problem=said.because)
    outcome = _fetch(kit, spec)
    if not isinstance(outcome, Fetched):
        problem = outcome.problem if isinstance(outcome, Failed) else "304 to a plain request"
        status = outcome.status if isinstance(outcome, Failed) else 304
        return replace(tried, problem=problem, status=status)
    tried = replace(tried, url=outcome.url, status=outcome.status, ms=outcome.ms)
    tried_feed = Feed(id=FeedId(0), spec=spec, origin=Origin.DESK)
    if spec.scrape and (astray := led_astray(kit, tried_feed, outcome)) is not None:
        return replace(tried, problem=astray.problem)
    try:
        parsed = kit.reader.read(
            outcome.body,
            url=outcome.url,
            content_type=outcome.content_type,
            scrape=spec.scrape,
        )
    except ReadFailed as error:
        return replace(tried, problem=str(error))
    feed = learned(tried_feed, parsed)
    now = int(kit.clock())
    keyed = assign(identify(parsed.entries, ready.tracking), {})
    drafts = tuple(draft(each, feed, ready, first_seen=now) for each in keyed)
    page = _try_page(kit, spec, drafts) if spec.fulltext or fulltext else None
    return replace(
        tried, problem=parsed.problem, usable=True, parsed=parsed, drafts=drafts, page=page
    )


def _checked(scrape: dict[str, str]) -> dict[str, str]:
    for name, text in scrape.items():
        try:
            read_selectors({name: text})
        except BadSelector as error:
            where = f"{name} {text!r}, at character {error.position + 1}"
            raise UsageError(f"{where}: {error.problem}") from None
    if "items" not in scrape:
        raise UsageError("say with --items which elements of the page are its entries")
    return scrape


def _fetch(kit: Kit, spec: FeedSpec) -> Outcome:
    request = Request(
        url=spec.url,
        wanted=Wanted.PAGE if spec.scrape else Wanted.FEED,
        authorization=kit.authorize(spec.auth) if spec.auth else None,
    )
    return ask(kit, request, patience=PATIENCE, private=spec.private)


def _try_page(kit: Kit, spec: FeedSpec, drafts: tuple[Draft, ...]) -> TriedPage | None:
    """Ask for the article page of the first entry that has one, if robots.txt lets us."""
    url = next((each.text.url for each in drafts if each.url_hash is not None), None)
    if url is None:
        return None
    if (how := missing()) is not None:
        return TriedPage(url=url, robots="not asked", problem=how)
    said = allowed(kit, url, private=spec.private)
    page = TriedPage(url=url, robots=said.because)
    if not said.yes:
        return replace(page, problem=said.because)
    request = Request(url=url, wanted=Wanted.PAGE)
    outcome = ask(kit, request, patience=PATIENCE, private=spec.private)
    if not isinstance(outcome, Fetched):
        problem = outcome.problem if isinstance(outcome, Failed) else "304 to a plain request"
        return replace(page, problem=problem)
    read = read_article(kit, url, outcome, private=spec.private)
    text = plain_text(read.body, WHOLE)
    return replace(page, words=word_count(text), begins=excerpt(text, 40), problem=read.problem)
