from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from aggregator.formats.fast import HandedOver, read_fast
from aggregator.formats.fields import MAX_ENTRIES
from aggregator.formats.reading import differences, read_document
from aggregator.model.entry import ParsedFeed
from tests.formats.feed_pieces import documents

URL = "https://harbour.example/news/feed"
ITEM = "<item><title>A</title><guid>g%d</guid></item>"


def rss(inside: str, told: str = "", head: str = "") -> bytes:
    channel = f"<channel><title>H</title>{inside}</channel>"
    return f'{head}<rss version="2.0"{told}>{channel}</rss>'.encode()


def atom(inside: str, told: str = "") -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{told}>{inside}</feed>'.encode()


def reason(body: bytes, content_type: str | None = None) -> str:
    read = read_fast(body, URL, content_type)
    assert isinstance(read, HandedOver), "taken"
    return read.reason


def taken(body: bytes, content_type: str | None = None) -> ParsedFeed:
    """Return what the fast reader makes of it, which is what the tolerant one does."""
    read = read_fast(body, URL, content_type)
    assert isinstance(read, ParsedFeed), read
    assert differences(read, read_document(body, URL, content_type, tolerant=True)) == ()
    return read


@settings(max_examples=400, deadline=None, suppress_health_check=[*HealthCheck], print_blob=True)
@given(documents())
def test_what_it_takes_it_reads_as_the_tolerant_reader_does(body: bytes) -> None:
    if not isinstance(read_fast(body, URL, None), HandedOver):
        taken(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (rss("<item><title>A</item>"), "not well-formed"),
        (rss("&nbsp;"), "not well-formed"),
        (rss("", head="\n<?xml version='1.0'?>"), "not well-formed"),
        (b"", "not well-formed"),
        (b"<html/>", "its root is no feed's"),
        (b"<opml version='2.0'><body/></opml>", "its root is no feed's"),
        (rss("<item><title>a <b>b</b></title></item>"), "markup inside a text field"),
        (rss("<item><content:encoded xmlns:content='c'><p/></content:encoded></item>"), "markup"),
        (rss("<item><item/></item>"), "an element it does not read: item"),
        (rss("<item><body>A</body></item>"), "an element it does not read: body"),
        (rss("<item><authors>A</authors></item>"), "an element it does not read: authors"),
        (rss("<item><image><url>u</url></image></item>"), "an image inside an entry"),
        (rss("<item " + " ".join(f'a{n}=""' for n in range(100)) + "/>"), "too many attributes"),
        (rss("<item>" + "<category>%d</category>" * 200 % (*range(200),) + "</item>"), "too many"),
        (rss("<item><pubDate>Fri, 2006/13/15 08:19:53 EDT</pubDate></item>"), "a date in a form"),
        (rss("<ttl a='b'>60</ttl>"), "attributes on an element that has none"),
        (rss("<item><summary mode='base64'>YQ==</summary></item>"), "content in base64"),
        (rss("<item><content type='image/png'>YQ==</content></item>"), "content of another type"),
        (rss("<item><media:description xmlns:media='http://search.yahoo.com/mrss/' a='&gt;'/>"
             "</item>"), "media:description in a form of its own"),
        (rss("<item><d:x xmlns:d='u:1'/><d:y xmlns:d='u:2'/></item>"), "a namespace in a form"),
        (rss("<item><title>A</title></item>", " xmlns:dc='http://search.yahoo.com/mrss/'"),
         "a namespace in a form that may mean two things"),
        (b"<rss><item/></rss>", "a root without a channel of its own"),
        (b"<rss><channel/><channel/></rss>", "a root without a channel of its own"),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel/></rdf:RDF>",
         "a format it does not know"),
        (atom("<author><name>A</name>B</author>"), "text beside an element's parts"),
        (atom("<entry><title>A</title></entry><author><name>A</name></author>"), "author after"),
        (atom("<entry><author><uri xml:base='/x'>u</uri></author></entry>"), "a base inside"),
        (atom("<entry><content type='xhtml'><svg/></content></entry>"), "markup that is no XHTML"),
        (rss("", head='<!DOCTYPE rss [\n<!ENTITY a "b">\n]>'), "a DOCTYPE with entities"),
        (rss("", head='<!DOCTYPE rss [<!ENTITY a "b">]>'), "a DOCTYPE with entities"),
        (rss("", head='<!DOCTYPE rss [<!ENTITY % p SYSTEM "x"> %p;]>'), "a DOCTYPE with entities"),
        (rss("", head="<!-- <x> --><!DOCTYPE rss>"), "a DOCTYPE in a form of its own"),
        (rss("", head="<!DOCTYPE rss>" + "\n" * 1_000_000), "a DOCTYPE in a form of its own"),
        (b"<?xml " + b"encoding='" * 100_000 + rss(""), "an encoding named in an unusual place"),
        (rss("<item><author>@" + "a" * 1_000_000 + "</author></item>"), "an author of unusual"),
        (atom("<entry><author><name>A</name><email>@" + "a" * 1_000_000 + "</email></author>"
              "<author><name>B</name></author></entry>"), "an author of unusual length"),
        (rss("", head="<!--%s--><!DOCTYPE rss>" % ("x" * 20_000)), "a DOCTYPE in a form"),
        (rss(ITEM * (MAX_ENTRIES + 1) % (*range(MAX_ENTRIES + 1),)), "too many entries"),
        (rss("<b>" * 300 + "</b>" * 300), "not well-formed"),
        (rss("<title>%s</title>" % ("A" * 11_000_000)), "not well-formed"),
    ],
)  # fmt: skip
def test_what_it_is_not_sure_of_it_hands_over(body: bytes, why: str) -> None:
    assert why in reason(body)


