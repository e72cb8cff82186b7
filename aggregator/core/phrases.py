"""Many phrases looked for in a text at once, as whole words, overlapping ones too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

from ahocorasick_rs import BytesAhoCorasick, Implementation

from aggregator.core.text import tokens

MANY = 4_000  # phrases from which on the automaton is the faster one (benchmarks/tags.py)

Phrase = tuple[str, ...]
"""Folded words, one after the other."""

_PIECE = re.compile(r"\S+")


class Finder(Protocol):
    """Knows phrases by their numbers, which are their places in what it was made of."""

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return (number, place of its first word) of every phrase that stands in the words.

        Of one phrase the first place comes first.
        """
        ...


def finder(phrases: Sequence[Phrase]) -> Finder:
    """Return what finds these phrases fastest; none is empty, none stands there twice."""
    return Automaton(phrases) if len(phrases) >= MANY else Index(phrases)


class Index:
    """Phrases by their first word, then by their length: most words cost one look-up."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._index: dict[str, dict[int, dict[Phrase, int]]] = {}
        for number, phrase in enumerate(phrases):
            same = self._index.setdefault(phrase[0], {}).setdefault(len(phrase), {})
            same[phrase] = number
        self._firsts = frozenset(self._index)  # sooner asked than the keys of a dictionary

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return every phrase that stands in the words, by the place of its first word."""
        index = self._index
        if self._firsts.isdisjoint(words):  # most texts, found out without a loop
            return []
        found = []
        for place, word in enumerate(words):
            if word in index:
                for length, phrases in index[word].items():
                    number = phrases.get(tuple(words[place : place + length]))
                    if number is not None:
                        found.append((number, place))
        return found


class Automaton:
    """Aho and Corasick's: the time hardly grows with the phrases. Words are parted by blanks."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._automaton = BytesAhoCorasick(
            [_bytes(phrase) for phrase in phrases],
            implementation=Implementation.ContiguousNFA,
        )

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return every phrase that stands in the words, by the place of its last word."""
        text = _bytes(words)
        found = []
        at = place = 0
        for number, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if start >= at:  # nearly always: they come by their ends
                place += text.count(b" ", at, start)
            else:
                place -= text.count(b" ", start, at)
            at = start
            found.append((number, place))
        return found


def span_of(text: str, first: int, count: int) -> tuple[int, int] | None:
    """Return where in a text `count` of its words stand, from the word at `first` on.

    Words are those of `tokens`; the span is that of the whole pieces between blanks they are
    part of, without the punctuation around them. None when the text has no such words.

    >>> span_of("Retaken: Islamic State's last town", 1, 2)
    (9, 24)
    """
    start: int | None = None
    place = 0
    for piece in _PIECE.finditer(text):
        place += len(tokens(piece[0]))
        if start is None and place > first:
            start = piece.start()
        if start is not None and place >= first + count:
            return _trimmed(text, start, piece.end())
    return None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start + 1 and not _in_word(text[end - 1]):
        end -= 1
    while start < end - 1 and not _in_word(text[start]):
        start += 1
    return start, end


def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _bytes(words: Iterable[str]) -> bytes:
    return f" {' '.join(words)} ".encode("utf-8", "surrogatepass")
