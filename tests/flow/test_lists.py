"""Feeds come by address, shortcut and OPML, and go out again as they came."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.core.following import tags_from
from aggregator.core.text import clean_line
from aggregator.errors import ReadFailed, UsageError
from aggregator.flow.lists import add_feed, address_of, export_opml, import_opml, set_status
from aggregator.formats.opml import MAX_TITLE, read_opml, write_opml
from aggregator.model.feed import Feed, FeedSpec, FeedStatus, Origin, Outline, OutlineList
from aggregator.store.engine import open_store
from tests.flow.newsroom import Newsroom, topic, url_of

WIRE = "https://wire.example/feed.xml"


def add(newsroom: Newsroom, url: str, *, name: str | None = None) -> Feed:
    return add_feed(newsroom.kit, url, name=name, tags=(), rights=None)


def the_feeds(newsroom: Newsroom) -> tuple[Feed, ...]:
    with newsroom.kit.store.read() as tx:
        return tx.feeds.all()


def exported(newsroom: Newsroom) -> bytes:
    with newsroom.kit.store.read() as tx:
        return export_opml(tx, "Ours")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (WIRE, WIRE),
        (f" {WIRE} ", WIRE),
        ("wire.example/feed.xml", WIRE),
        ("localhost:8000/@ida", "https://localhost:8000/@ida"),
        ("github.com/python/cpython", "https://github.com/python/cpython"),
        ("github:python/cpython", "https://github.com/python/cpython/releases.atom"),
        ("youtube:@lane", "https://www.youtube.com/@lane"),
        ("@ida@social.example", "https://social.example/@ida.rss"),
    ],
)
def test_an_address_is_what_was_written_or_is_behind_a_shortcut(text: str, address: str) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text", ["", "ftp://e.example/", "https://", "a b", "https://ida:x@e.example/f", "gitlab:a/b"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        address_of(text)


def test_a_shortcut_is_added_unseen_unless_only_its_page_tells(newsroom: Newsroom) -> None:
    feed = add(newsroom, "github:python/cpython/tags")
    assert feed.spec.url == "https://github.com/python/cpython/tags.atom"
    with pytest.raises(UsageError, match="has to be looked up"):
        add(newsroom, "youtube:@lane")


def test_a_retired_feed_is_added_again_under_its_name(newsroom: Newsroom) -> None:
    feed = add(newsroom, WIRE, name="wire")
    set_status(newsroom.kit, "wire", FeedStatus.RETIRED)
    again = add(newsroom, WIRE, name="wire")
    assert (again.id, again.spec.name, again.status) == (feed.id, "wire", FeedStatus.ACTIVE)
    with pytest.raises(UsageError, match="of ours already"):
        add(newsroom, WIRE)
    with pytest.raises(UsageError, match="another feed is called"):
        add(newsroom, "https://post.example/", name="wire")


def test_an_import_adds_what_is_new_and_polls_again_what_was_retired(newsroom: Newsroom) -> None:
    add(newsroom, "https://a.example/f")
    old = add(newsroom, "https://b.example/f")
    set_status(newsroom.kit, old.spec.name, FeedStatus.RETIRED)
    outlines = tuple(Outline(url=f"https://{x}.example/f", title=x) for x in "abc")
    done = import_opml(newsroom.kit, write_opml(OutlineList(title="", outlines=outlines)))
    assert ([feed.spec.name for feed in done.added], done.known) == (
        ["b-example-f", "c-example-f"],
        1,
    )
    assert {feed.status for feed in the_feeds(newsroom)} == {FeedStatus.ACTIVE}
    again = import_opml(newsroom.kit, write_opml(OutlineList(title="", outlines=outlines)))
    assert (again.added, again.known) == ((), 3)


def test_a_hostile_list_imports_nothing(newsroom: Newsroom) -> None:
    bomb = b'<!DOCTYPE o [<!ENTITY a "b">]><opml><body><outline xmlUrl="https://a.example/&a;"/>'
    with pytest.raises(ReadFailed, match="document type"):
        import_opml(newsroom.kit, bomb + b"</body></opml>")
    inside = "".join(
        f'<outline xmlUrl="{url}"/>'
        for url in ("file:///etc/passwd", "javascript:x", "https://a:b@c.example/", "data:,x")
    )
    done = import_opml(newsroom.kit, f"<opml><body>{inside}</body></opml>".encode())
    assert (done.added, len(done.problems)) == ((), 4)
    assert the_feeds(newsroom) == ()


def test_every_feed_of_a_large_list_has_a_name_of_its_own(newsroom: Newsroom) -> None:
    outlines = tuple(Outline(url=f"https://e.example/?{n}", title=str(n)) for n in range(3000))
    done = import_opml(newsroom.kit, write_opml(OutlineList(title="", outlines=outlines)))
    assert len({feed.spec.name for feed in done.added}) == 3000


LINES = (
    st.text(min_size=1, max_size=40)
    .map(clean_line)
    .filter(lambda text: text and read_title(text) == text)
)


def read_title(text: str) -> str:
    """Return the text as a list gives it back."""
    outlines = (Outline(url="https://e.example/", title=text),)
    return read_opml(write_opml(OutlineList(title="", outlines=outlines))).outlines[0].title


TAGS = st.lists(LINES, max_size=4).map(tags_from)
SITES = st.none() | st.integers(0, 9).map("https://site.example/{}?a=1&b=<ü>".format)
GIVEN = st.lists(st.tuples(LINES, TAGS, SITES), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(GIVEN)
def test_what_is_exported_is_imported_again(
    given_feeds: list[tuple[str, tuple[str, ...], str | None]],
) -> None:
    """Addresses, titles, tags in their order, and sites: there and back, whatever they hold."""
    store, other = open_store(":memory:"), open_store(":memory:")
    here, there = Newsroom(store), Newsroom(other)
    with store.write() as tx:
        for n, (title, tags, site) in enumerate(given_feeds):
            spec = FeedSpec(url=f"https://e.example/{n}?a=1&b=<x>", name=f"f-{n}", tags=tags)
            feed = tx.feeds.add(spec, origin=Origin.DESK, now=here.now)
            tx.feeds.learn(feed.id, title=title[:MAX_TITLE], site_url=site, lang=None, icon=None)
    first = exported(here)
    done = import_opml(there.kit, first)
    second = exported(there)
    ours = sorted((feed.title, feed.spec.tags) for feed in the_feeds(here))
    theirs = sorted((feed.title, feed.spec.tags) for feed in the_feeds(there))
    store.close()
    other.close()
    assert len(done.added) == len(given_feeds)
    assert ours == theirs
    assert read_opml(first) == read_opml(second)


def test_nested_folders_are_kept_there_and_back(newsroom: Newsroom) -> None:
    outlines = (
        Outline(url="https://a.example/f", title="A", folders=("World", "Asia", "East")),
        Outline(url="https://b.example/f", title="B", folders=("World",)),
        Outline(url="https://c.example/f", title="C"),
    )
    import_opml(newsroom.kit, write_opml(OutlineList(title="", outlines=outlines)))
    assert {each.title: each.folders for each in read_opml(exported(newsroom)).outlines} == {
        each.title: each.folders for each in outlines
    }


def test_an_import_knows_a_feed_by_the_address_it_left_for_good(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    with newsroom.kit.store.write() as tx:
        wire = tx.feeds.find("wire")
        assert wire is not None
        tx.feeds.move(wire.id, "https://new.example/feed.xml")
    body = (
        f'<opml version="2.0"><body><outline xmlUrl="{url_of("wire")}"/></body></opml>'
    ).encode()
    done = import_opml(newsroom.kit, body)
    assert (done.added, done.known) == ((), 1)
