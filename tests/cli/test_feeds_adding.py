"""`feeds add` finds what is meant and asks when it is not clear; lists are followed by hand."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import FEED, Aggregator

RSS = "application/rss+xml"


def link(path: str, title: str) -> str:
    return f'<link rel="alternate" type="{RSS}" title="{title}" href="{path}">'


def page(*links: str) -> str:
    return f"<!doctype html><html><head>{''.join(links)}</head><body></body></html>"


@pytest.fixture
def site(origin: HTTPServer) -> HTTPServer:
    """A server with three sites: with several feeds, with one, and with none."""
    serve = origin.expect_request
    origin.no_handler_status_code = 404
    several = page(link("/comments.rss", "Comments"), link("/news.rss", "News"))
    serve("/several").respond_with_data(several, content_type="text/html")
    serve("/one").respond_with_data(page(link("/news.rss", "News")), content_type="text/html")
    serve("/known").respond_with_data(page(link("/wire.rss", "Wire")), content_type="text/html")
    serve("/none").respond_with_data(page(), content_type="text/html")
    serve("/news.rss").respond_with_data(FEED, content_type=RSS)
    serve("/comments.rss").respond_with_data(
        FEED.replace("The Wire", "Comments on The Wire"), content_type=RSS
    )
    serve("/to-wire").respond_with_data(status=301, headers={"Location": "/wire.rss"})
    return origin


def names(aggregator: Aggregator) -> set[str]:
    return {each["url"] for each in json.loads(aggregator("--json", "feeds", "list").out)}


def test_a_site_with_one_feed_gets_that_one_added_and_says_so(
    aggregator: Aggregator, site: HTTPServer
) -> None:
    said = aggregator("feeds", "add", site.url_for("/one"), "--name", "news")
    assert said.code == 0
    assert f"found {site.url_for('/news.rss')}: The Wire" in said.err
    assert site.url_for("/news.rss") in names(aggregator)


def test_a_feeds_address_is_added_without_more_ado(
    aggregator: Aggregator, site: HTTPServer
) -> None:
    said = aggregator("--json", "feeds", "add", site.url_for("/news.rss"))
    assert said.code == 0
    assert "found" not in said.err
    assert json.loads(said.out)["url"] == site.url_for("/news.rss")


def test_several_feeds_are_listed_and_one_is_picked(
    aggregator: Aggregator, site: HTTPServer
) -> None:
    said = aggregator("feeds", "add", site.url_for("/several"))
    assert said.code == 2
    assert "--pick N" in said.err
    head, first, second = said.out.splitlines()
    assert head.split("\t") == ["pick", "title", "format", "a week", "newest", "known as", "url"]
    assert first.split("\t")[:3] == ["1", "The Wire", "rss20"]
    assert second.split("\t")[1] == "Comments on The Wire"

    said = aggregator("--json", "feeds", "add", site.url_for("/several"))
    assert said.code == 2
    assert [each["pick"] for each in json.loads(said.out)] == [1, 2]
    assert json.loads(said.out)[0]["per_week"] > 0

    assert aggregator("feeds", "add", site.url_for("/several"), "--pick", "3").code == 2
    assert aggregator("feeds", "add", site.url_for("/several"), "--pick", "2").code == 0
    assert site.url_for("/comments.rss") in names(aggregator)


def test_a_person_at_a_terminal_is_asked_which(desk: Path, site: HTTPServer) -> None:
    command = [sys.executable, "-m", "aggregator", "-c", str(desk), "--no-color"]
    ours, theirs = pty.openpty()
    words = ["feeds", "add", site.url_for("/several")]
    running = subprocess.Popen(
        command + words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "200"},
    )
    os.close(theirs)
    said = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side has closed it
            break
        said += piece
        if b"Which" in said and b"\n2" not in said.replace(b"\r", b""):
            if not said.endswith(b": "):
                continue
            os.write(ours, b"2\n")
    assert running.wait(30) == 0
    os.close(ours)
    assert b"Comments on The Wire" in said
    listed = subprocess.run(
        [*command, "--json", "feeds", "list"], capture_output=True, check=True
    ).stdout
    assert site.url_for("/comments.rss") in {each["url"] for each in json.loads(listed)}


@pytest.mark.parametrize("path", ["/known", "/wire.rss", "/to-wire"])
def test_a_feed_of_ours_is_said_to_be_one(
    aggregator: Aggregator, site: HTTPServer, path: str
) -> None:
    before = names(aggregator)
    said = aggregator("feeds", "add", site.url_for(path))
    assert said.code == 2
    assert "of ours already" in said.err
    assert "'wire'" in said.err
    assert names(aggregator) == before


def test_a_site_without_a_feed_says_what_was_tried(
    aggregator: Aggregator, site: HTTPServer
) -> None:
    said = aggregator("feeds", "add", site.url_for("/none"))
    assert said.code == 2
    assert "no feed was found in the usual places" in said.err
    assert "--items CSS" in said.err and "--unseen" not in said.err
    asked = [request.path for request, _ in site.log]
    assert len(asked) <= 12
    assert len(asked) == len(set(asked))


def test_a_malformed_shortcut_is_answered_with_how_to_write_it(aggregator: Aggregator) -> None:
    said = aggregator("feeds", "add", "github:python/cpython/issues")
    assert said.code == 2
    assert "of issues GitHub has no feed" in said.err


def test_a_list_is_followed_shown_and_followed_no_more(
    aggregator: Aggregator, site: HTTPServer
) -> None:
    opml = f'<opml><body><outline text="N" xmlUrl="{site.url_for("/news.rss")}"/></body></opml>'
    site.expect_request("/roll.opml").respond_with_data(opml, content_type="text/x-opml")
    said = aggregator("feeds", "follow", site.url_for("/roll.opml"), "--name", "roll")
    assert (said.code, said.out) == (0, "roll: 1 feed added\n")
    (listed,) = json.loads(aggregator("--json", "feeds", "lists").out)
    assert (listed["name"], listed["feeds"], listed["status"]) == ("roll", 1, "active")
    checks = {each["check"]: each for each in json.loads(aggregator("--json", "doctor").out)}
    assert (checks["lists"]["state"], checks["lists"]["found"]) == (
        "ok",
        "1 followed; not well: none",
    )
    assert aggregator("feeds", "unfollow", "roll").out == "roll: 1 feed retired\n"
    assert aggregator("feeds", "unfollow", "roll").code == 4
    assert json.loads(aggregator("--json", "feeds", "lists").out) == []
    assert aggregator("feeds", "follow", site.url_for("/none")).code == 2


def test_feeds_test_understands_a_shortcut(aggregator: Aggregator) -> None:
    said = aggregator("feeds", "test", "youtube:@lane")
    assert said.code == 2
    assert "has to be looked up" in said.err


@pytest.mark.parametrize("name", ["wire", "Not A Name"])
def test_a_name_that_cannot_be_is_refused_before_anybody_is_asked(
    aggregator: Aggregator, site: HTTPServer, name: str
) -> None:
    said = aggregator("feeds", "add", site.url_for("/one"), "--name", name)
    assert said.code == 2 and name in said.err
    assert site.log == []


def test_a_list_that_failed_is_read_again_by_poll_all_and_an_ended_one_is_hidden(
    aggregator: Aggregator, site: HTTPServer
) -> None:
    url = site.url_for("/roll.opml")
    opml = f'<opml><body><outline xmlUrl="{site.url_for("/news.rss")}"/></body></opml>'
    handler = site.expect_request("/roll.opml")
    handler.respond_with_data(opml, content_type="text/x-opml")
    assert aggregator("feeds", "follow", url, "--name", "roll").code == 0
    handler.respond_with_data("no", status=500)
    assert "list roll: " in aggregator("poll", "--all").err
    (told,) = json.loads(aggregator("--json", "feeds", "lists").out)
    assert "500" in told["problem"]
    handler.respond_with_data(opml, content_type="text/x-opml")
    aggregator("poll")
    (told,) = json.loads(aggregator("--json", "feeds", "lists").out)
    assert told["problem"], "it is not due yet"
    aggregator("poll", "--all")
    (told,) = json.loads(aggregator("--json", "feeds", "lists").out)
    assert told["problem"] is None
    aggregator("feeds", "unfollow", "roll")
    assert json.loads(aggregator("--json", "feeds", "lists").out) == []
    (told,) = json.loads(aggregator("--json", "feeds", "lists", "--all").out)
    assert told["status"] == "retired"
