"""What an article is clustered by: its heaviest words, as small whole numbers.

Words are known by a hash of 24 bits that is the same in every process; one in a hundred shares its
hash with another at 150,000 words, which two shared words in sixteen forgive. Whole numbers add up
and come off again exactly, so that an index does not depend on the order in which it forgot.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt
from zlib import crc32

HEAVIEST = 16  # words an article goes by
LENGTH = 255  # of every article's vector; a weight fits into 8 bits
TITLE_WORDS = 32
SUMMARY_WORDS = 40  # beyond these a summary turns to what happened before
TITLE_WEIGHT = 2.0  # a word of the title, in words of the summary
LEAST_WORDS = 6  # a shorter text is filled up: one shared word must not be half of it
WEAK = 0.5  # numbers and one or two letters, in other words
PRIOR = 300  # clusters that are thought to be there at the start, none of which has the word
SEEN_LEAST = 0.5

_FOLDED = (1 << 20) - 1  # words are counted by 20 bits: 4 MB, whatever comes

Vector = dict[int, int]
"""Words by hash, each with its weight; of one article or the sum of several."""


class WordCounts:
    """In how many clusters each word was when they were opened.

    Clusters are counted, not articles, so that a large story does not make its own words common.
    """

    __slots__ = ("_clusters", "_with")

    def __init__(self) -> None:
        self._with = array("I", bytes(4 * (_FOLDED + 1)))
        self._clusters: Counter[str] = Counter()

    def count(self, lang: str, terms: Iterable[int], step: int = 1) -> None:
        """Count a cluster of these words, or with `step` -1 no more."""
        self._clusters[lang] += step
        for term in terms:
            self._with[term & _FOLDED] += step

    def rarity(self, lang: str, term: int) -> float:
        """Return the inverse document frequency of a word, ≥ 0."""
        there = PRIOR + self._clusters[lang]
        return max(log(there / (SEEN_LEAST + self._with[term & _FOLDED])), 0.0)


@dataclass(frozen=True, slots=True)
class Weighed:
    """An article's words: what each hash stands for, and the heaviest with their weights."""

    words: Mapping[int, str]
    vector: Vector


def language(lang: str | None) -> str:
    """Return the first part of a language tag; articles of different languages never meet.

    >>> language("en-GB"), language("pt_BR"), language(None)
    ('en', 'pt', '')
    """
    return (lang or "").replace("_", "-").partition("-")[0].lower()


def weigh(said: tuple[str, str], lang: str, counts: WordCounts) -> Weighed:
    """Return the words of an article and the weights of the heaviest.

    `said` are the tokens of title and summary, each joined by blanks.
    """
    title, summary = (text.split(" ", most) for text, most in zip(said, _MOST, strict=True))
    often: dict[str, float] = {}
    for word in title[:TITLE_WORDS]:
        often[word] = often.get(word, 0.0) + TITLE_WEIGHT
    for word in summary[:SUMMARY_WORDS]:
        often[word] = often.get(word, 0.0) + 1.0
    often.pop("", None)
    seed = crc32(lang.encode())
    words: dict[int, str] = {}
    weights: list[tuple[float, int]] = []
    for word, times in often.items():
        term = crc32(word.encode("utf-8", "surrogatepass"), seed) >> 8
        if term in words:
            continue
        words[term] = word
        weight = sqrt(times) * counts.rarity(lang, term)
        if weight > 0:
            weights.append((weight * WEAK if _is_weak(word) else weight, term))
    weights.sort(reverse=True)
    return Weighed(words, _scaled(weights[:HEAVIEST]))


_MOST = (TITLE_WORDS, SUMMARY_WORDS)


def _scaled(weights: list[tuple[float, int]]) -> Vector:
    if not weights:
        return {}
    squares = sum(weight * weight for weight, _ in weights)
    scale = LENGTH / sqrt(squares * max(LEAST_WORDS / len(weights), 1.0))
    scaled = {term: round(weight * scale) for weight, term in weights}
    return {term: weight for term, weight in scaled.items() if weight}


def _is_weak(word: str) -> bool:
    return word.isdigit() or (len(word) < 3 and word.isascii())


def pack(vector: Vector, others: Iterable[int] = ()) -> bytes:
    """Return a vector, and words that are only counted, in four bytes a word."""
    packed = array("I", (term << 8 | weight for term, weight in vector.items()))
    packed.extend(term << 8 for term in others if term not in vector)
    return packed.tobytes()


def unpack(packed: bytes) -> Vector:
    """Return the vector of packed words."""
    return {each >> 8: weight for each in memoryview(packed).cast("I") if (weight := each & 255)}


def packed_terms(packed: bytes) -> list[int]:
    """Return all packed words, those without a weight too."""
    return [each >> 8 for each in memoryview(packed).cast("I")]
