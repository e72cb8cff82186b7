from __future__ import annotations

from dataclasses import replace

from lxml import etree

from aggregator.formats.atom import render_atom
from tests.formats.editions import ordinary_edition

A = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
Element = etree._Element


def feed() -> Element:
    return etree.fromstring(render_atom(ordinary_edition()))


def entries() -> list[Element]:
    return feed().findall(f"{A}entry")


def links(of: Element) -> list[dict[str, str]]:
    return [{str(k): str(v) for k, v in link.attrib.items()} for link in of.findall(f"{A}link")]


def test_a_feed_says_who_it_is_and_where() -> None:
    root = feed()
    page = "https://news.example.org/topics/global-lane"
    assert root.findtext(f"{A}id") == "tag:news.example.org,2026:topics/global-lane"
    assert root.findtext(f"{A}author/{A}name") == "Lane Desk"
    assert root.findtext(f"{A}author/{A}email") == "desk@example.org"
    assert root.findtext(f"{A}generator") == "aggregator"
    assert root.find(f"{A}generator[@uri]") is None  # the project has no page to open
    assert root.get(LANG) == "en"
    assert links(root) == [
        {"rel": "alternate", "type": "text/html", "href": page},
        {"rel": "self", "type": "application/atom+xml", "href": f"{page}.atom"},
    ]


def test_a_contact_that_is_no_mailbox_is_not_given_as_one() -> None:
    edition = replace(ordinary_edition(), contact="https://news.example.org/about")
    assert etree.fromstring(render_atom(edition)).find(f"{A}author/{A}email") is None


def test_entry_links_keep_rel_type_length_and_title() -> None:
    whole, told_twice = entries()
    assert links(whole) == [
        {"rel": "alternate", "type": "text/html", "href": "https://daily.example/k%C3%B6ln"},
        {
            "rel": "enclosure",
            "type": "audio/mpeg",
            "href": "https://daily.example/zug.mp3",
            "length": "1234",
        },
        {"rel": "via", "href": "https://agentur.example/", "title": "Agentur"},
        {"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/"},
    ]
    assert links(told_twice)[1:] == [
        {
            "rel": "related",
            "type": "text/html",
            "href": "https://daily.example/grain?a=1&b",
            "title": "Daily & Sons",
        }
    ]


def test_an_entry_carries_its_source() -> None:
    source = entries()[0].find(f"{A}source")
    assert source is not None
    assert source.findtext(f"{A}id") == "https://daily.example/rss"
    assert source.findtext(f"{A}title") == "Daily & Sons"
    assert [(link["rel"], link["href"]) for link in links(source)] == [
        ("self", "https://daily.example/rss"),
        ("alternate", "https://www.daily.example/"),
    ]


def test_an_entry_without_an_author_is_its_outlets_and_not_ours() -> None:
    whole, told_twice = entries()
    assert whole.findtext(f"{A}author/{A}name") == "Åsa Öst"
    assert told_twice.findtext(f"{A}author/{A}name") == "The Wire"


def test_an_entry_says_its_language_dates_terms_and_rights() -> None:
    whole, _ = entries()
    assert whole.get(LANG) == "de"
    assert whole.findtext(f"{A}published") == "2026-11-22T10:00:00+00:00"
    assert whole.findtext(f"{A}updated") == "2026-11-22T12:00:00+00:00"
    assert [each.get("term") for each in whole.findall(f"{A}category")] == ["rail"]
    assert whole.findtext(f"{A}rights") == "https://creativecommons.org/licenses/by/4.0/"


def test_text_is_typed_as_what_it_is() -> None:
    _, told_twice = entries()
    kinds = {each.tag: each.get("type") for each in told_twice if each.get("type")}
    assert kinds[f"{A}content"] == kinds[f"{A}summary"] == "html"
    assert told_twice.findtext(f"{A}title") == "Grain corridor open again"


def test_a_source_without_an_address_still_has_its_name() -> None:
    edition = ordinary_edition()
    item = edition.items[0]
    nameless = replace(item, credits=(replace(item.credits[0], feed_url="", site_url=None),))
    root = etree.fromstring(render_atom(replace(edition, items=(nameless,))))
    source = root.find(f"{A}entry/{A}source")
    assert source is not None
    assert [child.tag for child in source] == [f"{A}title", f"{A}updated"]
