"""Readers are counted in memory, and told without anybody's address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.errors import NotFound, StoreFull
from aggregator.flow import audience as counting
from aggregator.flow.audience import OTHERS, Counter, audience, note_pushed
from aggregator.model.topic import Mode
from aggregator.store.engine import SqliteStore
from tests.makers import NOON, a_topic_spec
from tests.web.desk import Desk, a_desk

ATOM, RSS = "topics/global-lane.atom", "topics/global-lane.rss"
FEEDLY = b"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 312 subscribers)"
NEWSBOAT = b"newsboat/2.37 (Linux x86_64)"
HERE, THERE = "193.99.144.80", "193.99.144.81"
DAY = 86_400


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "news.db") as here:
        wire, lane = here.feed(), here.topic(a_topic_spec(mode=Mode.AUTO))
        here.tell(wire, lane)
        here.publish()
        yield here


def note(
    counter: Counter, agent: bytes, address: str, *, path: str = ATOM, known: bool = False
) -> None:
    counter.note(path, agent, address, not_modified=known, size=0 if known else 1000)


def test_what_was_counted_is_told(desk: Desk) -> None:
    counter = Counter()
    note(counter, FEEDLY, HERE)
    for address in (HERE, THERE, THERE):
        note(counter, NEWSBOAT, address, known=address == THERE)
    assert counter.tell(desk.kit) == 2
    told = audience(desk.kit, "global-lane", days=1)
    assert (told.readership.subscribers, told.readership.requests) == (314, 4)
    assert (told.readership.not_modified, told.readership.bytes) == (2, 2000)
    assert [each.name for each in told.readership.readers] == ["Feedly", "newsboat"]


def test_an_address_counts_once_a_day_however_often_it_is_told(desk: Desk) -> None:
    counter = Counter()
    for _ in range(3):
        note(counter, NEWSBOAT, HERE)
        assert counter.tell(desk.kit) == 1
    assert counter.tell(desk.kit) == 0
    told = audience(desk.kit, "global-lane", days=1).readership
    assert (told.subscribers, told.requests) == (1, 3)


def test_a_reader_that_goes_through_the_archives_is_one_reader(desk: Desk) -> None:
    counter = Counter()
    for path in (
        ATOM,
        RSS,
        "topics/global-lane/archive/1.atom",
        "topics/global-lane/archive/2.atom",
    ):
        note(counter, NEWSBOAT, HERE, path=path)
    counter.tell(desk.kit)
    told = audience(desk.kit, "global-lane", days=1).readership
    assert (told.subscribers, told.requests) == (1, 4)


def test_a_long_name_is_remembered_cut(desk: Desk) -> None:
    counter = Counter()
    for end in (b"a", b"b"):
        note(counter, NEWSBOAT + b" " * 4000 + end, HERE)
    assert counter.tell(desk.kit) == 1
    assert audience(desk.kit, "global-lane", days=1).readership.subscribers == 1


def test_the_next_day_counts_anew(desk: Desk) -> None:
    counter = Counter()
    for day in range(3):
        desk.now = NOON + day * DAY
        counter.tell(desk.kit)
        note(counter, NEWSBOAT, HERE)
        counter.tell(desk.kit)
    told = audience(desk.kit, "global-lane", days=30).readership
    assert [count for _, count, _ in told.days] == [1, 1, 1]
    assert len(audience(desk.kit, "global-lane", days=2).readership.days) == 2


def test_a_reader_of_two_formats_tells_the_readers_of_each(desk: Desk) -> None:
    counter = Counter()
    note(counter, FEEDLY, HERE)
    note(counter, FEEDLY.replace(b"312", b"20"), HERE, path=RSS)
    counter.tell(desk.kit)
    assert audience(desk.kit, "global-lane", days=1).readership.subscribers == 332


def test_no_address_is_ever_kept(desk: Desk) -> None:
    counter = Counter()
    note(counter, NEWSBOAT, HERE)
    assert HERE not in repr(counter._today) + repr(counter._counts)
    counter.tell(desk.kit)
    store = desk.kit.store
    assert isinstance(store, SqliteStore) and store.path is not None
    for file in store.path.parent.iterdir():
        assert HERE.encode() not in file.read_bytes()


def test_what_cannot_be_written_waits_for_the_next_time(desk: Desk) -> None:
    counter, store = Counter(), desk.kit.store
    assert isinstance(store, SqliteStore)
    note(counter, NEWSBOAT, HERE)

    def full() -> None:
        raise StoreFull("no space left")

    store.before_commit = full
    with pytest.raises(StoreFull):
        counter.tell(desk.kit)
    store.before_commit = None
    note(counter, NEWSBOAT, HERE)
    counter.tell(desk.kit)
    told = audience(desk.kit, "global-lane", days=1).readership
    assert (told.subscribers, told.requests) == (1, 2)


def test_invented_readers_fill_neither_memory_nor_the_store(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_AGENTS", 5)
    monkeypatch.setattr(counting, "MOST_KINDS", 20)
    monkeypatch.setattr(counting, "MOST_ADDRESSES", 30)
    counter = Counter()
    for name in map(chr, range(ord("a"), ord("z"))):
        note(counter, b"R" + name.encode(), f"11.0.0.{ord(name)}")
        note(counter, NEWSBOAT, f"11.0.1.{ord(name)}")
    counter.tell(desk.kit)
    told = audience(desk.kit, "global-lane", days=1).readership
    assert told.requests == 50
    assert len(told.readers) <= 7
    assert OTHERS in {each.name for each in told.readers}
    assert told.subscribers == 30


def test_old_counts_go(desk: Desk) -> None:
    counter = Counter()
    note(counter, NEWSBOAT, HERE)
    counter.tell(desk.kit)
    desk.now = NOON + 401 * DAY
    note(counter, NEWSBOAT, HERE)
    counter.tell(desk.kit)  # of the first day still, whose last counts these are
    note(counter, NEWSBOAT, HERE)
    counter.tell(desk.kit)
    with desk.kit.store.read() as tx:
        days = [each.day for each in tx.audience.readings("topics/global-lane", since="")]
    assert days == [datetime.fromtimestamp(desk.now, UTC).date().isoformat()]


def test_freshness_ends_with_the_first_push(desk: Desk) -> None:
    for at in (NOON + 5, NOON + 50):  # later subscribers of the hub are not waited for
        with desk.kit.store.write() as tx:
            note_pushed(tx, ATOM, at, since=NOON - 9)
            note_pushed(tx, "topics/nowhere.atom", at, since=NOON - 9)
    legs = {each.name: each for each in audience(desk.kit, "global-lane", days=1).freshness}
    assert (legs["in feed to pushed"].items, legs["in feed to pushed"].p50) == (1, 5)
    assert legs["approved to in feed"].p50 == 0


def test_what_was_out_before_anybody_waited_is_not_pushed_late(desk: Desk) -> None:
    with desk.kit.store.write() as tx:
        note_pushed(tx, ATOM, NOON + DAY, since=NOON - 9)
    legs = {each.name: each for each in audience(desk.kit, "global-lane", days=1).freshness}
    assert legs["in feed to pushed"].items == 0


def test_a_topic_there_is_not_has_no_readers(desk: Desk) -> None:
    with pytest.raises(NotFound):
        audience(desk.kit, "nowhere", days=1)


def test_what_was_out_before_its_first_subscriber_came_is_not_pushed(desk: Desk) -> None:
    with desk.kit.store.write() as tx:
        note_pushed(tx, ATOM, NOON + 900, since=NOON + 890)
    legs = {each.name: each for each in audience(desk.kit, "global-lane", days=1).freshness}
    assert legs["in feed to pushed"].items == 0
