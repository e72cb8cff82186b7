"""What a page names as its feeds: strict, in linear time, whatever strangers write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.discover import (
    MAX_LINKED,
    MAX_NAMED,
    MAX_PAGE,
    Named,
    is_page,
    named_by,
    per_week,
    usual_places,
)
from aggregator.core.urls import is_web

HERE = "https://e.example/blog/today?x=1"
RSS = '<link rel="alternate" type="application/rss+xml" title="News" href="/rss">'
WEEK, DAY = 7 * 86400, 86400


def urls(page: str, url: str = HERE) -> list[str]:
    return [each.url for each in named_by(page.encode(), url)]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (RSS, "https://e.example/rss"),
        (RSS.upper().replace('"/RSS"', '"/rss"'), "https://e.example/rss"),
        ("<link href=/f rel=alternate type=application/atom+xml>", "https://e.example/f"),
        ("<link href=/f/ rel=alternate type=application/atom+xml />", "https://e.example/f/"),
        ("<link href='f' rel='alternate' type='application/feed+json'>", "https://e.example/blog/f"),
        ("<link\nhref = f\trel = alternate\ntype=application/rdf+xml>", "https://e.example/blog/f"),
        ('<link rel="Alternate home" type="Application/RSS+XML; a=b" href=//x.example/f>',
         "https://x.example/f"),
        ('<link rel=feed type="" href="?feed=rss2">', "https://e.example/blog/today?feed=rss2"),
        ('<link rel=alternate type=text/xml href="/index.xml">', "https://e.example/index.xml"),
        ('<link rel=alternate type=application/json href="/feed.json">',
         "https://e.example/feed.json"),
        ('<link rel=alternate href="/feed/">', "https://e.example/feed/"),
        ('<link rel=alternate type=application/rss+xml href="/f?a=1&amp;b=2#top">',
         "https://e.example/f?a=1&b=2"),
        ('<a rel=alternate type=application/rss+xml href="/f">x</a>', "https://e.example/f"),
        ('<link data-x=">" rel=alternate type=application/rss+xml href="/f">',
         "https://e.example/f"),
    ],
)  # fmt: skip
def test_a_link_element_names_a_feed_however_it_is_written(link: str, url: str) -> None:
    assert urls(f"<html><head>{link}</head></html>") == [url]
    assert urls(f"<body><p>{link}") == [url], "in the body as well"


@pytest.mark.parametrize(
    "page",
    [
        f"<!-- {RSS} -->",
        f"<!--[if IE]>{RSS}<![endif]-->",
        f"<script>document.write('{RSS}')</script>",
        f"<SCRIPT type=x>{RSS}</SCRIPT\n>",
        f"<style>{RSS}</style>",
        f"<title>{RSS}</title>",
        f"<textarea>{RSS}</textarea>",
        f"<!-- {RSS}",
        f"<script>{RSS}",
        f"<p title='{RSS.replace(chr(39), '')}'>".replace("<link", "< link"),
        '<link rel="stylesheet" type="text/css" href="/feed.css">',
        '<link rel="alternate stylesheet" href="/feed/">',
        '<link rel="alternate" hreflang="de" href="/de/">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed?url=x">',
        '<link rel="alternate" type="text/xml+oembed" href="/oembed?format=xml">',
        '<link rel="alternate" type="application/activity+json" href="/@ida">',
        '<link rel="search" type="application/opensearchdescription+xml" href="/o.xml">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">',
        '<link rel="alternate" type="application/rss+xml" href="http://[::1">',
        '<linkrel="alternate" type="application/rss+xml" href="/rss">',
        "",
        "<",
        "<link",
        '<link rel="alternate" type="application/rss+xml" href="/rss',
    ],
)
def test_what_is_no_feeds_link_names_nothing(page: str) -> None:
    assert urls(page) == []


def test_a_comment_ends_where_browsers_end_it() -> None:
    assert urls(f"<!-->{RSS}") == urls(f"<!--->{RSS}") == urls(f"<!-- a -- b -->{RSS}")
    assert urls(f"<!-->{RSS}") == ["https://e.example/rss"]


def test_the_first_base_counts_for_the_whole_page() -> None:
    link = '<link rel=alternate type=application/rss+xml href="f">'
    page = f'{link}<!-- <base href="/no/"> --><base target=x><base href="/a/"><base href="/b/">'
    assert urls(page) == ["https://e.example/a/f"]
    assert urls(f'<base href="https://cdn.example/x/">{link}') == ["https://cdn.example/x/f"]
    assert urls(f'<base href="data:text/html,x">{link}') == ["https://e.example/blog/f"]


def test_feeds_of_comments_stand_last_and_each_address_once() -> None:
    page = "".join(
        f'<link rel=alternate type=application/rss+xml title="{title}" href="{url}">'
        for title, url in (
            ("Blog » Comments Feed", "/c"),
            ("Blog", "/feed/"),
            ("Kommentare", "/k"),
            ("Blog", "/feed/#x"),
            ("More", "/comments/feed/"),
            ("Comment is free", "/opinion"),
            ("Commentary", "/columns"),
        )
    )
    found = named_by(page.encode(), "https://e.example/")
    assert [each.url.removeprefix("https://e.example") for each in found if not each.comments] == [
        "/feed/",
        "/columns",
    ]
    assert [each.comments for each in found] == sorted(each.comments for each in found)
    assert len(found) == 6


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/feed.xml">Subscribe</a>',
        '<a href="/x/rss/">here</a>',
        '<a href="/?format=rss">here</a>',
        '<a href="/subscribe.php?id=7">RSS</a>',
        '<a href="/subscribe.php?id=7"><b>RSS</b> feed</a>',
        '<a href="/subscribe.php?id=7" title="RSS feed"><img src=x></a>',
        '<a href="/subscribe.php?id=7" aria-label="Atom"><svg></svg></a>',
        '<A HREF=/feed.json>x</A>',
    ],
)  # fmt: skip
def test_a_link_that_looks_like_a_feed_is_taken_where_no_element_names_one(link: str) -> None:
    (found,) = named_by(link.encode(), "https://e.example/")
    assert not found.sure
    assert urls(RSS + link) == ["https://e.example/rss"], "what is named goes before"


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/about">About us</a>',
        '<a href="mailto:rss@e.example">RSS</a>',
        '<a href="https://feedly.com/i/subscription/feed/https://e.example/rss">RSS</a>',
        '<a href="https://en.wikipedia.org/wiki/RSS">RSS</a>',
        '<a href="/help/what-is-rss.html">RSS</a>',
        '<a href="/feed.png">RSS</a>',
        '<a href="/a">Why we think that RSS is the better way to read what you like</a>',
        '<a href="/cattle">Feeding cattle</a>',
    ],
)
def test_a_link_that_only_speaks_of_feeds_is_left_alone(link: str) -> None:
    assert urls(link) == []


def test_a_canonical_address_tells_what_is_known_of_its_service() -> None:
    channel = "UC" + "a" * 22
    page = f'<link rel="canonical" href="https://www.youtube.com/channel/{channel}">'
    videos = f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}"
    assert urls(page, "https://www.youtube.com/@lane") == [videos]
    assert urls('<link rel=canonical href="https://e.example/blog">') == []
    assert urls(page + RSS) == ["https://e.example/rss"]


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8", "utf-16", "shift_jis"])
def test_titles_are_read_in_the_pages_charset(charset: str) -> None:
    title = "ニュース" if charset == "shift_jis" else "Überblick"
    page = RSS.replace("News", title)
    (by_header,) = named_by(page.encode(charset), HERE, f"text/html; charset={charset}")
    assert by_header.title == title
    if charset != "utf-16":
        (by_meta,) = named_by(f"<meta charset='{charset}'>{page}".encode(charset), HERE)
        assert by_meta.title == title


@pytest.mark.parametrize("charset", ["punycode", "idna", "zlib", "base64", "utf-7", "nonsense", ""])
def test_a_charset_no_page_has_is_ignored(charset: str) -> None:
    assert named_by(RSS.encode(), HERE, f"text/html; charset={charset}")[0].title == "News"


def test_titles_are_plain_and_bounded() -> None:
    page = RSS.replace("News", "a&#10;\x1b[31m&#x202e;b" + "x" * 500)
    title = named_by(page.encode(), HERE)[0].title
    assert title.startswith("a [31mb")
    assert len(title) <= 200


def test_what_is_taken_of_a_page_is_bounded() -> None:
    many = "".join(RSS.replace('"/rss"', f"/{n}") for n in range(100))
    assert len(urls(many)) == MAX_NAMED
    assert len(urls("".join(f'<a href="/{n}.rss">x</a>' for n in range(100)))) == MAX_LINKED
    assert urls(" " * MAX_PAGE + RSS) == []
    assert urls("<p>" * 300_000 + RSS) == ["https://e.example/rss"]


@given(st.text(alphabet="<>!-/='\" linkabsescrpt\n&#;:.x", max_size=200))
def test_any_page_is_read(page: str) -> None:
    for each in named_by(page.encode(), HERE):
        assert is_web(each.url)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(page: bytes) -> None:
    for each in named_by(page, HERE):
        assert is_web(each.url)


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (b"<!DOCTYPE html><p>", True),
        (b"\xef\xbb\xbf \n<!-- x --><html lang=en>", True),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', True),
        (b'<?xml version="1.0"?><rss version="2.0"><channel><title><html>', False),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", False),
        (b'{"version":"https://jsonfeed.org/version/1.1"}', False),
        (b"", False),
    ],
)
def test_a_page_is_told_by_how_it_begins(body: bytes, page: bool) -> None:
    assert is_page(body) is page


def test_the_usual_places_are_few_and_on_the_site() -> None:
    root = usual_places("https://e.example:8080/?x")
    assert root[:3] == tuple(f"https://e.example:8080/{p}" for p in ("feed", "rss", "atom.xml"))
    below = usual_places("https://e.example/blog/")
    assert below[0] == "https://e.example/blog/feed"
    assert len(root) == 8
    assert len(below) == 11
    assert usual_places("https://e.example/a/b/c/d") == usual_places("https://e.example/")
    assert usual_places("https://e.example/index.html") == usual_places("https://e.example/")


def test_entries_a_week_are_counted_to_now() -> None:
    now = 100 * WEEK
    daily = [now - n * DAY for n in range(14)]
    assert per_week(daily, now) == pytest.approx(14 / (13 / 7), abs=0.1)
    assert per_week([now - 52 * WEEK], now) == 0.0, "what fell silent is slow"
    assert per_week([now - 60] * 3, now) == 21.0, "less than a day counts as one"
    assert per_week([], now) is None
    assert per_week([now + DAY], now) is None, "dates of the future say nothing"


def test_a_named_feed_is_a_word_of_ours() -> None:
    assert Named(url="https://e.example/comments/feed/").comments
    assert not Named(url="https://comments.example/feed/").comments
