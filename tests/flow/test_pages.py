"""Article pages: asked for once per new entry, for matching; shown only with `rights: full`."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event

import pytest

from aggregator.errors import ReadFailed
from aggregator.flow import pages
from aggregator.flow.pages import PagesReport, fetch_pages_due, want_pages
from aggregator.flow.preview import preview
from aggregator.flow.search import search
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Hop, Outcome, Wanted
from aggregator.model.feed import FeedSpec, Rights
from aggregator.model.ledger import day_of
from aggregator.model.page import Page
from tests.flow.newsroom import HOUR, Newsroom, Told, feed, topic

GRAIN = "https://town.example/grain"
ROBOTS = "https://town.example/robots.txt"
TEASER = Told(guid="grain", title="Ships sail", text="Read on.", url=GRAIN)


def article(*paragraphs: str) -> str:
    told = "".join(f"<p>{each}</p>" for each in paragraphs)
    rest = "".join(
        f"<p>The harbour pilots, who had waited for {n} weeks, counted the ships one by one.</p>"
        for n in range(5)
    )
    return (
        "<!doctype html><html><head><title>Town</title></head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>Ships sail</h1>{told}{rest}</article><footer>Imprint</footer></body></html>"
    )


FULL = article("The grain corridor is open <a href='/map'>again</a>, said the admiral.")


def page(body: str = FULL, url: str = GRAIN, kind: str | None = "text/html") -> Fetched:
    return Fetched(
        url=url,
        status=200,
        body=body.encode(),
        content_type=kind,
        etag=None,
        last_modified=None,
        caching=Caching(),
        hops=(Hop(host="town.example", status=200, bytes=len(body)),),
    )


def failed(status: int | None, *, wait: float | None = None) -> Failed:
    fault = Fault.NETWORK if status is None else Fault.GONE if status == 410 else Fault.STATUS
    return Failed(fault=fault, problem=f"answered {status}", status=status, retry_after=wait)


def town(*, rights: Rights = Rights.EXCERPT) -> FeedSpec:
    return feed("town", fulltext=True, rights=rights, rights_written=rights is Rights.FULL)


def hears(newsroom: Newsroom, *items: Told, name: str = "town") -> None:
    """Poll, and have the pages of what is new queued."""
    newsroom.hears(name, *(items or (TEASER,)))
    with newsroom.kit.store.write() as tx:
        found = tx.feeds.find(name)
        assert found is not None
        want_pages(tx, found, tx.entries.of_feed(found.id), newsroom.now)


def fetch(newsroom: Newsroom, answer: Outcome | None = None, url: str = GRAIN) -> PagesReport:
    if answer is not None:
        newsroom.net.answers[url] = answer
    report = fetch_pages_due(newsroom.kit)
    newsroom.publish()
    return report


def asked(newsroom: Newsroom, host: str = "town.example") -> list[str]:
    """Return what was asked of a host besides its feed."""
    urls = [each.url for each in newsroom.net.asked]
    return [url for url in urls if host in url and not url.endswith(("feed.xml", "robots.txt"))]


def kept(newsroom: Newsroom, title: str = "Ships sail") -> Page:
    with newsroom.kit.store.read() as tx:
        found = tx.pages.get(newsroom.entry(title).id)
    assert found is not None
    return found


@pytest.fixture
def desk_of(newsroom: Newsroom) -> Newsroom:
    """A town that teases, and a topic that looks into bodies."""
    newsroom.follow(
        [town()],
        [topic(match='body:"grain corridor"')],
        tags={"admirals": ("admiral",)},
    )
    return newsroom


def test_the_page_of_a_new_entry_is_read_and_its_text_decides_topics_and_tags(
    desk_of: Newsroom,
) -> None:
    hears(desk_of)
    assert desk_of.titles() == []
    report = fetch(desk_of, page())
    assert (report.asked, report.kept, report.problems) == (1, 1, [])
    assert desk_of.net.asked[-1].wanted is Wanted.PAGE
    assert desk_of.titles() == ["Ships sail"]
    entry = desk_of.entry("Ships sail")
    assert [tag.name for tag in entry.tags] == ["admirals"]
    assert "grain corridor" in entry.page
    assert '<a href="https://town.example/map">' in entry.page
    assert "Imprint" not in entry.page
    assert entry.text.content == ""


def test_without_fulltext_no_page_is_asked_for(newsroom: Newsroom) -> None:
    newsroom.follow([feed("town")])
    hears(newsroom)
    assert fetch(newsroom, page()).asked == 0
    assert asked(newsroom) == []


def test_nothing_is_fetched_twice(desk_of: Newsroom) -> None:
    hears(desk_of)
    fetch(desk_of, page())
    hears(desk_of, replace(TEASER, text="Read on, revised."))  # the same entry, other words
    desk_of.restart()
    for _ in range(3):
        desk_of.now += 48 * HOUR
        desk_of.poll("town")
        hears(desk_of)
        fetch(desk_of)
    assert asked(desk_of) == [GRAIN]


def test_what_was_here_before_full_text_was_wished_for_is_not_asked_for(
    newsroom: Newsroom,
) -> None:
    newsroom.follow([feed("town")])
    newsroom.hears("town", TEASER)
    newsroom.follow([town()])
    newsroom.hears("town", replace(TEASER, title="Ships have sailed"))
    assert fetch(newsroom, page()).asked == 0
    assert asked(newsroom) == []


def test_one_address_in_two_entries_is_asked_for_once(newsroom: Newsroom) -> None:
    newsroom.follow([town(), feed("wire", fulltext=True)], [topic(match='body:"grain corridor"')])
    hears(newsroom)
    hears(newsroom, Told(guid="g2", title="Again", text="More.", url=GRAIN), name="wire")
    fetch(newsroom, page())
    hears(newsroom, Told(guid="g3", title="Once more", url=f"{GRAIN}?utm_source=x"), name="wire")
    fetch(newsroom)
    assert asked(newsroom) == [GRAIN]
    for title in ("Ships sail", "Again", "Once more"):
        assert "grain corridor" in newsroom.entry(title).page


@pytest.mark.parametrize("status", [404, 410, 403, 401, 400])
def test_a_page_that_is_not_there_is_done_with(desk_of: Newsroom, status: int) -> None:
    hears(desk_of)
    assert fetch(desk_of, failed(status)).problems == [(GRAIN, f"answered {status}")]
    desk_of.now += 30 * 24 * HOUR
    fetch(desk_of)
    assert asked(desk_of) == [GRAIN]
    assert kept(desk_of).problem == f"answered {status}"


@pytest.mark.parametrize("status", [500, 503, 429, None])
def test_trouble_is_tried_three_times_with_growing_waits(
    desk_of: Newsroom, status: int | None
) -> None:
    hears(desk_of)
    fetch(desk_of, failed(status))
    waits = []
    for _ in range(2):
        due_at = kept(desk_of).due_at
        assert due_at is not None
        waits.append(due_at - desk_of.now)
        desk_of.now = due_at - 1
        fetch(desk_of)
        desk_of.now = due_at
        fetch(desk_of)
    assert asked(desk_of) == [GRAIN] * 3
    assert 600 <= waits[0] < waits[1]
    assert kept(desk_of).due_at is None


def test_a_retry_after_holds_for_the_page_and_for_every_feed_of_its_host(
    desk_of: Newsroom,
) -> None:
    hears(desk_of)
    fetch(desk_of, failed(503, wait=7 * 24 * HOUR))
    due_at = kept(desk_of).due_at
    assert due_at == desk_of.now + 7 * 24 * HOUR
    before = len(desk_of.net.asked)
    desk_of.now += 7 * 24 * HOUR - 1
    desk_of.poll()
    fetch(desk_of)
    assert len(desk_of.net.asked) == before


def test_what_robots_txt_forbids_is_not_asked_for(desk_of: Newsroom) -> None:
    desk_of.net.answers[ROBOTS] = page("User-agent: *\nDisallow: /grain", ROBOTS, "text/plain")
    hears(desk_of)
    ((url, problem),) = fetch(desk_of, page()).problems
    assert url == GRAIN
    assert "Disallow: /grain" in problem
    assert asked(desk_of) == []
    assert kept(desk_of).due_at is None


def test_while_robots_txt_cannot_be_had_nothing_is_asked_for(desk_of: Newsroom) -> None:
    desk_of.net.answers[ROBOTS] = failed(503)
    hears(desk_of)
    fetch(desk_of, page())
    assert asked(desk_of) == []
    desk_of.net.answers[ROBOTS] = failed(404)
    desk_of.now += HOUR
    assert fetch(desk_of).kept == 1


def test_the_page_follows_its_robots_txt_at_the_hosts_next_turn(newsroom: Newsroom) -> None:
    newsroom.kit = replace(
        newsroom.kit,
        settings=replace(
            newsroom.kit.settings, net=replace(newsroom.kit.settings.net, spacing=2.0)
        ),
    )
    newsroom.follow([town()])
    newsroom.net.answers[ROBOTS] = page("User-agent: *\nCrawl-delay: 5", ROBOTS, "text/plain")
    hears(newsroom, TEASER, Told(guid="b", title="Second", url="https://town.example/b"))
    newsroom.net.answers["https://town.example/b"] = page(url="https://town.example/b")
    newsroom.now += 2
    fetch(newsroom, page())
    assert asked(newsroom) == []  # robots.txt took the turn
    times = []
    for _ in range(20):
        newsroom.now += 1
        times += [newsroom.now] * fetch(newsroom).asked
    assert len(times) == 2
    assert times[1] - times[0] == 5
    assert sorted(asked(newsroom)) == ["https://town.example/b", GRAIN]


def test_a_round_with_patience_waits_for_its_hosts_and_one_without_does_not(
    newsroom: Newsroom,
) -> None:
    net = replace(newsroom.kit.settings.net, spacing=0.3)
    settings = replace(newsroom.kit.settings, net=net)
    newsroom.kit = replace(newsroom.kit, settings=settings, clock=time.time)
    newsroom.follow([town()])
    hears(newsroom, TEASER, Told(guid="b", title="Second", url="https://town.example/b"))
    newsroom.net.answers["https://town.example/b"] = page(url="https://town.example/b")
    newsroom.net.answers[GRAIN] = page()
    assert fetch_pages_due(newsroom.kit).kept == 0
    assert fetch_pages_due(newsroom.kit, patience=20.0).kept == 2


def test_a_host_whose_feed_is_being_polled_is_not_asked_for_a_page(desk_of: Newsroom) -> None:
    hears(desk_of)
    desk_of.now += 24 * HOUR
    with desk_of.kit.store.write() as tx:
        (claim,) = tx.feeds.claim_due(
            desk_of.now, limit=1, lease=600, owner="other", per_host=1, spacing=0.0
        )
    assert fetch(desk_of, page()).asked == 0
    with desk_of.kit.store.write() as tx:
        tx.feeds.settle(claim, claim.state)
    assert fetch(desk_of).asked == 1


def test_while_a_page_is_asked_for_its_host_is_not_polled(desk_of: Newsroom) -> None:
    hears(desk_of)
    desk_of.net.answers[ROBOTS] = failed(404)
    fetch(desk_of, failed(None))
    desk_of.now += 24 * HOUR
    seen: list[float | None] = []

    class Watching:
        def fetch(self, request: object) -> Outcome:
            with desk_of.kit.store.read() as tx:
                seen.append(tx.feeds.next_claim_at())
            return page()

    desk_of.kit = replace(desk_of.kit, fetcher=Watching())  # type: ignore[arg-type]
    assert fetch_pages_due(desk_of.kit).kept == 1
    assert seen[0] is not None
    assert seen[0] > desk_of.now
    with desk_of.kit.store.read() as tx:
        assert tx.feeds.next_claim_at() == desk_of.now  # and then it is free again


def test_what_is_no_web_page_is_done_with(desk_of: Newsroom) -> None:
    hears(desk_of)
    assert fetch(desk_of, page(kind="application/pdf")).problems == [
        (GRAIN, "no web page but application/pdf")
    ]
    assert kept(desk_of).due_at is None


def test_a_page_without_a_type_is_judged_by_how_it_begins(desk_of: Newsroom) -> None:
    hears(desk_of)
    assert fetch(desk_of, page(kind=None)).kept == 1


def test_a_page_without_an_article_says_so(desk_of: Newsroom) -> None:
    hears(desk_of)
    assert fetch(desk_of, page("<html><body></body></html>")).problems == [
        (GRAIN, "no article was found on the page")
    ]


def test_where_a_redirect_leads_robots_txt_holds_too(desk_of: Newsroom) -> None:
    elsewhere = "https://paper.example/grain"
    robots = "https://paper.example/robots.txt"
    desk_of.net.answers[robots] = page("User-agent: *\nDisallow: /", robots, "text/plain")
    hears(desk_of)
    ((_, problem),) = fetch(desk_of, page(url=elsewhere)).problems
    assert "Disallow: /" in problem
    assert kept(desk_of).body == ""


def test_a_page_whose_redirect_leads_to_a_host_in_trouble_is_tried_again_later(
    desk_of: Newsroom,
) -> None:
    elsewhere, robots = "https://paper.example/grain", "https://paper.example/robots.txt"
    desk_of.net.answers[robots] = failed(503)
    hears(desk_of)
    ((_, problem),) = fetch(desk_of, page(url=elsewhere)).problems
    assert "could not be had" in problem
    desk_of.now += 2 * HOUR
    desk_of.net.answers[robots] = failed(404)
    assert fetch(desk_of).kept == 1
    assert desk_of.titles() == ["Ships sail"]


def test_a_page_whose_redirect_leads_to_a_busy_host_is_tried_again_later(
    desk_of: Newsroom,
) -> None:
    hears(desk_of)
    busy = replace(failed(302, wait=1.0), host="paper.example")
    assert fetch(desk_of, busy).kept == 0
    desk_of.now += HOUR
    assert fetch(desk_of, page()).kept == 1


def test_published_is_what_the_feed_says_and_not_what_its_page_says(desk_of: Newsroom) -> None:
    hears(desk_of)
    fetch(desk_of, page())
    (shown,) = desk_of.shown()
    assert "Read on." in shown.html
    for document in desk_of.documents("grain"):
        assert b"admiral," not in document
        assert b"corridor is open" not in document


@pytest.mark.parametrize("written", [True, False])
def test_the_whole_text_is_published_where_rights_full_stands_at_the_feed(
    newsroom: Newsroom, written: bool
) -> None:
    spec = replace(town(rights=Rights.FULL), rights_written=written)
    newsroom.follow(
        [spec],
        [replace(topic(match="ships"), publish=replace(topic().publish, content=Rights.FULL))],
    )
    hears(newsroom)
    first = newsroom.document("grain").etag
    fetch(newsroom, page())
    (shown,) = newsroom.shown()
    assert ("The grain corridor is open" in shown.html) is written
    assert (newsroom.document("grain").etag != first) is written


def test_a_topic_that_narrows_rights_narrows_those_of_pages(newsroom: Newsroom) -> None:
    narrow = replace(topic().publish, content=Rights.EXCERPT)
    newsroom.follow([town(rights=Rights.FULL)], [replace(topic(match="ships"), publish=narrow)])
    hears(newsroom)
    fetch(newsroom, page())
    assert "grain corridor" not in newsroom.shown()[0].html


def test_a_revision_does_not_unsay_what_the_page_said(desk_of: Newsroom) -> None:
    hears(desk_of)
    fetch(desk_of, page())
    desk_of.serves("town", replace(TEASER, text="Read on and on."))
    desk_of.now += 24 * HOUR
    desk_of.poll("town")
    entry = desk_of.entry("Ships sail")
    desk_of.publish()
    assert desk_of.titles() == ["Ships sail"]
    assert entry.text.summary == "Read on and on."
    assert [tag.name for tag in desk_of.entry("Ships sail").tags] == ["admirals"]


def test_history_is_searched_and_previewed_with_the_text_of_pages(desk_of: Newsroom) -> None:
    hears(desk_of)
    assert search(desk_of.kit, "body:pilots").entries == ()
    fetch(desk_of, page())
    assert [view.entry.text.title for view in search(desk_of.kit, "body:pilots").entries] == [
        "Ships sail"
    ]
    assert len(search(desk_of.kit, "words:>50").entries) == 1
    assert search(desk_of.kit, "pilots").entries == ()  # a bare word means title and summary
    assert len(preview(desk_of.kit, "grain", match="body:pilots").hits) == 1


def test_a_rule_that_changes_is_asked_of_pages_too(desk_of: Newsroom) -> None:
    hears(desk_of)
    fetch(desk_of, page())
    desk_of.follow([town()], [topic(match="body:pilots")])
    desk_of.publish()
    assert desk_of.titles() == ["Ships sail"]


def test_without_the_extra_nothing_is_asked_for_and_pages_wait_for_it(
    desk_of: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(desk_of)
    with monkeypatch.context() as patch:
        patch.setattr(pages, "missing", lambda: "pip install it")
        assert fetch(desk_of, page()).missing == "pip install it"
        assert asked(desk_of) == []
    assert fetch(desk_of).kept == 1


def test_a_page_that_nobody_can_read_costs_that_page_alone(desk_of: Newsroom) -> None:
    extract, calls = desk_of.reader.extract, []

    def failing(body: bytes, *, url: str, content_type: str | None) -> str:
        calls.append(url)
        if len(calls) == 1:
            raise ReadFailed("the page takes too long to read")
        if len(calls) == 2:
            raise RuntimeError("a bug of ours")
        return extract(body, url=url, content_type=content_type)

    desk_of.reader.extract = failing  # type: ignore[method-assign]
    hears(
        desk_of,
        TEASER,
        Told(guid="b", title="Second", url="https://town.example/b"),
        Told(guid="c", title="Third", url="https://town.example/c"),
    )
    for last in "bc":
        desk_of.net.answers[f"https://town.example/{last}"] = page(
            url=f"https://town.example/{last}"
        )
    report = fetch(desk_of, page())
    assert report.kept == 1
    assert [problem for _, problem in report.problems] == [
        "the page takes too long to read",
        "internal error: RuntimeError('a bug of ours')",
    ]


def test_what_a_stop_cut_off_is_asked_for_again(desk_of: Newsroom) -> None:
    hears(desk_of)
    fetch(desk_of, failed(404))  # so that robots.txt is known
    hears(desk_of, TEASER, Told(guid="b", title="Second", url="https://town.example/b"))
    stop, net = Event(), desk_of.net.fetch

    def stopped(request: object) -> Outcome:
        stop.set()
        return failed(None)

    desk_of.net.fetch = stopped  # type: ignore[method-assign]
    fetch_pages_due(desk_of.kit, stop=stop)
    desk_of.net.fetch = net  # type: ignore[method-assign]
    second = kept(desk_of, "Second")
    assert (second.tries, second.problem) == (0, None)
    desk_of.net.answers["https://town.example/b"] = page(url="https://town.example/b")
    desk_of.now += 1
    assert fetch(desk_of).kept == 1


def test_what_was_asked_stands_in_the_ledger(desk_of: Newsroom) -> None:
    hears(desk_of)
    with desk_of.kit.store.read() as tx:
        before = tx.ledger.total(day_of(desk_of.now))
    desk_of.net.answers[ROBOTS] = page("", ROBOTS, "text/plain")
    fetch(desk_of, page())
    with desk_of.kit.store.read() as tx:
        after = tx.ledger.total(day_of(desk_of.now))
    assert after.requests - before.requests == 2
    assert after.bytes - before.bytes == len(FULL)
