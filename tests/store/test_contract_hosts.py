"""Turns of hosts: one request at a time, feeds' polls and all else together."""

from __future__ import annotations

from aggregator.ports import Store
from tests.makers import NOON, a_poll_state
from tests.store.acts import add_feed, claim

HOST = "wire.example"


def test_a_host_gives_one_turn_at_a_time(store: Store) -> None:
    with store.write() as tx:
        assert tx.hosts.take(HOST, NOON, hold=25, per_host=1) == NOON
        assert tx.hosts.take(HOST, NOON + 1, hold=25, per_host=1) == NOON + 25
        assert tx.hosts.take("other.example", NOON, hold=25, per_host=1) == NOON


def test_a_turn_that_nobody_gives_back_ends_by_itself(store: Store) -> None:
    with store.write() as tx:
        tx.hosts.take(HOST, NOON, hold=25, per_host=1)
        assert tx.hosts.take(HOST, NOON + 25, hold=25, per_host=1) == NOON + 25


def test_after_a_turn_the_host_is_left_alone_for_its_spacing(store: Store) -> None:
    with store.write() as tx:
        tx.hosts.take(HOST, NOON, hold=25, per_host=1)
        tx.hosts.give_back(HOST, held_until=NOON + 25, free_at=NOON + 3)
        assert tx.hosts.take(HOST, NOON + 2, hold=25, per_host=1) == NOON + 3
        assert tx.hosts.take(HOST, NOON + 3, hold=25, per_host=1) == NOON + 3


def test_a_pause_outlives_the_turn_in_which_it_was_asked_for(store: Store) -> None:
    with store.write() as tx:
        tx.hosts.take(HOST, NOON, hold=25, per_host=1)
        tx.feeds.pause_host(HOST, NOON + 9000)
        tx.hosts.give_back(HOST, held_until=NOON + 25, free_at=NOON + 3)
        assert tx.hosts.take(HOST, NOON + 100, hold=25, per_host=1) == NOON + 9000


def test_a_feed_is_not_polled_in_anothers_turn(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        tx.hosts.take(HOST, NOON, hold=25, per_host=1)
        assert claim(tx, NOON + 1) == ()
        tx.hosts.give_back(HOST, held_until=NOON + 25, free_at=NOON + 3)
        assert len(claim(tx, NOON + 3)) == 1


def test_nobody_takes_a_turn_while_a_feed_is_polled(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (poll,) = claim(tx, NOON)
        at = tx.hosts.take(HOST, NOON + 30, hold=25, per_host=1)
        assert at > NOON + 30
        tx.feeds.settle(poll, a_poll_state(next_poll_at=NOON + 9000))
        assert tx.hosts.take(HOST, NOON + 31, hold=25, per_host=1) == NOON + 31
