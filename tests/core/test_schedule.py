from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
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
    confirmed_move,
    days_mask,
    first_allowed,
    heard,
    host_pause,
    hours_mask,
    interval_for,
    moved,
    told,
)
from aggregator.model.entry import ParsedEntry, ParsedFeed
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, NotModified
from aggregator.model.feed import PollState
from tests.makers import NOON

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


def unchanged(moved_to: str | None = None) -> NotModified:
    return NotModified(etag=None, last_modified=None, caching=Caching(), moved_to=moved_to)


def failed(status: int | None = None, **more: object) -> Failed:
    return replace(Failed(fault=Fault.STATUS, problem="no", status=status), **more)  # type: ignore[arg-type]


def gmt(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def wait_after(outcome: Failed) -> float:
    after = after_failure(FRESH, outcome, TURN)
    assert after.next_poll_at is not None
    return after.next_poll_at - NOW


def test_a_server_with_validators_is_asked_once_an_hour() -> None:
    assert after_success(FRESH, fetched(), TURN).next_poll_at == NOW + HOUR


def test_a_server_without_validators_is_asked_every_four_hours() -> None:
    assert after_success(FRESH, fetched(etag=None), TURN).next_poll_at == NOW + 4 * HOUR


def test_max_age_invites_earlier_but_never_below_a_quarter_of_an_hour() -> None:
    assert after_success(FRESH, fetched(fresh_for=1200), TURN).interval == 1200
    assert after_success(FRESH, fetched(fresh_for=60), TURN).interval == SOONEST


def test_the_publishers_wish_binds_an_editor_too() -> None:
    turn = replace(TURN, every=900, ttl=7200)
    assert after_success(FRESH, fetched(fresh_for=600), turn).interval == 7200


def test_an_editors_word_stands_whatever_the_rhythm() -> None:
    rare = replace(FRESH, gap=30 * DAY)
    assert interval_for(rare, replace(TURN, every=900)) == 900
    often = replace(FRESH, gap=60)
    assert interval_for(often, replace(TURN, every=2 * DAY)) == 2 * DAY


def test_absurd_wishes_end_after_a_week() -> None:
    turn = replace(TURN, ttl=10 * 365 * DAY)
    assert after_success(FRESH, fetched(fresh_for=1e9), turn).interval == 7 * DAY


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


def test_a_retry_after_of_years_is_not_shortened() -> None:
    after = after_failure(FRESH, failed(503, retry_after=9e9), TURN)
    assert after.next_poll_at == NOW + 9e9


def test_a_short_retry_after_is_no_invitation() -> None:
    assert wait_after(failed(503, retry_after=5)) >= HOUR


@pytest.mark.parametrize("status", [429, 503])
def test_throttling_without_retry_after_slows_down_all_the_same(status: int) -> None:
    quick = replace(TURN, every=3)
    after = after_failure(FRESH, failed(status), quick)
    assert after.next_poll_at == NOW + HOUR
    assert wait_after(failed(status)) == 2 * HOUR


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 451, 500, 502, None])
def test_whoever_goes_on_failing_is_asked_once_a_day(status: int | None) -> None:
    state = FRESH
    for _ in range(9):
        state = after_failure(state, failed(status), TURN)
    assert state.next_poll_at == NOW + DAY
    assert state.failures == 9


def test_a_rare_feed_that_fails_once_is_tried_again_soon() -> None:
    rare = replace(FRESH, interval=DAY, gap=30 * DAY, etag='"x"')
    assert after_failure(rare, failed(500), TURN).next_poll_at == NOW + HOUR
    asked_for = replace(rare, ttl=12 * HOUR)
    assert after_failure(asked_for, failed(500), TURN).next_poll_at == NOW + 12 * HOUR


def test_gone_is_never_asked_again() -> None:
    after = after_failure(FRESH, failed(410, fault=Fault.GONE), TURN)
    assert after.next_poll_at is None


def test_a_failure_is_not_tried_again_before_the_publishers_time() -> None:
    asked_for = replace(FRESH, ttl=3 * HOUR)
    after = after_failure(asked_for, failed(500), replace(TURN, every=900))
    assert after.next_poll_at == NOW + 3 * HOUR


