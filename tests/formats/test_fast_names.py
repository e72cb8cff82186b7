"""The fast reader's tables against feedparser's own: an upgrade of feedparser opens no hole."""

from __future__ import annotations

import feedparser.api
import pytest
from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from feedparser.util import FeedParserDict
from lxml import etree

from aggregator.formats import fast_tables
from aggregator.formats.fast import HandedOver, read_fast
from aggregator.formats.fast_feed import AROUND, FEED
from aggregator.formats.fast_names import (
    HANDLED,
    NAMESPACES,
    RESERVED,
    Names,
    Unsure,
    attributes,
    declarations,
    told_by,
)
from aggregator.formats.fast_walk import WINDOWS
from aggregator.formats.reading import differences, read_document

KINDS = {
    "entry": fast_tables.ENTRY,
    "media": fast_tables.MEDIA,
    "source": fast_tables.SOURCE,
    "feed": FEED,
    "around": AROUND,
}
OURS = {"icon", "items", "logo", "skipdays", "skiphours", "sy_updatefrequency", "sy_updateperiod"}
URL = "https://harbour.example/feed"
TELLING = ("enclosures", "links", "entries", "feed", "summary_detail", "content_detail", "name")
ENTRY_STARTS = {"item", "entry"}


def test_every_element_feedparser_handles_is_known_to_be_handled() -> None:
    handlers = {
        name.split("_", 2)[2].lower()
        for name in dir(feedparser.api.StrictFeedParser)
        if name.startswith(("_start_", "_end_"))
    }
    assert handlers == HANDLED


def test_namespaces_are_feedparsers() -> None:
    theirs = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
    assert theirs == NAMESPACES


@pytest.mark.parametrize("place", KINDS)
def test_what_is_read_is_handled_by_feedparser_or_kept_as_text(place: str) -> None:
    read = set(KINDS[place].parts)
    assert read <= HANDLED | ENTRY_STARTS | OURS | {"ttl"}


@pytest.mark.parametrize("name", sorted({*FeedParserDict.keymap, *RESERVED, *TELLING}))
def test_no_name_lets_an_unknown_element_say_what_we_keep(name: str) -> None:
    told = f"<{name}>2026-11-22</{name}>"
    body = f"<rss version='2.0'><channel>{told}<item>{told}<title>A</title></item></channel></rss>"
    for text in (body, body.replace(f"<{name}>", f"<{name} a='b'>")):
        fast = read_fast(text.encode(), URL, None)
        if not isinstance(fast, HandedOver):
            tolerant = read_document(text.encode(), URL, None, tolerant=True)
            assert differences(fast, tolerant) == ()


def test_windows_characters_are_mended_as_feedparser_does() -> None:
    assert {ord(found): put for found, put in WINDOWS.items()} == _cp1252


def test_one_prefix_for_two_namespaces_is_not_for_the_fast_reader() -> None:
    names = Names([("x", "urn:one"), ("x", "urn:two"), ("y", "urn:three")])
    assert names.of("{urn:three}a") == ("y_a", False)
    with pytest.raises(Unsure):
        names.of("{urn:one}a")


def test_a_prefix_of_feedparsers_for_another_of_its_namespaces_is_not_for_the_fast_reader() -> None:
    with pytest.raises(Unsure):
        Names([("dc", "http://search.yahoo.com/mrss/")])


def test_names_are_feedparsers() -> None:
    names = Names(
        [("D", "http://purl.org/dc/elements/1.1/"), ("OpenSearch", "urn:os"), ("", "u:d")]
    )
    assert names.of("pubDate") == ("pubdate", True)
    assert names.of("{http://purl.org/dc/elements/1.1/}Creator") == ("dc_creator", True)
    assert names.of("{http://www.w3.org/2005/Atom}entry") == ("entry", True)
    assert names.of("{urn:os}totalResults") == ("opensearch_totalresults", False)
    assert names.of("{u:d}post-id") == ("post-id", False)


def test_declarations_are_found_wherever_they_stand() -> None:
    body = b"""<a xmlns='u:1' xmlns:b = "u:2"><c><d xmlns:e="u:3"/></c></a>"""
    assert declarations(body) == [("", "u:1"), ("b", "u:2"), ("e", "u:3")]


def test_too_many_namespaces_are_not_for_the_fast_reader() -> None:
    with pytest.raises(Unsure):
        declarations(b"<a " + b" ".join(b'xmlns:n%d="u:%d"' % (n, n) for n in range(500)))


def test_attributes_are_feedparsers() -> None:
    assert attributes(
        [("HREF", "a"), ("{u:x}href", "b"), ("Rel", "SELF"), ("{u:x}Count", "3")]
    ) == {
        "href": "a",
        "rel": "self",
        "count": "3",
    }


def test_too_many_attributes_are_not_even_looked_at() -> None:
    many = " ".join(f'a{number}="1"' for number in range(100_000))
    with pytest.raises(Unsure):  # lxml would take half a minute to hand them out
        told_by(etree.fromstring(f"<item {many}/>"))
