"""Agreements with hubs, and the leases under which what they bring is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import StoreRefused
from aggregator.model.feed import Feed, FeedStatus
from aggregator.model.push import Push, PushId, PushState
from aggregator.ports import Store
from tests.makers import NOON
from tests.store.acts import add_feed

DAY = 86400


@pytest.fixture
def feed(store: Store) -> Feed:
    with store.write() as tx:
        return add_feed(tx)


def a_push(feed: Feed, token: str = "hash", **said: object) -> Push:
    push = Push(
        id=PushId(0),
        feed_id=feed.id,
        hub="https://hub.example/",
        topic=feed.spec.url,
        token_hash=token,
        secret="secret",
        state=PushState.FOUND,
        asked_at=float(NOON),
    )
    return replace(push, **said)  # type: ignore[arg-type]


def test_what_is_agreed_comes_back_as_it_was_kept(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        kept = tx.pushes.add(a_push(feed))
        changed = replace(
            kept,
            state=PushState.LIVE,
            token_hash="another",
            verified_at=NOON + 1.0,
            expires_at=NOON + 2.0,
            next_at=NOON + 3.0,
            failures=4,
            problem="late",
            last_at=NOON + 5.0,
        )
        tx.pushes.save(changed)
    with store.read() as tx:
        assert tx.pushes.get(kept.id) == changed
        assert tx.pushes.by_token("another") == changed
        assert tx.pushes.by_token("hash") is None
        assert tx.pushes.of_feed(feed.id) == (changed,)


def test_two_callbacks_are_never_the_same(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        tx.pushes.add(a_push(feed))
    with pytest.raises(StoreRefused), store.write() as tx:
        tx.pushes.add(a_push(feed))


def test_what_is_due_comes_oldest_first_and_what_never_is_does_not(
    store: Store, feed: Feed
) -> None:
    with store.write() as tx:
        for token, at in (("b", NOON), ("never", None), ("a", NOON - 5), ("late", NOON + 1)):
            tx.pushes.add(a_push(feed, token, next_at=at))
    with store.read() as tx:
        assert [each.token_hash for each in tx.pushes.due(NOON, 10)] == ["a", "b"]
        assert [each.token_hash for each in tx.pushes.due(NOON, 1)] == ["a"]


def test_what_is_dropped_is_forgotten(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        kept = tx.pushes.add(a_push(feed))
        tx.pushes.drop(kept.id)
        assert tx.pushes.of_feed(feed.id) == ()


def test_only_live_ones_are_renewed_together(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        for token, state in (("live", PushState.LIVE), ("asked", PushState.ASKED)):
            tx.pushes.add(a_push(feed, token, state=state, next_at=NOON + DAY))
        tx.pushes.renew_all(NOON)
        assert [each.token_hash for each in tx.pushes.due(NOON, 10)] == ["live"]


def test_a_clock_that_went_back_makes_due_what_was_asked_for_later(
    store: Store, feed: Feed
) -> None:
    with store.write() as tx:
        tx.pushes.add(a_push(feed, "ahead", asked_at=NOON + DAY, next_at=NOON + 2 * DAY))
        tx.pushes.add(a_push(feed, "fine", asked_at=NOON - DAY, next_at=NOON + 2 * DAY))
        tx.pushes.replan(NOON)
        assert [each.token_hash for each in tx.pushes.due(NOON, 10)] == ["ahead"]


def test_a_poll_that_ends_leaves_a_hubs_word_as_it_is(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        claim = tx.pushes.take(feed.id, NOON, 60)
        assert claim is not None
        tx.pushes.rest(feed.id, NOON + DAY)
        assert tx.feeds.settle(claim, claim.state)
        assert tx.feeds.state(feed.id).pushed_until == NOON + DAY
        tx.pushes.rest(feed.id, None)
        assert tx.feeds.state(feed.id).pushed_until is None


def test_a_feed_that_is_taken_is_nobody_elses_until_it_is_given_back(
    store: Store, feed: Feed
) -> None:
    with store.write() as tx:
        tx.feeds.pause_host("wire.example", NOON + DAY)
        before = tx.feeds.state(feed.id)
        claim = tx.pushes.take(feed.id, NOON, 60)
        assert claim is not None, "nobody is asked, so no pause counts"
        assert (claim.feed.id, claim.state.next_poll_at) == (feed.id, before.next_poll_at)
        assert tx.pushes.take(feed.id, NOON + 59, 60) is None
        assert tx.feeds.settle(claim, claim.state)
        assert tx.feeds.state(feed.id) == claim.state
        second = tx.pushes.take(feed.id, NOON, 60)
        third = tx.pushes.take(feed.id, NOON + 60, 60)
        assert second is not None
        assert third is not None, "a lease that has run out binds nobody"
        assert not tx.feeds.settle(second, second.state)


def test_what_is_not_polled_cannot_be_taken(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        tx.feeds.set_status(feed.id, FeedStatus.PAUSED, now=NOON)
        assert tx.pushes.take(feed.id, NOON, 60) is None
        tx.pushes.poll_by(feed.id, NOON)
        assert tx.feeds.state(feed.id).next_poll_at is None


def test_a_poll_is_brought_forward_but_never_put_off(store: Store, feed: Feed) -> None:
    def planned(**said: object) -> None:
        claim = tx.pushes.take(feed.id, NOON, 60)
        assert claim is not None
        tx.feeds.settle(claim, replace(claim.state, **said))  # type: ignore[arg-type]

    with store.write() as tx:
        planned(next_poll_at=NOON + DAY, last_poll_at=NOON - 60.0, interval=3600)
        tx.pushes.poll_by(feed.id)
        assert tx.feeds.state(feed.id).next_poll_at == NOON - 60 + 3600
        tx.pushes.poll_by(feed.id, NOON + 10)
        tx.pushes.poll_by(feed.id, NOON + DAY)
        assert tx.feeds.state(feed.id).next_poll_at == NOON + 10
        planned(next_poll_at=NOON + DAY, failures=1)
        tx.pushes.poll_by(feed.id, NOON)
        assert tx.feeds.state(feed.id).next_poll_at == NOON + DAY, "what fails is left alone"


def test_agreements_go_with_their_feed(store: Store, feed: Feed) -> None:
    with store.write() as tx:
        kept = tx.pushes.add(a_push(feed))
        tx.conn.execute("DELETE FROM feeds")  # type: ignore[attr-defined]
        assert tx.pushes.get(kept.id) is None