def test_chance_adds_a_twentieth_and_at_most_five_minutes() -> None:
    punctual = replace(FRESH, next_poll_at=NOW, last_poll_at=NOW - HOUR)
    turn = replace(TURN, jitter=1.0)
    assert after_success(punctual, fetched(), turn).next_poll_at == NOW + HOUR + 180
    rare = replace(punctual, gap=900 * DAY)
    assert after_success(rare, fetched(), turn).next_poll_at == NOW + DAY + 300


def test_a_body_that_is_no_feed_leaves_no_validators_behind() -> None:
    before = replace(FRESH, etag='"x"', last_modified="Mon", body_hash=7)
    after = after_unreadable(before, fetched(), "an HTML page", TURN)
    assert (after.etag, after.last_modified, after.body_hash) == (None, None, None)
    assert after.problem == "an HTML page"


def test_a_poll_due_in_a_skipped_hour_comes_when_it_is_over() -> None:
    """Checklist 46; skipHours are GMT."""
    turn = replace(TURN, skip_hours=hours_mask([gmt(NOW + HOUR).hour]))
    after = after_success(FRESH, fetched(), turn)
    assert after.next_poll_at is not None
    begins = gmt(after.next_poll_at)
    assert (begins.hour, begins.minute) == (gmt(NOW).hour + 2, 0)
    assert after.skip_hours == turn.skip_hours


def test_a_poll_due_on_a_skipped_day_comes_on_the_next_allowed_one() -> None:
    saturday = NOON - 24 * HOUR
    state = replace(FRESH, skip_days=days_mask([5, 6]))
    after = after_success(state, fetched(), replace(TURN, started=saturday))
    assert after.next_poll_at is not None
    assert gmt(after.next_poll_at) == datetime(2026, 11, 23, tzinfo=UTC)


def test_not_everybody_comes_at_the_stroke_of_the_next_allowed_hour() -> None:
    turn = replace(TURN, skip_hours=hours_mask([gmt(NOW + HOUR).hour]), jitter=0.5)
    after = after_success(FRESH, fetched(), turn)
    assert after.next_poll_at is not None
    assert gmt(after.next_poll_at).strftime("%M:%S") == "02:30"


def test_failures_keep_to_skipped_hours_too() -> None:
    state = replace(FRESH, skip_hours=hours_mask(range(23)))
    after = after_failure(state, failed(500), TURN)
    assert after.next_poll_at is not None
    assert gmt(after.next_poll_at).hour == 23


def test_skipping_every_hour_or_every_day_is_absurd_and_ignored() -> None:
    document = ParsedFeed(format="rss20", skip_hours=tuple(range(24)), skip_days=tuple(range(7)))
    turn = told(TURN, document)
    assert after_success(FRESH, fetched(), turn).next_poll_at == NOW + HOUR


def test_hours_no_longer_skipped_are_forgotten_with_the_next_document_only() -> None:
    before = replace(FRESH, skip_hours=5, skip_days=2)
    assert after_success(before, unchanged(), TURN).skip_hours == 5
    read = after_success(before, fetched(), told(TURN, ParsedFeed(format="rss20")))
    assert (read.skip_hours, read.skip_days) == (0, 0)


@given(
    at=st.floats(0, 4e9),
    hours=st.sets(st.integers(0, 23)).map(hours_mask),
    days=st.sets(st.integers(0, 6)).map(days_mask),
)
def test_skipping_only_ever_delays_and_by_less_than_a_week(
    at: float, hours: int, days: int
) -> None:
    allowed = first_allowed(at, hours, days)
    assert at <= allowed < at + 7 * DAY
    assert not hours >> gmt(allowed).hour & 1
    assert not days >> gmt(allowed).weekday() & 1


def test_a_feed_that_updates_often_is_asked_every_hour() -> None:
    assert interval_for(replace(FRESH, etag='"x"', gap=60), TURN) == HOUR
    assert interval_for(replace(FRESH, gap=60), TURN) == 4 * HOUR


