from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from aggregator.model.topic import Mode, TopicStatus
from aggregator.web.app import make_app
from tests.makers import NOON, a_topic_spec
from tests.web.desk import Desk, Served, a_desk, served

ATOM = "/topics/global-lane.atom"
VARY = "Sec-Fetch-Dest, Accept, Upgrade-Insecure-Requests, Accept-Encoding"
TYPES = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with a_desk() as here:
        wire = here.feed()
        lane = here.topic(a_topic_spec(mode=Mode.AUTO))
        gone = here.topic(a_topic_spec(slug="old-lane", title="Old Lane", mode=Mode.AUTO))
        for _ in range(5):
            here.tell(wire, lane, gone)
        here.publish()
        here.topic(a_topic_spec(slug="young-lane", title="Young Lane"))
        with here.kit.store.write() as tx:
            tx.topics.set_status(gone.id, TopicStatus.RETIRED)
        yield here


@pytest.fixture(scope="module")
def web(desk: Desk) -> Iterator[Served]:
    with served(make_app(lambda: desk.kit)) as here:
        yield here


def _kept(desk: Desk, path: str) -> bytes:
    with desk.kit.store.read() as tx:
        document = tx.publications.document(path)
    assert document is not None
    return document.body


@pytest.mark.parametrize("ending", TYPES)
def test_a_reader_gets_the_kept_bytes(desk: Desk, web: Served, ending: str) -> None:
    answer = web.ask(f"/topics/global-lane.{ending}")
    assert answer.status == 200
    assert answer.body == _kept(desk, f"topics/global-lane.{ending}")
    assert answer.headers["content-type"].startswith(TYPES[ending])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == VARY
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["last-modified"] == formatdate(NOON, usegmt=True)
    caching = answer.headers["cache-control"]
    assert caching.startswith("public, max-age=300, stale-while-revalidate=")
    assert "stale-if-error=" in caching
    assert not answer.headers["etag"].startswith("W/")


def test_head_tells_the_same_and_sends_no_body(web: Served) -> None:
    for accepted in ("identity", "gzip"):
        got = web.ask(ATOM, Accept_Encoding=accepted)
        head = web.ask(ATOM, "HEAD", Accept_Encoding=accepted)
        assert head.body == b""
        told = {name: value for name, value in got.headers.items() if name != "date"}
        assert {name: value for name, value in head.headers.items() if name != "date"} == told


def test_gzip_is_a_representation_of_its_own(web: Served) -> None:
    plain, packed = web.ask(ATOM), web.ask(ATOM, Accept_Encoding="gzip, deflate")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_who_has_the_bytes_gets_304(web: Served, method: str, accepted: str) -> None:
    first = web.ask(ATOM, Accept_Encoding=accepted)
    tag = first.headers["etag"]
    for tags in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = web.ask(ATOM, method, Accept_Encoding=accepted, If_None_Match=tags)
        assert (again.status, again.body) == (304, b"")
        for name in ("etag", "cache-control", "vary", "access-control-allow-origin"):
            assert again.headers[name] == first.headers[name]
        assert "content-type" not in again.headers


def test_the_tag_of_one_coding_does_not_stand_for_the_other(web: Served) -> None:
    tag = web.ask(ATOM, Accept_Encoding="gzip").headers["etag"]
    assert web.ask(ATOM, If_None_Match=tag).status == 200


def test_a_date_is_believed_only_without_a_tag(web: Served) -> None:
    same = formatdate(NOON, usegmt=True)
    assert web.ask(ATOM, If_Modified_Since=same).status == 304
    assert web.ask(ATOM, If_Modified_Since=formatdate(NOON + 60, usegmt=True)).status == 304
    assert web.ask(ATOM, If_Modified_Since=formatdate(NOON - 1, usegmt=True)).status == 200
    assert web.ask(ATOM, If_Modified_Since="last tuesday").status == 200
    assert web.ask(ATOM, If_Modified_Since=same, If_None_Match='"other"').status == 200


