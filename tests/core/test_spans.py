from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.spans import around
from aggregator.core.text import tokens


@pytest.mark.parametrize(
    ("text", "first", "count", "told"),
    [
        ("Mosul is quiet", 0, 1, "[Mosul] is quiet"),
        ("The Islamic State in Iraq", 1, 2, "The [Islamic State] in Iraq"),
        ("L'Europe et l’Ukraine votent", 4, 1, "L'Europe et [l’Ukraine] votent"),
        ("quiet in (Mosul), now", 2, 1, "quiet in [(Mosul),] now"),
        ("one two", 2, 1, ""),
        ("", 0, 1, ""),
        (
            " ".join(f"w{n}" for n in range(30)),
            15,
            1,
            "… w9 w10 w11 w12 w13 w14 [w15] w16 w17 w18 w19 w20 w21 …",
        ),
    ],
)
def test_words_are_shown_where_they_stand(text: str, first: int, count: int, told: str) -> None:
    assert around(text, first, count) == told


def test_what_is_written_without_blanks_is_found_by_its_characters() -> None:
    text = "東京都知事は港湾の再開について会見し、穀物の輸送が週内に始まると述べ、記者に答えた。"
    first = tokens(text).index("穀物")
    assert "[穀物]の輸送" in around(text, first, 1)


@settings(deadline=None)  # the first call builds tables
@given(st.text("aB é'’-,.東京都ト", max_size=90), st.integers(0, 9), st.integers(1, 3))
def test_what_stands_in_brackets_holds_the_words(text: str, first: int, count: int) -> None:
    said, told = tokens(text), around(text, first, count)
    if first + count > len(said):
        assert told == ""
    else:
        inside = tokens(told[told.index("[") + 1 : told.rindex("]")])
        assert [word for word in said[first : first + count] if word not in inside] == []
