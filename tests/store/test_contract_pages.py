"""Article pages in the store: queued once, given out a host at a time, kept apart from bodies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.urls import url_hash
from aggregator.model.entry import Instalment, Tag
from aggregator.model.feed import FeedStatus, Origin
from aggregator.model.ids import EntryId, FeedId
from aggregator.model.intake import Intake
from aggregator.model.page import RobotsFile
from aggregator.ports import Store
from tests.makers import NOON, a_feed_spec, a_text, an_arrival

TOWN, HARBOUR = "https://town.example/news/", "https://harbour.example/log/"


@pytest.fixture
def feed_id(store: Store) -> FeedId:
    with store.write() as tx:
        spec = a_feed_spec(url="https://town.example/feed.xml", fulltext=True)
        return tx.feeds.add(spec, origin=Origin.FILE, now=NOON).id


def kept(store: Store, feed_id: FeedId, *urls: str | None) -> list[EntryId]:
    """Keep an entry for each address."""
    arrivals = [
        an_arrival(
            feed_id=feed_id,
            guid=f"{n}",
            url_hash=url_hash(url) if url else None,
            public_id=f"story-{n}",
            text=a_text(url=url, content="<p>Teased.</p>"),
        )
        for n, url in enumerate(urls)
    ]
    with store.write() as tx:
        return [each.entry_id for each in tx.entries.keep(Intake(arrivals=tuple(arrivals)))]


def want(store: Store, entry_ids: list[EntryId], now: float = NOON) -> int:
    with store.write() as tx:
        return tx.pages.want(entry_ids, now)


def due(store: Store, now: float = NOON, limit: int = 10) -> list[str]:
    with store.read() as tx:
        return [page.url for page in tx.pages.due(now, limit=limit)]


def test_a_page_is_queued_once_and_never_again(store: Store, feed_id: FeedId) -> None:
    (first,) = kept(store, feed_id, TOWN + "a")
    assert want(store, [first]) == 1
    assert want(store, [first]) == 0
    with store.write() as tx:
        assert tx.pages.done(first, NOON, body="<p>All of it</p>", problem=None)
    assert want(store, [first]) == 0
    assert due(store) == []


def test_entries_without_an_article_of_their_own_have_no_page(
    store: Store, feed_id: FeedId
) -> None:
    assert want(store, kept(store, feed_id, None, "https://town.example/")) == 0


def test_each_host_gives_its_longest_waiting_page(store: Store, feed_id: FeedId) -> None:
    a, b, c = kept(store, feed_id, TOWN + "a", TOWN + "b", HARBOUR + "c")
    want(store, [b], NOON)
    want(store, [c], NOON + 1)
    want(store, [a], NOON + 2)
    assert due(store, NOON + 2) == [TOWN + "b", HARBOUR + "c"]
    assert due(store, NOON + 2, limit=1) == [TOWN + "b"]
    assert due(store, NOON - 1) == []


def test_a_page_that_is_leased_comes_due_again_when_its_lease_ends(
    store: Store, feed_id: FeedId
) -> None:
    (first,) = kept(store, feed_id, TOWN + "a")
    want(store, [first])
    with store.write() as tx:
        tx.pages.lease(first, NOON + 600)
        assert tx.pages.next_at() == NOON + 600
    assert due(store, NOON + 599) == []
    assert due(store, NOON + 600) == [TOWN + "a"]
    with store.write() as tx:
        assert tx.pages.due(NOON + 600, limit=1)[0].tries == 1
        tx.pages.postpone(first, NOON + 700, "not yet", tried=False)
        found = tx.pages.get(first)
    assert found is not None
    assert (found.tries, found.due_at, found.problem) == (0, NOON + 700, "not yet")


def test_a_time_that_a_wrong_clock_set_far_ahead_does_not_hold(
    store: Store, feed_id: FeedId
) -> None:
    (first,) = kept(store, feed_id, TOWN + "a")
    want(store, [first], NOON + 700 * 86400)
    assert due(store) == [TOWN + "a"]


def test_a_host_that_is_to_be_left_alone_gives_none(store: Store, feed_id: FeedId) -> None:
    want(store, kept(store, feed_id, TOWN + "a"))
    with store.write() as tx:
        tx.feeds.pause_host("town.example", NOON + 60)
        assert tx.pages.next_at() == NOON + 60
    assert due(store, NOON + 59) == []
    assert due(store, NOON + 60) == [TOWN + "a"]


def test_pages_wait_while_their_feed_is_paused_or_wants_none(store: Store, feed_id: FeedId) -> None:
    want(store, kept(store, feed_id, TOWN + "a"))
    with store.write() as tx:
        tx.feeds.set_status(feed_id, FeedStatus.PAUSED, now=NOON)
    assert due(store) == []
    with store.write() as tx:
        tx.feeds.set_status(feed_id, FeedStatus.ACTIVE, now=NOON)
        spec = tx.feeds.all()[0].spec
        tx.feeds.change(feed_id, replace(spec, fulltext=False), origin=Origin.FILE)
    assert due(store) == []
    with store.write() as tx:
        assert tx.pages.next_at() is None
        tx.feeds.change(feed_id, spec, origin=Origin.FILE)
    assert due(store) == [TOWN + "a"]


def test_a_withdrawn_entrys_page_is_not_asked_for(store: Store, feed_id: FeedId) -> None:
    (first,) = kept(store, feed_id, TOWN + "a")
    want(store, [first])
    with store.write() as tx:
        tx.entries.set_withdrawn([first], NOON)
    assert due(store) == []


def test_another_entrys_page_at_the_same_address_is_the_same_page(
    store: Store, feed_id: FeedId
) -> None:
    first, second, other = kept(store, feed_id, TOWN + "a", TOWN + "a?utm_source=x", TOWN + "b")
    with store.write() as tx:
        tx.pages.want([first, second, other], NOON)
        assert tx.pages.twin(second) is None
        tx.pages.done(first, NOON, body="<p>All of it</p>", problem=None)
        found = tx.pages.twin(second)
        assert tx.pages.twin(other) is None
        assert tx.pages.twin(first) is None
    assert found is not None
    assert (found.entry_id, found.body) == (first, "<p>All of it</p>")


def test_what_came_of_a_page_is_kept_once_and_apart_from_what_the_feed_says(
    store: Store, feed_id: FeedId
) -> None:
    (first,) = kept(store, feed_id, TOWN + "a")
    want(store, [first])
    with store.write() as tx:
        assert tx.pages.done(first, NOON + 1, body="<p>All of it</p>", problem=None)
        assert not tx.pages.done(first, NOON + 2, body="", problem="late")
        entry, page = tx.entries.get(first), tx.pages.get(first)
    assert entry is not None
    assert (entry.text.content, entry.page) == ("<p>Teased.</p>", "<p>All of it</p>")
    assert page is not None
    assert (page.body, page.fetched_at, page.due_at, page.problem) == (
        "<p>All of it</p>",
        NOON + 1,
        None,
        None,
    )


def test_an_entry_is_given_tags_and_series_in_place_of_all_it_had(
    store: Store, feed_id: FeedId
) -> None:
    (first,) = kept(store, feed_id, TOWN + "a")
    tags = (Tag(name="grain", source="vocabulary", because="body has grain"),)
    other = Tag(name="ships", source="vocabulary", because="body has ships")
    series = (Instalment(series="Log", date="2026-11-20", because="title"),)
    with store.write() as tx:
        tx.pages.refile(first, (*tags, other), series)
        tx.pages.refile(first, tags, series)
        entry = tx.entries.get(first)
    assert entry is not None
    assert (entry.tags, entry.series) == (tags, series)


def test_robots_txt_is_kept_by_place_in_place_of_the_one_before(store: Store) -> None:
    old = RobotsFile(place="town.example", fetched_at=NOON, status=200, body="User-agent: *")
    new = RobotsFile(place="town.example", fetched_at=NOON + 1, status=None)
    with store.write() as tx:
        assert tx.pages.robots("town.example") is None
        tx.pages.keep_robots(old)
        assert tx.pages.robots("town.example") == old
        tx.pages.keep_robots(new)
        assert tx.pages.robots("town.example") == new
        assert tx.pages.robots("town.example:8080") is None