def test_a_range_is_not_cut_out(web: Served) -> None:
    assert web.ask(ATOM, Range="bytes=0-9").status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_that_navigates_lands_on_the_page(web: Served, method: str) -> None:
    for headers in (
        {"Sec_Fetch_Dest": "document"},
        {"Accept": "text/html,application/xml", "Upgrade_Insecure_Requests": "1"},
    ):
        answer = web.ask(ATOM, method, **headers)
        assert answer.status == 303
        assert answer.headers["location"] == "/topics/global-lane"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == VARY
    assert web.ask(ATOM, Sec_Fetch_Dest="empty", Accept="text/html").status == 200
    assert web.ask(ATOM, Accept="text/html", User_Agent="Mozilla/5.0").status == 200


def test_a_topic_not_composed_yet_asks_for_patience(web: Served) -> None:
    answer = web.ask("/topics/young-lane.rss")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["cache-control"] == "no-store"
    assert web.ask("/topics/young-lane.rss", Sec_Fetch_Dest="document").status == 303


def test_a_retired_topic_stays_served(desk: Desk, web: Served) -> None:
    assert web.ask("/topics/old-lane.atom").body == _kept(desk, "topics/old-lane.atom")
    assert "no longer kept up" in web.ask("/topics/old-lane").text
    assert "Old Lane" not in web.ask("/").text


def test_an_unknown_topic_is_404_with_a_way_on(web: Served) -> None:
    for headers in ({}, {"Sec_Fetch_Dest": "document"}):
        answer = web.ask("/topics/nowhere.atom", **headers)
        assert answer.status == 404
        assert 'href="/"' in answer.text


def test_a_feed_is_only_read(web: Served) -> None:
    answer = web.ask(ATOM, "POST", Content_Length="0")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_page_of_another_site_may_ask_with_a_tag(web: Served) -> None:
    answer = web.ask(ATOM, "OPTIONS", Origin="https://reader.example")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "path",
    [
        "/topics/../topics/global-lane.atom",
        "/topics/%2e%2e/%2e%2e/etc/passwd",
        "/topics/..%2f..%2fetc%2fpasswd.atom",
        "/topics/..%5c..%5cwin.ini.atom",
        "/topics//etc/passwd",
        "//etc/passwd",
        "/topics/global-lane.atom/",
        "/topics/global-lane.atom%00",
        "/topics/global-lane%0a.atom",
        "/topics/Global-Lane.atom",
        "/topics/-global-lane.atom",
        "/topics/.atom",
        "/topics/global-lane.xml",
        "/topics/global-lane.atom.gz",
        "/topics/" + "a" * 65 + ".atom",
        "/topics/" + "a" * 5000 + ".atom",
        "/topics/%ff%fe.atom",
        "/topics/gl%C3%B6bal.atom",
        "/topics/global-lane'--.atom",
        "/topics/%3Cscript%3E.atom",
        "/stories/../../etc/passwd",
        "/stories/s1",
        "/stories/1",
        "/stories/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/",
        "/static/site.css%00.svg",
        "/static/templates/base.html",
        "/.aggregator-site.json",
        "/index.html",
        "/topics/",
        "/%",
        "/%zz",
        "/topics/%u0041.atom",
    ],
)
def test_no_odd_path_reaches_a_file(web: Served, path: str) -> None:
    answer = web.ask(path)
    assert answer.status in (400, 404)
    assert b"root:" not in answer.body and b"import" not in answer.body


def test_a_new_edition_shows_within_two_seconds(desk: Desk, web: Served) -> None:
    before = web.ask(ATOM)
    with desk.kit.store.read() as tx:
        lane = tx.topics.find("global-lane")
        wire = tx.feeds.find("wire")
    assert lane is not None and wire is not None
    desk.tell(wire, lane, title="Just in")
    desk.publish("global-lane")
    deadline = time.monotonic() + 2
    while b"Just in" not in web.ask(ATOM).body:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    after = web.ask(ATOM, If_None_Match=before.headers["etag"])
    assert after.status == 200
