from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import Any

import feedparser
import pytest

from aggregator.errors import ReadFailed
from aggregator.formats import fields
from aggregator.formats.fields import MAX_ENTRIES
from aggregator.formats.reading import (
    MAX_HERE,
    READERS,
    differences,
    read_document,
    read_here,
)

URL = "https://harbour.example/feed"
ITEM = "<item><title>A</title><guid isPermaLink='false'>%s</guid>%s</item>"


def rss(items: str, encoding: str = "utf-8") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>H</title>'
    )
    return f"{text}{items}</channel></rss>".encode(encoding)


def json_feed(items: object) -> bytes:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "H", "items": items}
    return json.dumps(feed).encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the document is empty"),
        (b" \n\t", "the document is empty"),
        (b"<!DOCTYPE html><html><body>hi</body></html>", "an HTML page, not a feed"),
        (b"\xef\xbb\xbf\n<!-- x --><HTML lang=en><p>hi", "an HTML page, not a feed"),
        (b"<html><title>Just a moment...</title></html>", "asks for a human, not a feed"),
        (b"<div>hi</div>", "an HTML page, not a feed"),
        (b"<opml version='2.0'><body/></opml>", "its first element is <opml>"),
        (b"hello", "this is not a feed"),
        (b"\x1f\x8b\x08 compressed", "this is compressed data, not a feed"),
        (b"[1, 2]", "not a JSON Feed: it is no object"),
        (b'{"a": 1}', "not a JSON Feed: it has no version and no items"),
        (b'{"version": "https://jsonfeed.org/version/1", "ite', "not readable as JSON: "),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_feed_is_refused_in_clear_words(body: bytes, why: str) -> None:
    with pytest.raises(ReadFailed) as refused:
        read_document(body, URL, None)
    assert why in str(refused.value)


def test_the_bytes_tell_the_format_not_the_content_type() -> None:
    assert read_document(rss(""), URL, "application/json").format == "rss20"
    assert read_document(json_feed([]), URL, "application/rss+xml").format == "json11"
    assert read_document(rss(""), URL, "text/html").problem is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-32-be"])
