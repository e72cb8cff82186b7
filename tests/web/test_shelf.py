from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from aggregator.errors import StoreError
from aggregator.flow.kit import Kit
from aggregator.web.answers import Ready, ready_page
from aggregator.web.shelf import Shelf
from tests.web.desk import Desk, a_desk


class Watched:
    """A shelf over a desk that counts how often something is made."""

    def __init__(self, desk: Desk) -> None:
        self.kit, self.at, self.made = desk.kit, 0.0, 0
        self.fails = False
        self.shelf = Shelf(lambda: self.kit, self._load, seconds=lambda: self.at)

    def _load(self, kit: Kit, path: str) -> Ready | None:
        if self.fails:
            raise StoreError("the disk is gone")
        self.made += 1
        title = f"{kit.settings.site.title} {self.made}"
        return None if path == "/nothing" else ready_page(title.encode(), "text/plain")

    def ask(self, path: str = "/") -> bytes | None:
        ready = asyncio.run(self.shelf.get(path))
        return None if ready is None else ready.plain.body


def _write(desk: Desk) -> None:
    with desk.kit.store.write() as tx:
        tx.meta.set("something", str(desk.seen))
    desk.seen += 1


def test_what_nobody_changed_is_made_once() -> None:
    with a_desk() as desk:
        watched = Watched(desk)
        for second in range(5):
            watched.at = second
            assert watched.ask() == b"Lane Desk 1"


def test_a_write_shows_within_a_second_and_not_sooner() -> None:
    with a_desk() as desk:
        watched = Watched(desk)
        watched.ask()
        _write(desk)
        watched.at = 0.9
        assert watched.ask() == b"Lane Desk 1"
        watched.at = 1.0
        assert watched.ask() == b"Lane Desk 2"


def test_a_new_feeds_yaml_shows_like_a_write() -> None:
    with a_desk() as desk:
        watched = Watched(desk)
        watched.ask()
        site = replace(desk.kit.settings.site, title="Other Desk")
        watched.kit = replace(desk.kit, settings=replace(desk.kit.settings, site=site))
        watched.at = 1.0
        assert watched.ask() == b"Other Desk 2"


def test_what_stands_nowhere_is_asked_again() -> None:
    with a_desk() as desk:
        watched = Watched(desk)
        assert watched.ask("/nothing") is None
        assert watched.ask("/nothing") is None
        assert watched.made == 2


def test_the_last_good_bytes_are_served_while_the_store_cannot_be_read() -> None:
    with a_desk() as desk:
        watched = Watched(desk)
        watched.ask()
        _write(desk)
        watched.at, watched.fails = 1.0, True
        assert watched.ask() == b"Lane Desk 1"
        with pytest.raises(StoreError):
            watched.ask("/other")
    watched.at = 2.0  # the store is closed now
    assert watched.ask() == b"Lane Desk 1"
