from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.core.urls import (
    LONGEST_ADDRESS,
    LONGEST_LINK,
    absolute,
    host_of,
    is_web,
    safe_link,
    url_hash,
    url_key,
)

ANY_TEXT = st.text(st.characters(), max_size=60)
WORDS = """
    http https :// : / // . .. ... ? # ! & ; = + % %2 %2F %41 %e4 %C3%A4 @ \\ [ ] [::1] amp .amp
    .html www. m. amp. example .org com 80 :443 :8080 :0 a=1 b=2 a= utm_x=1 amp=1 amp; rss=1
    ref=rss ä ß İ 字 \u200d \ud800 \x00 xn-- xn--a 0x7f 1.2.3.4
"""
PIECES = st.sampled_from([*WORDS.split(), "\n", "\t", " "])
ADDRESSES = (
    st.lists(PIECES, max_size=14)
    .map("".join)
    .flatmap(lambda text: st.sampled_from([text, f"http://{text}", f"https://example.org/{text}"]))
)
FIT = re.compile(r"https?://[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")


@given(ADDRESSES)
@example("http://x/?a=%26amp;amp;b")
def test_the_key_of_a_key_is_the_key(url: str) -> None:
    key = url_key(url)
    assert key is None or url_key(key) == key


@given(ANY_TEXT | ADDRESSES, ANY_TEXT | ADDRESSES)
def test_no_text_raises(url: str, base: str) -> None:
    assert (url_key(url) is None) == (host_of(url) is None) == (not is_web(url))
    url_hash(url)
    found = absolute(url, base)
    assert found is None or (is_web(found) and absolute(found) == found)
    (found or "").encode()


@given(ANY_TEXT | ADDRESSES)
def test_a_safe_link_is_fit_for_publishing_and_the_same_page(url: str) -> None:
    link = safe_link(url)
    if link is not None:
        assert FIT.fullmatch(link)
        assert len(link) <= LONGEST_LINK
        assert urlsplit(link).username is None
        assert safe_link(link) == link
        assert url_key(link) == url_key(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/a/b?id=7",
        "HTTPS://NEWS.EXAMPLE/a/b?id=7",
        "https://www.news.example/a/b/?id=7",
        "https://m.news.example/a/b?id=7",
        "https://mobile.news.example/a/b?id=7",
        "https://amp.news.example/a/b?id=7",
        "https://news.example/amp/a/b?id=7",
        "https://news.example/a/b/amp?id=7",
        "https://news.example/a/b/amp/?id=7&amp=1",
        "https://news.example/a/b?outputType=amp&id=7",
        "https://news.example:443/a/b?id=7",
        "http://news.example:80/a/b?id=7",
        "https://news.example./a/b?id=7#comments",
        "https://news.example/a/./x/../b?id=7",
        "https://news.example//a//b?id=7",
        "https://news.example/%61/b?id=%37",
        "https://user@news.example/a/b?id=7",
        " https://news.example/a/\nb?id=7\t",
        "https:\\\\news.example\\a\\b?id=7",
        "https://news.example/a/b?utm_source=x&id=7&fbclid=1&ref_src=y",
        "https://news.example/a/b?at_medium=RSS&at_campaign=KARANGA&id=7",
        "https://news.example/a/b?CMP=share&id=7&wt_mc=rss.red&xtor=RSS-9",
        "https://news.example/a/b?partner=rss&emc=rss&id=7&source=rssnyt",
        "https://news.example/a/b?id=7&amp;utm_medium=feed&amp;amp;utm_term=y",
        "https://news.example/a/b?&id=7&",
    ],
)
def test_copies_of_one_address_have_one_key(url: str) -> None:
    assert url_key(url) == "https://news.example/a/b?id=7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a", "https://x.example/A"),
        ("https://x.example/a?id=1", "https://x.example/a?id=2"),
        ("https://x.example/a?ref=12", "https://x.example/a?ref=13"),
        ("https://x.example/a?source=ap", "https://x.example/a?source=rtr"),
        ("https://x.example/a?p=1&p=2", "https://x.example/a?p=2&p=1"),
        ("https://x.example/a%2Fb", "https://x.example/a/b"),
        ("https://x.example/a?q=1%262", "https://x.example/a?q=1&2"),
        ("https://x.example/a?q=1%2B2", "https://x.example/a?q=1+2"),
        ("https://x.example/#!a", "https://x.example/#!b"),
        ("https://x.example:8080/a", "https://x.example/a"),
        ("https://a.x.example/a", "https://b.x.example/a"),
        ("https://m.co.uk/a", "https://mobile.co.uk/a"),
        ("https://x.example/news/amp/a", "https://x.example/news/a"),
        ("https://x.example/amplifier", "https://x.example/lifier"),
        ("https://x.example/?p=1", "https://x.example/?p=2"),
    ],
)
def test_different_pages_have_different_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_sharers_reorder_parameters() -> None:
    assert url_key("https://x.example/a?b=2&a=1") == url_key("https://x.example/a?a=1&b=2")
    assert url_key("https://x.example/a?q=two%20words") == url_key(
        "https://x.example/a?q=two+words"
    )
    assert url_key("https://x.example/a?q=&b") == url_key("https://x.example/a?b=&q")


