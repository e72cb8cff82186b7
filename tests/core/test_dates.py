from __future__ import annotations

import calendar
import email.utils
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.dates import find_date, iso_day, read_date, rfc822, rfc3339

PI_DAY = calendar.timegm((2017, 3, 14, 0, 0, 0))


@pytest.mark.parametrize(
    "text",
    [
        "03-14-2017",
        "14-03-2017",
        "03/14/2017",
        "3/14/17",
        "14.03.2017",
        "14.3.17",
        "03.14.2017",
        "14 March 2017",
        "14th of March, 2017",
        "14. March 2017",
        "14-Mar-17",
        "14 mar '17",
        "14 Mar 17",
        "March 14, 2017",
        "MARCH 14TH 2017",
        "Mar. 14 2017",
        "Tuesday, March 14, 2017",
        "Tue 14\u00a0March 2017",
        "(Tuesday) 03-14-2017 ",
        "Date: 14 March 2017",
        "Published on March 14, 2017.",
        "2017-03-14",
        "2017/3/14",
        "2017.03.14",
        "20170314",
        "2017-03-14T00:00Z",
        "2017-03-14 01:00:00.123+01:00",
        "20170314T00:00:00Z",
        "Tue, 14 Mar 2017 00:00:00 GMT",
        "Tue, 14 Mar 17 02:00:00 +0200",
        "13 Mar 2017 19:00 EST",
        "March 13, 2017 at 8:00 p.m. EDT",
        "March 14, 2017 12:00 AM",
    ],
)
def test_any_usual_form_is_read(text: str) -> None:
    assert read_date(text) == PI_DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Global Lane",
        "Global Lane 03-14-2017",
        "14 March",
        "March 2017",
        "13-13-2017",
        "2017-02-29",
        "31 June 2017",
        "1-2-3-2017",
        "version 10.3.14.2017",
        "03/14-2017",
        "14 March 1899",
        "14 March 2101",
        "14 March 2017 25:00",
        "14 March 2017 13:00 pm",
        "9" * 300,
        "\ud800",
        "٠٣-١٤-٢٠١٧",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


def test_the_month_comes_first_unless_it_can_be_none() -> None:
    assert read_date("03-04-2017") == read_date("4 March 2017")
    assert read_date("03.04.2017") == read_date("3 April 2017")


def test_two_digit_years_are_of_the_nearer_century() -> None:
    assert read_date("1 January 69") == read_date("1969-01-01")
    assert read_date("1 January 68") == read_date("2068-01-01")


@pytest.mark.parametrize(
    ("text", "expected", "where"),
    [
        ("Global Lane – 22 Nov 2026", date(2026, 11, 22), "22 Nov 2026"),
        ("The Global Lane - 11/20/26", date(2026, 11, 20), "11/20/26"),
        ("Global Lane-11/20/26: grain", date(2026, 11, 20), "11/20/26"),
        ("Global Lane (Nov. 20, 2026) grain", date(2026, 11, 20), "Nov. 20, 2026"),
        ("Global Lane 22 Nov 26", date(2026, 11, 22), "22 Nov 26"),
        ("No 31/31/2026, but 2026-11-20", date(2026, 11, 20), "2026-11-20"),
        ("seen at https://x.example/2026/11/20/lane", date(2026, 11, 20), "2026/11/20"),
    ],
)
def test_a_date_is_found_inside_a_text(text: str, expected: date, where: str) -> None:
    start = text.index(where)
    assert find_date(text) == (expected, (start, start + len(where)))


@pytest.mark.parametrize(
    "text", ["On 20 May 19 people died", "May 20, 19 people died", "room 101", "9/11", "24/7/365"]
)
def test_other_numbers_are_no_date(text: str) -> None:
    assert find_date(text) is None


def test_a_found_date_is_the_one_written_whatever_its_zone() -> None:
    found = find_date("2026-11-20T23:30:00-05:00")
    assert found is not None
    assert found[0] == date(2026, 11, 20)


@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_any_moment_can_be_written(seconds: int) -> None:
    assert len(rfc3339(seconds)) == 20
    assert iso_day(seconds) == rfc3339(seconds)[:10]
    assert len(rfc822(seconds)) == 29


@given(st.integers(min_value=-2208988800, max_value=4102444799))
def test_what_we_write_is_what_we_and_others_read(seconds: int) -> None:
    assert read_date(rfc3339(seconds)) == seconds
    assert read_date(rfc822(seconds)) == seconds
    assert datetime.fromisoformat(rfc3339(seconds)) == datetime.fromtimestamp(seconds, UTC)
    assert email.utils.parsedate_to_datetime(rfc822(seconds)).timestamp() == seconds


@given(st.text(st.characters(), max_size=60) | st.text("0123456789-/. :marchT,'", max_size=40))
def test_no_text_raises(text: str) -> None:
    found = find_date(text)
    assert found is None or text[slice(*found[1])]
    whole = read_date(text)
    assert whole is None or found is not None


def test_a_long_text_is_looked_through_in_bounded_time() -> None:
    for piece in ("1", "1-", "may ", "12 ", "march 14 ", "(", "the ", " "):
        find_date(piece * 500_000)
        assert read_date(piece * 500_000) is None
    assert read_date("14 March 2017" + " " * 150 + "x") is None
    assert read_date(" the" * 40 + "x 14 March 2017") is None
