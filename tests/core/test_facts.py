"""What stands in the same places of two texts: the same figures and names, or others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.facts import Differences, beginning, differences, facts_of, figures_of
from aggregator.model.prints import Facts

TEXT = "the bank lent Acme Corp some 500 million to build a new harbour near Mombasa by next May"


def facts(text: str) -> Facts:
    return facts_of(text)


def between(one: str, other: str) -> Differences:
    return differences(facts(one), facts(other))


def test_another_figure_in_the_same_place_is_told() -> None:
    found = between(TEXT, TEXT.replace("500", "300"))
    assert set(found.figures) == {("500", "300")}
    assert not found.names


def test_another_name_in_the_same_place_is_told() -> None:
    found = between(TEXT, TEXT.replace("Mombasa", "Dar es Salaam"))
    assert found.names
    assert not found.figures


def test_a_part_of_a_name_that_differs_is_told_from_its_side() -> None:
    assert between(TEXT, TEXT.replace("Acme Corp", "Apex Corp")).names == (
        ("acme corp", "apex corp"),
    )


def test_a_date_in_full_agrees_with_a_shorter_one() -> None:
    short = "they signed the papers in the town on 22 May and went home"
    assert between(short, short.replace("22 May", "22 May 2026")) == Differences()
    assert between(short, short.replace("22 May", "23 May")).figures


def test_what_only_one_text_has_is_no_difference() -> None:
    assert between(TEXT, " ".join(TEXT.split()[:8])) == Differences()
    assert between(TEXT, f"{TEXT}. all rights reserved by Example Wire in 2026") == Differences()


def test_grouped_figures_are_one_figure() -> None:
    assert figures_of(facts("it cost them about 1,200,000 dollars in all")) == {"1200000"}


def test_where_most_words_have_capitals_only_figures_count() -> None:
    assert facts("BANK LENDS ACME 500 MILLION FOR HARBOUR").values == ("500",)


def test_a_long_text_is_asked_for_its_beginning_in_whole_words() -> None:
    text = "said Instagram " * 1000
    assert set(beginning(text).split()) == {"said", "Instagram"}
    assert 3900 < len(beginning(text)) <= 4000
    assert beginning("short") == "short"
    assert len(beginning("字" * 5000)) == 4000


@given(st.text())
def test_a_text_agrees_with_itself(text: str) -> None:
    assert between(text, text) == Differences()


@given(st.text(), st.text())
def test_either_order_finds_as_much(one: str, other: str) -> None:
    there, back = between(one, other), between(other, one)
    assert len(there.figures) == len(back.figures)
    assert len(there.names) == len(back.names)


@given(st.text())
def test_each_value_has_its_two_places(text: str) -> None:
    found = facts(text)
    assert len(found.places) == 8 * len(found.values)
    assert not any("\n" in value for value in found.values)
