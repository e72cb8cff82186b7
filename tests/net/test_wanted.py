"""What a request asks for decides what it says and how much it takes."""

from __future__ import annotations

import gzip

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, Request, Wanted
from aggregator.net.asking import ROBOTS_CAP, cap
from tests.net.conftest import MakeFetcher
from tests.net.origin import Talk, an_origin, answer


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        (Wanted.FEED, "application/atom+xml"),
        (Wanted.PAGE, "text/html"),
        (Wanted.TEXT, "text/plain"),
        (Wanted.LIST, "text/x-opml"),
    ],
)
def test_a_request_says_what_it_reads(wanted: Wanted, first: str, fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher_for(origin).fetch(Request(url=origin.url(), wanted=wanted, etag='"x"'))
    headers = origin.last.headers
    assert headers["accept"].startswith(first)
    assert headers["accept"].endswith("*/*;q=0.1")
    assert headers["if-none-match"] == '"x"'
    assert headers.get("a-im") == ("feed" if wanted is Wanted.FEED else None)


def test_a_cap_is_never_above_the_operators() -> None:
    assert [cap(wanted, 15_000_000) for wanted in Wanted] == [
        15_000_000,
        5_000_000,
        ROBOTS_CAP,
        10_000_000,
        8_192,
    ]
    assert {cap(wanted, 1000) for wanted in Wanted} == {1000}


def test_a_page_over_its_cap_is_too_large_though_a_feed_would_not_be(
    fetcher_for: MakeFetcher,
) -> None:
    body = gzip.compress(b"<p>" * 2_000_000)

    def handler(talk: Talk) -> None:
        talk.say(answer(body, Content_Encoding="gzip"))

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin, max_body=15_000_000)
        page = fetcher.fetch(Request(url=origin.url(), wanted=Wanted.PAGE))
        feed = fetcher.fetch(Request(url=origin.url()))
    assert isinstance(page, Failed)
    assert page.fault is Fault.TOO_LARGE
    assert isinstance(feed, Fetched)
    assert len(feed.body) == 6_000_000


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_of_a_robots_file_that_is_too_long_the_beginning_counts(
    coding: str | None, fetcher_for: MakeFetcher
) -> None:
    rules = b"User-agent: *\nDisallow: /private\n"
    text = rules + b"#" * (2 * ROBOTS_CAP)
    body = text if coding is None else gzip.compress(text)
    headers = {} if coding is None else {"Content_Encoding": coding}
    with an_origin(lambda talk: talk.say(answer(body, **headers))) as origin:
        fetcher = fetcher_for(origin, max_body=15_000_000)
        outcome = fetcher.fetch(Request(url=origin.url("/robots.txt"), wanted=Wanted.TEXT))
    assert isinstance(outcome, Fetched)
    assert outcome.body == text[:ROBOTS_CAP]
