from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.beacons import drop_beacons
from aggregator.core.sanitize import (
    _STABLE,
    MAX_DEPTH,
    MAX_HTML,
    MAX_TAGS,
    _all_absolute,
    _characters,
    _cleaner,
    clean_html,
    looks_like_html,
    plain_text,
    text_to_html,
)
from aggregator.core.text import clean_line

BASE = "https://news.example/2026/story"

PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<div>",
            "</div>",
            "<li>",
            "<ul>",
            "</ul>",
            "</a>",
            "<br/>",
        ),
        *(
            "<table>",
            "<td>",
            "</table>",
            "<script>",
            "</script>",
            "<style>",
            "<math>",
            "<template>",
        ),
        *(
            '<a href="/x">',
            "<a href='javascript:x()'>",
            '<p title="a>b">',
            "<a href=//h onclick=x>",
        ),
        *(
            "<svg onload=x()>",
            "<img src=x onerror=x()>",
            '<img src="i.png" width=1>',
            "<iframe src=x>",
        ),
        *("<!--", "-->", "<![CDATA[", "]]>", "<", ">", '"', "'", "=", " ", "/", "&", ";", "text"),
        *("&lt;", "&amp;lt;", "&#x202e;", "&#0;", "&#x3c;", "onclick=", "javascript:", "b>"),
        *("\u202e", "\ud800", "\ufffe", "\x0b", "\x00"),
    ]
)
MARKUP = st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)
LIVE = re.compile(
    r"<\s*(?:script|style|iframe|svg|math|object|form)|<[a-z][^>]*\son[a-z]+\s*=|javascript\s*:",
    re.IGNORECASE,
)
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def test_news_text_keeps_its_form() -> None:
    text = (
        "<h2>Port</h2><p>A <em>calm</em> day<br>by the <a>sea</a>.</p>"
        '<figure><img src="https://news.example/a.png" alt="A" width="600" height="400">'
        "<figcaption>Crane</figcaption></figure><ul><li>One</li></ul>"
        '<table><tbody><tr><td colspan="2">1</td></tr></tbody></table><pre>  a\n    b</pre>'
    )
    assert clean_html(text, BASE) == text


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ('<p style="color:red" class="x" id="y" onclick="z()">a</p>', "<p>a</p>"),
        ("a<script>x()</script><style>p{}</style>b", "ab"),
        ('<a href="javascript:x()">a</a>', "<a>a</a>"),
        ('<a href="mailto:a@b.example">a</a>', '<a href="mailto:a@b.example">a</a>'),
        ('<a href="ftp://a.example/">a</a>', "<a>a</a>"),
        ('<img src="data:image/png;base64,AAAA">b', "b"),
        ("<iframe src=x>a</iframe><object>b</object>c", "c"),
        ("<form><input><button>a</button></form>", "a"),
        ("a\x00\x1b\x7f\u202eb &#x202e;&#7;c", "ab c"),
    ],
)
def test_what_acts_or_dresses_up_goes(html: str, cleaned: str) -> None:
    assert clean_html(html, None) == cleaned


def test_every_character_that_a_line_may_not_hold_goes() -> None:
    unsafe = [
        char for char in map(chr, range(0x110000)) if not char.isspace() and not clean_line(char)
    ]
    assert len(unsafe) > 2_000
    assert clean_html("a".join(unsafe), None) == "a" * (len(unsafe) - 1)


def test_addresses_are_resolved_against_the_base() -> None:
    html = '<a href="../a">a</a><img src="//cdn.example/i.png"><a href="#n">b</a>'
    assert clean_html(html, BASE) == (
        '<a href="https://news.example/a">a</a><img src="https://cdn.example/i.png">'
        '<a href="https://news.example/2026/story#n">b</a>'
    )


@pytest.mark.parametrize("base", [None, "", "/path", "mailto:a@b.example", "http://[", "http://"])
def test_without_a_base_relative_addresses_go(base: str | None) -> None:
    assert clean_html('<a href="/a">a</a><img src="i.png">', base) == "<a>a</a>"


def test_harmless_words_never_look_like_script() -> None:
    html = '<p>JavaScript: the good parts</p><a href="/" title="what is onclick=?">a</a>'
    assert clean_html(html, BASE) == (
        "<p>JavaScript&#58; the good parts</p>"
        '<a href="https://news.example/" title="what is onclick&#61;?">a</a>'
    )


@given(MARKUP, st.sampled_from([None, BASE]))
def test_nothing_live_or_unsafe_comes_out(html: str, base: str | None) -> None:
    for cleaned in (clean_html(html, base), clean_html("<b></b>" * MAX_TAGS + html, base)):
        assert not LIVE.search(cleaned)
        assert not UNSAFE.search(cleaned)


