"""Hostile pages cost a worker of the guarded reader at the most, and are named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator.errors import ReadFailed
from aggregator.formats.guard import GuardedReader
from aggregator.formats.webpage import MAX_PAGE

URL = "https://town.example/news"
SCRAPE = {"items": "article", "title": "h2"}
ARTICLE = b"<article><h2>Ferry</h2><a href=/a1>more</a></article>"
PARAGRAPHS = b"".join(b"<p>Paragraph %d tells of the ferry at length.</p>" % n for n in range(9))

HOSTILE = {
    "200,000 nested elements": b"<div>" * 200_000 + b"x" + b"</div>" * 200_000,
    "200,000 nested tables": b"<table><tr><td>" * 200_000,
    "unclosed formatting": b"<b><i><u><font>x<p>" * 100_000,
    "an attribute of megabytes": b"<article title='" + b"x" * 4_500_000 + b"'>",
    "200,000 attributes": b"<article " + b"".join(b"a%d=1 " % n for n in range(200_000)) + b">",
    "a million elements": b"<p>x" * 1_000_000,
    "200,000 items": b"<article><a href=/x>y</a>" * 190_000,
    "a comment without an end": b"<!--" + b"-" * 4_000_000,
    "too long": b"x" * (MAX_PAGE + 1),
    "nothing but references": b"&amp;" * 900_000,
    "nulls": b"\0" * 1_000_000,
}


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    with GuardedReader(workers=1, seconds=3.0) as reader:
        yield reader


def test_a_page_is_scraped_in_the_child(reader: GuardedReader) -> None:
    found = reader.read(ARTICLE, url=URL, content_type="text/html", scrape=SCRAPE)
    assert [entry.url for entry in found.entries] == ["https://town.example/a1"]
    assert found.reader == "scrape"


def test_an_article_is_found_in_the_child(reader: GuardedReader) -> None:
    page = b"<html><body><article><h1>Ferry</h1>" + PARAGRAPHS + b"</article></body></html>"
    assert "Paragraph 8" in reader.extract(page, url=URL, content_type="text/html")


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_read_within_bounds_or_named(reader: GuardedReader, page: bytes) -> None:
    for read in (_scrape, _extract):
        try:
            read(reader, page)
        except ReadFailed as error:
            assert str(error)
        assert _scrape(reader, ARTICLE) == 1  # the next one is read


def _scrape(reader: GuardedReader, page: bytes) -> int:
    found = reader.read(page, url=URL, content_type="text/html", scrape=SCRAPE)
    assert len(found.entries) <= 500
    return len(found.entries)


def _extract(reader: GuardedReader, page: bytes) -> int:
    found = reader.extract(page, url=URL, content_type="text/html")
    assert len(found) <= 2 * MAX_PAGE
    return len(found)
