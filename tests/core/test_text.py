from __future__ import annotations

import re
import sqlite3
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.text import (
    MAX_TOKEN,
    clean_line,
    clean_text,
    excerpt,
    fold,
    hash_text,
    hash_texts,
    is_printable,
    signed64,
    tokens,
    word_count,
)

ANY_TEXT = st.text(st.characters(), max_size=80)  # surrogates, noncharacters and all
ASSIGNED = [  # but the ideographs, which are all alike
    code
    for code in (*range(0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x20000))
    if unicodedata.category(chr(code)) not in {"Cn", "Co"}
]
UNSAFE = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\U0001fffe\U0001ffff]"
)


def fts5_tokens(text: str) -> list[str]:
    db = sqlite3.connect(":memory:")
    try:
        db.execute("create virtual table t using fts5(x, tokenize='unicode61 remove_diacritics 0')")
        db.execute("create virtual table v using fts5vocab(t, 'instance')")
        db.execute("insert into t values (?)", (text,))
        return [term for (term,) in db.execute("select term from v order by offset")]
    finally:
        db.close()


@given(ANY_TEXT)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_every_character_folds_for_good() -> None:
    for code in ASSIGNED:
        once = fold(chr(code))
        assert fold(once) == once, hex(code)


def test_case_width_and_accents_fold_away() -> None:
    same = ("Cafe", "CAFÉ", "cafe\u0301", "ｃａｆé")
    assert {fold(word) for word in same} == {"cafe"}
    assert fold("Kılıçdaroğlu ŁÓDŹ Ørsted Æsir") == "kilicdaroglu lodz orsted aesir"


def test_japanese_voicing_is_no_accent() -> None:
    assert fold("ガザ") == "ガザ"
    assert fold("ｶﾞｻﾞ") == "ガザ"


def test_a_flood_of_marks_folds_in_bounded_time() -> None:
    assert fold("a" + "\u0316\u0300" * 500_000 + "b") == "ab"


@given(ANY_TEXT)
def test_every_token_is_one_token_of_fts5(text: str) -> None:
    ours = tokens(text)
    assert len(fts5_tokens(" ".join(ours))) == len(ours)


def test_every_character_of_unicode_is_one_token_of_fts5_or_none() -> None:
    ours = tokens(" ".join(f"a{chr(code)}b" for code in range(sys.maxunicode + 1)))
    assert len(ours) > 0x100000
    theirs = fts5_tokens(" ".join(ours))
    assert len(theirs) == len(ours)


