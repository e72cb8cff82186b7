from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.rhythm import (
    DAY,
    HOUR,
    MINUTE,
    NARROW,
    Rhythm,
    gap_of_arrivals,
    rhythm,
    usual_moments,
    weekday,
)
from tests.makers import NOON

MIDNIGHT = NOON - 12 * HOUR  # a Sunday begins
EVERY_DAY, WORKDAYS, FRIDAY = 0b1111111, 0b0011111, 0b0010000


def days_before(*days: int, at: int = 6 * HOUR) -> list[int]:
    """Return dates so many days before today, at this second of the day."""
    return [MIDNIGHT - day * DAY + at for day in days]


def test_the_gap_is_the_median_between_two_entries() -> None:
    dates = [NOON - hours * HOUR for hours in (0, 1, 2, 5, 30)]
    assert rhythm(dates, NOON).gap == 2 * HOUR


def test_order_of_the_document_does_not_matter() -> None:
    dates = [NOON - hours * 7 * HOUR for hours in range(12)]
    mixed = list(dates)
    Random(7).shuffle(mixed)
    assert rhythm(mixed, NOON) == rhythm(dates, NOON) == rhythm(dates[::-1], NOON)


def test_one_date_on_all_entries_tells_no_gap() -> None:
    assert rhythm([NOON - HOUR] * 30, NOON) == Rhythm(newest=NOON - HOUR)


def test_a_document_without_dates_tells_nothing() -> None:
    assert rhythm([], NOON) == Rhythm()


def test_dates_of_the_future_are_left_out() -> None:
    past = days_before(1, 2, 3)
    ahead = [NOON + DAY, NOON + 400 * DAY]
    assert rhythm(past + ahead, NOON) == rhythm(past, NOON)
    assert rhythm(ahead, NOON) == Rhythm()


def test_the_beginning_of_time_is_no_date() -> None:
    assert rhythm([0, -5], NOON) == Rhythm()
    assert rhythm([0, NOON - DAY, NOON - HOUR], NOON).gap == 23 * HOUR


def test_an_import_of_hundreds_counts_once() -> None:
    imported = [MIDNIGHT - 9 * DAY + second % 50 for second in range(300)]
    assert rhythm(imported + days_before(1, 3, 5, 7, at=0), NOON).gap == 2 * DAY


def test_two_posts_a_minute_are_a_gap_of_a_minute() -> None:
    assert rhythm([NOON - 30 * n for n in range(40)], NOON).gap == MINUTE


def test_a_feed_fallen_silent_is_one_with_long_gaps() -> None:
    dates = [NOON - 100 * DAY - hours * HOUR for hours in range(30)]
    assert rhythm(dates, NOON).gap == 25 * DAY


def test_only_the_newest_entries_count() -> None:
    lately = [NOON - n * HOUR for n in range(30)]
    once = [NOON - 300 * DAY - n * 9 * DAY for n in range(200)]
    assert rhythm(lately + once, NOON).gap == HOUR


def test_a_daily_column_has_a_usual_hour_and_comes_every_day() -> None:
    dates = [date + late for date, late in zip(days_before(*range(1, 15)), (0, 300, 900) * 5)]
    found = rhythm(dates, NOON)
    assert (found.usual_at, found.usual_days) == (6 * HOUR + 900, EVERY_DAY)
    assert found.gap is not None
    assert abs(found.gap - DAY) < HOUR


def test_a_column_of_workdays_is_not_waited_for_on_sunday() -> None:
    workdays = [day for day in range(1, 29) if weekday(MIDNIGHT // DAY - day) < 5]
    assert rhythm(days_before(*workdays), NOON).usual_days == WORKDAYS


def test_a_weekly_column_has_its_day() -> None:
    assert rhythm(days_before(2, 9, 16, 23, 30, 37), NOON).usual_days == FRIDAY


def test_a_column_around_midnight_keeps_together() -> None:
    around = [(DAY - 600, 0)[n % 2] + n * 30 for n in range(12)]
    dates = [
        MIDNIGHT - n * DAY - DAY + at - (DAY if at > NARROW else 0) for n, at in enumerate(around)
    ]
    found = rhythm(dates, NOON)
    assert found.usual_at is not None
    assert found.usual_at < 600
    assert found.usual_days == EVERY_DAY


def test_one_instalment_in_five_may_be_late() -> None:
    dates = days_before(1, 2, 3, 4, 6, 7, 8, 9) + days_before(5, 10, at=15 * HOUR)
    assert rhythm(dates, NOON).usual_at == 6 * HOUR
    more = dates + days_before(11, 12, at=20 * HOUR)
    assert rhythm(more, NOON).usual_at is None


@pytest.mark.parametrize(
    "dates",
    [
        pytest.param(days_before(1, 2, 3, 4), id="too few to tell"),
        pytest.param([NOON - n * 7 * HOUR for n in range(30)], id="round the clock"),
        pytest.param(days_before(*range(20), at=0), id="days without an hour"),
        pytest.param([NOON - n * 20 * MINUTE for n in range(30)], id="many a day"),
        pytest.param(
            [at + 20 * MINUTE * n for at in days_before(*range(1, 11)) for n in range(3)],
            id="three a morning",
        ),
        pytest.param(days_before(200, 201, 202, 203, 204, 205), id="long ended"),
    ],
)
def test_what_is_no_dated_column_has_no_usual_hour(dates: list[int]) -> None:
    found = rhythm(dates, NOON)
    assert (found.usual_at, found.usual_days) == (None, None)


@given(st.lists(st.integers(-NOON, 3 * NOON), max_size=80), st.integers(0, 2 * NOON))
def test_whatever_a_document_dates_the_rhythm_makes_sense(dates: list[int], now: int) -> None:
    found = rhythm(dates, now)
    assert found.gap is None or found.gap >= MINUTE
    assert found.newest is None or (found.newest in dates and found.newest <= now)
    assert (found.usual_at is None) == (found.usual_days is None)
    assert found.usual_at is None or 0 <= found.usual_at < DAY
    assert found.usual_days is None or 0 < found.usual_days <= EVERY_DAY


@given(st.integers(0, DAY - 1), st.integers(1, EVERY_DAY), st.integers(DAY * 10, NOON))
def test_the_moment_asked_for_lies_between_two_usual_ones(at: int, days: int, now: int) -> None:
    last, coming = usual_moments(at, days, now)
    assert last <= now < coming
    assert coming - last <= 7 * DAY
    for moment in (last, coming):
        assert moment % DAY == at
        assert days >> weekday(moment // DAY) & 1


def test_arrivals_teach_the_gap_of_a_feed_without_dates() -> None:
    gap = None
    for day in range(30):
        gap = gap_of_arrivals(gap, new=4, since=day * DAY, now=(day + 1) * DAY)
    assert gap == 6 * HOUR


def test_arrivals_after_a_clock_went_back_teach_nothing() -> None:
    assert gap_of_arrivals(3600, new=1, since=NOON, now=NOON - DAY) == 3600
    assert gap_of_arrivals(None, new=0, since=NOON - DAY, now=NOON) is None
