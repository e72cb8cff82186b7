from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.text import pieces
from aggregator.core.worddiff import CONTEXT, LONGEST, MOST_WORDS, in_context, word_diff
from aggregator.model.correction import IN, OUT, SAME

WORDS = st.sampled_from(["a", "b", "c", "d,", "é", "東", "\u0e01\u0e32", "end."])
TEXTS = st.lists(WORDS, max_size=40).map(" ".join)


def bare(text: str) -> str:
    return "".join(text.split())


@given(st.one_of(TEXTS, st.text()))
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    joined = "".join(pieces(text))
    assert joined == text if text.strip() else joined == ""


@given(TEXTS, TEXTS)
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    runs = word_diff(before, after)
    assert bare("".join(text for sign, text in runs if sign != IN)) == bare(before)
    assert bare("".join(text for sign, text in runs if sign != OUT)) == bare(after)
    assert any(sign != SAME for sign, _ in runs) == (before != after)
    assert all(text for _, text in runs)


@given(TEXTS)
def test_a_text_differs_from_itself_in_nothing(text: str) -> None:
    assert in_context(word_diff(text, text)) == ()


def test_a_word_in_the_middle_of_a_long_text_is_found() -> None:
    words = [f"w{number}" for number in range(20_000)]
    other = [*words[:9_000], "new", *words[9_001:]]
    runs = in_context(word_diff(" ".join(words), " ".join(other)))
    assert (OUT, "w9000 ") in runs
    assert (IN, "new ") in runs
    assert sum(len(pieces(text)) for _, text in runs) < 2 * CONTEXT + 6


def test_a_rewritten_sentence_is_one_change() -> None:
    runs = word_diff(
        "The minister said on Monday that he would go.",
        "An official told us that she might stay at home.",
    )
    assert [sign for sign, _ in runs] == [OUT, IN]


def test_text_without_blanks_is_compared_by_characters() -> None:
    assert (OUT, "南") in word_diff("東京都南区", "東京都北区")


def test_a_long_change_is_cut_where_it_is_shown() -> None:
    runs = in_context(word_diff("", "word " * 2_000))
    ((sign, text),) = runs
    assert sign == IN
    assert len(pieces(text)) == LONGEST + 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b " * 1_999 + "c", "d " + "b a c " * 1_333 + "e"),  # too many changes
        ("a " * 50_000 + "b", "b " * 50_000 + "a"),  # too long
    ],
)
def test_what_cannot_be_compared_in_bounded_time_is_given_as_rewritten(
    before: str, after: str
) -> None:
    assert [sign for sign, _ in word_diff(before, after)] == [OUT, IN]


def test_two_changes_far_apart_in_a_long_text_are_two() -> None:
    text = "a b " * (MOST_WORDS // 2 - 2)
    assert [sign for sign, _ in word_diff(f"x {text}y", f"z {text}w")] == [OUT, IN, SAME, OUT, IN]
