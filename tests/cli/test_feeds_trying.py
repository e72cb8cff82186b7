"""`feeds test` on local pages, with and without robots.txt; what `check` says of full text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from aggregator.formats import article
from tests.cli.conftest import Aggregator

NEWS = """<!doctype html><html><head><title>Town Crier</title></head><body>
<article><h2><a href="/a1">Ferry strikes rock</a></h2><time datetime="2026-11-20">now</time>
<p class=intro>Nobody hurt.</p></article>
<article><h2><a href="/a2">Mayor resigns</a></h2></article></body></html>"""
ARTICLE = (
    "<!doctype html><html><body><article><h1>Ferry</h1>"
    + "".join(f"<p>Paragraph {n} tells of the ferry at length and in detail.</p>" for n in range(9))
    + "</article></body></html>"
)
SELECTORS = ("--items", "article", "--title", "h2", "--link", "h2 a", "--date", "time")


@pytest.fixture
def town(origin: HTTPServer) -> HTTPServer:
    origin.expect_request("/news").respond_with_data(NEWS, content_type="text/html")
    origin.expect_request("/a1").respond_with_data(ARTICLE, content_type="text/html")
    return origin


@pytest.fixture
def without_robots(town: HTTPServer) -> HTTPServer:
    town.expect_request("/robots.txt").respond_with_data("none", status=404)
    return town


def asked(origin: HTTPServer) -> list[str]:
    return [request.path for request, _ in origin.log]


def test_a_page_is_previewed_with_selectors(
    aggregator: Aggregator, without_robots: HTTPServer
) -> None:
    said = aggregator(
        "feeds", "test", without_robots.url_for("/news"), *SELECTORS, "--summary", ".intro"
    )
    assert said.code == 0, said.err
    first, second = said.out.splitlines()[-2:]
    assert "Ferry strikes rock" in first
    assert "2026-11-20" in first
    assert without_robots.url_for("/a1") in first
    assert "Mayor resigns" in second
    assert "found: date 1, summary 1, author 0, image 0" in said.err
    assert "has no robots.txt" in said.err
    assert asked(without_robots) == ["/robots.txt", "/news"]


def test_as_json_it_is_one_document(aggregator: Aggregator, without_robots: HTTPServer) -> None:
    said = aggregator("--json", "feeds", "test", without_robots.url_for("/news"), *SELECTORS)
    told = json.loads(said.out)
    assert (told["format"], told["title"], told["entries"]) == ("html", "Town Crier", 2)
    assert told["found"] == {"date": 1, "summary": 0, "author": 0, "image": 0}
    assert told["newest"][0]["title"] == "Ferry strikes rock"


def test_robots_txt_is_respected_and_told(aggregator: Aggregator, town: HTTPServer) -> None:
    town.expect_request("/robots.txt").respond_with_data(
        "User-agent: aggregator\nDisallow: /news\n", content_type="text/plain"
    )
    said = aggregator("feeds", "test", town.url_for("/news"), *SELECTORS)
    assert said.code == 3
    assert "forbids it (Disallow: /news)" in said.err
    assert asked(town) == ["/robots.txt"]


def test_a_selector_that_finds_nothing_is_named(
    aggregator: Aggregator, without_robots: HTTPServer
) -> None:
    said = aggregator("feeds", "test", without_robots.url_for("/news"), "--items", "li")
    assert said.code == 3
    assert "items: nothing on the page matches 'li'" in said.err
    said = aggregator(
        "feeds", "test", without_robots.url_for("/news"), "--items", "article", "--date", "b"
    )
    assert said.code == 0
    assert "date: 'b' finds nothing in any of 2 items" in said.err


def test_a_selector_nobody_can_read_is_a_slip(aggregator: Aggregator, town: HTTPServer) -> None:
    said = aggregator("feeds", "test", town.url_for("/news"), "--items", "article[")
    assert said.code == 2
    assert "items 'article[', at character 9: this is no CSS selector" in said.err
    assert asked(town) == []


def test_full_text_is_previewed(aggregator: Aggregator, without_robots: HTTPServer) -> None:
    origin = without_robots
    feed = (
        "<rss version='2.0'><channel><title>T</title><link>x</link><description>d</description>"
        f"<item><title>Ferry</title><link>{origin.url_for('/a1')}</link></item></channel></rss>"
    )
    origin.expect_request("/tease.rss").respond_with_data(feed, content_type="text/xml")
    said = aggregator("feeds", "test", origin.url_for("/tease.rss"), "--fulltext")
    assert said.code == 0, said.err
    assert "full text, words: 100\n" in said.err
    assert "full text, begins: Ferry Paragraph 0 tells" in said.err
    assert asked(origin) == ["/tease.rss", "/robots.txt", "/a1"]


@pytest.mark.parametrize("there", [True, False])
def test_check_says_in_one_line_how_to_install_what_full_text_takes(
    aggregator: Aggregator, desk: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    desk.write_text(desk.read_text().replace("name: wire,", "name: wire, fulltext: true,"))
    if not there:
        monkeypatch.setattr(article, "_NEEDED", ("no_such_package",))
    said = aggregator("check")
    assert said.code == 0
    assert (".venv/bin/pip install -c constraints.txt -e '.[fulltext]'" in said.err) is not there


def test_check_points_at_a_bad_selector(aggregator: Aggregator, desk: Path) -> None:
    desk.write_text(desk.read_text().replace("name: lost", "name: lost, scrape: {items: 'a['}"))
    said = aggregator("check")
    assert said.code == 2
    assert "this is no CSS selector" in said.err
    assert "^" in said.err


def test_run_once_asks_for_the_pages_of_new_entries_and_never_again(
    aggregator: Aggregator, without_robots: HTTPServer, desk: Path
) -> None:
    origin = without_robots
    feed = (
        "<rss version='2.0'><channel><title>T</title><link>x</link><description>d</description>"
        f"<item><title>Ferry</title><link>{origin.url_for('/a1')}</link></item></channel></rss>"
    )
    origin.expect_request("/tease.rss").respond_with_data(feed, content_type="text/xml")
    text = desk.read_text().replace(origin.url_for("/wire.rss"), origin.url_for("/tease.rss"))
    text = text.replace("name: wire,", "name: wire, fulltext: true,")
    desk.write_text(
        text.replace("match: 'corridor NOT title:horoscope'", 'match: body:"at length"')
    )
    said = aggregator("run", "--once")
    assert "article pages: 1 asked for, 1 read" in said.err
    assert aggregator("poll", "wire", "--all").code in (0, 3)
    aggregator("run", "--once")
    assert asked(origin).count("/a1") == 1
    assert asked(origin).count("/robots.txt") == 1
    shown = aggregator("--json", "topics", "show", "lane")
    assert "Ferry" in shown.out


@pytest.mark.parametrize("word", ["wier", "Wire", "99"])
def test_a_word_that_is_no_feed_is_answered_with_the_nearest_and_asks_nobody(
    aggregator: Aggregator, origin: HTTPServer, word: str
) -> None:
    said = aggregator("feeds", "test", word)
    assert said.code == 4
    assert f"no feed is called '{word}'" in said.err
    assert ("did you mean 'wire'?" in said.err) is (word != "99")
    assert aggregator("feeds", "add", word).code == 2
    assert asked(origin) == []
