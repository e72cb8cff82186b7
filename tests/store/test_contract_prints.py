"""Prints: few entries are found by what they share, whatever else is kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest

from aggregator.core.fingerprint import print_of
from aggregator.core.text import tokens
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId
from aggregator.model.prints import Near, Print
from aggregator.ports import Store, Tx
from tests.makers import NOON
from tests.store.acts import add_feed, tell

TEXT = "ships left Odesa on Tuesday after Turkey renewed a deal that keeps 3 corridors open at sea"


@pytest.fixture
def feed(store: Store) -> Feed:
    with store.write() as tx:
        return add_feed(tx)


def a_print(*keys: int, text: str = TEXT) -> Print:
    made = print_of(tokens(text), text, "")
    assert made is not None
    return Print(shingles=made.shingles, head=made.head, title="", keys=keys or made.keys)


def stored(tx: Tx, feed: Feed, *prints: Print, at: int = NOON, name: str = "a") -> list[EntryId]:
    ids = [tell(tx, f"{name}{number}", feed=feed).entry_id for number in range(len(prints))]
    tx.prints.keep((entry_id, at, its) for entry_id, its in zip(ids, prints, strict=True))
    return ids


def ids(found: Sequence[Near]) -> list[EntryId]:
    return [each.entry_id for each in found]


def test_a_print_comes_back_as_it_was_kept(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        kept = a_print()
        entry = tell(tx, "guid", feed=feed)
        tx.prints.keep([(entry.entry_id, NOON, kept)])
    with store.read() as tx:
        (found,) = tx.prints.near(kept.keys, 0)
    assert (found.entry_id, found.feed_id, found.at) == (entry.entry_id, feed.id, NOON)
    assert found.article_id == entry.article_id
    assert found.print == Print(shingles=kept.shingles, head=kept.head, title="guid")


def test_what_a_transaction_keeps_it_finds_and_forgets_again_with_a_part_that_failed(
    store: Store, feed: Feed
) -> None:
    with store.write() as tx:
        (first,) = stored(tx, feed, a_print(1, 2, 5))
        with suppress(ZeroDivisionError), store.write() as part:
            (second,) = stored(part, feed, a_print(2, 3, 5), name="b")
            assert ids(part.prints.near([2, 3, 5], 0)) == [second, first]
            raise ZeroDivisionError
        (third,) = stored(tx, feed, a_print(3, 5, 7), name="c")
        assert ids(tx.prints.near([2, 3, 5], 0)) == [third, first]
    with store.read() as tx:
        assert ids(tx.prints.near([2, 3, 5], 0)) == [third, first]
        assert ids(tx.prints.near([3, 7], 0)) == [third]


def test_a_transaction_that_failed_leaves_no_keys(store: Store, feed: Feed) -> None:
    with suppress(ZeroDivisionError), store.write() as tx:
        stored(tx, feed, a_print(1, 2))
        raise ZeroDivisionError
    with store.write() as tx:
        (kept,) = stored(tx, feed, a_print(3, 4))
    with store.read() as tx:
        assert ids(tx.prints.near([3, 4], 0)) == [kept]
        assert tx.prints.near([1, 2], 0) == ()


def test_an_old_entry_with_all_the_keys_comes_before_newer_ones_with_the_common_ones(
    store: Store, feed: Feed
) -> None:
    common = range(10, 18)
    with store.write() as tx:
        original, *_ = stored(tx, feed, a_print(1, 2, *common), *[a_print(*common)] * 30)
        assert ids(tx.prints.near([1, 2, *common], 0))[0] == original


def test_what_shares_most_comes_first(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        one, most, last, _ = stored(
            tx, feed, a_print(1, 2, 8), a_print(1, 2, 3), a_print(11, -(1 << 31)), a_print(4)
        )
        assert ids(tx.prints.near([1, 2, 3, 4], 0)) == [most, one]
        assert ids(tx.prints.near([11, -(1 << 31)], 0)) == [last]
        assert tx.prints.near([], 0) == ()
        assert tx.prints.near([99], 0) == ()


def test_what_is_old_withdrawn_or_of_the_same_feed_is_not_found(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        (old,) = stored(tx, feed, a_print(1, 2), at=NOON - 10)
        (new,) = stored(tx, add_feed(tx, "paper"), a_print(1, 2), name="b")
        assert set(ids(tx.prints.near([1, 2], 0))) == {old, new}
        assert ids(tx.prints.near([1, 2], NOON)) == [new]
        assert ids(tx.prints.near([1, 2], 0, but=feed.id)) == [new]
        tx.entries.set_withdrawn([new], NOON)
        assert ids(tx.prints.near([1, 2], 0)) == [old]


def test_a_key_that_thousands_share_brings_only_a_few_of_the_newest(
    store: Store, feed: Feed
) -> None:
    with store.write() as tx:
        everybodys = [tell(tx, f"e{number}", feed=feed).entry_id for number in range(300)]
        tx.prints.keep((each, NOON, a_print(1, 2, 3, 4, 5)) for each in everybodys)
        found = tx.prints.near([1, 2, 3, 4, 5], 0)
        assert 0 < len(found) < 20
        assert min(ids(found)) > everybodys[200]
        assert tx.prints.near([1], 0) == ()


def test_another_print_replaces_the_first(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        (entry,) = stored(tx, feed, a_print(1, 3))
        other = a_print(2, 3, text=TEXT.replace("Odesa", "Constanta"))
        tx.prints.keep([(entry, NOON, other)])
        (found,) = tx.prints.near([2, 3], 0)
        assert found.print.head == other.head
        tx.prints.drop(entry)
        assert tx.prints.near([1, 2, 3], 0) == ()


def test_what_is_old_is_forgotten_and_its_keys_are_swept(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        old = stored(tx, feed, *[a_print(key, key + 1) for key in range(10)], at=NOON - 10)
        (new,) = stored(tx, feed, a_print(3, 4), name="b")
        assert tx.prints.forget(NOON, 6) == 6
        assert tx.prints.forget(NOON, 6) == 4
        assert tx.prints.forget(NOON, 6) == 0
        start: int | None = 0
        turns = 0
        while start is not None:
            start = tx.prints.sweep(start, 5)
            turns += 1
        assert turns > 1
        assert ids(tx.prints.near([3, 4], 0)) == [new]
        tx.prints.keep((each, NOON, a_print(1000, 1001)) for each in old)
        assert tx.prints.near([8, 9], 0) == (), "no key of theirs was left"


def test_sweeping_nothing_ends_at_once(store: Store) -> None:
    with store.write() as tx:
        assert tx.prints.sweep(0, 10) is None
