from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import NotFound, UsageError
from aggregator.model.feed import Auth, FeedStatus, Origin, PollState, Rights
from aggregator.model.ids import FeedId
from aggregator.ports import Store
from aggregator.store.engine import open_store
from tests.makers import NOON, a_feed_spec, a_poll_record, a_poll_state, an_arrival
from tests.store.acts import add_feed, claim, keep, names


def test_a_feed_comes_back_as_it_was_given(store: Store) -> None:
    spec = a_feed_spec(
        tags=("world", "wire"),
        every=900,
        trust=0.9,
        rights=Rights.FULL,
        rights_written=True,
        auth=Auth(basic="env:LOGIN"),
        keep=86400,
        fulltext=True,
        scrape={"title": "h1"},
    )
    with store.write() as tx:
        added = tx.feeds.add(spec, origin=Origin.DESK, now=NOON + 0.5)
    with store.read() as tx:
        assert tx.feeds.get(added.id) == added
        assert tx.feeds.all() == (added,)
    assert (added.spec, added.origin, added.added_at) == (spec, Origin.DESK, NOON)
    assert added.status is FeedStatus.ACTIVE


def test_a_feed_is_found_by_number_name_or_address(store: Store) -> None:
    with store.write() as tx:
        wire = add_feed(tx)
        post = add_feed(tx, "post")
    with store.read() as tx:
        assert tx.feeds.find(str(post.id)) == post
        assert tx.feeds.find("wire") == wire
        assert tx.feeds.find("https://post.example/feed.xml") == post
        assert tx.feeds.find("https://post.example/") is None
        assert tx.feeds.find("9" * 30) is None
        assert tx.feeds.find("²") is None


def test_a_number_is_meant_before_a_name(store: Store) -> None:
    with store.write() as tx:
        first = add_feed(tx)
        add_feed(tx, str(first.id))
        assert tx.feeds.find(str(first.id)) == first


def test_an_address_or_name_is_taken_once(store: Store) -> None:
    with store.write() as tx:
        wire = add_feed(tx)
        post = add_feed(tx, "post")
        with pytest.raises(UsageError, match="as feed 'wire'"):
            add_feed(tx, "other", url=wire.spec.url)
        with pytest.raises(UsageError, match="'wire' is taken"):
            add_feed(tx, "wire", url="https://elsewhere.example/")
        with pytest.raises(UsageError, match="'wire' is taken"):
            tx.feeds.change(post.id, replace(post.spec, name="wire"), origin=Origin.FILE)
        tx.feeds.change(post.id, post.spec, origin=Origin.FILE)


