"""Trying a feed, a page and full text before they are written down: no entry is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import UsageError
from aggregator.flow import trial
from aggregator.flow.trial import try_feed
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Wanted
from tests.flow.newsroom import HOUR, Newsroom, Told, feed, fetched, url_of

PAGE = "https://town.example/news"
ROBOTS = "https://town.example/robots.txt"
SELECTORS = {"items": "article", "title": "h2", "link": "a", "date": "time"}
ARTICLE = "".join(
    f"<p>Paragraph {n} of the article, which is long enough to be one.</p>" for n in range(9)
)


def html(body: str, url: str = PAGE) -> Fetched:
    return Fetched(
        url=url,
        status=200,
        body=f"<!doctype html><title>Town</title>{body}".encode(),
        content_type="text/html",
        etag=None,
        last_modified=None,
        caching=Caching(),
    )


def item(n: int, date: str = "2026-11-20") -> str:
    return f"<article><h2>Headline {n}</h2><a href='/a{n}'>more</a><time>{date}</time></article>"


def stored(newsroom: Newsroom) -> int:
    with newsroom.kit.store.read() as tx:
        return tx.entries.count() + len(tx.feeds.all())


def test_a_page_is_tried_with_selectors_before_it_is_a_feed(newsroom: Newsroom) -> None:
    newsroom.net.answers[PAGE] = html(item(1) + item(2))
    tried = try_feed(newsroom.kit, PAGE, scrape=SELECTORS)
    assert tried.usable
    assert [each.text.title for each in tried.drafts] == ["Headline 1", "Headline 2"]
    assert tried.drafts[0].text.url == "https://town.example/a1"
    assert tried.robots == "town.example has no robots.txt (404)"
    assert newsroom.net.asked[-1].wanted is Wanted.PAGE
    assert stored(newsroom) == 0


def test_robots_txt_holds_for_trying_too(newsroom: Newsroom) -> None:
    newsroom.net.answers[ROBOTS] = replace(html(""), body=b"User-agent: *\nDisallow: /news")
    tried = try_feed(newsroom.kit, PAGE, scrape=SELECTORS)
    assert not tried.usable
    assert tried.problem == "town.example/robots.txt forbids it (Disallow: /news)"
    assert [request.url for request in newsroom.net.asked] == [ROBOTS]


def test_selectors_that_find_nothing_are_named(newsroom: Newsroom) -> None:
    newsroom.net.answers[PAGE] = html(item(1))
    tried = try_feed(newsroom.kit, PAGE, scrape=SELECTORS | {"summary": ".intro"})
    assert tried.problem == "scrape: summary: '.intro' finds nothing in any of 1 items"
    tried = try_feed(newsroom.kit, PAGE, scrape={"items": "li"})
    assert tried.problem == "scrape: items: nothing on the page matches 'li'"
    assert not tried.usable


def test_a_feeds_own_selectors_hold_where_none_is_given(newsroom: Newsroom) -> None:
    newsroom.follow([replace(feed("town", scrape=SELECTORS), url=PAGE)])
    newsroom.net.answers[PAGE] = html(item(1))
    assert [each.text.title for each in try_feed(newsroom.kit, "town").drafts] == ["Headline 1"]
    other = try_feed(newsroom.kit, "town", scrape={"title": "a"})
    assert [each.text.title for each in other.drafts] == ["more"]
    assert other.known_as == "town"


def test_selectors_nobody_can_read_or_without_items_are_refused_before_anything_is_asked(
    newsroom: Newsroom,
) -> None:
    with pytest.raises(UsageError, match=r"at character 9: .*no CSS selector"):
        try_feed(newsroom.kit, PAGE, scrape={"items": "article["})
    with pytest.raises(UsageError, match="--items"):
        try_feed(newsroom.kit, PAGE, scrape={"title": "h2"})
    assert newsroom.net.asked == []


def test_full_text_is_tried_on_the_first_entry(newsroom: Newsroom) -> None:
    newsroom.follow([feed("town", fulltext=True)])
    newsroom.net.answers[url_of("town")] = fetched("town", Told(guid="a1"), Told(guid="a2"))
    first = "https://town.example/a1"
    newsroom.net.answers[first] = html(f"<article><h1>One</h1>{ARTICLE}</article>", first)
    tried = try_feed(newsroom.kit, "town")
    assert tried.page is not None
    assert (tried.page.url, tried.page.problem) == (first, None)
    assert tried.page.words > 90
    assert tried.page.begins.startswith("One Paragraph 0 of the article")
    asked = [request.url for request in newsroom.net.asked]
    assert asked == [url_of("town"), ROBOTS, first]
    with newsroom.kit.store.read() as tx:
        assert tx.pages.next_at() is None


def test_full_text_can_be_tried_before_it_is_written_down(newsroom: Newsroom) -> None:
    newsroom.net.answers[url_of("town")] = fetched("town", Told(guid="a1"))
    assert try_feed(newsroom.kit, url_of("town")).page is None
    tried = try_feed(newsroom.kit, url_of("town"), fulltext=True)
    assert tried.page is not None
    assert tried.page.problem == "404 Not Found"
    newsroom.now += 25 * HOUR
    newsroom.net.answers[ROBOTS] = replace(html(""), body=b"User-agent: *\nDisallow: /a")
    tried = try_feed(newsroom.kit, url_of("town"), fulltext=True)
    assert tried.page is not None
    assert tried.page.problem == tried.page.robots
    assert "Disallow: /a" in tried.page.robots


def test_without_the_extra_it_says_how_to_install_it(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "missing", lambda: "pip install it")
    newsroom.net.answers[url_of("town")] = fetched("town", Told(guid="a1"))
    tried = try_feed(newsroom.kit, url_of("town"), fulltext=True)
    assert tried.usable
    assert tried.page is not None
    assert tried.page.problem == "pip install it"
    assert len(newsroom.net.asked) == 1


def test_a_host_that_is_to_be_left_alone_is_not_asked_to_try_a_feed(newsroom: Newsroom) -> None:
    newsroom.net.answers[url_of("town")] = Failed(
        fault=Fault.STATUS, problem="429", status=429, retry_after=7 * 24 * HOUR
    )
    try_feed(newsroom.kit, url_of("town"))
    tried = try_feed(newsroom.kit, url_of("town"))
    assert tried.problem is not None
    assert "left alone" in tried.problem
    assert len(newsroom.net.asked) == 1
