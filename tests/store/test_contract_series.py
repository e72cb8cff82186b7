"""Columns in the store: what came when, and which entries tell the same instalment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.instalments import rerun_keys
from aggregator.model.entry import Instalment
from aggregator.model.feed import Origin
from aggregator.model.ids import EntryId, FeedId
from aggregator.model.intake import Intake
from aggregator.model.ledger import DAY
from aggregator.model.series import Came
from aggregator.ports import Store
from tests.makers import NOON, a_feed_spec, a_text, an_arrival


@pytest.fixture
def feed_id(store: Store) -> FeedId:
    with store.write() as tx:
        return tx.feeds.add(a_feed_spec(), origin=Origin.FILE, now=NOON).id


def lane(date: str, number: int | None = None, *, told: bool = True) -> tuple[Instalment, ...]:
    return (Instalment(series="Lane", date=date, because="title", number=number, told=told),)


def kept(store: Store, feed_id: FeedId, *series: tuple[Instalment, ...]) -> list[EntryId]:
    arrivals = tuple(
        replace(
            an_arrival(feed_id=feed_id, guid=f"{n}", text=a_text(published_at=NOON - n * DAY)),
            series=each,
        )
        for n, each in enumerate(series)
    )
    with store.write() as tx:
        return [each.entry_id for each in tx.entries.keep(Intake(arrivals=arrivals))]


def test_number_and_whether_the_day_was_told_are_kept(store: Store, feed_id: FeedId) -> None:
    given = (*lane("2026-11-22", 214, told=False), *lane("2026-11-21"))
    (entry_id,) = kept(store, feed_id, given)
    with store.read() as tx:
        entry = tx.entries.get(entry_id)
    assert entry is not None
    assert entry.series == given


def test_what_came_of_a_column_is_told_since_a_day(store: Store, feed_id: FeedId) -> None:
    other = (Instalment(series="Log", date="2026-11-22", because="title"),)
    kept(store, feed_id, lane("2026-11-22"), lane("2026-11-01"), other)
    with store.read() as tx:
        found = tx.columns.came(["Lane", "None of it"], NOON - 10 * DAY)
        assert tx.columns.came([], 0) == ()
    assert found == (Came(series="Lane", feed_id=feed_id, at=NOON),)


def test_the_same_instalment_is_found_by_day_and_by_number(store: Store, feed_id: FeedId) -> None:
    other = (Instalment(series="Log", date="2026-11-22", because="title", number=214),)
    ids = kept(
        store, feed_id, lane("2026-11-22"), lane("2026-03-01", 214), other, lane("2026-01-01")
    )
    with store.read() as tx:
        found = tx.columns.same(rerun_keys(lane("2026-11-22", 214)))
        assert tx.columns.same(()) == ()
    assert sorted(each.entry_id for each in found) == sorted(ids[:2])
    assert {each.series for each in found} == {lane("2026-11-22"), lane("2026-03-01", 214)}
    assert {each.feed_id for each in found} == {feed_id}
