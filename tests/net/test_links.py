"""Link headers: hubs and the document's own address, out of whatever servers write there."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.exchange import Fetched, Request
from aggregator.net.links import MOST_HUBS, Links, links
from tests.net.conftest import MakeFetcher
from tests.net.origin import RSS, Talk, an_origin

BASE = "https://news.example/a/feed?x=1"
HUB, OTHER = "https://hub.example/", "https://other.example/push"
SELF = "https://news.example/feed"


@pytest.mark.parametrize(
    ("header", "hubs", "self_url"),
    [
        (None, (), None),
        ("", (), None),
        (f'<{HUB}>; rel="hub"', (HUB,), None),
        (f"<{HUB}>;rel=hub,<{SELF}>;rel=self", (HUB,), SELF),
        (f'<{HUB}>; rel="hub", <{OTHER}>; rel="hub", <{SELF}>; rel="self"', (HUB, OTHER), SELF),
        (f'<{HUB}>; rel="hub", <{HUB}>; rel="hub"', (HUB,), None),
        (f'<{HUB}> ; REL = "Hub" ; title="a, b; rel=self"', (HUB,), None),
        (f'<{HUB}>; title="say \\"hub\\"; <x>, y"; rel=hub', (HUB,), None),
        (f'<{HUB}>; rel="hub self"', (HUB,), HUB),
        (f'<{HUB}>; rel="github"', (), None),
        (f'<{HUB}>; rel="next"; rel="hub"', (), None),
        (f"<{SELF}>; rel=self, <{OTHER}>; rel=self", (), SELF),
        ("</feed>; rel=self, <../hub>; rel=hub", ("https://news.example/hub",), SELF),
        ("<>; rel=self", (), BASE),
        ("<?page=2>; rel=self", (), "https://news.example/a/feed?page=2"),
        (f"<{OTHER}>; rel=hub; anchor=/another", (), None),
        (f"<{HUB}>; rel=hub; anchor=?x=1", (HUB,), None),
        (f'<https://hub.example/a,b;c>; rel="hub", <{SELF}>; rel=self', (f"{HUB}a,b;c",), SELF),
        ("<javascript:alert(1)>; rel=hub, <file:///etc/passwd>; rel=self", (), None),
        ("<http://[::1>; rel=hub, <https://>; rel=self", (), None),
        (f"nonsense, <{HUB}>; rel=hub", (HUB,), None),
        (f"<{HUB}; rel=hub, <{SELF}>; rel=self", (), SELF),
        (f"<{HUB}>", (), None),
        (f'<{HUB}>; rel="hub', (), None),
        ("<https://hub.example/a;>; rel=hub", ("https://hub.example/a;",), None),
        (f"<{HUB}>; crossorigin; rel=hub", (HUB,), None),
    ],
)
def test_hubs_and_self_are_read_as_rfc_8288_writes_them(
    header: str | None, hubs: tuple[str, ...], self_url: str | None
) -> None:
    assert links(header, BASE) == Links(hubs=hubs, self_url=self_url)


@pytest.mark.parametrize("fill", [",", ", ", " ", "<,", "x,", '"'])
def test_a_header_made_to_be_read_again_and_again_is_read_once(fill: str) -> None:
    """Quadratic reading would take an hour for the first of these, and let no thread work."""
    assert links(fill * 1_000_000 + "x", BASE) == Links()


def test_hubs_of_one_answer_are_bounded() -> None:
    header = ", ".join(f"<https://hub{n}.example/>; rel=hub" for n in range(1000))
    assert len(links(header, BASE).hubs) == MOST_HUBS


@given(st.text(max_size=300) | st.text('<>;,="\\ relhubsf/:', max_size=300))
def test_any_header_gives_absolute_web_addresses_or_none(header: str) -> None:
    found = links(header, BASE)
    for url in (*found.hubs, *([found.self_url] if found.self_url else [])):
        assert urlsplit(url).scheme in {"http", "https"}


@given(st.lists(st.from_regex(r"https://[a-z]{1,9}\.example/[a-z,;=]{0,9}", fullmatch=True)))
def test_what_is_written_is_read_back(urls: list[str]) -> None:
    header = ", ".join(f'<{url}>; title="x, <y>; rel=self"; rel="hub"' for url in urls)
    assert links(header, BASE).hubs == tuple(dict.fromkeys(urls))[:MOST_HUBS]


def test_several_link_headers_are_read_and_resolved_where_the_answer_came_from(
    fetcher_for: MakeFetcher,
) -> None:
    lines = (
        b"HTTP/1.1 200 OK\r\nLink: <https://hub.example/>; rel=hub\r\n"
        b"link: </other-hub>; rel=hub\r\nLink: <feed.xml>; rel=self\r\n"
        b"Content-Length: %d\r\n\r\n" % len(RSS)
    )

    def handler(talk: Talk) -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: /deep/feed\r\nContent-Length: 0\r\n\r\n"
        talk.say(moved if talk.path == "/feed" else lines + RSS)

    with an_origin(handler) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url()))
    assert isinstance(outcome, Fetched)
    assert outcome.hubs == ("https://hub.example/", origin.url("/other-hub"))
    assert outcome.self_url == origin.url("/deep/feed.xml")