def test_a_rare_feed_is_asked_once_a_day() -> None:
    assert interval_for(replace(FRESH, etag='"x"', gap=30 * DAY), TURN) == DAY


def test_a_feed_is_asked_six_times_between_two_entries() -> None:
    assert interval_for(replace(FRESH, etag='"x"', gap=DAY), TURN) == 4 * HOUR


def test_a_feed_that_falls_silent_is_asked_ever_more_rarely() -> None:
    busy = replace(FRESH, etag='"x"', gap=600)
    silent = [replace(busy, last_new_at=NOW - days * DAY) for days in (0, 1, 4, 12, 30, 900)]
    waits = [interval_for(state, TURN) for state in silent]
    assert waits == [HOUR, HOUR, 4 * HOUR, 12 * HOUR, DAY, DAY]


def test_an_invitation_lowers_the_bound_not_the_rhythm() -> None:
    assert interval_for(replace(FRESH, gap=60, ttl=900), TURN) == 900
    assert interval_for(replace(FRESH, gap=DAY, ttl=900), TURN) == 4 * HOUR


def column(*days: int) -> ParsedFeed:
    """Return a document of a daily column that comes at 6:00, with instalments of days ago."""
    midnight = NOON - 12 * HOUR
    entries = (ParsedEntry(published=midnight - day * DAY + 6 * HOUR) for day in days)
    return ParsedFeed(format="rss20", entries=tuple(entries))


def polled(at: float, document: ParsedFeed) -> float:
    """Return when a column's feed is asked next after a poll at a moment that read this."""
    turn = told(replace(TURN, started=at), document)
    after = after_success(FRESH, fetched(), turn)
    assert after.next_poll_at is not None
    return after.next_poll_at


def test_a_dated_column_is_asked_shortly_after_its_usual_hour() -> None:
    usual = NOON + 18 * HOUR + 300
    at, asked = float(NOON), []
    while at < usual:
        at = polled(at, column(*range(10)))
        asked.append(at)
    assert asked == [NOON + (18 * HOUR + 300) * part / 3 for part in (1, 2, 3)]
    assert gmt(usual).strftime("%H:%M") == "06:05"


def test_a_column_that_is_late_is_waited_for() -> None:
    six = NOON - 6 * HOUR + 300
    assert polled(six, column(*range(1, 10))) == six + HOUR
    assert polled(six + 3 * HOUR, column(*range(1, 10))) == six + 4 * HOUR


def test_an_instalment_that_came_early_is_that_days() -> None:
    document = column(*range(10))
    early = replace(document.entries[0], published=NOON - 7 * HOUR)
    six = NOON - 6 * HOUR + 300
    assert polled(six, replace(document, entries=(early, *document.entries[1:]))) == six + 8 * HOUR


def test_a_column_given_up_for_the_day_is_asked_at_its_next_hour_all_the_same() -> None:
    two_hours_before = NOON + 16 * HOUR + 300
    assert polled(two_hours_before, column(*range(1, 10))) == two_hours_before + 2 * HOUR


def test_news_of_a_clock_that_went_back_is_no_instalment() -> None:
    six = NOON - 6 * HOUR + 300
    known = replace(FRESH, etag='"x"', gap=DAY, usual_at=6 * HOUR, usual_days=127)
    turn = replace(TURN, started=six)
    assert interval_for(replace(known, last_new_at=six + 900 * DAY), turn) == HOUR
    assert interval_for(replace(known, last_new_at=six - HOUR), turn) == 8 * HOUR


def test_a_column_that_does_not_come_is_given_up_for_the_day() -> None:
    given_up = NOON
    assert polled(given_up, column(*range(1, 10))) > given_up + 3 * HOUR


def test_what_was_learnt_outlives_polls_that_read_nothing() -> None:
    turn = replace(TURN, started=NOON)
    read = after_success(FRESH, fetched(), told(turn, column(*range(10))))
    after = after_success(read, unchanged(), turn)
    assert (after.gap, after.usual_at, after.usual_days) == (DAY, 6 * HOUR, 0b1111111)
    assert after_failure(read, failed(500), turn).gap == DAY