def test_a_new_feed_is_due_at_once(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        assert tx.feeds.next_claim_at() == NOON
        assert names(claim(tx)) == ["wire"]


def test_a_claimed_feed_is_not_due_again_while_its_lease_runs(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        assert names(claim(tx, NOON, lease=600)) == ["wire"]
        assert claim(tx, NOON + 599) == ()
        assert tx.feeds.next_claim_at() == NOON + 600


def test_a_lost_workers_feed_is_due_when_its_lease_ends(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        claim(tx, NOON, lease=600)
        assert names(claim(tx, NOON + 600)) == ["wire"]


def test_leases_given_back_are_due_at_once(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        add_feed(tx, "idle")
        claim(tx, NOON, limit=1)
        assert tx.feeds.release_leases() == 1
        assert tx.feeds.release_leases() == 0
        assert sorted(names(claim(tx, NOON + 1))) == ["idle", "wire"]


def test_the_feed_that_waits_longest_is_claimed_first(store: Store) -> None:
    with store.write() as tx:
        for name, wait in (("young", 10), ("old", 30), ("middle", 20)):
            feed = add_feed(tx, name)
            tx.feeds.set_status(feed.id, FeedStatus.ACTIVE, now=NOON - wait)
        assert names(claim(tx, limit=2)) == ["old", "middle"]
        assert names(claim(tx, limit=2)) == ["young"]


def test_a_claim_carries_the_state_as_it_was(store: Store) -> None:
    state = a_poll_state(etag='W/"1"', failures=2, body_hash=-5, next_poll_at=NOON + 60)
    with store.write() as tx:
        feed = add_feed(tx)
        (first,) = claim(tx)
        assert tx.feeds.settle(first, state)
        (second,) = claim(tx, NOON + 60)
    assert second.feed == feed
    assert second.state == replace(state, generation=first.state.generation + 1)


def test_a_settled_feed_is_as_its_worker_says(store: Store) -> None:
    state = PollState(
        next_poll_at=NOON + 3600.5,
        interval=7200,
        fresh_until=NOON + 1800.5,
        etag='W/"abc"',
        last_modified="Sun, 22 Nov 2026 12:00:00 GMT",
        body_hash=-(1 << 63),
        last_status=200,
        last_poll_at=NOON + 0.25,
        last_ok_at=NOON + 0.25,
        last_new_at=NOON + 0.25,
        failures=3,
        problem="not well-formed",
        moved_to="https://new.example/",
        moved_count=2,
    )
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx)
        assert tx.feeds.settle(held, state)
    with store.read() as tx:
        kept = tx.feeds.state(feed.id)
        assert kept == replace(state, generation=held.state.generation)
        assert tx.feeds.states() == {feed.id: kept}
        assert tx.feeds.next_claim_at() == NOON + 3600.5


def test_a_late_worker_cannot_settle(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (late,) = claim(tx, NOON, lease=600)
        (new,) = claim(tx, NOON + 600)
        assert not tx.feeds.settle(late, a_poll_state(etag="late"))
        assert tx.feeds.state(feed.id).etag is None
        assert tx.feeds.settle(new, a_poll_state(etag="new"))
        assert tx.feeds.state(feed.id).etag == "new"


def test_a_new_address_overtakes_whoever_polls_the_old_one(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx)
        moved = replace(feed.spec, url="https://new.example/feed.xml")
        tx.feeds.change(feed.id, moved, origin=Origin.FILE)
        assert not tx.feeds.settle(held, a_poll_state(etag="of the old address"))


@pytest.mark.parametrize(
    "changed", [{"url": "https://new.example/"}, {"auth": Auth(bearer="env:T")}]
)
def test_a_new_address_or_account_drops_the_validators(
    store: Store, changed: dict[str, str]
) -> None:
    state = a_poll_state(
        etag="1",
        last_modified="then",
        body_hash=7,
        moved_to="https://moved.example/",
        moved_count=1,
        next_poll_at=NOON + 9999,
        failures=1,
    )
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx)
        tx.feeds.settle(held, state)
        tx.feeds.change(feed.id, replace(feed.spec, **changed), origin=Origin.FILE)  # type: ignore[arg-type]
        after = tx.feeds.state(feed.id)
        assert (after.etag, after.last_modified, after.body_hash) == (None, None, None)
        assert (after.moved_to, after.moved_count) == (None, 0)
        assert after.failures == 1
        assert names(claim(tx, NOON + 1)) == ["wire"]


def test_another_rule_for_a_feed_keeps_what_polling_taught(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx)
        tx.feeds.settle(held, a_poll_state(etag="1", next_poll_at=NOON + 9999))
        before = tx.feeds.state(feed.id)
        spec = replace(feed.spec, name="renamed", trust=0.1, tags=("new",))
        tx.feeds.change(feed.id, spec, origin=Origin.DESK)
        changed = tx.feeds.find("renamed")
        assert changed is not None
        assert (changed.spec, changed.origin) == (spec, Origin.DESK)
        assert tx.feeds.state(feed.id) == before


@pytest.mark.parametrize("status", [FeedStatus.PAUSED, FeedStatus.RETIRED, FeedStatus.GONE])
def test_only_active_feeds_are_polled(store: Store, status: FeedStatus) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        tx.feeds.set_status(feed.id, status, now=NOON)
        assert tx.feeds.state(feed.id).next_poll_at is None
        assert claim(tx, NOON + 10**9) == ()
        assert claim(tx, only=(feed.id,)) == ()
        assert tx.feeds.next_claim_at() is None
        assert tx.feeds.next_claim_at([feed.id]) is None
        moved = replace(feed.spec, url="https://new.example/")
        tx.feeds.change(feed.id, moved, origin=Origin.FILE)
        assert claim(tx, NOON + 10**9) == ()
        tx.feeds.set_status(feed.id, FeedStatus.ACTIVE, now=NOON + 5)
        assert claim(tx, NOON + 4) == ()
        assert names(claim(tx, NOON + 5)) == ["wire"]


def test_a_feed_paused_under_way_stays_paused(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx)
        tx.feeds.set_status(feed.id, FeedStatus.PAUSED, now=NOON)
        assert tx.feeds.settle(held, a_poll_state(etag="1", next_poll_at=NOON + 60))
        after = tx.feeds.state(feed.id)
        assert (after.etag, after.next_poll_at) == ("1", None)


def test_feeds_are_listed_by_status(store: Store) -> None:
    with store.write() as tx:
        wire, post, page = (add_feed(tx, name) for name in ("wire", "post", "page"))
        tx.feeds.set_status(post.id, FeedStatus.PAUSED, now=NOON)
        tx.feeds.set_status(page.id, FeedStatus.GONE, now=NOON)
        listed = tx.feeds.all(FeedStatus.ACTIVE, FeedStatus.GONE)
        assert [each.id for each in listed] == [wire.id, page.id]


def test_a_host_has_so_many_leases_at_a_time(store: Store) -> None:
    with store.write() as tx:
        for number in range(5):
            add_feed(tx, f"f{number}", url=f"https://one.example/{number}")
        add_feed(tx, "other")
        first = claim(tx, per_host=2, spacing=0)
        assert names(first) == ["f0", "f1", "other"]
        assert claim(tx, per_host=2, spacing=0) == ()
        tx.feeds.settle(first[0], a_poll_state(next_poll_at=NOON + 9999))
        assert names(claim(tx, per_host=2, spacing=0)) == ["f2"]


def test_a_hosts_claims_are_spaced(store: Store) -> None:
    with store.write() as tx:
        for number in range(3):
            add_feed(tx, f"f{number}", url=f"https://one.example:44{number}/")
        assert names(claim(tx, NOON, per_host=9, spacing=2.5)) == ["f0"]
        assert claim(tx, NOON + 2, per_host=9, spacing=2.5) == ()
        assert tx.feeds.next_claim_at() == NOON + 2.5
        assert names(claim(tx, NOON + 2.5, per_host=9, spacing=2.5)) == ["f1"]


def test_a_paused_host_is_left_alone_until_then(store: Store) -> None:
    with store.write() as tx:
        busy = add_feed(tx, "busy")
        add_feed(tx, "free")
        tx.feeds.pause_host("busy.example", NOON + 300)
        tx.feeds.pause_host("busy.example", NOON + 100)  # a longer pause stands
        tx.feeds.pause_host("unknown.example", NOON + 100)
        assert names(claim(tx)) == ["free"]
        assert claim(tx, NOON + 299, only=(busy.id,)) == ()
        assert tx.feeds.next_claim_at([busy.id]) == NOON + 300
        assert names(claim(tx, NOON + 300)) == ["busy"]


def test_a_pause_known_before_the_feed_holds_for_it(store: Store) -> None:
    with store.write() as tx:
        tx.feeds.pause_host("wire.example", NOON + 300)
        add_feed(tx)
        assert claim(tx) == ()


def test_feeds_asked_for_are_claimed_though_not_due(store: Store) -> None:
    with store.write() as tx:
        ids = [add_feed(tx, name).id for name in ("a", "b", "c")]
        for held in claim(tx):
            tx.feeds.settle(held, a_poll_state(next_poll_at=NOON + 9999))
        asked = (ids[2], ids[0], ids[0], FeedId(99))
        assert tx.feeds.next_claim_at(asked) == NOON + 1
        assert names(claim(tx, NOON + 1, only=asked)) == ["c", "a"]
        assert claim(tx, NOON + 5, only=asked) == ()  # leased
        assert tx.feeds.next_claim_at(asked) == NOON + 601
        assert names(claim(tx, NOON + 601, only=asked, limit=1)) == ["c"]


def test_the_next_claim_counts_hosts_as_well_as_feeds(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx, "early")
        late = add_feed(tx, "late")
        tx.feeds.set_status(late.id, FeedStatus.ACTIVE, now=NOON + 50)
        tx.feeds.pause_host("early.example", NOON + 100)
        assert tx.feeds.next_claim_at() == NOON + 50
        tx.feeds.pause_host("late.example", NOON + 200)
        assert tx.feeds.next_claim_at() == NOON + 100


def test_what_a_publisher_says_is_kept(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        tx.feeds.learn(
            feed.id, title="The Wire", site_url="https://wire.example/", lang="en", icon=None
        )
        tx.feeds.learn(feed.id, title="Wire", site_url=None, lang=None, icon="https://i.example/")
        known = tx.feeds.get(feed.id)
        assert known is not None
        assert (known.title, known.site_url) == ("Wire", "https://wire.example/")
        assert (known.lang, known.icon) == ("en", "https://i.example/")
        assert known.spec == feed.spec


def test_saying_the_same_again_writes_nothing(store: Store) -> None:
    def say() -> None:
        with store.write() as tx:
            tx.feeds.learn(FeedId(1), title="Wire", site_url=None, lang=None, icon=None)

    with store.write() as tx:
        add_feed(tx)
    say()
    before = store.version()
    say()
    assert store.version() == before


def test_polls_are_remembered_newest_first(store: Store) -> None:
    with store.write() as tx:
        feed, other = add_feed(tx), add_feed(tx, "other")
        first = a_poll_record(feed_id=feed.id, new=3, seen=30)
        second = a_poll_record(feed_id=feed.id, at=NOON + 60.5, status=None, problem="refused")
        for record in (first, second, a_poll_record(feed_id=other.id)):
            tx.feeds.log_poll(record)
    with store.read() as tx:
        assert tx.feeds.history(feed.id, 10) == (second, first)
        assert tx.feeds.history(feed.id, 1) == (second,)


def test_entries_are_counted_by_feed(store: Store) -> None:
    with store.write() as tx:
        wire, post = add_feed(tx), add_feed(tx, "post")
        add_feed(tx, "silent")
        keep(tx, an_arrival(feed_id=wire.id, guid="1"), an_arrival(feed_id=wire.id, guid="2"))
        keep(tx, an_arrival(feed_id=post.id, guid="3"))
        assert tx.feeds.counts() == {wire.id: 2, post.id: 1}


def test_a_feed_that_is_not_there_is_not_found(store: Store) -> None:
    with store.write() as tx:
        assert tx.feeds.get(FeedId(7)) is None
        with pytest.raises(NotFound, match="no feed 7"):
            tx.feeds.state(FeedId(7))
        with pytest.raises(NotFound):
            tx.feeds.change(FeedId(7), a_feed_spec(), origin=Origin.FILE)
        with pytest.raises(NotFound):
            tx.feeds.set_status(FeedId(7), FeedStatus.ACTIVE, now=NOON)


@given(
    hosts=st.lists(st.sampled_from("abc"), max_size=12),
    per_host=st.integers(1, 3),
    spacing=st.sampled_from([0.0, 1.0]),
    steps=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=6),
)
def test_no_host_is_ever_asked_too_much(
    hosts: list[str], per_host: int, spacing: float, steps: list[float]
) -> None:
    store, now = open_store(":memory:"), float(NOON)
    last: dict[str, float] = {}
    running: dict[str, int] = {}
    with store.write() as tx:
        for number, host in enumerate(hosts):
            add_feed(tx, f"f{number}", url=f"https://{host}.example/{number}")
        for step in steps:
            now += step
            for held in claim(tx, now, per_host=per_host, spacing=spacing, lease=10**6):
                host = held.feed.spec.url.split("/")[2]
                assert spacing == 0 or now - last.get(host, 0) >= spacing
                last[host] = now
                running[host] = running.get(host, 0) + 1
                assert running[host] <= per_host
    store.close()


def test_what_was_polled_in_the_future_is_due_when_the_clock_went_back(store: Store) -> None:
    later = NOON + 365 * 86400
    with store.write() as tx:
        ahead, fine = add_feed(tx, "ahead"), add_feed(tx, "fine")
        for feed, at in ((ahead, later), (fine, NOON - 60)):
            (held,) = claim(tx, at, only=(feed.id,))
            settled = a_poll_state(next_poll_at=at + 3600, last_poll_at=at, generation=1)
            assert tx.feeds.settle(held, settled)
        tx.feeds.pause_host("ahead.example", later + 7200)

        assert tx.feeds.replan(NOON) == 1
        assert names(claim(tx, NOON)) == ["ahead"]
        assert tx.feeds.state(fine.id).next_poll_at == NOON - 60 + 3600
        assert tx.feeds.replan(NOON) == 0


@pytest.mark.parametrize(
    ("hours", "days", "until"),
    [(0b111 << 12, 0, NOON + 3 * 3600), (0, 1 << 6, NOON + 12 * 3600)],
)
def test_what_came_due_while_we_were_away_waits_for_an_hour_its_publisher_allows(
    store: Store, hours: int, days: int, until: int
) -> None:
    """Checklist 46, after a long stop: it is noon on a Sunday, GMT."""
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx, NOON)
        due = replace(held.state, next_poll_at=NOON - 3600, skip_hours=hours, skip_days=days)
        assert tx.feeds.settle(held, due)
        assert claim(tx, NOON) == claim(tx, until - 1) == ()
        assert names(claim(tx, until)) == [feed.spec.name]


def test_a_clock_set_back_by_seconds_plans_nothing_anew(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx, NOON, only=(feed.id,))
        tx.feeds.settle(held, a_poll_state(next_poll_at=NOON + 3600, last_poll_at=NOON))
        assert tx.feeds.replan(NOON - 5) == 0
        assert claim(tx, NOON) == ()


def test_the_ttl_a_document_asked_for_is_kept(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (held,) = claim(tx, NOON, only=(feed.id,))
        tx.feeds.settle(held, a_poll_state(ttl=1800))
        assert tx.feeds.state(feed.id).ttl == 1800
        tx.feeds.change(feed.id, a_feed_spec(url="https://new.example/"), origin=Origin.FILE)
        assert tx.feeds.state(feed.id).ttl is None
