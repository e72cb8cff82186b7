"""Which codings a document has, and what stands at addresses that are no topic's present feed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from aggregator.flow import renaming
from aggregator.model.topic import Mode, PublishSpec
from aggregator.web.app import make_app
from tests.makers import a_topic_spec
from tests.web.desk import Desk, Served, a_desk, served

ATOM = "/topics/global-lane.atom"
ARCHIVE = "/topics/global-lane/archive/1.atom"
CORRECTIONS = "/topics/global-lane/corrections.atom"
UNPACKED = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with a_desk() as here:
        wire = here.feed()
        lane = here.topic(a_topic_spec(mode=Mode.AUTO, publish=PublishSpec(items=3)))
        gone = here.topic(a_topic_spec(slug="old-lane", title="Old Lane", mode=Mode.AUTO))
        for _ in range(7):
            here.tell(wire, lane, gone)
        here.publish()
        renaming.remove(here.kit, "old-lane")
        with here.kit.store.write() as tx:
            tx.publications.set_former("lane", lane.id, int(here.now))
        here.topic(a_topic_spec(slug="young-lane", title="Young Lane"))
        yield here


@pytest.fixture(scope="module")
def web(desk: Desk) -> Iterator[Served]:
    with served(make_app(lambda: desk.kit)) as here:
        yield here


@pytest.mark.parametrize("path", [ATOM, ARCHIVE, CORRECTIONS])
@pytest.mark.parametrize("coding", UNPACKED)
def test_every_document_has_every_coding_as_a_representation_of_its_own(
    web: Served, path: str, coding: str
) -> None:
    plain, packed = web.ask(path), web.ask(path, Accept_Encoding=coding)
    assert (plain.status, packed.status) == (200, 200)
    assert packed.headers["content-encoding"] == coding
    assert UNPACKED[coding](packed.body) == plain.body
    assert packed.headers["etag"] == f'{plain.headers["etag"][:-1]}-{coding}"'
    assert packed.headers["vary"] == plain.headers["vary"]
    assert packed.headers["content-location"] == plain.headers["content-location"] == path
    again = web.ask(path, Accept_Encoding=coding, If_None_Match=packed.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["content-location"] == path
    assert web.ask(path, If_None_Match=packed.headers["etag"]).status == 200


def test_of_codings_liked_equally_the_smallest_is_sent(web: Served) -> None:
    sizes = {each: len(web.ask(ATOM, Accept_Encoding=each).body) for each in UNPACKED}
    sent = web.ask(ATOM, Accept_Encoding="gzip, deflate, br, zstd")
    assert len(sent.body) == min(sizes.values())
    liked = web.ask(ATOM, Accept_Encoding="br;q=0.5, gzip;q=0.9")
    assert liked.headers["content-encoding"] == "gzip"


def test_an_archive_is_kept_by_caches_for_a_day(web: Served) -> None:
    caching = web.ask(ARCHIVE).headers["cache-control"]
    assert caching.startswith("public, max-age=86400, stale-while-revalidate=")
    assert "immutable" not in caching
    assert web.ask(CORRECTIONS).headers["cache-control"].startswith("public, max-age=300")


def test_a_browser_lands_on_the_page_from_archives_and_corrections_too(web: Served) -> None:
    archive = ARCHIVE.rpartition(".")[0]
    for path, page in ((ARCHIVE, archive), (CORRECTIONS, "/topics/global-lane")):
        answer = web.ask(path, Sec_Fetch_Dest="document")
        assert (answer.status, answer.headers["location"]) == (303, page)


@pytest.mark.parametrize("tail", [".atom", ".rss", ".json", "/archive/1.rss", "/corrections.atom"])
def test_a_renamed_topic_leads_on_at_all_its_addresses(web: Served, tail: str) -> None:
    for method in ("GET", "HEAD"):
        answer = web.ask(f"/topics/lane{tail}", method)
        assert answer.status == 301
        assert answer.headers["location"] == f"/topics/global-lane{tail}"
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("tail", [".atom", ".rss", ".json", "/archive/1.json", "/corrections.atom"])
def test_a_removed_topic_is_gone_for_good(web: Served, tail: str) -> None:
    answer = web.ask(f"/topics/old-lane{tail}")
    assert answer.status == 410
    assert "max-age" in answer.headers["cache-control"]


def test_an_archive_that_is_not_closed_is_not_there(web: Served) -> None:
    for path in ("/topics/global-lane/archive/9.atom", "/topics/young-lane/archive/1.atom"):
        assert web.ask(path).status == 404
    for path in ("/topics/global-lane/archive/01.atom", "/topics/global-lane/archive/0.atom"):
        assert web.ask(path).status == 404
    assert web.ask("/topics/young-lane/corrections.atom").status == 503


def test_ranges_are_ignored_rightly(web: Served) -> None:
    answer = web.ask(ATOM, Range="bytes=0-9", If_Range='"other"')
    assert (answer.status, answer.headers["accept-ranges"]) == (200, "none")
    assert "content-range" not in answer.headers
