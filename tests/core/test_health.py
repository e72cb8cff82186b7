from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.health import (
    BARS,
    DAYS,
    ORDERS,
    UNKNOWN,
    Condition,
    Health,
    asked_told,
    judge,
    pace,
    rhythm_told,
    span,
    spark,
    weekdays,
)
from aggregator.model.feed import Feed, FeedStatus
from aggregator.model.ledger import DAY, day_of
from tests.makers import NOON, a_feed, a_feed_spec, a_poll_state

TODAY = day_of(NOON)
OLD = a_feed(added_at=NOON - 90 * DAY)


@pytest.mark.parametrize(
    ("feed", "failures", "last_poll_at", "condition"),
    [
        (a_feed(), 0, None, Condition.NEW),
        (a_feed(), 0, NOON, Condition.OK),
        (a_feed(), 2, NOON, Condition.FAILING),
        (a_feed(status=FeedStatus.PAUSED), 2, NOON, Condition.PAUSED),
        (a_feed(status=FeedStatus.RETIRED), 0, NOON, Condition.RETIRED),
        (a_feed(status=FeedStatus.GONE), 1, NOON, Condition.GONE),
    ],
)
def test_a_feeds_condition_is_one_word(
    feed: Feed, failures: int, last_poll_at: float | None, condition: Condition
) -> None:
    state = replace(a_poll_state(), failures=failures, last_poll_at=last_poll_at)
    assert Health(feed=feed, state=state).condition is condition


def test_trouble_tells_problem_notice_and_move() -> None:
    quiet = a_poll_state()
    assert Health(feed=a_feed(), state=quiet).trouble is None
    state = replace(quiet, problem="503", notice="a duplicate of 'wire'", moved_to="https://b.test")
    told = Health(feed=a_feed(), state=state).trouble
    assert told == "503; a duplicate of 'wire'; moved to https://b.test"


def test_the_days_are_the_last_thirty_with_today_last() -> None:
    brought = {TODAY: (3, 1), TODAY - 29: (2, 0), TODAY - 30: (9, 0), TODAY - 1: (0, 5)}
    health = judge(OLD, a_poll_state(), now=NOON, brought=brought, known_since=TODAY - 60)
    assert len(health.days) == DAYS
    assert (health.days[0], health.days[-2], health.days[-1]) == (2, 0, 3)
    assert health.a_day == pytest.approx(5 / 29.5)  # today is half over


def test_what_was_there_at_the_first_poll_is_no_days_news() -> None:
    brought = {TODAY - 3: (40, 0), TODAY - 1: (2, 0)}
    health = judge(OLD, a_poll_state(), now=NOON, brought=brought, known_since=TODAY - 3)
    assert health.days[-4:] == (None, 0, 2, 0)
    assert set(health.days[:-3]) == {None}
    assert health.a_day == pytest.approx(2 / 2.5)


def test_a_feed_added_to_a_known_host_counts_from_its_own_first_day() -> None:
    feed = a_feed(added_at=NOON - 2 * DAY)
    brought = {TODAY - 2: (40, 0)}
    health = judge(feed, a_poll_state(), now=NOON, brought=brought, known_since=TODAY - 60)
    assert health.days[-3:] == (None, 0, 0)


