"""Days and numbers in the titles of columns, in the forms newspapers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.column_dates import find_day, find_number

NOV_22 = 1795305600 + 9 * 3600  # 22 November 2026, 9 in the morning


@pytest.mark.parametrize(
    "title",
    [
        "Global Lane – 22 Nov",
        "Global Lane, Nov 22",
        "Global Lane (Nov. 22nd)",
        "The Global Lane - 11/22/26",
        "Global Lane 2026-11-22",
        "Global Lane: Sunday, November 22, 2026",
        "Global Lane 22. November",
        "22.11.2026: Global Lane",
        "Le billet du 22 novembre",
        "Columna, 22 de noviembre de 2026",
        "Rubrica, 22 novembre 2026",
        "天声人語 11月22日",
        "天声人語 2026年11月22日",
        "22 Nov - 19 dead",
    ],
)
def test_a_day_is_read_in_many_forms(title: str) -> None:
    day = find_day(title, NOV_22)
    assert day is not None
    assert day.isoformat() == "2026-11-22"


@pytest.mark.parametrize(
    ("title", "day"),
    [
        ("Lane, 31 Dec", "2025-12-31"),
        ("Lane, 1 Dec", "2026-12-01"),
        ("Lane, 3 mars", "2026-03-03"),
        ("Lane, 29 Feb", "2024-02-29"),
    ],
)
def test_a_day_without_a_year_is_the_last_there_was(title: str, day: str) -> None:
    found = find_day(title, NOV_22)
    assert found is not None
    assert found.isoformat() == day


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Marines 22 dead",
        "You may 50% more",
        "May 3.5 million",
        "31 Nov",
        "24/7",
        "Lane 22",
        "Dec",
    ],
)
def test_what_is_no_day_is_none(title: str) -> None:
    assert find_day(title, NOV_22) is None


def test_without_a_date_to_go_by_a_day_needs_its_year() -> None:
    assert find_day("Lane, 22 Nov", None) is None
    assert find_day("Lane, 22 novembre 2025", None) is not None


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("Global Lane #214: grain", 214),
        ("GLOBAL LANE No. 214", 214),
        ("#214 – Global Lane", 214),
        ("Global Lane: grain (No. 214)", 214),
        ("Global Lane 214", 214),
        ("Global Lane nº 7", 7),
        ("Global Lane № 7", 7),
        ("Global Lane, Episode 12 - grain", 12),
        ("Folge 12: Korn", 12),
        ("Global Lane Vol. 3, No. 4", 30004),
        ("Global Lane 2026", None),
        ("Global Lane: the view from No. 10 today", None),
        ("The view from No. 10", None),
        ("No. 10 says no", None),
        ("Global Lane: the #1 song", None),
        ("Global Lane: 5 things", None),
        ("Global Lane 22 Nov", None),
        ("Global Lane, issue 5.5", None),
        ("Global Lane", None),
    ],
)
def test_a_number_stands_beside_the_name_or_apart_from_the_rest(
    title: str, number: int | None
) -> None:
    assert find_number(title, "Global Lane") == number


@given(st.text(max_size=80), st.text(max_size=20))
def test_no_title_raises(title: str, series: str) -> None:
    find_day(title, NOV_22)
    find_number(title, series)