def test_a_partial_document_teaches_nothing() -> None:
    """RFC 3229: a 226 holds what is new, and no more."""
    known = replace(FRESH, gap=9 * HOUR, usual_at=HOUR, usual_days=127)
    partial = replace(fetched(), status=226)
    after = after_success(known, partial, told(replace(TURN, started=NOON), column(0, 1, 2)))
    assert (after.gap, after.usual_at) == (9 * HOUR, HOUR)


def test_a_feed_without_dates_is_learnt_by_its_arrivals() -> None:
    undated = told(TURN, ParsedFeed(format="rss20", entries=(ParsedEntry(), ParsedEntry())))
    state = heard(FRESH, new=2, turn=undated)
    assert (state.gap, state.last_new_at) == (None, NOW)
    state = heard(state, new=2, turn=replace(undated, started=NOW + DAY))
    assert (state.gap, state.last_new_at) == (12 * HOUR, NOW + DAY)


def test_dates_go_before_arrivals() -> None:
    known = replace(FRESH, gap=DAY, last_new_at=NOON - HOUR)
    turn = told(replace(TURN, started=NOON), column(0, 1, 2))
    assert heard(known, new=9, turn=turn).gap == DAY


def test_what_arrivals_taught_outlives_a_document_without_dates() -> None:
    known = replace(FRESH, gap=DAY)
    turn = told(TURN, ParsedFeed(format="rss20", entries=(ParsedEntry(),)))
    assert after_success(known, fetched(), turn).gap == DAY


def test_while_a_hub_brings_the_news_we_ask_once_a_day() -> None:
    """Checklist 65: polling slows, and goes on."""
    pushed = replace(FRESH, pushed_until=NOW + 10 * DAY)
    after = after_success(pushed, fetched(), TURN)
    assert (after.next_poll_at, after.interval) == (NOW + DAY, HOUR)


def test_polling_is_back_when_the_hubs_lease_ends() -> None:
    ending = replace(FRESH, pushed_until=NOW + 5 * HOUR)
    assert after_success(ending, fetched(), TURN).next_poll_at == NOW + 5 * HOUR
    ended = replace(FRESH, pushed_until=NOW - 1)
    assert after_success(ended, fetched(), TURN).next_poll_at == NOW + HOUR


def test_a_move_is_confirmed_by_three_polls() -> None:
    """Checklist 20."""
    state, seen = FRESH, []
    for poll in range(3):
        turn = replace(TURN, started=NOW + poll * HOUR)
        state = after_success(state, unchanged("https://b.example/f"), turn)
        seen.append(confirmed_move(state, turn.started))
    assert seen == [None, None, "https://b.example/f"]


def test_a_move_is_confirmed_by_two_polls_a_day_apart() -> None:
    once = moved(FRESH, unchanged("https://b.example/f"), TURN)
    assert confirmed_move(once, NOW + 9 * DAY) is None
    twice = moved(once, unchanged("https://b.example/f"), replace(TURN, started=NOW + DAY))
    assert confirmed_move(twice, NOW + DAY) == "https://b.example/f"


def test_another_target_begins_anew() -> None:
    twice = replace(FRESH, moved_to="https://b.example/f", moved_count=2, moved_since=NOW - DAY)
    other = moved(twice, unchanged("https://c.example/f"), TURN)
    assert (other.moved_to, other.moved_count) == ("https://c.example/f", 1)
    assert other.moved_since == NOW
    assert confirmed_move(other, NOW) is None


def test_a_poll_without_a_redirect_ends_a_move() -> None:
    twice = replace(FRESH, moved_to="https://b.example/f", moved_count=2, moved_since=NOW - DAY)
    after = after_success(twice, fetched(), TURN)
    assert (after.moved_to, after.moved_count, after.moved_since) == (None, 0, None)


def test_a_poll_that_fails_says_nothing_of_a_move() -> None:
    twice = replace(FRESH, moved_to="https://b.example/f", moved_count=2, moved_since=NOW - DAY)
    after = after_failure(twice, failed(500), TURN)
    assert (after.moved_to, after.moved_count, after.moved_since) == (
        "https://b.example/f",
        2,
        NOW - DAY,
    )


