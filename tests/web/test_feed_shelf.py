"""Feeds from memory: what is asked of the store, and what shows when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import StoreError
from aggregator.flow.audience import Counter
from aggregator.flow.kit import Kit
from aggregator.model.ids import EntryId
from aggregator.model.topic import Mode, Topic, Verb
from aggregator.store.engine import SqliteStore, open_store
from aggregator.store.migrate import our_ladder
from aggregator.web.feeds import FeedDoor, load_feed
from aggregator.web.rate import Buckets
from aggregator.web.shelf import FeedShelf
from tests.makers import a_topic_spec
from tests.web.desk import Desk, a_desk

ATOM = "topics/global-lane.atom"


class Counted(SqliteStore):
    """A store that counts what it is asked."""

    asked = 0

    def read(self) -> Any:
        self.asked += 1
        return super().read()

    def version(self) -> int:
        self.asked += 1
        return super().version()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "news.db") as here:
        wire = here.feed()
        lane = here.topic(a_topic_spec(mode=Mode.AUTO))
        other = here.topic(a_topic_spec(slug="other", title="Other", mode=Mode.REVIEW))
        here.tell(wire, lane, other, title="Ships leave")
        here.publish()
        yield here


def topic_of(desk: Desk, slug: str = "global-lane") -> Topic:
    with desk.kit.store.read() as tx:
        found = tx.topics.find(slug)
    assert found is not None
    return found


def news(desk: Desk, title: str) -> None:
    with desk.kit.store.read() as tx:
        wire = tx.feeds.find("wire")
    assert wire is not None
    desk.tell(wire, topic_of(desk), title=title)
    desk.publish("global-lane")


async def body_of(shelf: FeedShelf, path: str = ATOM) -> bytes:
    ready = await shelf.get(path)
    assert ready is not None
    return ready.plain.body


def test_a_thousand_conditional_gets_after_a_decision_touch_no_database(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.web.shelf.LOOK_EVERY", 3600)  # this test looks itself
    store = Counted(path_of(desk), our_ladder(), create=False)
    kit = replace(desk.kit, store=store)
    door = FeedDoor(nobody, lambda: kit, Counter(), Buckets(at_once=10_000))

    async def readers() -> list[int]:
        first = await ask(door)
        tag = (b"if-none-match", dict(first[1])[b"etag"])
        desk.act(Verb.HOLD, topic_of(desk, "other"), EntryId(1))  # it has nothing to do with it
        desk.publish("other")
        found = []
        for _ in range(2):
            store.asked = 0
            found += [(await ask(door, tag))[0] for _ in range(500)]
            assert store.asked == 0
            door.shelf.look()
        return found

    try:
        assert asyncio.run(readers()) == [304] * 1000
    finally:
        store.close()


def test_a_look_asks_for_nothing_but_the_version_while_nobody_writes(desk: Desk) -> None:
    store = Counted(path_of(desk), our_ladder(), create=False)
    kit = replace(desk.kit, store=store)

    async def story() -> None:
        shelf = FeedShelf(lambda: kit, load_feed)
        await body_of(shelf)
        store.asked = 0
        shelf.look()
        assert store.asked == 1

    try:
        asyncio.run(story())
    finally:
        store.close()


def path_of(desk: Desk) -> Path:
    store = desk.kit.store
    assert isinstance(store, SqliteStore) and store.path is not None
    return store.path


async def nobody(scope: object, receive: object, send: object) -> None:
    raise AssertionError("a feed is answered by its door")


async def ask(
    door: FeedDoor, *headers: tuple[bytes, bytes]
) -> tuple[int, list[tuple[bytes, bytes]]]:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is asked of the asker")

    scope = {"type": "http", "method": "GET", "path": f"/{ATOM}", "headers": [*headers]}
    await door({**scope, "client": ("11.0.0.1", 5)}, receive, send)
    return told[0]["status"], told[0]["headers"]


def test_a_changed_document_is_read_anew_at_the_next_look_and_no_other(desk: Desk) -> None:
    loaded: list[str] = []

    def load(kit: Kit, path: str) -> Any:
        loaded.append(path)
        return load_feed(kit, path)

    async def story() -> None:
        shelf = FeedShelf(lambda: desk.kit, load)
        await body_of(shelf), await body_of(shelf, "topics/other.atom")
        news(desk, "Just in")
        assert b"Just in" not in await body_of(shelf)
        loaded.clear()
        shelf.look()
        assert loaded == [ATOM]
        at_once = shelf.at_once(ATOM)
        assert at_once is not None and b"Just in" in at_once.plain.body

    asyncio.run(story())


def test_a_new_edition_shows_in_every_process_without_being_asked_for(desk: Desk) -> None:
    elsewhere = open_store(path_of(desk))
    kit = replace(desk.kit, store=elsewhere)

    async def story() -> None:
        shelf = FeedShelf(lambda: kit, load_feed)
        await body_of(shelf)
        news(desk, "Just in")
        begun = time.monotonic()
        while b"Just in" not in await body_of(shelf):
            assert time.monotonic() < begun + 20
            await asyncio.sleep(0.02)

    try:
        asyncio.run(story())
    finally:
        elsewhere.close()


def test_a_document_that_is_gone_is_gone_at_the_next_look(desk: Desk) -> None:
    async def story() -> None:
        shelf = FeedShelf(lambda: desk.kit, load_feed)
        await body_of(shelf)
        with desk.kit.store.write() as tx:
            tx.publications.drop("global-lane")
        shelf.look()
        assert shelf.at_once(ATOM) is None
        assert await shelf.get(ATOM) is None

    asyncio.run(story())


def test_a_new_feeds_yaml_is_taken_in(desk: Desk) -> None:
    kit = desk.kit

    async def story() -> bytes | None:
        nonlocal kit
        shelf = FeedShelf(lambda: kit, load_feed)
        await body_of(shelf)
        kit = replace(kit, base="https://news.lane.org/below")
        shelf.look()
        ready = shelf.at_once(ATOM)
        assert ready is not None
        return dict(ready.plain.full)[b"content-location"]

    assert asyncio.run(story()) == b"/below/topics/global-lane.atom"


def test_the_last_good_bytes_are_served_while_the_store_cannot_be_read(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        shelf = FeedShelf(lambda: desk.kit, load_feed)
        before = await body_of(shelf)
        desk.kit.store.close()
        shelf.look()
        shelf.look()
        assert await body_of(shelf) == before
        with pytest.raises(StoreError):
            await shelf.get("topics/other.rss")

    asyncio.run(story())
    assert [each.message for each in caplog.records] == ["serving from memory"]


def test_memory_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        shelf = FeedShelf(lambda: desk.kit, load_feed)
        first = await shelf.get(ATOM)
        assert first is not None
        monkeypatch.setattr("aggregator.web.shelf.MOST_BYTES", first.size + 1)
        await body_of(shelf, "topics/global-lane.rss")
        assert shelf.at_once(ATOM) is None
        assert shelf.at_once("topics/global-lane.rss") is not None
        assert await body_of(shelf) == first.plain.body

    asyncio.run(story())


def test_a_shelf_works_in_one_loop_after_another(desk: Desk) -> None:
    shelf = FeedShelf(lambda: desk.kit, load_feed)
    asyncio.run(body_of(shelf))
    assert shelf.at_once(ATOM) is None  # nobody looks now
    news(desk, "Just in")
    assert b"Just in" in asyncio.run(body_of(shelf))
