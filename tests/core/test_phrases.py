"""Phrases are found as whole words, by whichever way, and told where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.phrases import MANY, Automaton, Finder, Index, Phrase, finder, span_of
from aggregator.core.text import tokens
from tests.core.queries import UNHURRIED

WAYS = (Automaton, Index)
WORD = st.sampled_from(("a", "b", "ab", "ba", "é", "東京"))
PHRASES = st.lists(st.lists(WORD, min_size=1, max_size=4).map(tuple), max_size=12, unique=True)


def naive(phrases: list[Phrase], words: list[str]) -> list[tuple[int, int]]:
    return sorted(
        (number, place)
        for number, phrase in enumerate(phrases)
        for place in range(len(words))
        if tuple(words[place : place + len(phrase)]) == phrase
    )


@pytest.mark.parametrize("way", WAYS)
@UNHURRIED
@given(phrases=PHRASES, words=st.lists(WORD, max_size=20))
def test_what_is_found_equals_a_naive_scan(
    way: type[Automaton | Index], phrases: list[Phrase], words: list[str]
) -> None:
    found: Finder = way(phrases)
    assert sorted(found.find(words)) == naive(phrases, words)


@pytest.mark.parametrize("way", WAYS)
def test_overlapping_phrases_and_those_inside_others_are_all_found(
    way: type[Automaton | Index],
) -> None:
    phrases = [("new", "york"), ("york", "times"), ("new", "york", "times"), ("york",), ("yor",)]
    found = way(phrases).find(["the", "new", "york", "times"])
    assert sorted(found) == [(0, 1), (1, 2), (2, 1), (3, 2)]


def test_large_vocabularies_get_the_automaton() -> None:
    many = [(f"w{number}", "x") for number in range(MANY)]
    assert isinstance(finder(many), Automaton)
    assert isinstance(finder(many[1:]), Index)
    assert finder(many).find(["w7", "x", "w8"]) == [(7, 0)]


@pytest.mark.parametrize(
    ("text", "first", "count", "shown"),
    [
        ("In Mosul, they say", 1, 1, "Mosul"),
        ("“Islamic State’s” end", 0, 2, "Islamic State’s"),
        ("l'Europe unie", 1, 1, "l'Europe"),
        ("the grain-corridor deal", 1, 2, "grain-corridor"),
        ("東京都の話", 1, 1, "東京都の話"),
        ("new\n york", 0, 2, "new\n york"),
    ],
)
def test_a_span_shows_the_words_as_written(text: str, first: int, count: int, shown: str) -> None:
    span = span_of(text, first, count)
    assert span is not None
    assert text[slice(*span)] == shown


def test_there_is_no_span_of_words_that_are_not_there() -> None:
    assert span_of("one two", 2, 1) is None
    assert span_of("", 0, 1) is None


@UNHURRIED
@given(st.text(st.characters(exclude_categories=["Co", "Cs"]), max_size=60), st.data())
def test_a_span_holds_the_words_it_is_asked_for(text: str, data: st.DataObject) -> None:
    words = tokens(text)
    if not words:
        assert span_of(text, 0, 1) is None
        return
    first = data.draw(st.integers(0, len(words) - 1))
    span = span_of(text, first, 1)
    assert span is not None
    assert words[first] in tokens(text[slice(*span)])