def test_a_doctype_that_tells_nothing_is_taken_off() -> None:
    plain = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "x.dtd">'
    assert taken(rss(ITEM % 1, head=plain)).format == "rss091n"
    assert taken(rss(ITEM % 1, head="<!DOCTYPE rss>")).format == "rss20"
    assert reason(rss("&copy;", head=plain)) == "not well-formed"


def test_a_doctype_inside_a_text_is_a_text() -> None:
    item = "<item><description><![CDATA[<!DOCTYPE html>]]></description></item>"
    assert taken(rss(item)).entries[0].summary == "<!DOCTYPE html>"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("utf-16-le", None),
        ("iso-8859-1", None), ("windows-1252", None), ("utf-8", "text/xml"),
        ("utf-8", "text/html"), ("utf-8", "application/rss+xml; charset=utf-8"),
        ("iso-8859-1", "text/xml; charset=iso-8859-1"), ("utf-8", "application/octet-stream"),
    ],
)  # fmt: skip
def test_encodings_are_found_as_feedparser_finds_them(encoding: str, told: str | None) -> None:
    name = encoding.removesuffix("-sig").removesuffix("-le")
    text = rss("<item><title>Café naïve</title></item>").decode()
    body = f"<?xml version='1.0' encoding='{name}'?>{text}".encode(encoding)
    assert taken(body, told).entries[0].title == "Café naïve"


def test_an_encoding_told_in_the_second_line_does_not_count() -> None:
    body = b"<?xml version='1.0'\nencoding='iso-8859-1'?>" + rss("<item><title>\xc3</title></item>")
    assert taken(body).entries[0].title == "Ã"


def test_what_feedparser_mends_is_mended() -> None:
    texts = (
        "It\x92s",
        "cafÃ©",
        "Ã&#169;",
        "Ã<![CDATA[©]]>",
        "&#150;",
        "&#195;&#169;",
        "Ã<!-- -->©",
    )
    items = "".join(f"<item><title>{text}</title></item>" for text in texts)
    feed = taken(rss(items))
    assert [entry.title for entry in feed.entries] == ["It’s", "café", "é", "é", "–", "é", "é"]


def test_texts_without_anything_to_mend_are_left_alone() -> None:
    texts = ("«Â»", "Â\u00a0x", "Ä ©", "naïve", "— “x”")
    items = "".join(f"<item><title>{text}</title></item>" for text in texts)
    assert len(taken(rss(items)).entries) == len(texts)


def test_a_base_holds_on_where_there_was_none_before() -> None:
    entry = "<entry><content type='html' xml:base='%s'>x</content><link href='a'/></entry>"
    taken(atom(entry % "/one/" + entry % "two/"))
    taken(atom(entry % "/one/" + entry % "two/", " xml:base='https://harbour.example/b/'"))


def test_an_attribute_that_only_looks_like_a_base_is_none() -> None:
    feed = taken(rss("<item><description>database = 1, base=2 x  = 3</description></item>"))
    assert feed.entries[0].base == URL


@pytest.mark.parametrize("name", ["xml:base", "xml:BASE", "Base", "base"])
def test_a_base_counts_however_it_is_written(name: str) -> None:
    taken(rss(f"<item><title {name} = 'https://other.example/x/'>A</title></item>"))
    taken(rss(f"<item><title {name}\n\t='/x/'>A</title></item><item><title>B</title></item>"))


def test_authors_in_every_mix_are_those_of_the_tolerant_reader() -> None:
    mixes = (
        "<author><name>A</name></author><dc:creator>B</dc:creator>",
        "<dc:creator>B</dc:creator><author><name>A</name><email>a@b.example</email></author>",
        "<dc:creator>b@c.example (B)</dc:creator><author><uri>u</uri><name>A</name></author>",
        "<author>a@b.example (Ann)</author>", "<author>Ann &lt;a@b.museum&gt;</author>",
        "<author>a@b.example</author><itunes:author>Cy</itunes:author>", "<author/>",
        "<author><email>a@b.example</email></author>", "<author><name/></author>",
        "<dc:creator>A</dc:creator><dc:creator>B</dc:creator><dc:creator>A</dc:creator>",
    )  # fmt: skip
    told = (
        " xmlns:dc='http://purl.org/dc/elements/1.1/'"
        " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    )
    taken(rss("".join(f"<item>{mix}</item>" for mix in mixes), told))
    of_all = "<author><name>Cy</name></author>"
    taken(atom(of_all + "".join(f"<entry>{mix}</entry>" for mix in mixes), told))