def busiest_minute(dues: list[float]) -> int:
    return max(Counter(int(due // 60) for due in dues).values())


def test_feeds_overdue_together_do_not_come_together_again() -> None:
    """After a stop of two days a thousand feeds are asked within twenty seconds."""
    chance = Random(5)
    dues = [NOW] * 1000
    states = [replace(FRESH, next_poll_at=NOW - 2 * DAY, last_poll_at=NOW - 2 * DAY)] * 1000
    begins = [NOW + n * 0.02 for n in range(1000)]
    for _ in range(3):
        for n, state in enumerate(states):
            turn = replace(TURN, started=begins[n], jitter=chance.random())
            states[n] = after_success(state, fetched(), turn)
            assert states[n].next_poll_at is not None
            assert states[n].next_poll_at >= begins[n] + HOUR  # type: ignore[operator]
        begins = [state.next_poll_at or 0.0 for state in states]
        dues = begins
        assert max(dues) - min(dues) >= 10 * 60
        assert busiest_minute(dues) < 120


def test_feeds_added_together_do_not_come_together_again() -> None:
    chance = Random(6)
    new = replace(FRESH, next_poll_at=NOW)
    dues = [
        after_success(new, fetched(), replace(TURN, jitter=chance.random())).next_poll_at or 0.0
        for _ in range(1000)
    ]
    assert busiest_minute(dues) < 120


@pytest.mark.parametrize(
    "outcome",
    [fetched(), unchanged("https://b.example/f"), failed(500)],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("jump", [-900 * DAY, -HOUR, HOUR, 900 * DAY])
def test_a_clock_that_jumps_plans_neither_a_storm_nor_a_stall(
    outcome: Fetched | NotModified | Failed, jump: float
) -> None:
    state = replace(
        FRESH,
        etag='"x"',
        gap=600,
        usual_at=3 * HOUR,
        usual_days=127,
        next_poll_at=NOW + HOUR,
        last_poll_at=NOW,
        last_new_at=NOW,
        moved_to="https://b.example/f",
        moved_count=1,
        moved_since=NOW,
    )
    for turn_no in range(3):
        turn = replace(TURN, started=NOW + jump + turn_no, jitter=1.0)
        if isinstance(outcome, Failed):
            state = after_failure(state, outcome, turn)
        else:
            state = after_success(state, outcome, turn)
        assert state.next_poll_at is not None
        assert HOUR <= state.next_poll_at - turn.started <= DAY + HOUR


@given(
    gap=st.none() | st.integers(1, 900 * DAY),
    usual=st.none() | st.tuples(st.integers(0, DAY - 1), st.integers(1, 127)),
    last_new=st.none() | st.floats(0, 2 * NOW),
    validators=st.booleans(),
    ttl=st.none() | st.integers(0, 9 * DAY),
    jitter=st.floats(0, 1),
)
def test_auto_stays_within_its_bounds(
    gap: int | None,
    usual: tuple[int, int] | None,
    last_new: float | None,
    validators: bool,
    ttl: int | None,
    jitter: float,
) -> None:
    at, days = usual or (None, None)
    state = replace(FRESH, gap=gap, usual_at=at, usual_days=days, last_new_at=last_new)
    answer = fetched(etag='"x"' if validators else None)
    after = after_success(state, answer, replace(TURN, ttl=ttl, jitter=jitter))
    lowest = max(SOONEST, ttl) if ttl else HOUR if validators else 4 * HOUR
    assert min(lowest, 7 * DAY) <= after.interval <= max(DAY, min(lowest, 7 * DAY))
    assert after.next_poll_at is not None
    assert after.next_poll_at >= NOW + after.interval


def test_a_tenant_silences_a_shared_host_for_a_week_at_most() -> None:
    failed = Failed(fault=Fault.STATUS, problem="503", status=503, retry_after=1e10)
    assert host_pause(failed, 0.0) == 7 * DAY
    assert after_failure(PollState(), failed, Turn(started=0.0, every=None)).next_poll_at == 1e10
