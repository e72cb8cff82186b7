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
from struct import Struct
from zlib import crc32

HEAVIEST = 16  # words an article goes by
LENGTH = 255  # of every article's vector; a weight fits into 8 bits
TITLE_WORDS = 32
SUMMARY_WORDS = 40  # beyond these a summary turns to what happened before
TITLE_WEIGHT = 2  # a word of the title, in words of the summary
LEAST_WORDS = 6  # a shorter text is filled up: one shared word must not be half of it
WEAK = 0.5  # numbers and one or two letters, in other words
PRIOR = 100  # clusters that are thought to be there at the start, none of which has the word
SEEN_LEAST = 0.5

_FOLDED = (1 << 19) - 1  # words are counted by 19 bits: 2 MB, whatever comes

Vector = dict[int, int]
"""Words by hash, each with its weight; of one article or the sum of several."""


class WordCounts:
    """In how many clusters each word was when they were opened.

    Clusters are counted, not articles, so that a large story does not make its own words common.
    """

    __slots__ = ("_clusters", "_with")

    def __init__(self) -> None:
        self._with = array("I", [0]) * (_FOLDED + 1)
        self._clusters: Counter[str] = Counter()

    def count(self, lang: str, terms: Iterable[int], step: int = 1) -> None:
        """Count a cluster of these words, or with `step` -1 no more."""
        self._clusters[lang] += step
        for term in terms:
            self._with[term & _FOLDED] += step

    def rarities(self, lang: str, terms: Iterable[int]) -> list[float]:
        """Return the inverse document frequency of each word; ≤ 0 where it tells nothing."""
        there, seen = log(PRIOR + self._clusters[lang]), self._with
        return [
            there - (_LOGS[times] if (times := seen[term & _FOLDED]) < _LOGGED else _log(times))
            for term in terms
        ]


def _log(times: int) -> float:
    return log(SEEN_LEAST + times)


_LOGGED = 1024
_LOGS = [_log(times) for times in range(_LOGGED)]


@dataclass(frozen=True, slots=True)
class Weighed:
    """An article's words: what each hash stands for, and the heaviest with their weights."""

    words: Mapping[int, bytes]
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
    often: dict[bytes, int] = {}
    for text, most, weight in zip(said, _MOST, (TITLE_WEIGHT, 1), strict=True):
        for word in text.encode("utf-8", "surrogatepass").split(b" ", most)[:most]:
            often[word] = often.get(word, 0) + weight
    often.pop(b"", None)
    seed = crc32(lang.encode())
    words = dict(zip([crc32(word, seed) >> 8 for word in often], often, strict=True))
    weights = [
        (_ROOTS[often[word]] * rarity * (WEAK if _is_weak(word) else 1.0), term)
        for (term, word), rarity in zip(words.items(), counts.rarities(lang, words), strict=True)
        if rarity > 0
    ]
    weights.sort(reverse=True)
    return Weighed(words, _scaled(weights[:HEAVIEST]))


_MOST = (TITLE_WORDS, SUMMARY_WORDS)
_ROOTS = [sqrt(times) for times in range(TITLE_WEIGHT * TITLE_WORDS + SUMMARY_WORDS + 1)]


def _scaled(weights: list[tuple[float, int]]) -> Vector:
    if not weights:
        return {}
    squares = sum([weight * weight for weight, _ in weights])
    scale = LENGTH / sqrt(squares * max(LEAST_WORDS / len(weights), 1.0))
    scaled = {term: round(weight * scale) for weight, term in weights}
    return {term: weight for term, weight in scaled.items() if weight}


def _is_weak(word: bytes) -> bool:
    if word.isascii():
        return len(word) < 3 or word.isdigit()
    return word.decode("utf-8", "surrogatepass").isdigit()


def pack(vector: Vector, others: Iterable[int] = ()) -> bytes:
    """Return a vector, and words that are only counted, in four bytes a word."""
    packed = [term << 8 | weight for term, weight in vector.items()]
    packed += [term << 8 for term in others if term not in vector]
    return array("I", packed).tobytes()


def unpack(packed: bytes) -> Vector:
    """Return the vector of packed words."""
    return {each >> 8: weight for each in packed_weights(packed) if (weight := each & 255)}


def packed_weights(packed: bytes) -> tuple[int, ...]:
    """Return those of the packed words that may weigh something, each as word << 8 | weight."""
    heaviest = packed[: 4 * HEAVIEST]
    return _UNPACKED[len(heaviest) >> 2](heaviest)


_UNPACKED = [Struct(f"{words}I").unpack for words in range(HEAVIEST + 1)]


def packed_terms(packed: bytes) -> list[int]:
    """Return all packed words, those without a weight too."""
    return [each >> 8 for each in memoryview(packed).cast("I")]
