"""Two instalments of one column are two, however alike; a rerun is its first run again."""

from __future__ import annotations

from aggregator.core.instalments import apart, instalment_key, rerun, rerun_keys
from aggregator.model.entry import Instalment

TITLES = ("Global Lane", "Global Lane")


def of(
    date: str | None = None, number: int | None = None, *, series: str = "Lane", told: bool = True
) -> tuple[Instalment, ...]:
    return (Instalment(series=series, date=date, because="title", number=number, told=told),)


def test_a_key_is_the_number_else_the_day() -> None:
    assert instalment_key(of("2026-11-22", 214)) == ("Lane", 214)
    assert instalment_key(of("2026-11-22")) == ("Lane", "2026-11-22")
    assert instalment_key(of() + of("2026-11-22", series="Log")) == ("Log", "2026-11-22")
    assert instalment_key(of()) is None
    assert instalment_key(()) is None


def test_other_days_and_other_numbers_are_apart() -> None:
    assert apart(of("2026-11-21"), of("2026-11-22")) == (
        "two instalments of Lane: 2026-11-21 and 2026-11-22"
    )
    assert apart(of("2026-11-22", 213), of("2026-11-22", 214)) is not None
    assert apart(of("2026-11-21", told=False), of("2026-11-22", told=False)) is not None
    assert apart(of("2026-11-21", 214), of("2026-11-22", 214)) is not None


def test_what_nothing_parts_is_not_apart() -> None:
    assert apart(of("2026-11-22"), of("2026-11-22")) is None
    assert apart(of("2026-11-22"), of("2026-11-23", series="Log")) is None
    assert apart(of("2026-11-22"), of(number=214)) is None
    assert apart(of("2026-11-22"), ()) is None


def test_every_column_of_an_entry_counts() -> None:
    both = of("2026-11-22") + of("2026-11-01", series="Log")
    assert apart(of("2026-11-22") + of("2026-11-02", series="Log"), both) is not None


def test_a_number_again_on_another_day_is_a_rerun() -> None:
    old, new = of("2026-03-01", 214, told=False), of("2026-11-22", 214, told=False)
    assert rerun(old, new, titles=TITLES) == "Lane, No. 214"
    assert rerun(of("2026-03-01", 214), of("2026-11-22", 214), titles=TITLES) is None


def test_the_day_the_texts_tell_makes_a_rerun_the_day_of_publication_does_not() -> None:
    assert rerun(of("2026-11-22"), of("2026-11-22"), titles=TITLES) == "Lane, 2026-11-22"
    assert rerun(of("2026-11-22"), of("2026-11-22", told=False), titles=TITLES) is None


def test_two_pieces_of_one_day_stay_two() -> None:
    def asked(one: str, other: str) -> bool:
        return rerun(of("2026-11-22"), of("2026-11-22"), titles=(one, other)) is not None

    assert not asked("Lane, 22 Nov: part A", "Lane, 22 Nov: part B")
    assert not asked("Lane, 22 Nov: grain corridor", "Lane, 22 Nov: the football cup")
    assert asked("Lane, 22 Nov: grain corridor opens", "Lane (November 22): Grain corridor")
    assert asked("The Lane - 11/22/26", "Lane: Sunday 22 Nov")


def test_reruns_are_looked_for_by_what_the_text_tells() -> None:
    assert rerun_keys(of("2026-11-22", 214)) == (("Lane", 214), ("Lane", "2026-11-22"))
    assert rerun_keys(of("2026-11-22", 214, told=False)) == (("Lane", 214),)
    assert rerun_keys(of("2026-11-22", told=False)) == ()
