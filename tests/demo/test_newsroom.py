"""The origin over real sockets, its clock turned by hand."""

from __future__ import annotations

import gzip
import html
import json
import re
import socket
import threading
from calendar import timegm
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any

import feedparser
import pytest
import requests

from aggregator.demo.newsroom import Newsroom
from aggregator.demo.outlets import BY_KEY, MEDIA_TYPES, OUTLETS, Outlet
from aggregator.demo.programme import Report, edition_at, first_batch
from aggregator.demo.words import headline, published
from aggregator.errors import UsageError

OPENED = 1_795_365_000.0  # 22 November 2026, 16:30 UTC
DRIP = 4.0
LIVING = [outlet for outlet in OUTLETS if not outlet.gone]
XML_OUTLETS = [outlet for outlet in LIVING if outlet.key != "lanternfield-review"]


class Hand:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = OPENED

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def newsroom(hand: Hand) -> Iterator[Newsroom]:
    with Newsroom(clock=hand, drip=DRIP) as newsroom:
        yield newsroom


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def told(outlet: Outlet, elapsed: float = 0.0) -> list[Report]:
    edition = reversed(edition_at(elapsed, drip=DRIP))
    return [report for report in edition if report.outlet == outlet.key]


def expected(outlet: Outlet, elapsed: float = 0.0) -> list[str]:
    return [headline(report, OPENED) for report in told(outlet, elapsed)]


def parse(body: bytes) -> Any:
    return feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def ids(outlets: list[Outlet]) -> list[str]:
    return [outlet.key for outlet in outlets]


def words(markup: str) -> list[str]:
    return html.unescape(re.sub(r"<[^>]*>", " ", markup)).split()


@pytest.mark.parametrize("outlet", XML_OUTLETS, ids=ids(XML_OUTLETS))
def test_feedparser_reads_every_entry(
    newsroom: Newsroom, web: requests.Session, outlet: Outlet
) -> None:
    answer = web.get(newsroom.url + outlet.feed_path)
    feed = parse(answer.content)
    assert answer.headers["Content-Type"] == MEDIA_TYPES[outlet.form]
    assert [entry.title.replace("&amp;", "&") for entry in feed.entries] == expected(outlet)
    assert all(entry.link.startswith(newsroom.url) for entry in feed.entries)
    dates = [entry.get("published_parsed") or entry.updated_parsed for entry in feed.entries]
    assert [timegm(date) for date in dates] == [published(r, OPENED) for r in told(outlet)]
    assert all(entry.tags for entry in feed.entries)
    assert "(sample newsroom)" in feed.feed.title
    assert "invented" in feed.feed.subtitle


@pytest.mark.parametrize(
    ("key", "version"),
    [
        ("orrowmark-wire", "atom10"),
        ("caskwater-ledger", "rss20"),
        ("tollgate-observer", "rss20"),
        ("quillhaven-courier", "rss10"),
    ],
)
def test_each_form_is_well_formed_and_what_it_says(
    newsroom: Newsroom, web: requests.Session, key: str, version: str
) -> None:
    feed = parse(web.get(newsroom.url + BY_KEY[key].feed_path).content)
    assert (feed.bozo, feed.version) == (False, version)
    assert all(entry.content[0].value.startswith("<p>") for entry in feed.entries)
    assert all(entry.author for entry in feed.entries)


def test_the_json_feed_is_one_by_its_standard(newsroom: Newsroom, web: requests.Session) -> None:
    outlet = BY_KEY["lanternfield-review"]
    answer = web.get(newsroom.url + outlet.feed_path)
    feed = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == answer.url
    assert [item["title"] for item in feed["items"]] == expected(outlet)
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"])
    assert all(item["content_html"] and item["tags"] for item in feed["items"])


def test_the_malformed_feed_is_found_out_and_keeps_all_its_words(
    newsroom: Newsroom, web: requests.Session
) -> None:
    outlet = BY_KEY["thistledyke-bugle"]
    feed = parse(web.get(newsroom.url + outlet.feed_path).content)
    reports = told(outlet)
    assert feed.bozo
    assert len(feed.entries) == len(reports) >= 4
    for entry, report in zip(feed.entries, reports, strict=True):
        assert words(entry.summary) == " ".join(report.paragraphs).split()
        assert entry.link == newsroom.url + report.path


@pytest.mark.parametrize("outlet", LIVING, ids=ids(LIVING))
def test_each_validator_alone_earns_a_304_until_something_comes_out(
    newsroom: Newsroom, web: requests.Session, hand: Hand, outlet: Outlet
) -> None:
    url = newsroom.url + outlet.feed_path
    first = web.get(url)
    for name, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-None-Match", f'"other", W/{first.headers["ETag"]}'),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = web.get(url, headers={name: value})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "Content-Length" not in again.headers
    hand.at += 300
    headers = {"If-None-Match": first.headers["ETag"]}
    headers["If-Modified-Since"] = first.headers["Last-Modified"]
    changed = web.get(url, headers=headers)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]
    assert parsedate_to_datetime(changed.headers["Last-Modified"]).timestamp() <= hand.at