@given(ANY_TEXT)
def test_tokens_of_joined_tokens_are_the_same(text: str) -> None:
    assert tokens(" ".join(tokens(text))) == tokens(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Global Lane – 22 Nov 2026", ["global", "lane", "22", "nov", "2026"]),
        ("e-mail snake_case A.B", ["e", "mail", "snake", "case", "a", "b"]),
        ("Mosul's Mosul’s MOSULʼS", ["mosul", "mosul", "mosul"]),
        ("don't don’t O’Brien", ["dont", "dont", "obrien"]),
        ("l'Europe, qu'il dell'arte", ["l", "europe", "qu", "il", "dell", "arte"]),
        ("'quoted' rock 'n' roll", ["quoted", "rock", "n", "roll"]),
        ("東京都 雨 a東京b", ["東京", "京都", "雨", "a", "東京", "b"]),
        ("ガザ地区2024年", ["ガザ", "ザ地", "地区", "2024", "年"]),
        ("모술은", ["모술", "술은"]),
        ("informa\u00adtion می\u200cخواهم", ["information", "میخواهم"]),
        ("a\ud800b \ufffe", ["a", "b"]),
    ],
)
def test_words_are_told_apart(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_vowel_signs_do_not_break_a_word_and_tell_words_apart() -> None:
    assert len(tokens("दिल्ली")) == 1
    assert tokens("कल") != tokens("काल")


def test_a_token_has_a_longest_length() -> None:
    assert [len(word) for word in tokens("x" * 2_000_000)] == [MAX_TOKEN]


@pytest.mark.parametrize("piece", ["a", "é ", "字", "a'", "ก\u0e31", "\u0301", "' ", "ﬁ"])
def test_two_megabytes_of_anything_are_read(piece: str) -> None:
    text = piece * (2_000_000 // len(piece.encode()))
    assert tokens(text) is not None
    assert len(clean_line(text)) <= 500
    assert len(clean_text(text, 1000)) <= 1000
    assert word_count(text) >= 0


@given(ANY_TEXT, st.integers(min_value=1, max_value=60))
def test_a_clean_line_is_safe_short_and_one_line(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert not UNSAFE.search(line)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert clean_line(line, limit) == line
    line.encode()


@given(ANY_TEXT, st.integers(min_value=1, max_value=60))
def test_a_clean_text_is_safe_and_short(text: str, limit: int) -> None:
    clean = clean_text(text, limit)
    assert not UNSAFE.search(clean)
    assert len(clean) <= limit
    assert "\n\n\n" not in clean
    assert clean_text(clean, limit) == clean
    clean.encode()


def test_a_line_is_cut_at_a_word() -> None:
    assert clean_line("The corridor reopens today", 16) == "The corridor…"
    assert clean_line("The corridor reopens", 13) == "The corridor…"
    assert clean_line("x" * 600) == "x" * 499 + "…"
    assert clean_line("fits exactly", 12) == "fits exactly"


def test_bidi_controls_and_mark_floods_do_not_reach_a_page() -> None:
    assert clean_line("user\u202egnp.exe\u2066") == "usergnp.exe"
    flooded = clean_line("Z" + "\u0335\u0322" * 100)
    assert sum(unicodedata.category(c) == "Mn" for c in flooded) == 8


def test_an_emoji_of_several_characters_stays_whole() -> None:
    assert clean_line("👩‍👩‍👧 🏳️‍🌈") == "👩‍👩‍👧 🏳️‍🌈"


def test_paragraphs_stay() -> None:
    text = "One\tline \r\n two\r\rthree\u2029\n \n four\x00"
    assert clean_text(text) == "One line\ntwo\n\nthree\n\nfour"


def test_an_excerpt_says_that_it_is_one() -> None:
    text = "word " * 61
    assert excerpt(text) == ("word " * 60).strip() + "…"
    assert excerpt("word " * 60) == ("word " * 60).strip()
    assert excerpt("Is it so? (No.) It is.", 3) == "Is it so?…"
    assert excerpt("a — b — c d", 2) == "a — b…"


def test_an_excerpt_is_bounded_where_no_blanks_are() -> None:
    assert excerpt("字" * 1000) == "字" * 120 + "…"
    assert len(excerpt("x" * 100_000)) == 60 * 40 + 1


_ASCII = st.text(st.characters(max_codepoint=127))


@given(_ASCII)
def test_a_line_of_ascii_is_cleaned_as_any_other(text: str) -> None:
    assert clean_line(f"{text} é", 10_000) == f"{clean_line(text, 10_000)} é".strip()
    assert is_printable(text) == text.isprintable()


@given(_ASCII)
def test_words_of_a_short_text_are_counted_as_those_of_a_long_one(text: str) -> None:
    assert word_count(text) == word_count(text + " " * 3_000)


@given(ANY_TEXT, st.integers(0, 5))
def test_counting_ends_where_it_is_told_to(text: str, most: int) -> None:
    assert word_count(text, most) == min(most, word_count(text))


@given(ANY_TEXT, st.integers(min_value=1, max_value=10))
def test_an_excerpt_has_at_most_its_words(text: str, words: int) -> None:
    cut = excerpt(text, words)
    assert word_count(cut) <= words
    assert cut.endswith("…") or cut == clean_line(text, len(text) + 1)


def test_words_are_counted_as_people_count() -> None:
    assert word_count("It's a well-known fact — isn't it?") == 6
    assert word_count("東京都庁") == 2
    assert word_count("— … !") == 0


def test_hashes_are_the_same_everywhere() -> None:
    assert signed64(b"").to_bytes(8, "big", signed=True).hex() == "e4a6a0577479b2b4"
    assert hash_text("\ud800") != hash_text("\udfff")


@given(st.lists(ANY_TEXT, max_size=4), st.lists(ANY_TEXT, max_size=4))
def test_a_hash_tells_where_one_part_ends(one: list[str], other: list[str]) -> None:
    assert (hash_text(*one) == hash_text(*other)) == (one == other)
    assert -(2**63) <= hash_text(*one) < 2**63


@given(st.text(st.characters(codec="ascii"), max_size=300))
def test_ascii_goes_the_short_way_to_the_same_words(text: str) -> None:
    """What follows the accent makes the whole text go the long way."""
    assert tokens(text) == tokens(f"{text} é")[:-1]


@given(st.text(st.characters(codec="ascii"), max_size=300))
def test_ascii_goes_the_short_way_to_the_same_line(text: str) -> None:
    assert clean_line(text, 1000) == clean_line(f"{text} é", 1000)[:-1].rstrip()


def test_hashes_are_those_of_earlier_versions() -> None:
    """Stores hold them: another hash would make every entry new."""
    assert hash_text("guid", "a" * 300, "é", "") == 5851878318825229237
    assert hash_texts(("guid", "a" * 300), ("é", ""))[1] == 5851878318825229237
