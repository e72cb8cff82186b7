"""Ways to tell stories that others take, and how any of them is judged."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Sequence
from math import log, sqrt

LONG = 3  # letters; a shorter word of a title tells nothing
ALIKE = 0.5  # of the words of the shorter title …
LEAST_SHARED = 2  # … and so many at least
LOOKED_BACK = 50  # titles of a word
COSINE = 0.3
CAP = 200  # texts of a word


class TitleRule:
    """As a feed reader folds: of two titles one shares half its long words with the other."""

    def __init__(self) -> None:
        self._said: list[tuple[frozenset[str], int]] = []
        self._of: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=LOOKED_BACK))

    def place(self, said: tuple[str, str]) -> int:
        words = frozenset(word for word in said[0].split() if len(word) > LONG)
        tried = Counter(number for word in sorted(words) for number in self._of[word])
        story, best = len(self._said), 0.0
        for number, both in sorted(tried.items()):
            other, of = self._said[number]
            alike = both / min(len(words), len(other))
            if both >= LEAST_SHARED and alike >= ALIKE and alike > best:
                story, best = of, alike
        for word in words:
            self._of[word].append(len(self._said))
        self._said.append((words, story))
        return story


class OneLevel:
    """Plain tf-idf: a text is of the story of the one text it is most like."""

    def __init__(self) -> None:
        self._texts: list[tuple[dict[str, float], int]] = []
        self._of: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=CAP))
        self._with: Counter[str] = Counter()

    def place(self, said: tuple[str, str]) -> int:
        often = Counter(f"{said[0]} {said[1]}".split())
        self._with.update(often.keys())
        there = len(self._texts) + 1
        weights = {word: n * log((1 + there) / self._with[word]) for word, n in often.items()}
        length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        vector = {word: weight / length for word, weight in weights.items()}
        found: dict[int, float] = defaultdict(float)
        for word, weight in vector.items():
            for number in self._of[word]:
                found[number] += weight * self._texts[number][0][word]
        nearest = max(found, key=lambda number: found[number], default=None)
        alike = nearest is not None and found[nearest] >= COSINE
        story = self._texts[nearest][1] if nearest is not None and alike else len(self._texts)
        for word in vector:
            self._of[word].append(len(self._texts))
        self._texts.append((vector, story))
        return story


def judged(truth: Sequence[Hashable], told: Sequence[Hashable]) -> dict[str, float]:
    """Return precision, recall and F of pairs, and of B-cubed; no pair told is no wrong one.

    >>> judged("aab", "xyy")["pair_r"], judged("aab", "xxy")["b3_f"]
    (0.0, 1.0)
    """
    both, true, said = Counter(zip(truth, told, strict=True)), Counter(truth), Counter(told)
    right, of_said, of_true = _pairs(both), _pairs(said), _pairs(true)
    pair_p = right / of_said if of_said else 1.0
    pair_r = right / of_true if of_true else 1.0
    b3_p = sum(n * n / said[key[1]] for key, n in both.items()) / max(len(truth), 1)
    b3_r = sum(n * n / true[key[0]] for key, n in both.items()) / max(len(truth), 1)
    return {
        "pair_p": pair_p,
        "pair_r": pair_r,
        "pair_f": _harmonic(pair_p, pair_r),
        "b3_p": b3_p,
        "b3_r": b3_r,
        "b3_f": _harmonic(b3_p, b3_r),
        "pairs": of_said,
    }


def _pairs(counts: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