def test_an_etag_that_differs_outweighs_a_date(newsroom: Newsroom, web: requests.Session) -> None:
    url = newsroom.url + BY_KEY["orrowmark-wire"].feed_path
    headers = {"If-None-Match": '"stale"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert web.get(url, headers=headers).status_code == 200


@pytest.mark.parametrize("said", ["", "yesterday", "Sun, 99 Nov 2026 00:00:00 GMT", "0"])
def test_a_date_that_is_none_is_ignored(
    newsroom: Newsroom, web: requests.Session, said: str
) -> None:
    url = newsroom.url + BY_KEY["orrowmark-wire"].feed_path
    assert web.get(url, headers={"If-Modified-Since": said}).status_code == 200


def test_the_gzipped_feed_is_packed_for_those_who_accept_it(
    newsroom: Newsroom, web: requests.Session
) -> None:
    url = newsroom.url + BY_KEY["tollgate-observer"].feed_path
    packed = web.get(url, headers={"Accept-Encoding": "gzip"}, stream=True)
    wire = packed.raw.read(decode_content=False)
    plain = web.get(url, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(wire) == plain.content
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_the_moved_feed_answers_301_to_its_real_place(
    newsroom: Newsroom, web: requests.Session
) -> None:
    outlet = BY_KEY["brinemoor-dispatch"]
    moved = web.get(newsroom.url + outlet.polled_path, allow_redirects=False)
    assert moved.status_code == 301
    assert moved.headers["Location"] == newsroom.url + outlet.feed_path
    followed = parse(web.get(newsroom.url + outlet.polled_path).content)
    assert [entry.title for entry in followed.entries] == expected(outlet)


def test_the_closed_outlet_answers_410(newsroom: Newsroom, web: requests.Session) -> None:
    assert web.get(newsroom.url + BY_KEY["old-semaphore"].feed_path).status_code == 410


@pytest.mark.parametrize(
    "path", [*(outlet.feed_path for outlet in OUTLETS), "/", "/orrowmark-wire/", "/nothing"]
)
def test_head_says_what_get_says_without_the_body(
    newsroom: Newsroom, web: requests.Session, path: str
) -> None:
    got, head = web.get(newsroom.url + path), web.head(newsroom.url + path)
    assert head.content == b""
    assert (head.status_code, head.headers) == (got.status_code, got.headers)
    assert got.headers["Date"] == "Sun, 22 Nov 2026 16:30:00 GMT"


def test_one_report_drips_every_few_seconds(
    newsroom: Newsroom, web: requests.Session, hand: Hand
) -> None:
    outlet = BY_KEY["orrowmark-wire"]
    assert newsroom.released == first_batch()
    before = web.get(newsroom.url + outlet.feed_path)
    hand.at += DRIP - 0.01
    assert web.get(newsroom.url + outlet.feed_path).content == before.content
    hand.at += 0.01
    feed = parse(web.get(newsroom.url + outlet.feed_path).content)
    assert newsroom.released == first_batch() + 1
    assert [entry.title for entry in feed.entries] == expected(outlet, DRIP)
    assert len(feed.entries) == len(parse(before.content).entries) + 1


def test_every_link_of_every_feed_opens_a_page_that_says_it_is_invented(
    newsroom: Newsroom, web: requests.Session, hand: Hand
) -> None:
    hand.at += 500  # well into the second bulletins
    for outlet in XML_OUTLETS:
        for entry in parse(web.get(newsroom.url + outlet.feed_path).content).entries[:4]:
            page = web.get(entry.link)
            assert page.status_code == 200, entry.link
            assert "is invented" in page.text
            assert "sample newsroom" in page.text
            assert '<html lang="en">' in page.text


def test_the_index_leads_to_every_outlet_and_every_feed(
    newsroom: Newsroom, web: requests.Session
) -> None:
    page = web.get(newsroom.url + "/").text
    assert "invented" in page
    for outlet in OUTLETS:
        assert f'href="{outlet.polled_path}"' in page
        front = web.get(f"{newsroom.url}/{outlet.key}/")
        assert front.status_code == 200
        assert f'href="{outlet.feed_path}"' in front.text


def test_a_page_of_tomorrow_is_not_there_yet(newsroom: Newsroom, web: requests.Session) -> None:
    path = "/orrowmark-wire/grain-corridor-reopens"
    assert web.get(newsroom.url + path).status_code == 200
    assert web.get(newsroom.url + path + "-bulletin-2").status_code == 404


def test_requests_are_counted_by_path(newsroom: Newsroom, web: requests.Session) -> None:
    path = BY_KEY["caskwater-ledger"].feed_path
    web.get(newsroom.url + path)
    web.head(newsroom.url + path + "?again=1")
    assert newsroom.requests == {path: 2}


def test_a_stop_closes_the_port_its_threads_and_idle_connections(hand: Hand) -> None:
    before = set(threading.enumerate())
    newsroom = Newsroom(clock=hand)
    newsroom.start()
    port = int(newsroom.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        newsroom.stop()
        while idle.recv(4096):
            pass
    newsroom.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


def test_a_reader_that_leaves_early_disturbs_nobody(
    newsroom: Newsroom, web: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(newsroom.url.rpartition(":")[2])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as hasty:
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            hasty.sendall(b"GET /caskwater-ledger/feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")
    assert web.get(newsroom.url + "/").status_code == 200
    newsroom.stop()
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


def test_the_newsroom_opens_again_after_a_stop(newsroom: Newsroom, web: requests.Session) -> None:
    newsroom.stop()
    assert web.get(newsroom.start() + "/").status_code == 200


def test_a_taken_port_is_said_plainly(newsroom: Newsroom, hand: Hand) -> None:
    taken = int(newsroom.url.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"cannot open at 127.0.0.1:{taken}: .*another port"):
        Newsroom(clock=hand, port=taken).start()
    with pytest.raises(UsageError, match="open already"):
        newsroom.start()


def test_a_drip_of_nothing_is_refused(hand: Hand) -> None:
    with pytest.raises(UsageError, match="above 0"):
        Newsroom(clock=hand, drip=0)
