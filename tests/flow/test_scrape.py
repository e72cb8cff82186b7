"""A page without a feed, polled like one: robots.txt, what is published of it, redesigns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.flow.explain import explain
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Hop, Wanted
from aggregator.model.feed import FeedSpec, Rights
from tests.flow.newsroom import DAY, HOUR, Newsroom, feed, topic, url_of

ROBOTS = "https://town.example/robots.txt"
SELECTORS = {"items": "article", "link": "a", "date": "time", "summary": "p", "image": "img"}


def town(rights: Rights = Rights.EXCERPT, *, written: bool = False) -> FeedSpec:
    return replace(feed("town", scrape=SELECTORS), rights=rights, rights_written=written)


def page(*titles: str, tag: str = "article", etag: str | None = None, url: str = "") -> Fetched:
    items = "".join(
        f"<{tag}><a href='/{title.split()[0].lower()}'>{title}</a><time>2026-11-20</time>"
        f"<img src=/p.png><p>The secret words of {title}.</p></{tag}>"
        for title in titles
    )
    return Fetched(
        url=url or url_of("town"),
        status=200,
        body=f"<!doctype html><title>Town</title>{items}".encode(),
        content_type="text/html",
        etag=etag,
        last_modified=None,
        caching=Caching(),
    )


def robots(newsroom: Newsroom, text: str) -> None:
    newsroom.net.answers[ROBOTS] = replace(page(url=ROBOTS), body=text.encode())


def polled(newsroom: Newsroom, answer: Fetched) -> str | None:
    """Poll the page a day later, publish; return what was wrong."""
    newsroom.net.answers[url_of("town")] = answer
    newsroom.now += DAY
    newsroom.poll("town")
    newsroom.publish()
    with newsroom.kit.store.read() as tx:
        found = tx.feeds.find("town")
        assert found is not None
        return tx.feeds.state(found.id).problem


def test_its_entries_are_those_the_selectors_find_and_each_is_one_entry(
    newsroom: Newsroom,
) -> None:
    newsroom.follow([town()], [topic(match="body:secret")])
    assert polled(newsroom, page("Grain sails", "Wheat waits")) is None
    assert newsroom.net.asked[-1].wanted is Wanted.PAGE
    polled(newsroom, page("Rye rises", "Grain sails", "Wheat waits"))
    assert sorted(newsroom.titles()) == ["Grain sails", "Rye rises", "Wheat waits"]
    assert [entry.rev for entry in newsroom.entries()] == [1, 1, 1]
    entry = newsroom.entry("Grain sails")
    assert entry.guid == entry.text.url == "https://town.example/grain"


def test_validators_serve_pages_as_they_serve_feeds(newsroom: Newsroom) -> None:
    newsroom.follow([town()])
    polled(newsroom, page("Grain sails", etag='"1"'))
    read = len(newsroom.reader.read_urls)
    polled(newsroom, page("Grain sails", etag='"1"'))
    assert newsroom.net.asked[-1].etag == '"1"'
    polled(newsroom, page("Grain sails"))  # the same bytes
    assert len(newsroom.reader.read_urls) == read


def test_other_selectors_have_the_page_read_anew(newsroom: Newsroom) -> None:
    newsroom.follow([town()])
    polled(newsroom, page("Grain sails", etag='"1"'))
    newsroom.follow([replace(town(), scrape={"items": "article", "title": "p"})])
    polled(newsroom, page("Grain sails", etag='"1"'))
    assert [each.text.title for each in newsroom.entries()] == ["The secret words of Grain sails."]


def test_what_robots_txt_forbids_is_not_polled_and_says_so(newsroom: Newsroom) -> None:
    robots(newsroom, "User-agent: aggregator\nDisallow: /feed.xml\n")
    newsroom.follow([town()])
    problem = polled(newsroom, page("Grain sails"))
    assert problem is not None
    assert "Disallow: /feed.xml" in problem
    assert [request.url for request in newsroom.net.asked] == [ROBOTS]
    robots(newsroom, "")
    newsroom.now += 7 * DAY
    assert polled(newsroom, page("Grain sails")) is None
    assert len(newsroom.entries()) == 1


def test_where_a_redirect_leads_robots_txt_holds_too(newsroom: Newsroom) -> None:
    elsewhere = "https://paper.example/news"
    forbids = page(url="https://paper.example/robots.txt")
    newsroom.net.answers[forbids.url] = replace(forbids, body=b"User-agent: *\nDisallow: /")
    newsroom.follow([town()])
    hops = (Hop(host="town.example", status=302), Hop(host="paper.example", status=200, bytes=9))
    problem = polled(newsroom, replace(page("Grain sails", url=elsewhere), hops=hops))
    assert problem is not None
    assert "it leads to another host" in problem
    assert "Disallow: /" in problem
    assert not newsroom.entries()
    with newsroom.kit.store.read() as tx:
        asked = {each.host: each.tally.requests for each in tx.ledger.hosts(0)}
    assert asked == {"town.example": 1, "paper.example": 1}, "what was asked stands in the ledger"


def test_a_feed_is_polled_whatever_robots_txt_says(newsroom: Newsroom) -> None:
    robots(newsroom, "User-agent: *\nDisallow: /\n")
    newsroom.follow(["town"])
    newsroom.hears("town")
    assert [request.url for request in newsroom.net.asked] == [url_of("town")]


def test_robots_txt_that_cannot_be_had_does_not_pause_the_hosts_feeds(
    newsroom: Newsroom,
) -> None:
    newsroom.net.answers[ROBOTS] = Failed(fault=Fault.STATUS, problem="503", status=503)
    newsroom.follow([town(), replace(feed("news"), url="https://town.example/news.xml")])
    problem = polled(newsroom, page("Grain sails"))
    assert problem is not None
    assert "nothing is asked there yet" in problem
    newsroom.poll("news")
    assert newsroom.net.asked[-1].url == "https://town.example/news.xml"


@pytest.mark.parametrize(
    ("rights", "written"), [(Rights.EXCERPT, True), (Rights.EXCERPT, False), (Rights.FULL, False)]
)
def test_title_and_link_are_published_and_nothing_else_of_the_page(
    newsroom: Newsroom, rights: Rights, written: bool
) -> None:
    full = replace(topic().publish, content=Rights.FULL)
    newsroom.follow(
        [town(rights, written=written)], [replace(topic(match="body:secret"), publish=full)]
    )
    polled(newsroom, page("Grain sails"))
    (shown,) = newsroom.shown()
    assert (shown.title, shown.url) == ("Grain sails", "https://town.example/grain")
    for document in newsroom.documents("grain"):
        assert b"secret" not in document
        assert b"p.png" not in document


def test_with_rights_full_at_the_feed_its_words_are_published_too(newsroom: Newsroom) -> None:
    newsroom.follow([town(Rights.FULL, written=True)], [topic(match="body:secret")])
    polled(newsroom, page("Grain sails"))
    assert "The secret words of Grain sails." in newsroom.shown()[0].html


def test_a_redesigned_page_says_which_selector_finds_nothing_and_loses_no_entry(
    newsroom: Newsroom,
) -> None:
    newsroom.follow([town()])
    polled(newsroom, page("Grain sails"))
    problem = polled(newsroom, page("Grain sails", tag="section"))
    assert problem == "scrape: items: nothing on the page matches 'article'"
    newsroom.now += 7 * DAY
    assert polled(newsroom, page("Grain sails", "Rye rises")) is None
    assert [entry.text.title for entry in newsroom.entries()] == ["Grain sails", "Rye rises"]


def test_explain_tells_what_became_of_an_entrys_page(newsroom: Newsroom) -> None:
    newsroom.follow([feed("town", fulltext=True)], [topic()])
    newsroom.now += HOUR
    newsroom.net.answers[url_of("town")] = replace(
        page(),
        body=b"<rss version='2.0'><channel><title>T</title><item><title>Grain</title>"
        b"<link>https://town.example/a</link></item></channel></rss>",
    )
    newsroom.poll("town")
    entry = newsroom.entry("Grain")

    def told() -> tuple[str, str] | None:
        steps = explain(newsroom.kit, str(entry.id), "grain").steps
        return next(((s.result, s.because) for s in steps if s.step == "full text"), None)

    with newsroom.kit.store.write() as tx:
        tx.pages.want([entry.id], newsroom.now)
    assert told() == ("not yet", "https://town.example/a")
    with newsroom.kit.store.write() as tx:
        tx.pages.done(entry.id, newsroom.now, body="<p>One two three</p>", problem=None)
    assert told() == ("3 words of its page", "https://town.example/a")
