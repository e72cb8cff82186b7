from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.text import clean_line
from aggregator.errors import ReadFailed
from aggregator.formats import opml
from aggregator.formats.opml import read_opml, write_opml
from aggregator.model.feed import Outline, OutlineList


def a_list(body: str, head: str = "<head><title>Feeds</title></head>") -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0">{head}<body>{body}</body></opml>'.encode()


def a_feed(number: object, more: str = "") -> str:
    return f'<outline text="F{number}" type="rss" xmlUrl="https://e.example/{number}" {more}/>'


def test_folders_are_kept() -> None:
    listed = read_opml(
        a_list(
            f'<outline text="World">{a_feed(1)}<outline title="Asia">{a_feed(2)}</outline>'
            f"</outline><outline>{a_feed(3)}</outline>{a_feed(4)}"
        )
    )
    assert listed.title == "Feeds"
    assert [(feed.title, feed.folders) for feed in listed.outlines] == [
        ("F1", ("World",)),
        ("F2", ("World", "Asia")),
        ("F3", ()),
        ("F4", ()),
    ]


def test_a_feed_needs_only_its_address() -> None:
    listed = read_opml(a_list('<outline XMLURL=" HTTPS://E.example/a b "/>'))
    assert listed.outlines == (
        Outline(url="https://e.example/a%20b", title="https://e.example/a%20b"),
    )


def test_what_is_no_web_address_is_left_out_and_told() -> None:
    bad = (
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ftp://x/",
        "",
        "no",
        "http://a:b@c.example/",
    )
    listed = read_opml(a_list("".join(f'<outline xmlUrl="{url}"/>' for url in bad) + a_feed(1)))
    assert [feed.title for feed in listed.outlines] == ["F1"]
    assert len(listed.problems) == len(bad)
    assert listed.problems[0] == "line 1: no http(s) address: 'file:///etc/passwd'"


def test_an_address_counts_once() -> None:
    listed = read_opml(a_list(a_feed(1) + f'<outline text="B">{a_feed(1)}</outline>'))
    assert len(listed.outlines) == 1
    assert listed.problems == ("line 1: https://e.example/1 stands twice",)


def test_titles_are_plain() -> None:
    title = "&lt;b&gt;A&lt;/b&gt; &amp;amp; B&#x202e;"
    listed = read_opml(
        a_list(a_feed(1, f'title="{title}"'), "<head><title>&lt;script&gt;x</title></head>")
    )
    assert (listed.title, listed.outlines[0].title) == ("", "A & B")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "this is no OPML list"),
        (b"hello", "this is no OPML list"),
        (b"<rss/>", "its first element is <rss>"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>', "declares a document type"),
        ("<!DOCTYPE opml><opml/>".encode("utf-16"), "declares a document type"),
        (b"<opml>" + b" " * opml.MAX_BODY, "too long"),
    ],
)
def test_what_is_no_list_is_refused_in_clear_words(body: bytes, why: str) -> None:
    with pytest.raises(ReadFailed) as refused:
        read_opml(body)
    assert why in str(refused.value)


def test_a_broken_list_keeps_what_it_can() -> None:
    listed = read_opml(a_list(a_feed(1) + '<outline text="a & b">' + a_feed(2))[:-14])
    assert [feed.title for feed in listed.outlines] == ["F1", "F2"]
    assert "not well-formed" in listed.problems[0]


def test_numbers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MAX_FEEDS", 3)
    listed = read_opml(a_list("".join(map(a_feed, range(9)))))
    assert len(listed.outlines) == 3
    assert listed.problems == ("more than 3 feeds: the others are left out",)


def test_problems_are_bounded() -> None:
    listed = read_opml(a_list('<outline xmlUrl="x"/>' * 500))
    assert len(listed.problems) == opml.MAX_PROBLEMS + 1
    assert listed.problems[-1] == f"and {500 - opml.MAX_PROBLEMS} more"


def test_depth_is_bounded() -> None:
    deep = opml.MAX_DEPTH + 1
    listed = read_opml(a_list('<outline text="a">' * deep + a_feed(1) + "</outline>" * deep))
    assert listed.outlines == ()
    assert listed.problems == (f"line 1: folders stand more than {opml.MAX_DEPTH} deep",)


def test_the_document_is_the_same_every_time() -> None:
    listed = OutlineList(
        title="Feeds & more",
        outlines=(Outline(url="https://a.example/f", title="A", folders=("World",)),),
    )
    written = write_opml(listed, owner="desk@news.example")
    assert written == write_opml(listed, owner="desk@news.example")
    assert written.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<opml version="2.0">\n'
        "  <head>\n"
        "    <title>Feeds &amp; more</title>\n"
        "    <ownerEmail>desk@news.example</ownerEmail>\n"
        "  </head>\n"
        "  <body>\n"
        '    <outline text="World" title="World">\n'
        '      <outline type="rss" text="A" title="A" xmlUrl="https://a.example/f"/>\n'
        "    </outline>\n"
        "  </body>\n"
        "</opml>\n"
    )


def test_what_cannot_be_written_is_left_out() -> None:
    outlines = (
        Outline(url="javascript:x()", title="A"),
        Outline(url="https://a.example/", title="\x00\u202e", site_url="file:///x"),
        Outline(url="https://a.example/", title="again"),
    )
    listed = read_opml(write_opml(OutlineList(title="", outlines=outlines)))
    assert listed.outlines == (Outline(url="https://a.example/", title="https://a.example/"),)


TITLES = (
    st.text(min_size=1, max_size=30)
    .map(clean_line)
    .filter(lambda text: text != "" and opml._title(text) == text)
)
URLS = st.integers(0, 50).map("https://e.example/{}?a=1&b=2".format)
OUTLINES = st.builds(
    Outline,
    url=URLS,
    title=TITLES,
    site_url=st.none() | URLS,
    folders=st.lists(TITLES, max_size=3).map(tuple),
)


@given(TITLES, st.lists(OUTLINES, unique_by=lambda outline: outline.url))
def test_what_is_written_is_read_again(title: str, outlines: list[Outline]) -> None:
    listed = OutlineList(title=title, outlines=tuple(outlines))
    assert read_opml(write_opml(listed, owner="Ida")) == listed


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (a_list(a_feed(1) + '<outline xmlUrl="ftp://x/"/>'), True),
        (a_list(a_feed(1)).replace(b"</body>", b""), False),
        (a_list(a_feed(1) + a_feed("a & b")), False),
        (a_list('<outline text="a">' * 21 + a_feed(1) + "</outline>" * 21), False),
    ],
)
def test_a_list_says_whether_it_was_read_to_its_end(body: bytes, whole: bool) -> None:
    assert read_opml(body).whole is whole


def test_a_list_cut_for_its_length_was_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MAX_FEEDS", 3)
    assert not read_opml(a_list("".join(map(a_feed, range(9))))).whole
    assert read_opml(a_list("".join(map(a_feed, range(3))))).whole
