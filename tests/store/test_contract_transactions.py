from __future__ import annotations

import threading

import pytest

from aggregator.errors import StoreError
from aggregator.model.intake import Intake
from aggregator.ports import Store, Tx
from tests.makers import an_arrival
from tests.store.acts import add_feed, keep


class Sudden(Exception):
    pass


def test_what_a_write_kept_is_read(store: Store) -> None:
    with store.write() as tx:
        tx.meta.set("authority", "desk.example")
    with store.read() as tx:
        assert tx.meta.get("authority") == "desk.example"


def test_a_failing_transaction_leaves_nothing(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
    with pytest.raises(Sudden), store.write() as tx:
        add_feed(tx, "second")
        keep(tx, an_arrival(feed_id=feed.id))
        raise Sudden
    with store.read() as tx:
        assert [each.spec.name for each in tx.feeds.all()] == ["wire"]
        assert tx.entries.count() == 0
        assert tx.entries.search('"grain"', limit=10) == ()
        assert tx.stories.newest(limit=10) == ()


def test_numbers_of_a_failed_write_do_no_harm_to_the_next(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
    with pytest.raises(Sudden), store.write() as tx:
        keep(tx, an_arrival(feed_id=feed.id, guid="lost"))
        raise Sudden
    with store.write() as tx:
        (kept,) = keep(tx, an_arrival(feed_id=feed.id, guid="kept"))
    with store.read() as tx:
        entry = tx.entries.get(kept.entry_id)
        assert entry is not None and entry.guid == "kept"
        assert tx.entries.known(feed.id, [an_arrival(guid="lost").key_hash]) == {}


def test_a_part_that_fails_is_rolled_back_alone(store: Store) -> None:
    with store.write() as tx:
        tx.meta.set("before", "1")
        with pytest.raises(Sudden), tx.savepoint():
            tx.meta.set("inside", "1")
            raise Sudden
        tx.meta.set("after", "1")
    with store.read() as tx:
        assert [tx.meta.get(name) for name in ("before", "inside", "after")] == ["1", None, "1"]


def test_parts_lie_in_one_another(store: Store) -> None:
    with store.write() as tx, tx.savepoint():
        tx.meta.set("outer", "1")
        with pytest.raises(Sudden), tx.savepoint():
            tx.meta.set("inner", "1")
            raise Sudden
    with store.read() as tx:
        assert (tx.meta.get("outer"), tx.meta.get("inner")) == ("1", None)


def test_an_error_inside_a_part_is_one_of_ours(store: Store) -> None:
    """The same key twice is what the store itself refuses."""
    with store.write() as tx:
        feed = add_feed(tx)
        with pytest.raises(StoreError), tx.savepoint():
            keep(tx, an_arrival(feed_id=feed.id), an_arrival(feed_id=feed.id))
        assert tx.entries.count() == 0


def test_a_read_inside_a_write_sees_what_it_wrote(store: Store) -> None:
    with store.write() as tx:
        tx.meta.set("name", "value")
        with store.read() as inner:
            assert inner.meta.get("name") == "value"


def test_a_read_inside_a_read_is_the_same_read(store: Store) -> None:
    with store.read() as outer:
        with store.read() as inner:
            assert inner is outer
        assert outer.meta.get("name") is None


def test_a_write_inside_a_write_can_fail_alone(store: Store) -> None:
    with store.write() as tx:
        tx.meta.set("outer", "1")
        with pytest.raises(Sudden), store.write() as inner:
            inner.meta.set("inner", "1")
            raise Sudden
    with store.read() as tx:
        assert (tx.meta.get("outer"), tx.meta.get("inner")) == ("1", None)


def test_a_write_inside_a_failing_write_goes_with_it(store: Store) -> None:
    with pytest.raises(Sudden), store.write():
        with store.write() as inner:
            inner.meta.set("inner", "1")
        raise Sudden
    with store.read() as tx:
        assert tx.meta.get("inner") is None


def test_a_durable_write_inside_a_plain_one_is_refused(store: Store) -> None:
    with store.write() as tx:
        tx.meta.set("outer", "1")
        with pytest.raises(RuntimeError, match="durable"), store.write(durable=True):
            pytest.fail("it cannot begin")
    with store.write(durable=True), store.write(durable=True) as tx:
        tx.meta.set("inner", "1")
    with store.read() as tx:
        assert (tx.meta.get("outer"), tx.meta.get("inner")) == ("1", "1")


def test_a_write_inside_a_read_is_kept(store: Store) -> None:
    with store.read() as tx:
        tx.meta.get("name")
        with store.write() as writer:
            writer.meta.set("name", "value")
        tx.meta.get("name")
    with store.read() as tx:
        assert tx.meta.get("name") == "value"


def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be written"), store.read() as tx:
        tx.meta.set("name", "value")
    with store.write() as tx:
        tx.meta.set("other", "value")
    with store.read() as tx:
        assert (tx.meta.get("name"), tx.meta.get("other")) == (None, "value")


def test_a_durable_write_is_a_write(store: Store) -> None:
    with store.write(durable=True) as tx:
        tx.meta.set("name", "durable")
    with store.write() as tx:
        assert tx.meta.get("name") == "durable"


def test_the_version_changes_when_something_was_written(store: Store) -> None:
    first = store.version()
    with store.write() as tx:
        tx.meta.set("name", "value")
    second = store.version()
    with store.read() as tx:
        tx.meta.get("name")
    assert second != first
    assert store.version() == second


def test_the_version_stands_when_nothing_was_kept(store: Store) -> None:
    before = store.version()
    with store.write() as tx:
        tx.entries.keep(Intake())
    with pytest.raises(Sudden), store.write() as tx:
        tx.meta.get("name")
        raise Sudden
    assert store.version() == before


def test_writers_of_many_threads_take_turns(store: Store) -> None:
    def count(tx: Tx) -> int:
        return int(tx.meta.get("count") or 0)

    def add_ten() -> None:
        for _ in range(10):
            with store.write() as tx:
                tx.meta.set("count", str(count(tx) + 1))
            with store.read() as tx:
                assert count(tx) > 0

    threads = [threading.Thread(target=add_ten) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert count(tx) == 60


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"), store.read():
        pytest.fail("it cannot begin")
    with pytest.raises(StoreError, match="closed"), store.write():
        pytest.fail("it cannot begin")
    with pytest.raises(StoreError, match="closed"):
        store.version()


def test_a_store_is_closed_from_any_thread(store: Store) -> None:
    with store.write() as tx:
        tx.meta.set("name", "value")
    with store.read() as tx:
        tx.meta.get("name")
    thread = threading.Thread(target=store.close)
    thread.start()
    thread.join()
    with pytest.raises(StoreError, match="closed"), store.read():
        pytest.fail("it cannot begin")


def test_a_store_is_not_closed_inside_a_write(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(RuntimeError):
            store.close()
        tx.meta.set("name", "value")
    with store.read() as tx:
        assert tx.meta.get("name") == "value"


def test_a_fact_is_set_once(store: Store) -> None:
    with store.write() as tx:
        assert tx.meta.set_once("year", "2026") == "2026"
        assert tx.meta.set_once("year", "2027") == "2026"
        tx.meta.set("year", "2028")
        assert tx.meta.get("year") == "2028"


def test_a_sound_store_has_nothing_wrong(store: Store) -> None:
    with store.write() as tx:
        keep(tx, an_arrival(feed_id=add_feed(tx).id))
    found = {check: (fine, words) for check, fine, words in store.doctor()}
    checked = {"file", "journal", "references", "ladder", "search index"}
    assert checked <= found.keys()
    assert all(found[check][0] for check in checked), found