# A link in a table in a link is one that HTML itself cannot write down as it was understood.
@given(MARKUP.filter(lambda html: "<table" not in html.lower()), st.sampled_from([None, BASE]))
def test_cleaning_twice_changes_nothing_more(html: str, base: str | None) -> None:
    cleaned = clean_html(html, base)
    assert clean_html(cleaned, base) == cleaned


def depth(html: str) -> int:
    deepest = now = 0
    for tag in re.findall(r"<(/?)[a-z]", html):
        now += -1 if tag else 1
        deepest = max(deepest, now)
    return deepest


@pytest.mark.parametrize(
    "nest",
    [
        "<div>",
        "<div></p>",
        "<div><object></div></object>",
        "<p><b>",
        "<b x=='><div>'>",
        "<table><tr><td>",
        "<div title='</div>'>",
        "<div><!--</div>-->",
        "<svg><td>",
    ],
)
def test_nesting_is_bounded_and_the_text_stays(nest: str) -> None:
    cleaned = clean_html(nest * 30_000 + "the end", None)
    assert depth(cleaned) <= 2 * MAX_DEPTH
    assert len(cleaned) < 1_000_000
    assert "svg" in nest or "the end" in cleaned


def test_a_long_article_keeps_its_form() -> None:
    html = "<p>A <b>bold</b> word.</p><ul><li>one<li>two</ul>" * MAX_TAGS
    assert clean_html(html, None) == (
        "<p>A <b>bold</b> word.</p><ul><li>one</li><li>two</li></ul>" * MAX_TAGS
    )


def test_content_too_long_to_check_becomes_paragraphs() -> None:
    cleaned = clean_html("<p>one</p><script>x()</script><p>two & 3</p>" + " " * MAX_HTML, None)
    assert cleaned == "<p>one</p><p>two &amp; 3</p>"


def test_a_picture_held_in_its_address_does_not_count_as_length() -> None:
    picture = f'<img src="data:image/png;base64,{"A" * MAX_HTML}">'
    assert clean_html(f"<p>{picture}<b>text</b></p>", None) == "<p><b>text</b></p>"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Grain &amp; <i>ports</i>", "Grain & ports"),
        ("<p>one</p><p>two</p>three<br>four", "one two three four"),
        ("a<script>var x = '<p>no</p>'</script><STYLE>p{}</style >b", "ab"),
        ("a<!-- no --><!doctype x><?pi?>b", "ab"),
        ('a<img alt="x > y">b', "ab"),
        ("it's <b title=it's>not</b> 'so'", "it's not 'so'"),
        ("1 < 2, a<3, I </3 you", "1 < 2, a<3, I </3 you"),
        ("if a <b then", "if a <b then"),
        ("AT&amp;amp;T &lt;b&gt;buys&lt;/b&gt; it", "AT&T buys it"),
        ("write &lt;em&gt; here", "write ‹em› here"),
        ("a &foo; b", "a &foo b"),
        ("\u202egpj.exe\x07 &#x202e;&#x7;&#xd800;x&#" + "9" * 5000 + ";", "gpj.exe \ufffdx"),
        ("\n tab\tand\u2028line ", "tab and line"),
    ],
)
def test_markup_is_read_as_a_person_would(markup: str, text: str) -> None:
    assert plain_text(markup, 200) == text


@given(MARKUP, st.integers(5, 200))
def test_plain_text_is_one_safe_line_within_its_limit(markup: str, limit: int) -> None:
    text = plain_text(markup, limit)
    assert len(text) <= limit
    assert "\n" not in text
    assert not UNSAFE.search(text)
    assert not re.search(r"</?[a-zA-Z][^<>]*>|&(?:[a-z]{2,8}|#\d+);", text)


@pytest.mark.parametrize(
    "flood",
    [
        *("<", "<a", "<!--", "<!", "</", '<a x="', "<a ='", "<script>", "&", "&#", "<p ", "<img "),
        *("]]>", "<img src", "' on", "data:image/", "<b><p>", "\x0b", "javascript ", "<a>"),
    ],
)
def test_floods_end(flood: str) -> None:
    html = flood * (300_000 // len(flood))
    assert len(clean_html(html, BASE)) < 3_000_000
    assert len(plain_text(html, 300)) <= 300
    assert isinstance(looks_like_html(html), bool)
    assert len(drop_beacons(html)) <= len(html)


@given(st.text())
def test_text_as_html_says_the_same(text: str) -> None:
    html = text_to_html(text)
    assert clean_html(html, None).replace("&#58;", ":") == html.replace("\xa0", "&nbsp;").strip()


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("plain", False),
        ("1 < 2 > 0", False),
        ("AT&T; well", False),
        ("a <reader> writes", False),
        ("<b>x", True),
        ("x</script>", True),
        ("x &mdash; y", True),
        ("x &#8212; y", True),
        ('<IMG SRC="x">', True),
    ],
)
def test_undeclared_markup_is_told(text: str, markup: bool) -> None:
    assert looks_like_html(text) is markup


