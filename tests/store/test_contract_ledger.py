from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model.exchange import Hop
from aggregator.model.feed import Auth, Feed, FeedStatus, Origin
from aggregator.model.ids import FeedId
from aggregator.model.ledger import DAY, Tally, day_of
from aggregator.ports import Store, Tx
from aggregator.store.engine import open_store
from tests.makers import NOON, a_feed_spec, a_poll_record

TODAY = day_of(NOON)


def a_hop(host: str = "wire.example", status: int | None = 200, bytes: int = 100) -> Hop:
    return Hop(host=host, status=status, bytes=bytes)


def add(tx: Tx, name: str, host: str, *, private: bool = False) -> Feed:
    spec = a_feed_spec(
        url=f"https://{host}/{name}.xml",
        name=name,
        auth=Auth(basic="env:LOGIN") if private else None,
    )
    return tx.feeds.add(spec, origin=Origin.FILE, now=NOON)


def hosts(tx: Tx, **asked: object) -> list[str]:
    return [found.host for found in tx.ledger.hosts(TODAY, public=True, **asked)]  # type: ignore[arg-type]


def test_requests_are_added_up_by_host_and_day(store: Store) -> None:
    with store.write() as tx:
        tx.ledger.count([a_hop(), a_hop(status=304, bytes=0), a_hop("cdn.example")], NOON)
        tx.ledger.count([a_hop(status=503, bytes=7), a_hop(status=None, bytes=0)], NOON + 60)
        tx.ledger.count([a_hop(bytes=1)], NOON - DAY)
        today = tx.ledger.hosts(TODAY)
        both = tx.ledger.hosts(TODAY - 1)
    assert [(found.host, found.tally) for found in today] == [
        ("wire.example", Tally(requests=4, not_modified=1, failed=2, bytes=107)),
        ("cdn.example", Tally(requests=1, bytes=100)),
    ]
    assert both[0].tally == Tally(requests=5, not_modified=1, failed=2, bytes=108)


def test_no_request_writes_nothing(store: Store) -> None:
    with store.write() as tx:
        tx.ledger.count([], NOON)
        tx.ledger.count_entries(FeedId(1), NOON, new=0, revised=0)  # there is no such feed
        assert tx.ledger.total(0) == Tally()
        assert tx.ledger.total(0).unchanged is None
        assert tx.ledger.hosts(0) == ()


