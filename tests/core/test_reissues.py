"""Headlines tell of themselves that they replace an earlier one, in the forms agencies use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.reissues import reissue
from aggregator.core.text import fold

TITLE = "Grain corridor reopens"


@pytest.mark.parametrize(
    ("title", "rank"),
    [
        ("UPDATE 1-Grain corridor reopens", (1, 0)),
        ("UPDATE 12-Grain corridor reopens", (12, 0)),
        ("Update: Grain corridor reopens", (1, 0)),
        ("Grain corridor reopens - UPDATE 2", (2, 0)),
        ("[UPDATED] Grain corridor reopens", (1, 0)),
        ("CORRECTED-Grain corridor reopens", (0, 1)),
        ("CORRECTED-UPDATE 3-Grain corridor reopens", (3, 1)),
        ("Correction: Grain corridor reopens", (0, 1)),
        ("(Corrected) Grain corridor reopens", (0, 1)),
        ("Grain corridor reopens (corrected)", (0, 1)),
        ("CLARIFICATION: Grain corridor reopens", (0, 1)),
        ("Korrektur: Grain corridor reopens", (0, 1)),
        ("AKTUALISIERUNG 2: Grain corridor reopens", (2, 0)),
        ("Mise à jour – Grain corridor reopens", (1, 0)),
        ("ACTUALIZACIÓN 1-Grain corridor reopens", (1, 0)),
        ("Corrección: Grain corridor reopens", (0, 1)),
        ("ATUALIZA 1-Grain corridor reopens", (1, 0)),
        ("Rettifica: Grain corridor reopens", (0, 1)),
        ("Rättelse: Grain corridor reopens", (0, 1)),
        ("DÜZELTME: Grain corridor reopens", (0, 1)),
        ("ИСПРАВЛЕНО: Grain corridor reopens", (0, 1)),
        ("تصحيح: Grain corridor reopens", (0, 1)),
        ("【更正】Grain corridor reopens", (0, 1)),
        ("訂正：Grain corridor reopens", (0, 1)),
    ],
)
def test_a_mark_is_read_and_taken_off(title: str, rank: tuple[int, int]) -> None:
    found = reissue(title)
    assert (found.rank, found.title) == (rank, fold(TITLE))


@pytest.mark.parametrize(
    "title",
    [
        TITLE,
        "Update on the grain corridor",
        "Correction officers strike",
        "Markets see a correction",
        "Updates to follow as corridor reopens",
        "Update-Welle bei Windows",
        "Updike: a life",
        "",
    ],
)
def test_a_word_within_a_headline_is_no_mark(title: str) -> None:
    assert reissue(title).rank == (0, 0)


@given(st.text(max_size=700))
def test_any_headline_is_taken(title: str) -> None:
    assert reissue(title).title == reissue(title).title.strip()


def test_a_headline_of_blanks_and_marks_takes_no_long_time() -> None:
    assert reissue("- " * 5_000).rank == (0, 0)
    assert reissue("update " * 5_000).rank[1] == 0