def test_the_rate_of_a_new_feed_is_told_by_its_rhythm() -> None:
    state = replace(a_poll_state(), gap=DAY // 4)
    assert judge(a_feed(), state, now=NOON, known_since=TODAY).a_day == 4
    assert judge(a_feed(), a_poll_state(), now=NOON, known_since=TODAY).a_day is None
    never_asked = judge(a_feed(), a_poll_state(), now=NOON)
    assert set(never_asked.days) == {None}


def test_the_share_of_304_is_none_before_the_first_poll() -> None:
    assert judge(OLD, a_poll_state(), now=NOON).unchanged is None
    assert judge(OLD, a_poll_state(), now=NOON, answers=(20, 15)).unchanged == 0.75


@given(
    st.dictionaries(st.integers(TODAY - 60, TODAY), st.tuples(st.integers(0, 9), st.just(0))),
    st.none() | st.integers(TODAY - 60, TODAY),
    st.integers(0, DAY - 1),
)
def test_there_are_always_thirty_days_and_no_negative_rate(
    brought: dict[int, tuple[int, int]], known_since: int | None, second: int
) -> None:
    now = TODAY * DAY + second
    health = judge(OLD, a_poll_state(), now=now, brought=brought, known_since=known_since)
    assert len(health.days) == DAYS
    assert health.a_day is None or health.a_day >= 0
    assert len(spark(health.days)) == DAYS
    unknown = [day is None for day in health.days]
    assert unknown == sorted(unknown, reverse=True)


def named(name: str, **known: object) -> Health:
    state = replace(a_poll_state(), **known)  # type: ignore[arg-type]
    return Health(feed=a_feed(spec=a_feed_spec(name=name)), state=state)


def ordered(sort: str, *all_of_them: Health) -> list[str]:
    return [each.feed.spec.name for each in sorted(all_of_them, key=ORDERS[sort])]


def test_feeds_are_sorted_by_what_needs_a_look_first() -> None:
    well = named("well", next_poll_at=30.0, last_new_at=5.0)
    bad = named("bad", next_poll_at=20.0, last_new_at=9.0, failures=3, problem="503")
    worse = named("worse", next_poll_at=10.0, failures=7, problem="503")
    never = named("never", next_poll_at=None)
    all_of_them = (never, well, bad, worse)
    assert ordered("problem", *all_of_them) == ["worse", "bad", "never", "well"]
    assert ordered("due", *all_of_them) == ["worse", "bad", "well", "never"]
    assert ordered("new", *all_of_them) == ["bad", "well", "never", "worse"]
    assert ordered("name", *all_of_them) == ["bad", "never", "well", "worse"]


def test_the_busiest_feeds_come_first() -> None:
    few = replace(named("few"), a_day=0.0, entries=9)
    many = replace(named("many"), a_day=8.0, entries=1)
    unknown = named("unknown")
    assert ordered("rate", unknown, few, many) == ["many", "few", "unknown"]
    assert ordered("entries", unknown, many, few) == ["few", "many", "unknown"]


@given(st.lists(st.none() | st.integers(0, 10_000), max_size=40))
def test_a_line_has_one_mark_a_day_and_its_highest_is_the_most(days: list[int | None]) -> None:
    line = spark(days)
    assert len(line) == len(days)
    known = [day for day in days if day is not None]
    for day, mark in zip(days, line, strict=True):
        assert (mark == UNKNOWN) == (day is None)
        if day is not None:
            assert (mark == BARS[0]) == (day == 0)
            assert (mark == BARS[-1]) >= (day == max(known) > 0)


@given(st.integers(0, 10**9))
def test_a_span_is_never_longer_than_what_it_tells_of(seconds: int) -> None:
    sizes = {"d": DAY, "h": 3600, "min": 60, "s": 1}
    words = span(seconds).split()
    told = sum(
        int(count) * sizes[unit] for count, unit in zip(words[::2], words[1::2], strict=True)
    )
    assert told <= seconds
    assert seconds - told < max(60, seconds / 20)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0b1100000, "Sat, Sun"),
        (0b0000001, "Mon"),
        (0b1010100, "Wed, Fri, Sun"),
        (0b1110111, "Mon-Wed, Fri-Sun"),
    ],
)
def test_days_of_the_week_are_told_in_runs(days: int, words: str) -> None:
    assert weekdays(days) == words


def test_a_dated_columns_hour_is_told() -> None:
    state = replace(a_poll_state(), gap=DAY, usual_at=5 * 3600 + 120, usual_days=0b1111111)
    assert rhythm_told(state) == "an entry every 1 d; usually by 05:02 UTC, daily"


@pytest.mark.parametrize(
    ("a_day", "words"), [(24.4, "24 a day"), (1 / 7, "1 a week"), (1 / 30, "1 a month")]
)
def test_a_pace_is_told_in_the_shortest_time_that_brings_one(a_day: float, words: str) -> None:
    assert pace(a_day) == words


def test_why_a_feed_is_asked_as_often_as_it_is() -> None:
    state = replace(a_poll_state(), interval=5400)
    health = Health(feed=a_feed(), state=state)
    assert asked_told(health, NOON) == "every 1 h 30 min: as is usual"
    assert asked_told(replace(health, state=replace(state, gap=9)), NOON).endswith(": learnt")
    pushed = replace(health, state=replace(state, pushed_until=NOON + 1.0))
    assert asked_told(pushed, NOON).endswith(": a hub pushes what is new")
    assert asked_told(pushed, NOON + 2).endswith(": as is usual")
    polite = replace(health, state=replace(state, skip_hours=3))
    assert asked_told(polite, NOON).endswith(": it asks us to leave out certain hours or days")
