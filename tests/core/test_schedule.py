from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.schedule import (
    DAY,
    HOUR,
    LATEST,
    SOONEST,
    Turn,
    after_failure,
    after_success,
    after_unreadable,
    host_pause,
    interval_for,
)
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, NotModified
from aggregator.model.feed import PollState

NOW = 1_750_000_000.0
TURN = Turn(started=NOW, every=None)
FRESH = PollState(interval=HOUR)


def fetched(*, etag: str | None = '"x"', fresh_for: float = 0.0) -> Fetched:
    return Fetched(
        url="https://example.org/f",
        status=200,
        body=b"",
        content_type=None,
        etag=etag,
        last_modified=None,
        caching=Caching(fresh_for=fresh_for),
    )


def failed(status: int | None = None, **more: object) -> Failed:
    return replace(Failed(fault=Fault.STATUS, problem="no", status=status), **more)  # type: ignore[arg-type]


def test_a_server_with_validators_is_asked_once_an_hour() -> None:
    assert after_success(FRESH, fetched(), TURN).next_poll_at == NOW + HOUR


def test_a_server_without_validators_is_asked_every_four_hours() -> None:
    assert after_success(FRESH, fetched(etag=None), TURN).next_poll_at == NOW + 4 * HOUR


def test_max_age_invites_earlier_but_never_below_a_quarter_of_an_hour() -> None:
    assert interval_for(TURN, validators=True, fresh_for=1200) == 1200
    assert interval_for(TURN, validators=True, fresh_for=60) == SOONEST


def test_the_publishers_wish_binds_an_editor_too() -> None:
    turn = replace(TURN, every=900, ttl=7200)
    assert interval_for(turn, validators=True, fresh_for=600) == 7200


@given(
    every=st.none() | st.integers(900, DAY),
    ttl=st.none() | st.integers(0, 30 * DAY),
    fresh=st.floats(0, 30 * DAY),
    jitter=st.floats(0, 1),
)
def test_no_poll_comes_before_its_interval_nor_before_the_publishers_wish(
    every: int | None, ttl: int | None, fresh: float, jitter: float
) -> None:
    turn = Turn(started=NOW, every=every, ttl=ttl, jitter=jitter)
    after = after_success(FRESH, fetched(fresh_for=fresh), turn)
    wish = min(max(ttl or 0, fresh), 7 * DAY)
    assert after.next_poll_at is not None
    assert after.next_poll_at >= NOW + after.interval
    assert after.interval >= int(wish)


def test_a_304_refreshes_validators_and_ends_a_run_of_failures() -> None:
    before = replace(FRESH, etag='"old"', last_modified="Mon", failures=3, problem="down")
    seen = NotModified(etag='"new"', last_modified=None, caching=Caching())
    after = after_success(before, seen, TURN)
    assert (after.etag, after.last_modified) == ('"new"', "Mon")
    assert (after.failures, after.problem) == (0, None)


def test_failures_wait_ever_longer_but_never_more_than_a_day() -> None:
    state, waits = FRESH, []
    for _ in range(12):
        state = after_failure(state, failed(500), TURN)
        assert state.next_poll_at is not None
        waits.append(state.next_poll_at - NOW)
    assert waits[:4] == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR]
    assert waits == sorted(waits) and waits[-1] == LATEST


def test_a_failure_keeps_validators_and_body_hash() -> None:
    before = replace(FRESH, etag='"x"', body_hash=7)
    after = after_failure(before, failed(500), TURN)
    assert (after.etag, after.body_hash) == ('"x"', 7)


def test_a_refusal_waits_at_least_four_hours() -> None:
    for status in (401, 403):
        after = after_failure(FRESH, failed(status), TURN)
        assert after.next_poll_at == NOW + 4 * HOUR


def test_retry_after_of_any_length_is_kept_to() -> None:
    week = 7.0 * DAY
    after = after_failure(FRESH, failed(429, retry_after=week), TURN)
    assert after.next_poll_at == NOW + week
    assert host_pause(failed(429, retry_after=week), NOW) == NOW + week


def test_a_429_without_retry_after_slows_down_all_the_same() -> None:
    quick = replace(TURN, every=3)
    after = after_failure(FRESH, failed(429), quick)
    assert after.next_poll_at == NOW + HOUR


def test_gone_is_never_asked_again() -> None:
    after = after_failure(FRESH, failed(410, fault=Fault.GONE), TURN)
    assert after.next_poll_at is None


def test_a_body_that_is_no_feed_leaves_no_validators_behind() -> None:
    before = replace(FRESH, etag='"x"', last_modified="Mon", body_hash=7)
    after = after_unreadable(before, fetched(), "an HTML page", TURN)
    assert (after.etag, after.last_modified, after.body_hash) == (None, None, None)
    assert after.problem == "an HTML page"


def test_a_permanent_redirect_is_counted_while_it_says_the_same() -> None:
    once = after_success(FRESH, replace(fetched(), moved_to="https://b.example/f"), TURN)
    twice = after_success(once, replace(fetched(), moved_to="https://b.example/f"), TURN)
    other = after_success(twice, replace(fetched(), moved_to="https://c.example/f"), TURN)
    assert (once.moved_count, twice.moved_count, other.moved_count) == (1, 2, 1)
    assert after_success(other, fetched(), TURN).moved_count == 0
