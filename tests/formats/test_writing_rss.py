from __future__ import annotations

from dataclasses import replace

from lxml import etree

from aggregator import __version__
from aggregator.formats.rss import render_rss
from aggregator.model.entry import Enclosure
from tests.formats.editions import ordinary_edition

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
Element = etree._Element


def channel() -> Element:
    return etree.fromstring(render_rss(ordinary_edition()))[0]


def items() -> list[Element]:
    return channel().findall("item")


def test_a_channel_links_to_its_page_and_to_itself() -> None:
    page = "https://news.example.org/topics/global-lane"
    assert channel().findtext("link") == page
    links = channel().findall(f"{ATOM}link")
    assert [(link.get("rel"), link.get("href")) for link in links] == [("self", f"{page}.rss")]


def test_a_channel_says_who_made_it_and_when() -> None:
    said = channel()
    assert said.findtext("generator") == f"aggregator {__version__}"
    assert said.findtext("managingEditor") == "desk@example.org (Lane Desk)"
    assert said.findtext("webMaster") == "desk@example.org (Lane Desk)"
    assert said.findtext("lastBuildDate") == "Sun, 22 Nov 2026 12:01:00 +0000"
    assert said.findtext("language") == "en"
    assert said.findtext("docs") == "https://www.rssboard.org/rss-specification"


def test_a_contact_that_is_no_mailbox_is_not_given_as_one() -> None:
    edition = replace(ordinary_edition(), contact="ask us")
    said = etree.fromstring(render_rss(edition))[0]
    assert (said.find("managingEditor"), said.find("webMaster")) == (None, None)


def test_a_guid_is_a_permalink_only_if_it_is_the_link() -> None:
    whole, told_twice = items()
    for item, uri in ((whole, "https://daily.example/k"), (told_twice, "tag:desk.example,2026:1")):
        guid = item.find("guid")
        assert guid is not None
        assert (guid.text, guid.get("isPermaLink")) == (uri, "false")

    edition = ordinary_edition()
    same = replace(edition.items[0], uri=edition.items[0].url, uri_is_url=True)
    written = etree.fromstring(render_rss(replace(edition, items=(same,))))[0].find("item/guid")
    assert written is not None
    assert written.get("isPermaLink") == "true"


def test_an_item_names_its_source() -> None:
    source = items()[0].find("source")
    assert source is not None
    assert (source.text, source.get("url")) == ("Daily & Sons", "https://daily.example/rss")


def test_an_author_without_an_address_is_a_creator() -> None:
    whole, told_twice = items()
    assert (whole.find("author"), whole.findtext(f"{DC}creator")) == (None, "Åsa Öst")
    assert told_twice.find(f"{DC}creator") is None


def test_the_description_is_the_summary_and_the_content_is_whole() -> None:
    whole, told_twice = items()
    assert whole.findtext("description") == "Ein Zug."
    assert (whole.findtext(f"{CONTENT}encoded") or "").startswith("<p>Ein <b>Zug</b>")
    assert (told_twice.findtext(f"{CONTENT}encoded") or "").endswith("Daily &amp; Sons</a></p>")


def test_without_a_summary_the_description_is_whole() -> None:
    edition = ordinary_edition()
    bare = replace(edition.items[0], summary="")
    item = etree.fromstring(render_rss(replace(edition, items=(bare,))))[0].find("item")
    assert item is not None
    assert item.findtext("description") == bare.html
    assert item.find(f"{CONTENT}encoded") is None


def test_one_enclosure_goes_along_and_an_unknown_length_is_nought() -> None:
    edition = ordinary_edition()
    files = (
        Enclosure(url="https://daily.example/a", type="audio/mpeg"),
        Enclosure(url="https://daily.example/b", type="audio/mpeg", length=9),
    )
    two = replace(edition.items[0], enclosures=files)
    written = etree.fromstring(render_rss(replace(edition, items=(two,))))[0]
    assert [dict(each.attrib) for each in written.findall("item/enclosure")] == [
        {"url": "https://daily.example/a", "length": "0", "type": "audio/mpeg"}
    ]


def test_further_files_go_along_as_media() -> None:
    edition = ordinary_edition()
    files = (
        Enclosure(url="https://daily.example/a", type="audio/mpeg", length=7),
        Enclosure(url="https://daily.example/b", type="video/mp4", length=9),
        Enclosure(url="https://daily.example/c", type="image/png"),
    )
    many = replace(edition.items[0], enclosures=files)
    written = etree.fromstring(render_rss(replace(edition, items=(many,))))[0]
    assert len(written.findall("item/enclosure")) == 1
    assert [dict(each.attrib) for each in written.findall(f"item/{MEDIA}content")] == [
        {"url": "https://daily.example/b", "type": "video/mp4", "fileSize": "9"},
        {"url": "https://daily.example/c", "type": "image/png"},
    ]


def test_an_item_says_its_dates_language_and_rights() -> None:
    whole, _ = items()
    assert whole.findtext("pubDate") == "Sun, 22 Nov 2026 10:00:00 +0000"
    assert whole.findtext(f"{ATOM}updated") == "2026-11-22T12:00:00+00:00"
    assert whole.findtext(f"{DC}language") == "de"
    assert whole.findtext(f"{DC}rights") == "https://creativecommons.org/licenses/by/4.0/"
    assert [each.text for each in whole.findall("category")] == ["rail"]
