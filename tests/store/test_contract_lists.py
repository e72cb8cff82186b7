"""Followed lists as the store keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import UsageError
from aggregator.model.feed import Origin, Rights
from aggregator.model.ids import ListId
from aggregator.model.lists import FollowedList, ListSpec, ListState, ListStatus
from aggregator.ports import Store, Tx
from tests.makers import NOON, a_feed_spec
from tests.store.acts import add_feed

DAY = 86400


def a_spec(name: str = "roll", **said: object) -> ListSpec:
    made = ListSpec(url=f"https://{name}.example/x.opml", name=name)
    return replace(made, **said)  # type: ignore[arg-type]


def add(tx: Tx, name: str = "roll") -> FollowedList:
    return tx.lists.add(a_spec(name), origin=Origin.DESK, now=NOON)


def get(tx: Tx, list_id: ListId) -> FollowedList:
    found = tx.lists.get(list_id)
    assert found is not None
    return found


def test_a_list_comes_back_as_it_was_given(store: Store) -> None:
    spec = a_spec(tags=("a", "b"), every=7200, trust=0.9, rights=Rights.LINK, rights_written=True)
    with store.write() as tx:
        added = tx.lists.add(spec, origin=Origin.FILE, now=NOON + 0.5)
    with store.read() as tx:
        assert tx.lists.get(added.id) == added
        assert tx.lists.all() == tx.lists.all(ListStatus.ACTIVE) == (added,)
        assert tx.lists.all(ListStatus.GONE) == ()
        assert tx.lists.get(ListId(99)) is None
    assert (added.spec, added.origin, added.added_at) == (spec, Origin.FILE, NOON)
    assert added.state.next_poll_at == NOON + 0.5


def test_a_list_is_found_by_number_name_or_address(store: Store) -> None:
    with store.write() as tx:
        roll, other = add(tx), add(tx, "other")
        for handle in (str(other.id), "other", "https://other.example/x.opml"):
            assert tx.lists.find(handle) == other
        assert tx.lists.find("roll") == roll
        assert tx.lists.find("nobody") is None


def test_an_address_or_name_is_taken_once(store: Store) -> None:
    with store.write() as tx:
        roll = add(tx)
        with pytest.raises(UsageError, match="followed already, as list 'roll'"):
            tx.lists.add(a_spec(name="roll"), origin=Origin.DESK, now=NOON)
        with pytest.raises(UsageError, match="the name 'roll' is taken by list"):
            tx.lists.add(a_spec("roll", url="https://x.example/"), origin=Origin.DESK, now=NOON)
        other = add(tx, "other")
        with pytest.raises(UsageError):
            tx.lists.change(other.id, roll.spec, origin=Origin.DESK, now=NOON)


def test_a_claimed_list_is_not_due_again_while_its_lease_runs(store: Store) -> None:
    with store.write() as tx:
        add(tx)
        assert len(tx.lists.claim_due(NOON, lease=600)) == 1
        assert tx.lists.claim_due(NOON + 599, lease=600) == ()
        assert len(tx.lists.claim_due(NOON + 600, lease=600)) == 1


def test_what_reading_taught_is_kept(store: Store) -> None:
    state = ListState(
        title="Roll",
        next_poll_at=NOON + DAY,
        etag='W/"1"',
        last_modified="yesterday",
        last_poll_at=NOON,
        last_ok_at=NOON - 1.5,
        failures=2,
        problem="no",
    )
    with store.write() as tx:
        roll = add(tx)
        tx.lists.settle(roll.id, state)
        assert get(tx, roll.id).state == state
        assert tx.lists.claim_due(NOON, lease=600) == ()


def test_a_changed_list_is_read_anew_and_as_a_whole(store: Store) -> None:
    read = ListState(next_poll_at=NOON + DAY, etag="1", last_modified="2")
    with store.write() as tx:
        roll = add(tx)
        tx.lists.settle(roll.id, read)
        tx.lists.change(roll.id, a_spec(tags=("a",)), origin=Origin.FILE, now=NOON + 5)
        changed = get(tx, roll.id)
        assert (changed.spec.tags, changed.origin) == (("a",), Origin.FILE)
        assert changed.state == ListState(next_poll_at=NOON + 5)
        tx.lists.settle(roll.id, read)
        tx.lists.read_wholly()
        assert get(tx, roll.id).state == ListState(next_poll_at=NOON + DAY)


def test_a_list_nobody_follows_stays_unread(store: Store) -> None:
    with store.write() as tx:
        roll = add(tx)
        tx.lists.set_status(roll.id, ListStatus.RETIRED, now=NOON)
        assert tx.lists.claim_due(NOON + DAY, lease=600) == ()
        tx.lists.settle(roll.id, ListState(next_poll_at=NOON))
        tx.lists.change(roll.id, a_spec(tags=("a",)), origin=Origin.DESK, now=NOON)
        assert tx.lists.claim_due(NOON + DAY, lease=600) == ()
        tx.lists.set_status(roll.id, ListStatus.ACTIVE, now=NOON)
        assert len(tx.lists.claim_due(NOON, lease=600)) == 1


def test_a_list_last_read_in_the_future_is_due(store: Store) -> None:
    with store.write() as tx:
        roll = add(tx)
        ahead = ListState(next_poll_at=NOON + 2 * DAY, last_poll_at=NOON + DAY)
        tx.lists.settle(roll.id, ahead)
        assert len(tx.lists.claim_due(NOON, lease=600)) == 1
        tx.lists.settle(roll.id, replace(ahead, last_poll_at=NOON + 30))
        assert tx.lists.claim_due(NOON, lease=600) == ()


def test_feeds_know_the_list_that_names_them_and_by_what_address(store: Store) -> None:
    with store.write() as tx:
        roll, other = add(tx), add(tx, "other")
        wire, post = add_feed(tx), add_feed(tx, "post")
        tx.lists.name(roll.id, {wire.id: "https://w.example/", post.id: "https://p.example/"})
        tx.lists.name(other.id, {post.id: "https://q.example/"})
        assert [feed.id for feed in tx.lists.feeds(roll.id)] == [wire.id]
        assert tx.lists.addresses(roll.id) == {wire.id: "https://w.example/"}
        assert tx.lists.addresses(other.id) == {post.id: "https://q.example/"}
        moved = a_feed_spec(url="https://moved.example/", name="wire")
        tx.feeds.change(wire.id, moved, origin=Origin.LIST)
        assert tx.lists.addresses(roll.id) == {wire.id: "https://w.example/"}
        tx.lists.let_go([wire.id])
        assert tx.lists.feeds(roll.id) == ()
        assert tx.lists.addresses(roll.id) == {}
