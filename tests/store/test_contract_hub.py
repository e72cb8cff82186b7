"""Who is told of changes: what is kept of subscribers, and in which order they are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.model.hub import Crowd, Delivery, HubFigures, Lane, Mode, Subscription, Wish
from aggregator.model.publication import Document
from aggregator.ports import Store, Tx
from tests.makers import NOON

ATOM = "topics/grain.atom"
DAY = 86400.0


@pytest.fixture(autouse=True)
def document(store: Store) -> None:
    made = Document(
        path=ATOM, content_type="text/plain", body=b"x", gzip=b"y", etag='"z"', kept_at=NOON
    )
    with store.write() as tx:
        tx.publications.keep(made)


def a_subscription(name: str = "a", **said: object) -> Subscription:
    made = Subscription(
        path=ATOM,
        callback=f"https://{name}.example/cb",
        host=f"{name}.example",
        secret="secret",
        lease_until=NOON + DAY,
        since=float(NOON),
    )
    return replace(made, **said)  # type: ignore[arg-type]


def a_wish(name: str = "a", **said: object) -> Wish:
    made = Wish(
        path=ATOM,
        callback=f"https://{name}.example/cb",
        mode=Mode.SUBSCRIBE,
        host=f"{name}.example",
        secret="secret",
        lease=3600,
        at=float(NOON),
        due_at=float(NOON),
    )
    return replace(made, **said)  # type: ignore[arg-type]


def due(tx: Tx, lane: Lane = Lane.FAST, now: float = NOON, *busy: str) -> list[str]:
    return [each.host for each in tx.hub.deliveries_due(lane, now, busy=busy, limit=10)]


def the_delivery(tx: Tx, now: float = NOON) -> Delivery:
    (found,) = [
        each for lane in Lane for each in tx.hub.deliveries_due(lane, now, busy=(), limit=10)
    ]
    return found


def test_a_subscription_comes_back_as_it_was_kept(store: Store) -> None:
    made = a_subscription(failures=2, problem="late", took=0.5, last_at=NOON - 1.0)
    with store.write() as tx:
        tx.hub.keep(made)
    with store.read() as tx:
        assert tx.hub.subscription(ATOM, made.callback) == made
        assert tx.hub.subscription("topics/other.atom", made.callback) is None


def test_a_renewal_overrides_and_is_trusted_anew(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription(failures=5, problem="late", took=0.5, last_at=NOON - 1.0))
        tx.hub.announce([ATOM], NOON)
        tx.hub.failed(the_delivery(tx), a_subscription(failures=6), NOON + 900.0)
        tx.hub.keep(a_subscription(secret="new", lease_until=NOON + 2 * DAY))
        found = tx.hub.subscription(ATOM, "https://a.example/cb")
        assert found is not None
        assert (found.secret, found.lease_until, found.failures) == ("new", NOON + 2 * DAY, 0)
        assert due(tx) == ["a.example"], "what it missed is due now"


def test_a_wish_of_another_mode_or_secret_stands_beside_an_earlier_one(store: Store) -> None:
    first = a_wish()
    others = [a_wish(mode=Mode.UNSUBSCRIBE, secret=None), a_wish(secret="new"), a_wish(secret=None)]
    with store.write() as tx:
        for wish in (first, *others):
            tx.hub.wish(wish)
        for wish in (first, *others):
            assert tx.hub.settle(wish)
            assert not tx.hub.settle(wish), "once"
        assert tx.hub.wishes_due(NOON, again=False, busy=(), limit=9) == ()


def test_the_same_wish_again_goes_on_as_it_was_and_is_asked_sooner(store: Store) -> None:
    first = a_wish()
    with store.write() as tx:
        tx.hub.wish(first)
        tx.hub.postpone(first, replace(first, due_at=NOON + 99.0, attempts=1))
        tx.hub.wish(a_wish(at=NOON + 1.0, due_at=NOON + 1.0, lease=60))
        found = tx.hub.wishes_due(NOON + 1.0, again=True, busy=(), limit=9)
        assert found == (replace(first, due_at=NOON + 1.0, attempts=1),)
        assert tx.hub.settle(first), "the word on the first counts"


def test_who_is_subscribed_is_asked_first_and_then_who_has_few_waiting(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription("known"))
        for n in range(3):
            tx.hub.wish(a_wish(f"many{n}", asker="many", due_at=NOON - 9.0 + n))
        tx.hub.wish(a_wish("one", asker="one"))
        tx.hub.wish(a_wish("known", asker="many"))
        found = tx.hub.wishes_due(NOON, again=False, busy=(), limit=9)
    hosts = [each.host.partition(".")[0] for each in found]
    assert hosts == ["known", "one", "many0", "many1", "many2"]


def test_one_asker_does_not_stand_before_others_at_a_host(store: Store) -> None:
    with store.write() as tx:
        for n in range(3):
            callback = f"https://a.example/{n}"
            tx.hub.wish(a_wish(callback=callback, asker="eve", due_at=NOON - 9.0 + n))
        tx.hub.wish(a_wish(callback="https://a.example/ida", asker="ida"))
        (wish,) = tx.hub.wishes_due(NOON, again=False, busy=(), limit=9)
    assert wish.asker == "ida"


def test_a_machine_is_called_once_at_a_time_whatever_its_names(store: Store) -> None:
    with store.write() as tx:
        for name in ("a", "b", "c"):
            tx.hub.keep(a_subscription(name, address=None if name == "c" else "8.8.8.8"))
        tx.hub.announce([ATOM], NOON)
        assert due(tx) == ["a.example", "c.example"]
        assert due(tx, Lane.FAST, NOON, "8.8.8.8") == ["c.example"]
        (found,) = tx.hub.deliveries_due(Lane.FAST, NOON, busy=["8.8.8.8"], limit=1)
        tx.hub.found_at(found, "8.8.8.8")
        assert tx.hub.at_machine("8.8.8.8", ATOM) == (3, 3)
        assert tx.hub.at_machine("8.8.8.8", "topics/other.atom") == (3, 0)
        tx.hub.put_off(found, NOON + 1.0)
        assert due(tx, Lane.FAST, NOON, "a.example") == ["b.example"]


def test_who_took_a_body_goes_before_who_never_did_and_the_old_before_the_new(
    store: Store,
) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription("new"))
        tx.hub.keep(a_subscription("old", since=NOON - DAY))
        tx.hub.keep(a_subscription("proven", took=1.2))
        tx.hub.announce([ATOM], NOON)
        assert due(tx) == ["proven.example", "old.example", "new.example"]


def test_who_renews_for_another_does_not_become_the_one_who_asked(store: Store) -> None:
    callback = "https://a.example/cb"
    with store.write() as tx:
        tx.hub.keep(a_subscription(asker="ida"))
        tx.hub.keep(a_subscription(asker="eve"))
        found = tx.hub.subscription(ATOM, callback)
        assert found is not None and found.asker == "ida"
        tx.hub.keep(a_subscription(asker="eve", secret="new"))
        found = tx.hub.subscription(ATOM, callback)
        assert found is not None and found.asker == "eve"


def test_a_postponed_wish_waits(store: Store) -> None:
    wish = a_wish()
    later = replace(wish, due_at=NOON + 30.0, attempts=1)
    with store.write() as tx:
        tx.hub.wish(wish)
        tx.hub.postpone(wish, later)
        assert tx.hub.wishes_due(NOON + 29.0, again=True, busy=(), limit=9) == ()
        assert tx.hub.wishes_due(NOON + 30.0, again=True, busy=(), limit=9) == (later,)
        tx.hub.forget_wishes(NOON + 1.0)
        assert not tx.hub.has_wishes(NOON + DAY)


def test_one_of_each_host_is_called_and_nobody_who_is_busy(store: Store) -> None:
    with store.write() as tx:
        for name in ("a", "b"):
            for n in range(3):
                tx.hub.keep(a_subscription(name, callback=f"https://{name}.example/{n}"))
                tx.hub.wish(a_wish(name, callback=f"https://{name}.example/{n}"))
        tx.hub.announce([ATOM], NOON)
        assert sorted(due(tx)) == ["a.example", "b.example"]
        assert due(tx, Lane.FAST, NOON, "a.example") == ["b.example"]
        asked = tx.hub.wishes_due(NOON, again=False, busy=["b.example"], limit=9)
        assert [each.host for each in asked] == ["a.example"]


def test_who_failed_or_was_slow_waits_in_the_slow_lane(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription("slow", took=9.0))
        tx.hub.keep(a_subscription("dead", failures=1))
        tx.hub.keep(a_subscription("quick", took=0.1))
        tx.hub.keep(a_subscription("new"))
        tx.hub.announce([ATOM], NOON)
        assert due(tx) == ["quick.example", "new.example"]
        assert due(tx, Lane.SLOW) == ["slow.example", "dead.example"]


def test_a_lease_that_is_over_gets_nothing(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription())
        tx.hub.announce([ATOM], NOON)
        assert due(tx, Lane.FAST, NOON + DAY) == []
        tx.hub.leave(ATOM, "https://a.example/cb")
        tx.hub.keep(a_subscription(lease_until=NOON - 1.0))
        tx.hub.announce([ATOM], NOON)
        assert tx.hub.figures(NOON).waiting == 0


def test_what_is_delivered_is_over_and_what_failed_comes_again(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription())
        tx.hub.announce([ATOM], NOON)
        tx.hub.failed(the_delivery(tx), a_subscription(failures=1, problem="500"), NOON + 60.0)
        assert due(tx, Lane.SLOW, NOON + 59.0) == []
        again = the_delivery(tx, NOON + 60.0)
        assert (again.attempts, again.subscription.problem) == (1, "500")
        tx.hub.announce([ATOM], NOON + 30.0)
        assert due(tx, Lane.SLOW, NOON + 59.0) == [], "who fails is not called sooner for news"
        tx.hub.delivered(the_delivery(tx, NOON + 60.0), NOON + 61.0, 0.2)
        found = tx.hub.subscription(ATOM, "https://a.example/cb")
        assert found == a_subscription(took=0.2, last_at=NOON + 61.0)
        assert tx.hub.figures(NOON) == HubFigures(subscriptions=1)


def test_what_changes_meanwhile_is_delivered_next(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription())
        tx.hub.announce([ATOM], NOON)
        first = the_delivery(tx)
        tx.hub.announce([ATOM], NOON + 1.0)
        tx.hub.delivered(first, NOON + 2.0, 0.2)
        second = the_delivery(tx, NOON + 2.0)
        assert second.attempts == 0 and second.version != first.version
        tx.hub.failed(second, a_subscription(failures=9), None)
        assert tx.hub.figures(NOON).waiting == 0


def test_leases_and_documents_that_ended_are_found(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription("a", lease_until=NOON + 5.0))
        tx.hub.keep(a_subscription("b"))
        tx.hub.keep(a_subscription("c", path="topics/gone.atom"))
        ended = [each.host for each in tx.hub.ended(NOON + 5.0)]
    assert ended == ["a.example", "c.example"]


def test_pings_are_one_a_target_and_document(store: Store) -> None:
    one, other = "https://hub.example/", "https://cloud.example/"
    with store.write() as tx:
        tx.hub.announce_to([one, other], [ATOM], NOON)
        tx.hub.announce_to([one], [ATOM], NOON + 1.0)
        first, second = tx.hub.pings_due(NOON, busy=(), limit=9)
        assert {first.target, second.target} == {one, other}
        assert len(tx.hub.pings_due(NOON, busy=[one], limit=9)) == 1
        tx.hub.pinged(first, NOON + 60.0)
        tx.hub.announce_to([second.target], [ATOM], NOON + 2.0)
        tx.hub.pinged(second, None)
        assert tx.hub.figures(NOON).pings == 2, "what changed meanwhile is told too"
        (left,) = tx.hub.pings_due(NOON, busy=(), limit=9)
        tx.hub.pinged(left, None)
        (last,) = tx.hub.pings_due(NOON + 60.0, busy=(), limit=9)
        assert last.attempts == 1


def test_a_crowd_is_counted(store: Store) -> None:
    with store.write() as tx:
        tx.hub.keep(a_subscription("a"))
        tx.hub.keep(a_subscription("a", path="topics/other.atom"))
        tx.hub.wish(a_wish("a"))
        tx.hub.wish(a_wish("b"))
        tx.hub.wish(a_wish("c", asker="eve"))
        crowd = tx.hub.crowd(ATOM, "a.example", "eve")
        assert tx.hub.crowd(ATOM, "a.example").waiting_of_asker == 2, "one for all"
    assert crowd == Crowd(
        of_path=1, of_host=2, of_both=1, waiting_of_host=1, waiting_of_asker=1, waiting=3
    )
