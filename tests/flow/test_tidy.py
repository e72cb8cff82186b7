"""What nobody asks for any more is forgotten, a little at a time; what is asked for stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from aggregator.core.fingerprint import WINDOW
from aggregator.flow import tidy as tidying
from aggregator.flow.tidy import LAST_POLLS, LEDGER_DAYS, POLL_DAYS, ROBOTS_DAYS, Tidied, tidy
from aggregator.model.exchange import Hop
from aggregator.model.ids import FeedId
from aggregator.model.intake import Intake, Join
from aggregator.model.ledger import day_of
from aggregator.model.page import RobotsFile
from aggregator.store.engine import SqliteStore
from tests.flow.newsroom import DAY, LONG, Newsroom, Told
from tests.makers import a_poll_record
from tests.store.snapshot import rows_of


def follow(newsroom: Newsroom, *names: str) -> list[FeedId]:
    newsroom.follow(names)
    with newsroom.kit.store.read() as tx:
        return [feed.id for feed in tx.feeds.all()]


def test_the_ledger_is_kept_for_so_many_days(newsroom: Newsroom) -> None:
    (wire,) = follow(newsroom, "wire")
    now = newsroom.now
    with newsroom.kit.store.write() as tx:
        for age in (0, LEDGER_DAYS, LEDGER_DAYS + 1, LEDGER_DAYS + 90):
            tx.ledger.count([Hop(host="wire.example", status=200, bytes=1)], now - age * DAY)
            tx.ledger.count_entries(wire, now - age * DAY, new=1, revised=0)
    assert tidy(newsroom.kit) == Tidied(days=4)
    with newsroom.kit.store.read() as tx:
        kept = [day_of(now) - LEDGER_DAYS, day_of(now)]
        assert list(tx.ledger.days(0)) == kept
        assert list(tx.ledger.feed_days(0)[wire]) == kept
    assert not tidy(newsroom.kit)


def test_old_polls_go_but_the_last_of_each_feed_stay(newsroom: Newsroom) -> None:
    wire, rare, paused = follow(newsroom, "wire", "rare", "paused")
    now = newsroom.now
    old = now - (POLL_DAYS + 1) * DAY
    with newsroom.kit.store.write() as tx:
        for n in range(LAST_POLLS + 5):
            for feed_id in (wire, paused):
                tx.feeds.log_poll(a_poll_record(feed_id=feed_id, at=old + n, ms=n))
        tx.feeds.log_poll(a_poll_record(feed_id=rare, at=old))
        for n in range(LAST_POLLS + 2):
            tx.feeds.log_poll(a_poll_record(feed_id=wire, at=now + n))
    assert tidy(newsroom.kit) == Tidied(polls=LAST_POLLS + 5 + 5)
    with newsroom.kit.store.read() as tx:
        assert len(tx.feeds.history(wire, 99)) == LAST_POLLS + 2
        assert len(tx.feeds.history(rare, 99)) == 1
        assert [each.ms for each in tx.feeds.history(paused, 99)] == list(
            range(LAST_POLLS + 4, 4, -1)
        )


def test_a_robots_txt_that_nobody_asked_for_in_a_month_is_forgotten(newsroom: Newsroom) -> None:
    now = newsroom.now
    with newsroom.kit.store.write() as tx:
        for place, age in (("old.example", ROBOTS_DAYS + 1), ("new.example", ROBOTS_DAYS - 1)):
            tx.pages.keep_robots(RobotsFile(place=place, fetched_at=now - age * DAY, status=200))
    assert tidy(newsroom.kit) == Tidied(robots=1)
    with newsroom.kit.store.read() as tx:
        assert tx.pages.robots("old.example") is None
        assert tx.pages.robots("new.example") is not None


def test_it_takes_a_little_at_a_time_and_ends_when_told_to(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "AT_ONCE", 2)
    (wire,) = follow(newsroom, "wire")
    old = newsroom.now - (POLL_DAYS + 1) * DAY
    with newsroom.kit.store.write() as tx:
        for n in range(LAST_POLLS + 7):
            tx.feeds.log_poll(a_poll_record(feed_id=wire, at=old + n))
        for n in range(5):
            hop = Hop(host=f"h{n}.example", status=200, bytes=1)
            tx.ledger.count([hop], newsroom.now - (LEDGER_DAYS + 1) * DAY)
    stop = Event()
    stop.set()
    assert not tidy(newsroom.kit, stop=stop)
    assert tidy(newsroom.kit) == Tidied(days=5, polls=7)


def test_prints_are_kept_as_long_as_copies_are_looked_for(
    newsroom: Newsroom, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire", "post"])
    newsroom.hears("wire", Told(guid="1", title="Ships leave the port", text=LONG))
    newsroom.now += DAY
    other = " ".join(reversed(LONG.split()))
    newsroom.hears("post", Told(guid="2", title="Port", text=other, at=int(newsroom.now)))
    assert not tidy(newsroom.kit)
    newsroom.now = newsroom.entry("Ships leave the port").place + WINDOW + 1
    monkeypatch.setattr(tidying, "SWEPT", 3)
    assert tidy(newsroom.kit) == Tidied(prints=1, reports=2)
    rows = rows_of(store.path or Path())
    kept = {newsroom.entry("Port").id}
    assert rows["reports"] == []  # older than the window, 72 hours
    assert {entry_id for entry_id, *_ in rows["prints"]} == kept
    assert {entry_id for _, entry_id in rows["print_keys"]} == kept
    assert not tidy(newsroom.kit)


def test_moves_of_articles_are_remembered_so_far_back(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire"])
    old = int(newsroom.now) - 10 * DAY
    newsroom.hears("wire", *(Told(guid=str(n), title=f"Grain {n}", at=old) for n in range(6)))
    with newsroom.kit.store.write() as tx:
        heads = [newsroom.entry(f"Grain {n}").article_id for n in range(6)]
        joins = [Join(into=heads[0], joined=head, because="alike") for head in heads[1:]]
        before = tx.reports.mark()
        tx.entries.keep(Intake(joins=tuple(joins)))
        after = tx.reports.mark()
    assert (before.move, after.move) == (0, 5)
    monkeypatch.setattr(tidying, "MOVES", 3)
    assert tidy(newsroom.kit) == Tidied(moves=2)
    with newsroom.kit.store.read() as tx:
        assert tx.reports.moved(before) is None
        followed = replace(before, move=2)
        moved = tx.reports.moved(followed) or ()
        assert {article for article, *_ in moved} == set(heads[3:])
