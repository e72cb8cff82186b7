from __future__ import annotations

import pytest

from aggregator.core.health import Condition
from aggregator.flow.health import SUBSCRIBERS, enter, health_of, health_of_all, subscribers, totals
from aggregator.model.exchange import Caching, Failed, Fault, Hop, NotModified, Outcome
from aggregator.model.feed import Auth, FeedStatus
from aggregator.model.ledger import DAY, Tally, day_of
from aggregator.store.engine import SqliteStore
from tests.flow.newsroom import Newsroom, Told
from tests.makers import NOON, a_feed_spec

TODAY = day_of(NOON)


@pytest.mark.parametrize(
    ("said", "count"), [(None, 1), ("12", 12), ("0", 1), ("many", 1), ("-3", 1), ("²", 1)]
)
def test_we_poll_for_at_least_one_subscriber(
    store: SqliteStore, said: str | None, count: int
) -> None:
    with store.write() as tx:
        if said is not None:
            tx.meta.set(SUBSCRIBERS, said)
        assert subscribers(tx) == count


def answered(*hops: Hop) -> Outcome:
    return NotModified(etag=None, last_modified=None, caching=Caching(), hops=hops)


def test_the_requests_of_many_polls_are_entered_at_once(
    newsroom: Newsroom, store: SqliteStore
) -> None:
    login = Auth(basic="env:LOGIN")
    newsroom.follow(["wire", a_feed_spec(url="https://a.example/", name="agency", auth=login)])
    hop, failed = Hop(host="wire.example", status=304), Hop(host="wire.example", status=None)
    secret = Hop(host="a.example", status=200, bytes=9)
    with store.write() as tx:
        wire, agency = tx.feeds.all()
        broken = Failed(fault=Fault.NETWORK, problem="reset", hops=(failed,))
        enter(tx, [(wire, answered(hop)), (agency, answered(secret)), (wire, broken)], NOON)
        enter(tx, [], NOON)
        found = {each.host: each.tally for each in tx.ledger.hosts(TODAY)}
        public = [each.host for each in tx.ledger.hosts(TODAY, public=True)]
    assert found == {
        "wire.example": Tally(requests=2, not_modified=1, failed=1),
        "a.example": Tally(requests=1, bytes=9),
    }
    assert public == ["wire.example"]


def test_one_feed_fares_as_it_does_among_all(newsroom: Newsroom, store: SqliteStore) -> None:
    newsroom.now = NOON - 10 * DAY
    newsroom.follow(["wire", "local", "lost"])
    newsroom.now = NOON
    newsroom.serves("wire", Told(guid="1"), Told(guid="2"))
    newsroom.fails("lost", 503)
    newsroom.poll("wire", "lost")
    with store.write() as tx:
        wire = tx.feeds.find("wire")
        assert wire is not None
        tx.ledger.count([Hop(host="wire.example", status=200)], NOON - 9 * DAY)
        tx.ledger.count_entries(wire.id, NOON - DAY, new=4, revised=0)
    with store.read() as tx:
        together = health_of_all(tx, newsroom.now)
        alone = tuple(health_of(tx, each.feed, newsroom.now) for each in together)
    assert together == alone
    fares = {each.feed.spec.name: each for each in together}
    assert fares["wire"].entries == 2
    assert fares["wire"].days[-2] == 4
    assert [fares[name].condition for name in ("wire", "local", "lost")] == [
        Condition.OK,
        Condition.NEW,
        Condition.FAILING,
    ]


def test_only_feeds_with_a_status_can_be_asked_for(newsroom: Newsroom, store: SqliteStore) -> None:
    newsroom.follow(["wire", "local"])
    with store.write() as tx:
        tx.feeds.set_status(tx.feeds.all()[0].id, FeedStatus.PAUSED, now=NOON)
        (paused,) = health_of_all(tx, NOON, FeedStatus.PAUSED)
    assert paused.condition is Condition.PAUSED


def test_no_query_is_asked_for_each_feed(newsroom: Newsroom, store: SqliteStore) -> None:
    counts = []
    for names in (["a"], [f"feed{number}" for number in range(60)]):
        newsroom.follow(names)
        with store.read() as tx:
            asked: list[str] = []
            tx.conn.set_trace_callback(asked.append)
            assert len(health_of_all(tx, NOON)) >= len(names)
            tx.conn.set_trace_callback(None)
        counts.append(len(asked))
    assert counts[0] == counts[1] < 10


def test_totals_add_up_what_is_polled_of_whom_and_what_it_brings(
    newsroom: Newsroom, store: SqliteStore
) -> None:
    newsroom.follow(["wire", "lost"])
    newsroom.serves("wire", Told(guid="1"))
    newsroom.fails("lost", 503)
    newsroom.poll("wire", "lost")
    with store.write() as tx:
        wire = tx.feeds.all()[0]
        tx.ledger.count([Hop(host="x.example", status=200, bytes=5)] * 3, NOON - 2 * DAY)
        tx.ledger.count([Hop(host="y.example", status=304)], NOON - 40 * DAY)
        tx.ledger.count_entries(wire.id, NOON - 2 * DAY, new=7, revised=1)
        told = totals(tx, newsroom.now)
    assert told.feeds == {Condition.OK: 1, Condition.FAILING: 1}
    assert told.entries == 1
    assert told.asked == Tally(requests=3, bytes=15)
    assert told.days == {TODAY - 2: Tally(requests=3, bytes=15)}
    assert told.brought[TODAY - 2] == (7, 1)
    assert [each.host for each in told.busiest] == ["x.example"]
    assert {host for host, _, _ in told.slowest} == {"wire.example", "lost.example"}