HOPS = st.lists(
    st.builds(
        Hop,
        host=st.sampled_from(["a.example", "b.example", "c.example"]),
        status=st.sampled_from([None, 200, 226, 301, 304, 399, 400, 404, 503]),
        bytes=st.integers(0, 10_000_000),
    ),
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(st.lists(st.tuples(HOPS, st.integers(-3, 0)), max_size=6))
def test_however_requests_are_grouped_the_sums_are_those_of_all(
    groups: list[tuple[list[Hop], int]],
) -> None:
    store = open_store(":memory:")
    with store.write() as tx:
        for hops, ago in groups:
            tx.ledger.count(iter(hops), NOON + ago * DAY)
        total = tx.ledger.total(TODAY - 3)
        by_day = tx.ledger.days(TODAY - 3)
        by_host = tx.ledger.hosts(TODAY - 3)
    store.close()
    sent = [hop for hops, _ in groups for hop in hops]
    assert total == Tally(
        requests=len(sent),
        not_modified=sum(hop.status == 304 for hop in sent),
        failed=sum(hop.status is None or hop.status >= 400 for hop in sent),
        bytes=sum(hop.bytes for hop in sent),
    )
    assert {found.host: found.tally.requests for found in by_host} == Counter(
        hop.host for hop in sent
    )
    assert sum(tally.bytes for tally in by_day.values()) == total.bytes


def test_hosts_stand_by_requests_can_be_searched_and_are_bounded(store: Store) -> None:
    with store.write() as tx:
        for number, host in enumerate(["a.news.example", "b.example", "c.news.example"]):
            tx.ledger.count([a_hop(host)] * (number + 1), NOON)
        assert [found.host for found in tx.ledger.hosts(TODAY, limit=2)] == [
            "c.news.example",
            "b.example",
        ]
        assert len(tx.ledger.hosts(TODAY, matching="news.")) == 2
        assert tx.ledger.hosts(TODAY, matching="%") == ()
        assert tx.ledger.hosts(TODAY + 1) == ()


def test_a_host_with_a_feed_that_may_not_be_named_is_never_public(store: Store) -> None:
    with store.write() as tx:
        add(tx, "agency", "agency.example", private=True)
        add(tx, "open", "agency.example")
        add(tx, "wire", "wire.example")
        tx.ledger.count([a_hop("agency.example"), a_hop("wire.example")], NOON)
        # A redirect of the private feed led there.
        tx.ledger.count([a_hop("login.example"), a_hop("shared.example")], NOON, private=True)
        tx.ledger.count([a_hop("shared.example")], NOON)
        assert hosts(tx) == ["wire.example"]
        assert hosts(tx, matching="agency") == []
        assert tx.ledger.total(TODAY, public=True).requests == 1
        assert tx.ledger.total(TODAY).requests == 5


def test_hosts_of_feeds_yet_to_be_asked_are_public_with_nothing(store: Store) -> None:
    with store.write() as tx:
        add(tx, "wire", "wire.example")
        gone = add(tx, "gone", "gone.example")
        tx.feeds.set_status(gone.id, FeedStatus.GONE, now=NOON)
        tx.ledger.count([a_hop("cdn.example")], NOON)
        assert hosts(tx) == ["cdn.example", "wire.example"]
        assert hosts(tx, matching="wire") == ["wire.example"]
        assert [found.host for found in tx.ledger.hosts(TODAY)] == ["cdn.example"]


def test_what_feeds_bring_is_added_up_by_day(store: Store) -> None:
    with store.write() as tx:
        wire, local = add(tx, "wire", "wire.example"), add(tx, "local", "local.example")
        for at, new, revised in ((NOON - DAY, 2, 0), (NOON, 1, 0), (NOON + 9, 3, 4)):
            tx.ledger.count_entries(wire.id, at, new=new, revised=revised)
        tx.ledger.count_entries(local.id, NOON - 40 * DAY, new=9, revised=0)
        found = tx.ledger.feed_days(TODAY - 29)
        alone = tx.ledger.feed_days(TODAY, local.id)
        everybody = tx.ledger.brought(TODAY - 60)
    assert found == {wire.id: {TODAY - 1: (2, 0), TODAY: (4, 4)}}
    assert alone == {}
    assert everybody == {TODAY - 40: (9, 0), TODAY - 1: (2, 0), TODAY: (4, 4)}


def test_a_feed_is_known_since_its_host_was_first_asked(store: Store) -> None:
    with store.write() as tx:
        wire, other = add(tx, "wire", "wire.example"), add(tx, "other", "other.example")
        tx.ledger.count([a_hop()], NOON - 5 * DAY)
        tx.ledger.count([a_hop()], NOON)
        assert tx.ledger.known_since() == {wire.id: TODAY - 5}
        assert tx.ledger.known_since(other.id) == {}


@pytest.mark.parametrize("only", [True, False])
def test_the_share_of_304_is_that_of_the_last_polls(store: Store, only: bool) -> None:
    with store.write() as tx:
        wire, new = add(tx, "wire", "wire.example"), add(tx, "new", "new.example")
        for status in (200, 200, 304, None, 304):
            tx.feeds.log_poll(a_poll_record(feed_id=wire.id, status=status))
        found = tx.ledger.answers(4, wire.id if only else None)
    assert found[wire.id] == (4, 2)
    assert only or found[new.id] == (0, 0)


def test_the_slowest_hosts_are_told_of_the_last_polls(store: Store) -> None:
    with store.write() as tx:
        wire, slow = add(tx, "wire", "wire.example"), add(tx, "slow", "slow.example")
        tx.feeds.log_poll(a_poll_record(feed_id=wire.id, ms=60_000))  # long ago
        for feed, ms in ((slow, 900), (wire, 20), (slow, 1100), (wire, 40)):
            tx.feeds.log_poll(a_poll_record(feed_id=feed.id, ms=ms))
        assert tx.ledger.slowest(4, 10) == (("slow.example", 2, 1000), ("wire.example", 2, 30))
        assert tx.ledger.slowest(4, 1) == (("slow.example", 2, 1000),)
