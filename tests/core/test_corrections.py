from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.corrections import (
    correction_line,
    diff_html,
    diff_text,
    difference,
    in_words,
    judge,
    within,
)
from aggregator.core.dates import day_in_words
from aggregator.core.edition import compose_item, source_text, text_digest
from aggregator.model.correction import Corrections, Diff, Had
from aggregator.model.feed import Rights
from aggregator.model.ids import EntryId, ItemId
from tests.makers import NOON, a_showing, a_topic

HAD = Had(item_id=ItemId(1), entry_id=EntryId(2), rev=1, ours=7, title="Grain", text="Nine ships.")
EDITED = replace(HAD, rev=2, text="Ten ships.")


@pytest.mark.parametrize("policy", list(Corrections))
def test_a_sources_edit_moves_updated_unless_its_feed_is_silent(policy: Corrections) -> None:
    judged = judge(HAD, EDITED, policy)
    assert judged.moves is (policy is not Corrections.SILENT)
    assert judged.diff is not None


@pytest.mark.parametrize(
    "after",
    [
        replace(EDITED, entry_id=EntryId(3)),  # another lead
        replace(EDITED, rev=1),  # a right, the article page, our own words
    ],
)
def test_what_no_source_edited_is_no_correction(after: Had) -> None:
    judged = judge(HAD, after, Corrections.SILENT)
    assert (judged.moves, judged.diff) == (True, None)


def test_nothing_to_compare_with_is_no_correction() -> None:
    assert judge(None, EDITED, Corrections.MARK).diff is None


def test_an_edit_in_no_word_gives_no_difference() -> None:
    assert judge(HAD, replace(HAD, rev=2), Corrections.BUMP).diff is None


def test_editors_words_move_updated_of_a_silent_feed_too() -> None:
    assert judge(HAD, replace(EDITED, ours=8), Corrections.SILENT).moves


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Nine ships left.", "Ten ships left.", "“Nine” is now “Ten”"),
        ("Nine ships left.", "Nine ships left today.", "“left.” is now “left today.”"),
        ("Nine old ships left.", "Nine ships left.", "“old” was taken out"),
        ("Nine ships left.", "Nine old ships left.", "“old” was added"),
        ("a b c d e f g", "A b c d E f g", "2 words taken out, 2 words put in"),
        ("short", "a " * 20, "1 word taken out, 20 words put in"),
    ],
)
def test_a_change_is_told_in_words(before: str, after: str, said: str) -> None:
    diff = difference(replace(HAD, text=before), replace(HAD, text=after))
    assert diff is not None
    assert in_words(diff) == said


def test_a_changed_title_is_told_as_it_was() -> None:
    diff = difference(HAD, replace(EDITED, title="Corn"))
    assert diff is not None
    assert in_words(diff) == "the title was “Grain”; 1 word taken out, 1 word put in"


def test_markup_in_a_text_stays_text() -> None:
    diff = difference(HAD, replace(HAD, text="<script>x</script> ships."))
    assert diff is not None
    html = diff_html(diff)
    assert "<script" not in html
    assert html == "<p><del>Nine</del> <ins>&lt;script&gt;x&lt;/script&gt;</ins> ships.</p>"
    assert diff_text(diff.text) == "[-Nine-] {+<script>x</script>+} ships."


def test_last_words_do_not_run_together() -> None:
    diff = difference(HAD, replace(HAD, text="Nine boats."))
    assert diff is not None
    assert diff_text(diff.text) == "Nine [-ships.-] {+boats.+}"


def test_narrower_rights_take_the_text_of_a_difference() -> None:
    diff = Diff(title=(("-", "One"),), text=(("+", "word " * 200),))
    assert within(diff, Rights.FULL) == diff
    assert within(diff, Rights.EXCERPT) == within(diff, Rights.LINK) == replace(diff, text=())
    short = replace(diff, text=(("+", "a word"),))
    assert within(short, Rights.EXCERPT) == short
    assert in_words(within(None, Rights.FULL)) == "its text was changed"


def test_a_correction_stands_in_the_item_and_changes_no_digest() -> None:
    plain = compose_item(a_showing(), a_topic(), base="https://news.example.org")
    showing = replace(a_showing(), corrected_at=NOON, correction="“a & b” is now “<c>”")
    marked = compose_item(showing, a_topic(), base="https://news.example.org")
    assert plain is not None
    assert marked is not None
    line = correction_line(NOON, "“a & b” is now “<c>”")
    assert marked.html == line + plain.html
    assert "Corrected on 22 November 2026: “a &amp; b” is now “&lt;c&gt;”." in line
    assert text_digest(marked) == text_digest(plain)
    assert source_text(marked) == source_text(plain)
    assert correction_line(None, None) == ""


def test_a_note_and_credits_are_no_text_of_the_source() -> None:
    showing = a_showing()
    noted = replace(showing, verdict=replace(showing.verdict, note="Read with care."))
    item = compose_item(noted, a_topic(), base="https://news.example.org")
    plain = compose_item(showing, a_topic(), base="https://news.example.org")
    assert item is not None
    assert plain is not None
    assert source_text(item) == source_text(plain)
    assert "Source:" not in source_text(item)


def test_days_are_written_alike_everywhere() -> None:
    assert day_in_words(NOON) == "22 November 2026"
    assert day_in_words(0) == "1 January 1970"