def test_json_is_told_in_every_encoding_of_unicode(encoding: str) -> None:
    body = json_feed([{"id": "1", "content_text": "x"}]).decode().encode(encoding)
    assert [entry.guid for entry in read_document(body, URL, None).entries] == ["1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_xml_is_read_in_its_encoding(encoding: str) -> None:
    body = rss("<item><title>Blåbær</title></item>", encoding)
    feed = read_document(body, URL, None)
    assert (feed.entries[0].title, feed.problem) == ("Blåbær", None)


def test_a_file_of_that_name_is_never_opened() -> None:
    with pytest.raises(ReadFailed, match="this is not a feed"):
        read_document(b"/etc/passwd", URL, None)


def test_entries_beyond_the_cap_are_left_out_and_told() -> None:
    many = MAX_ENTRIES + 100
    documents = {
        rss("".join(ITEM % (number, "") for number in range(many))),
        json_feed([{"id": number} for number in range(many)]),
    }
    for body in documents:
        feed = read_document(body, URL, None)
        assert [entry.guid for entry in feed.entries] == [str(n) for n in range(MAX_ENTRIES)]
        assert f"{many} entries: only the first {MAX_ENTRIES} are read" in (feed.problem or "")


def test_what_stands_after_the_entries_is_still_read() -> None:
    items = "".join(ITEM % (number, "") for number in range(MAX_ENTRIES + 5))
    assert read_document(rss(items + "<ttl>60</ttl>"), URL, None).ttl == 3600


def test_every_field_is_bounded() -> None:
    long = "x" * 3_000_000
    categories = "".join(f"<category>{number}{'c' * 500}</category>" for number in range(300))
    item = f"<description>{long}</description><link>https://h.example/{long}</link>{categories}"
    entry = read_document(rss(ITEM % (long, item)), URL, None).entries[0]
    assert len(entry.summary) == fields.MAX_SUMMARY
    assert entry.url is None
    assert len(entry.guid or "") == fields.MAX_GUID
    assert len(entry.categories) == fields.MAX_CATEGORIES
    assert {len(word) for word in entry.categories} == {fields.MAX_CATEGORY}


def test_long_guids_differ_where_they_differ() -> None:
    long = "g" * 5_000
    feed = read_document(rss(ITEM % (long + "1", "") + ITEM % (long + "2", "")), URL, None)
    first, second = (entry.guid for entry in feed.entries)
    assert first != second


def test_an_external_entity_is_never_fetched() -> None:
    doctype = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = rss("<item><title>a &x; b</title></item>").replace(b"?>", b"?>" + doctype.encode(), 1)
    assert "root:" not in repr(read_document(body, URL, None))


def test_what_was_read_can_be_sent_between_processes() -> None:
    feed = read_document(rss(ITEM % ("1", "<description>x</description>")), URL, None)
    assert pickle.loads(pickle.dumps(feed)) == feed


def test_a_page_says_which_feeds_it_names() -> None:
    page = (
        b"<!doctype html><html><head><link rel=stylesheet href=/s.css>"
        b'<link rel="alternate" type="application/rss+xml" href="/news.rss?a=1&amp;b=2">'
        b"<link type=application/atom+xml rel='alternate nofollow' href='https://b.example/f'>"
        b"</head><body>hi</body></html>"
    )
    with pytest.raises(ReadFailed) as told:
        read_document(page, "https://a.example/", "text/html")
    assert "it names https://a.example/news.rss?a=1&b=2, https://b.example/f" in str(told.value)


def test_who_read_a_document_is_told() -> None:
    broken = rss(ITEM % ("1", "")).replace(b"</rss>", b"")
    assert read_document(rss(ITEM % ("1", "")), URL, None).reader == "fast"
    assert read_document(rss(ITEM % ("1", "")), URL, None, tolerant=True).reader == "tolerant"
    assert read_document(broken, URL, None).reader == "tolerant"
    assert read_document(json_feed([]), URL, None, tolerant=True).reader == "json"


def test_this_process_reads_only_what_is_safe_and_short() -> None:
    assert read_here(rss(ITEM % ("1", "")), URL, None) == read_document(
        rss(ITEM % ("1", "")), URL, None
    )
    assert read_here(json_feed([]), URL, None) is not None
    assert read_here(rss(ITEM % ("1", ""))[:-3], URL, None) is None
    assert read_here(rss(f"<!--{' ' * MAX_HERE}-->"), URL, None) is None
    with pytest.raises(ReadFailed, match="not a JSON Feed"):
        read_here(b"[1]", URL, None)


def test_a_fault_of_the_fast_reader_hands_the_document_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aggregator.formats.reading.read_fast", lambda *_: 1 / 0)
    assert read_here(rss(""), URL, None) is None


def test_differences_are_named_by_field() -> None:
    one = read_document(rss(ITEM % ("1", "")), URL, None)
    other = read_document(rss(ITEM % ("2", "<author>A</author>")), URL, None, tolerant=True)
    fewer = read_document(rss("<ttl>5</ttl>"), URL, None)
    assert differences(one, one) == ()
    assert differences(one, replace(one, reader="tolerant")) == ()
    assert differences(one, other) == ("entry.guid", "entry.author")
    assert differences(one, fewer) == ("ttl", "entries")


def test_the_mark_of_the_readers_changes_with_feedparser() -> None:
    assert READERS.endswith(feedparser.__version__)


def test_a_broken_document_is_read_by_feedparser_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    parse = feedparser.parse

    def counted(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        return parse(*arguments, **named)

    monkeypatch.setattr(feedparser, "parse", counted)
    feed = read_document(rss(ITEM % ("1", "<description>a & \x01 b</description>")), URL, None)
    assert feed.problem is not None
    assert "line 1, column" in feed.problem
    assert [entry.summary for entry in feed.entries] == ["a &  b"]
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (b"\n\n" + rss(ITEM % ("1", "")), "declaration not at start of entity (line 3, column 0)"),
        (rss(ITEM % ("1", "<author>A\x08</author>")), "invalid token (line 1, column "),
        (rss(ITEM % ("1", "<author>A&#12;</author>")), "invalid character number (line 1, column "),
    ],
)
def test_a_document_that_is_easily_mended_needs_no_feedparser(broken: bytes, problem: str) -> None:
    feed = read_document(broken, URL, None)
    assert feed.reader == "fast"
    assert problem in (feed.problem or "")
    assert differences(feed, read_document(broken, URL, None, tolerant=True)) == ()
