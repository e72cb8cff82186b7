"""A column's rhythm is learnt from its instalments, and its absence is told."""

from __future__ import annotations

from aggregator.core.column_rhythm import column, columns, usually
from aggregator.model.ids import FeedId
from aggregator.model.series import Came

HOUR, DAY = 3600, 86400
MONDAY = 20_598 * DAY  # 25 May 2026


def days(count: int, *, first: int = 0, step: int = 1) -> list[int]:
    return [MONDAY + (first + n * step) * DAY + 6 * HOUR for n in range(count)]


def test_a_daily_column_that_came_is_not_told_of() -> None:
    found = column("Lane", days(10), MONDAY + 9 * DAY + 8 * HOUR)
    assert found.note is None
    assert usually(found) == "usually by 06:00 UTC, daily"


def test_no_instalment_today_is_told_after_the_usual_hour() -> None:
    came, today = days(10), MONDAY + 10 * DAY
    assert column("Lane", came, today + 6.5 * HOUR).note is None
    assert column("Lane", came, today + 7.5 * HOUR).note == (
        "no instalment of Lane today (usually by 06:00 UTC, daily)"
    )


def test_an_early_instalment_is_todays() -> None:
    came = [*days(10), MONDAY + 10 * DAY + 2 * HOUR]
    assert column("Lane", came, MONDAY + 10 * DAY + 9 * HOUR).note is None


def test_a_longer_absence_says_since_when() -> None:
    note = column("Lane", days(20), MONDAY + 22 * DAY + 9 * HOUR).note
    assert note is not None
    assert note.startswith("no instalment of Lane today, the last came on 2026-06-13")


def test_a_weekly_column_is_missed_on_its_day_alone() -> None:
    came = days(6, step=7)
    assert column("Lane", came, MONDAY + 38 * DAY).note is None
    note = column("Lane", came, MONDAY + 44 * DAY).note
    assert note is not None
    assert note.startswith("no instalment of Lane on 2026-07-06")
    assert "Mon" in note


def test_what_keeps_to_no_hour_is_never_late() -> None:
    came = [MONDAY + n * DAY + (n * 7 % 24) * HOUR for n in range(20)]
    found = column("Lane", came, MONDAY + 21 * DAY)
    assert (found.note, usually(found)) == (None, "not known yet")
    assert column("Lane", [], MONDAY).last_at is None


def test_a_column_that_ended_is_forgotten() -> None:
    assert column("Lane", days(10), MONDAY + 40 * DAY).note is None


def test_each_feed_is_judged_by_what_it_brings_itself() -> None:
    one, two = FeedId(1), FeedId(2)
    came = [Came(series="Lane", feed_id=one, at=at) for at in days(10)]
    came += [Came(series="Lane", feed_id=two, at=at) for at in days(11)]
    found = columns(came, MONDAY + 10 * DAY + 8 * HOUR)
    assert [each.note is None for each in (*found[one], *found[two])] == [False, True]
