from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.homes import homes_of
from aggregator.core.ids import choose_uri, feed_uri
from aggregator.model.feed import Auth, Feed
from tests.makers import a_feed, a_feed_spec


def chosen(guid: str, feed: Feed | None = None, key: str | int = 7) -> str:
    feed = feed or a_feed()
    return choose_uri(
        guid,
        feed,
        homes=homes_of(feed, site_is_anothers=False),
        key=key,
        authority="desk.example",
        year=2026,
    )


def test_a_site_that_is_another_feeds_gives_no_right_to_its_ids() -> None:
    feed = replace(a_feed(), site_url="https://rival.example/")
    assert homes_of(feed, site_is_anothers=False) == {"wire.example", "rival.example"}
    assert homes_of(feed, site_is_anothers=True) == {"wire.example"}


@pytest.mark.parametrize(
    "guid",
    [
        "https://wire.example/a?b=c#d",
        "http://WWW.Wire.Example/a",
        "https://m.wire.example/a%20b",
        "http://wire.example:8080/a",
        "tag:wire.example,2005:1",
        "tag:editor@wire.example,2005-12-31:a/b",
    ],
)
def test_the_publishers_id_is_kept_when_it_is_theirs(guid: str) -> None:
    assert chosen(guid) == guid


@pytest.mark.parametrize(
    "guid",
    [
        "",
        "12345",
        "/a",
        "https://other.example/a",
        "https://sub.wire.example/a",
        "https://wire.example.evil.example/a",
        "https://evil.example/wire.example",
        "https://user:secret@wire.example/a",
        "https://wire.example@evil.example/a",
        "https://wire.example\\@evil.example/a",
        "https://wire.example/ä",
        "https://wire.example/a b",
        "https://wire.example/<b>",
        "https://wire.example/%zz",
        "https://wire.example/[a]",
        "https:///wire.example/a",
        "https:/wire.example/a",
        "https://wire.example/#a#b",
        "tag:wire.example,2005:[a]",
        "tag:wire.example,2005-1-31:a",
        "https://wire.example/\u202e",
        "https://[wire.example/a",
        "https://wire.example/" + "a" * 2000,
        "tag:other.example,2005:1",
        "tag:wire.example:1",
        "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        "mailto:desk@wire.example",
        "javascript:alert(1)",
    ],
)
def test_any_other_id_gives_way_to_one_of_ours(guid: str) -> None:
    assert chosen(guid).startswith("tag:desk.example,2026:")
    assert len(chosen(guid)) == len("tag:desk.example,2026:") + 32


def test_an_id_at_the_feeds_site_is_theirs_too() -> None:
    feed = a_feed(
        spec=a_feed_spec(url="https://feeds.host.example/wire"), site_url="https://www.wire.example"
    )
    for guid in ("https://wire.example/a", "https://feeds.host.example/a"):
        assert chosen(guid, feed) == guid


def test_a_private_feed_shows_no_id_of_its_own() -> None:
    feed = a_feed(spec=a_feed_spec(auth=Auth(basic="env:WIRE")))
    assert chosen("https://wire.example/a", feed).startswith("tag:desk.example,2026:")


def test_our_id_depends_on_feed_and_key_and_on_nothing_else() -> None:
    renamed = a_feed(id=99, title="Renamed", site_url=None)
    elsewhere = a_feed(spec=a_feed_spec(url="https://wire.example/other.xml"))
    assert chosen("1") == chosen("2", renamed) == "tag:desk.example,2026:" + chosen("")[-32:]
    assert len({chosen("1"), chosen("1", key=8), chosen("1", elsewhere)}) == 3


@given(st.text(st.characters(codec=None, categories=None)), st.text() | st.integers())
def test_whatever_the_guid_the_id_is_a_uri(guid: str, key: str | int) -> None:
    for text in (guid, f"https://wire.example/{guid}", f"tag:wire.example,2005:{guid}"):
        uri = chosen(text, key=key)
        assert uri.isascii()
        assert uri.isprintable()
        assert not set(uri) & set(' <>"{}|\\^`')


def test_a_topics_feed_has_one_id() -> None:
    assert feed_uri("desk.example", 2026, "rail") == "tag:desk.example,2026:topics/rail"