@pytest.mark.parametrize(
    "beacon",
    [
        '<img src="https://a.example/p" width="1" height="1">',
        '<img width="0" src="https://a.example/p">',
        '<img height="1px" src="https://a.example/p">',
        '<img src="http://feeds.feedburner.com/~r/harbour/~4/x" alt="">',
        '<img src="https://ad.doubleclick.net/x">',
        '<img src="https://pixel.wp.com/b.gif?host=a">',
        '<img src="https://da.feedsportal.com/r/1/a2.img">',
        '<IMG SRC="https://www.google-analytics.com/collect?a=1&amp;b=2">',
    ],
)
def test_beacons_are_dropped(beacon: str) -> None:
    assert drop_beacons(f"<p>News</p>{beacon}<p>End</p>") == "<p>News</p><p>End</p>"


@pytest.mark.parametrize(
    "picture",
    [
        '<img src="https://a.example/p.png" width="100" height="10">',
        '<img src="https://a.example/1x1.png">',
        '<img src="https://feeds.feedburner.com/pictures/a.png">',
        '<img src="https://notdoubleclick.net.example/a.png" width="100%">',
        '<img src="http://[broken">',
    ],
)
def test_pictures_stay(picture: str) -> None:
    html = f"<p>{picture}</p><p></p>"
    assert drop_beacons(html) == html


def test_what_held_only_a_beacon_goes_with_it() -> None:
    beacon = '<p><a href="https://a.example/"><img src="https://a.example/p" width="1"></a></p>'
    assert drop_beacons(f"<p>News</p>{beacon}") == "<p>News</p>"


def test_other_hosts_can_be_listed() -> None:
    html = 'a<img src="https://count.example/x">'
    assert drop_beacons(html, frozenset({"count.example"})) == "a"
    assert drop_beacons(html) == html


_TAGS_TO_READ = ("<p>", "</p>", "<br/>", "<b>", "</b>", "<td>", "<P CLASS=a>", "<unknown>", "</a>")
_ODD = ("<script>", "</script>", "<!-- c -->", "<i", "x<y", '<a href="https://e.org/x">', "\x0b")
_PLAIN = ("one", "two", " ", "\n", "é", "&amp;", "&lt;b&gt;", "&#8217;", "javascript:")
_PIECES = st.sampled_from((*_TAGS_TO_READ, *_ODD, *_PLAIN, '<img src="/x" alt="a>b">'))


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_plain_markup_goes_the_short_way_to_the_same_text(html: str) -> None:
    """A comment is not read, and makes the markup go the long way."""
    assert plain_text(html, 1000) == plain_text(f"<!-- -->{html}", 1000)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_markup_without_relative_addresses_needs_no_base(html: str) -> None:
    if _all_absolute(html):
        assert _cleaner("https://e.org/f").clean(html) == _cleaner(None).clean(html)


_LINKS = ("https://e.org/x?a=1&amp;b='#[c]", "http://e-e.co.example", "https://e.org/&", "/x", "")
_NO_LINKS = ("http://1.2.3.999/", "http://xn--a.example/", "http://e.org:99999/", "http://a..b/")
_WHOLE = ("<b>one</b>", "<em>&amp;</em>", "<strong>\n</strong>", "<i><b>in</b></i>", "<b>open")
_STAYS = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<br>",
            *_PLAIN,
            *_WHOLE,
            '"',
            "'",
            "\xa0",
            "\r",
            "\u3000",
            "&nbsp;",
            "&quot;",
            "=",
            ">",
        ),
        *(f'<a href="{link}">two</a>' for link in (*_LINKS, *_NO_LINKS)),
    ]
)


@given(st.lists(_STAYS | st.text(max_size=3), max_size=8), st.booleans())
def test_markup_that_is_known_to_be_clean_needs_no_cleaning(pieces: list[str], one: bool) -> None:
    html = _characters("".join(pieces if not one else ["<p>", *pieces, "</p>"]))
    if _STABLE.fullmatch(html):
        assert _cleaner(None).clean(html) == html
        assert _cleaner("https://e.org/f").clean(html) == html


@pytest.mark.parametrize("link", _NO_LINKS)
def test_an_address_that_may_be_none_is_left_to_be_cleaned(link: str) -> None:
    assert not _STABLE.fullmatch(f'<a href="{link}">x</a>')


def test_usual_paragraphs_are_known_to_be_clean() -> None:
    link = '<a href="https://www.e-news.example/a/b?x=1&amp;y=2#z">Read &amp; weep</a>'
    assert _STABLE.fullmatch(f"<p>One – <b>two</b>.<br>{link}</p>\n<p>Three</p>")