def test_amp_copies_with_a_suffix_are_the_page() -> None:
    assert url_key("https://x.example/a.amp.html") == url_key("https://x.example/a.html")
    assert url_key("https://x.example/a.amp") == url_key("https://x.example/a")
    assert url_key("https://x.example/a/..amp") == "https://x.example/a/..amp"
    assert url_key("https://x.example/a" + ".amp" * 900) == "https://x.example/a"
    assert url_key("https://en.m.wikipedia.org/wiki/A") == url_key(
        "https://en.wikipedia.org/wiki/A"
    )


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "/a", "//x.example/a", "ftp://x.example/", "mailto:a@x.example", "javascript:1"),
        *("http://", "http:///a", "http://[::1", "http://a b/", "http://a..b/", "http://x:99999/"),
        *("http://x:abc/", "http://x:0/", "http://" + "a" * 64 + "/", "http://\ud800/", "data:,x"),
        "http://x/" + "a" * LONGEST_ADDRESS,
    ],
)
def test_what_is_no_web_address_has_no_key(url: str) -> None:
    assert url_key(url) is None
    assert not is_web(url)
    assert safe_link(url) is None


def test_a_site_root_identifies_no_article() -> None:
    assert url_hash("https://www.news.example/") is None
    assert url_hash("https://news.example?utm_source=rss") is None
    assert url_hash("https://news.example/?p=7") is not None
    assert url_hash("https://news.example/a") == url_hash("http://m.news.example/a/")


def test_hosts_are_lower_case_ascii_without_port() -> None:
    assert host_of("HTTP://User:pw@News.Example.:8080/x") == "news.example"
    assert host_of("https://例え.テスト/") == "xn--r8jz45g.xn--zckzah"
    assert host_of("http://[2001:DB8::0:1]:81/") == "2001:db8::1"


def test_what_a_reader_would_take_for_another_host_is_not_split_so() -> None:
    assert host_of("http://evil.example\\@good.example/") == "evil.example"
    assert host_of("http://good.example@evil.example/") == "evil.example"
    assert host_of("http://good.example?@evil.example/") == "good.example"


def test_relative_addresses_are_made_absolute() -> None:
    base = "https://x.example/a/feed.xml"
    assert absolute("b.html", base) == "https://x.example/a/b.html"
    assert absolute("/b", base) == "https://x.example/b"
    assert absolute("//y.example/b", base) == "https://y.example/b"
    assert absolute("\n http://y.example/\x00 ", base) == "http://y.example/"
    assert absolute("http://y.example/ü b", None) == "http://y.example/ü b"
    assert absolute("javascript:alert(1)", base) is None
    assert absolute("b.html", None) is None
    assert absolute("b", "http://[") is None
    assert absolute("", base) is None


def test_a_safe_link_keeps_what_its_publisher_escaped() -> None:
    assert safe_link("http://x.example/a%2fb?q=%zz&r=ä b#c^d") == (
        "http://x.example/a%2fb?q=%25zz&r=%C3%A4%20b#c%5Ed"
    )
    assert safe_link("https://x.example:8443") == "https://x.example:8443/"
    assert safe_link("https://user:secret@x.example/") is None
    assert safe_link("https://x.example/" + "a" * 2000) is None


@pytest.mark.corpus
def test_the_hostile_addresses_of_the_corpus_are_harmless() -> None:
    folder = Path(os.environ["AGGREGATOR_SHARED"]) / "corpus" / "hostile" / "urls"
    cases = json.loads((folder / "urltestdata.json").read_text())
    cases = [case for case in cases if isinstance(case, dict)]
    assert len(cases) > 500
    for case in cases:
        found = absolute(case["input"], case["base"])
        assert found is None or is_web(found)
        link = safe_link(found or "")
        assert link is None or FIT.fullmatch(link)
        key = url_key(case["input"])
        assert key is None or url_key(key) == key


@given(
    st.from_regex(
        r"https?://(www\.|m\.|amp\.)?[a-z.-]{1,12}(/[a-zA-Z0-9._~/-]{0,12})?", fullmatch=True
    )
)
def test_a_plain_address_goes_the_short_way_to_the_same_key(url: str) -> None:
    """A fragment is no part of the key, and makes the address go the long way."""
    assert url_key(url) == url_key(f"{url}#top")


@given(st.from_regex(r"https?://[a-z0-9.-]{1,12}([/?#][!-~]{0,12})?", fullmatch=True))
def test_a_plain_address_goes_the_short_way_to_the_same_host(url: str) -> None:
    shouted = f"HTTP{url[4:]}"
    assert host_of(url) == host_of(shouted)
    assert (absolute(url) is None) == (absolute(shouted) is None)
