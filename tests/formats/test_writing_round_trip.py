"""What is written reads back as what was composed."""

from __future__ import annotations

import calendar
import io
import json
from typing import Any

import feedparser
from hypothesis import given, settings
from lxml import etree

from aggregator.formats.atom import render_atom
from aggregator.formats.jsonfeed import render_json
from aggregator.formats.rss import render_rss
from aggregator.model.publication import Edition, PublishedItem
from tests.formats.editions import editions, ordinary_edition

A = "{http://www.w3.org/2005/Atom}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"


def parsed(body: bytes) -> Any:
    read = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    assert not read.bozo
    return read


def seen(item: PublishedItem) -> dict[str, object]:
    return {
        "id": item.uri,
        "link": item.url,
        "title": item.title,
        "html": item.html,
        "published": item.published,
        "updated": item.updated,
        "tags": list(item.tags),
        "source": item.credits[0].feed_title,
    }


def read(entry: Any) -> dict[str, object]:
    content = entry.content[0].value if "content" in entry else entry.summary
    return {
        "id": entry.id,
        "link": entry.link,
        "title": entry.title,
        "html": content,
        "published": calendar.timegm(entry.published_parsed),
        "updated": calendar.timegm(entry.updated_parsed),
        "tags": [tag.term for tag in entry.get("tags", [])],
        "source": entry.get("source", {}).get("title"),
    }


def test_an_ordinary_edition_reads_back_from_atom_and_rss() -> None:
    edition = ordinary_edition()
    for body in (render_atom(edition), render_rss(edition)):
        feed = parsed(body)
        assert [read(entry) for entry in feed.entries] == [seen(item) for item in edition.items]
        assert (feed.feed.title, feed.feed.link) == (edition.title, edition.page_url)
        assert calendar.timegm(feed.feed.updated_parsed) == edition.updated


def words_of(item: PublishedItem) -> tuple[str, ...]:
    return (item.uri, item.url, item.title, item.html, *item.tags)


def atom_words(body: bytes) -> list[tuple[str | None, ...]]:
    return [
        (
            entry.findtext(f"{A}id"),
            entry.findall(f"{A}link")[0].get("href"),
            entry.findtext(f"{A}title"),
            entry.findtext(f"{A}content"),
            *(each.get("term") for each in entry.findall(f"{A}category")),
        )
        for entry in etree.fromstring(body).findall(f"{A}entry")
    ]


def rss_words(body: bytes) -> list[tuple[str | None, ...]]:
    return [
        (
            item.findtext("guid"),
            item.findtext("link"),
            item.findtext("title"),
            item.findtext(ENCODED) or item.findtext("description"),
            *(each.text for each in item.findall("category")),
        )
        for item in etree.fromstring(body)[0].findall("item")
    ]


def json_words(body: bytes) -> list[tuple[str, ...]]:
    return [
        (each["id"], each["url"], each["title"], each["content_html"], *each.get("tags", ()))
        for each in json.loads(body)["items"]
    ]


# Not through feedparser, which mends what it takes for mistakes: "Â¡" comes back as "¡".
@settings(max_examples=40, deadline=None)
@given(editions())
def test_any_words_read_back_letter_for_letter(edition: Edition) -> None:
    words = [words_of(item) for item in edition.items]
    assert atom_words(render_atom(edition)) == words
    assert rss_words(render_rss(edition)) == words
    assert json_words(render_json(edition)) == words
