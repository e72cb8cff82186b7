"""A page without a feed, read by CSS selectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.drafting import clean_text_of
from aggregator.errors import ReadFailed
from aggregator.formats.scrape import MOST, read_page
from aggregator.formats.webpage import MAX_PAGE, page_text
from aggregator.model.entry import ParsedEntry, ParsedFeed
from tests.makers import NOON, a_feed

URL = "https://town.example/news/"
USUAL = {"items": "article", "title": "h2", "link": "h2 a", "date": "time", "summary": "p"}


def item(n: int, more: str = "", *, link: str | None = None) -> str:
    return f"<article><h2><a href='{link or f'a{n}'}'>Headline {n}</a></h2>{more}</article>"


def read(markup: str, scrape: dict[str, str] | None = None, *, head: str = "") -> ParsedFeed:
    page = f"<!doctype html><html lang=en><head><title>Town</title>{head}</head><body>{markup}"
    return read_page(page.encode(), URL, "text/html; charset=utf-8", scrape or USUAL)


def only(markup: str, scrape: dict[str, str] | None = None) -> ParsedEntry:
    (entry,) = read(markup, scrape).entries
    return entry


def test_items_title_link_date_and_summary_are_what_the_selectors_find() -> None:
    found = read(
        item(1, "<time datetime='2026-11-20T08:00:00+01:00'>today</time><p>First <b>words</b>.</p>")
        + item(2)
    )
    assert (found.format, found.reader, found.title, found.lang) == ("html", "scrape", "Town", "en")
    assert found.site_url == URL
    first, second = found.entries
    assert (first.url, first.title, first.summary) == (f"{URL}a1", "Headline 1", "First words.")
    assert first.published == 1795158000
    assert (second.url, second.published, second.summary) == (f"{URL}a2", None, "")


def test_an_entry_is_known_by_its_link() -> None:
    entry = only(item(1, link="https://town.example/a?x=1#top"))
    assert (entry.guid, entry.guid_is_link) == ("https://town.example/a?x=1", True)


def test_without_selectors_of_its_own_the_first_link_tells_title_and_address() -> None:
    entry = only("<li><a href=/a>  A\n headline </a><time>20 March 2026</time>", {"items": "li"})
    assert (entry.title, entry.url) == ("A headline", "https://town.example/a")
    assert entry.published == 1773964800


def test_an_item_may_be_the_link_itself() -> None:
    entry = only("<a class=card href=/a><h3>One</h3></a>", {"items": "a.card", "link": "@href"})
    assert (entry.url, entry.title) == ("https://town.example/a", "One")
    assert only("<a class=card href=/a><h3>One</h3></a>", {"items": "a.card"}) == entry


def test_any_attribute_can_be_meant() -> None:
    entry = only(
        "<div data-at='2026-03-20' title='Said here'><a data-to='/b' href='/a'>x</a>"
        "<img data-src='/p.png' src='/blank.gif'><i>By Ida</i></div>",
        {
            "items": "div",
            "title": "@title",
            "link": "a@data-to",
            "date": "@data-at",
            "image": "img@data-src",
            "author": "i",
        },
    )
    assert (entry.title, entry.url) == ("Said here", "https://town.example/b")
    assert (entry.published, entry.author) == (1773964800, "By Ida")
    assert entry.image == "https://town.example/p.png"


@pytest.mark.parametrize(
    "said",
    ["2026-03-20", "20 March 2026", "Posted on March 20, 2026 by Ida", "3/20/2026", "20.03.2026"],
)
def test_dates_are_read_in_any_usual_form(said: str) -> None:
    assert only(item(1, f"<time>{said}</time>")).published == 1773964800


def test_a_time_of_day_inside_a_longer_text_counts() -> None:
    entry = only(item(1, "<time>Updated 20 March 2026, 10:30 by Ida</time>"))
    assert entry.published == 1773964800 + 10 * 3600 + 30 * 60


def test_addresses_are_relative_to_the_base_the_page_names() -> None:
    found = read(item(1), head="<base href='https://cdn.example/x/'>")
    assert found.entries[0].url == "https://cdn.example/x/a1"


def test_the_same_link_is_one_entry_and_one_without_link_or_title_is_none() -> None:
    markup = (
        item(1)
        + item(2, link="a1#comments")
        + "<article><h2>No link</h2></article>"
        + "<article><h2><a href='/empty'></a></h2></article>"
        + item(3, link="javascript:alert(1)")
    )
    assert [entry.title for entry in read(markup).entries] == ["Headline 1"]


def test_items_that_match_nothing_are_named() -> None:
    with pytest.raises(ReadFailed, match=r"^scrape: items: nothing on the page matches 'article'"):
        read("<p>Redesigned")


def test_a_link_that_is_found_nowhere_is_named() -> None:
    with pytest.raises(ReadFailed, match=r"link: '\.more' finds nothing in any of 2 items"):
        read(item(1) + item(2), {"items": "article", "link": ".more"})


def test_what_else_finds_nothing_is_told_and_loses_no_entry() -> None:
    found = read(
        item(1) + item(2), {"items": "article", "date": "time", "summary": ".intro", "author": "i"}
    )
    assert len(found.entries) == 2
    assert found.problem == (
        "scrape: date: 'time' finds nothing in any of 2 items; "
        "summary: '.intro' finds nothing in any of 2 items; "
        "author: 'i' finds nothing in any of 2 items"
    )


def test_dates_that_are_none_are_told_with_what_stands_there() -> None:
    assert read(item(1, "<time>yesterday</time>")).problem == (
        "scrape: summary: 'p' finds nothing in any of 1 items; "
        "date: 'yesterday' is no date we can read"
    )


def test_what_one_item_lacks_is_no_problem() -> None:
    assert read(item(1, "<time>2026-03-20</time><p>x</p>") + item(2)).problem is None


def test_scripts_are_no_text_and_markup_in_texts_stays_text() -> None:
    entry = only(item(1, "<p>1 &lt; 2 &amp; <script>x()</script>&lt;b&gt;</p>"))
    assert clean_text_of(entry, a_feed(), first_seen=NOON).summary == "1 < 2 & ‹b›"


def test_no_more_than_500_items_are_read() -> None:
    assert len(read("".join(item(n) for n in range(MOST + 50))).entries) == MOST


def test_a_bad_selector_is_a_page_that_cannot_be_read() -> None:
    with pytest.raises(ReadFailed, match="no CSS selector"):
        read(item(1), {"items": "article["})
    with pytest.raises(ReadFailed, match="what the items are"):
        read(item(1), {"title": "h2"})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Käse".encode("latin-1"), "text/html; charset=ISO-8859-1"),
        ('<meta charset="iso-8859-1">Käse'.encode("latin-1"), "text/html"),
        (
            "<meta http-equiv=content-type content='text/html; charset=cp1252'>Käse".encode(
                "cp1252"
            ),
            None,
        ),
        ("Käse".encode("cp1252"), "text/html"),
        ("Käse".encode(), "text/html"),
        ("Käse".encode(), "text/html; charset=no-such-thing"),
        ("Käse".encode("utf-8-sig"), "text/html; charset=latin-1"),
        (b"\xff\xfe" + "Käse".encode("utf-16-le"), None),
        ("Käse".encode(), "text/html; charset=undefined"),
        ("Сыр Käse".encode(), "text/html; charset=idna"),
        ("<meta charset=utf-16>Käse".encode(), "text/html"),
        ("Käse".encode("cp1252"), "text/html; charset=hex"),
    ],
)
def test_a_page_is_read_in_the_encoding_it_or_its_server_names(
    body: bytes, content_type: str | None
) -> None:
    assert page_text(body, content_type).endswith("Käse")


def test_a_page_that_is_empty_or_too_long_says_so() -> None:
    with pytest.raises(ReadFailed, match="empty"):
        read_page(b"", URL, None, USUAL)
    with pytest.raises(ReadFailed, match="too long"):
        read_page(b"x" * (MAX_PAGE + 1), URL, None, USUAL)


@given(st.binary(max_size=400), st.sampled_from([None, "text/html; charset=utf-16", "text/html"]))
def test_any_bytes_are_a_page_or_one_that_cannot_be_read(body: bytes, kind: str | None) -> None:
    try:
        found = read_page(b"<article><a href=/a>x</a>" + body, URL, kind, {"items": "article"})
    except ReadFailed:
        return
    assert all(entry.url and entry.title for entry in found.entries)
