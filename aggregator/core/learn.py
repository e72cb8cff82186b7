"""What editors' decisions teach: the words of what they chose, against those of what they rejected.

Rocchio's relevance feedback ("Relevance Feedback in Information Retrieval", 1971) on tf-idf: a
topic goes by the mean of the chosen texts less the mean of the rejected, and a text by how much
of it lies that way. Each word has its share in that, so that every score can be shown word by
word; and what a text was judged by without itself is known without learning anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

from aggregator.core.curation import in_force, standing
from aggregator.core.text import tokens
from aggregator.model.learn import LEARNT, Frequencies, Lesson, Likeness, Weight
from aggregator.model.topic import Decision, State

LEAST = 50  # decisions; with fewer, what was learnt only suggests
ALIKE = 0.5  # a score: halfway from what was rejected to what was chosen
TITLE_WEIGHT = 2.0  # a word of the title, in words of the summary
TITLE_WORDS = 32
SUMMARY_WORDS = 100  # beyond these a summary is the article itself
SHOWN = 6  # words that a score is explained by
NARROWEST = 0.001  # from rejected to chosen: nearer to each other, nothing tells them apart

Vector = Mapping[str, float]


def answer(decisions: Iterable[Decision]) -> bool | None:
    """Return whether editors want this article in this topic; None where they did not say.

    A hold is no answer, nor is what the topic itself decided by what it had learnt.
    """
    said = standing(each for each in in_force(decisions) if each.actor != LEARNT)
    if said.state is None:
        return True if said.pinned else None
    return {State.PUBLISHED: True, State.REJECTED: False}.get(said.state)


def words_of(title: str, summary: str) -> dict[str, float]:
    """Return how often a text has each word, those of its title for more.

    >>> words_of("Corridor reopens", "The corridor, again.")
    {'corridor': 3.0, 'reopens': 2.0, 'the': 1.0, 'again': 1.0}
    """
    often: dict[str, float] = {}
    for word in tokens(title)[:TITLE_WORDS]:
        often[word] = often.get(word, 0.0) + TITLE_WEIGHT
    for word in tokens(summary)[:SUMMARY_WORDS]:
        often[word] = often.get(word, 0.0) + 1.0
    return often


def vector(words: Mapping[str, float], known: Frequencies) -> dict[str, float]:
    """Return the words by their weight, in all of length 1 (none for a text that has none)."""
    weights = {
        word: sqrt(often) * max(log((known.texts + 1) / (known.having.get(word, 0) + 0.5)), 0.0)
        for word, often in words.items()
    }
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()} if length else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What the decisions on a topic amount to.

    `judged` are the scores of the decided texts, highest first, with what editors said; each as
    it would have been if neither it nor another report of its news had been decided on.
    """

    weights: Mapping[str, float]
    base: float
    judged: tuple[tuple[float, bool], ...]

    @property
    def decisions(self) -> int:
        """How many articles this was learnt from."""
        return len(self.judged)

    @property
    def chosen(self) -> int:
        """How many of them the editors wanted."""
        return sum(yes for _, yes in self.judged)

    def likeness(self, words: Mapping[str, float], known: Frequencies) -> Likeness:
        """Return how much a text is like what was chosen. A word that `known` misses is rare."""
        parts = {
            word: weight * self.weights[word]
            for word, weight in vector(words, known).items()
            if word in self.weights
        }
        return Likeness(score=self.base + sum(parts.values()), words=_weightiest(parts, SHOWN))

    def telling(self, most: int) -> tuple[Weight, ...]:
        """Return the words that say most, for the topic or against it, the weightiest first."""
        return _weightiest(self.weights, most)

    def wanted(self, most: int) -> tuple[str, ...]:
        """Return the words that say most for the topic."""
        kept = {word: weight for word, weight in self.weights.items() if weight > 0}
        return tuple(each.word for each in _weightiest(kept, most))

    def held(self, score: float = ALIKE) -> tuple[float | None, float | None]:
        """Return precision and recall of what scores so much or more, by `judged`.

        Cross-validated, for each was judged without itself. None: there is nothing to divide by.
        """
        taken = [yes for at, yes in self.judged if at >= score]
        right, chosen = sum(taken), self.chosen
        return (right / len(taken) if taken else None, right / chosen if chosen else None)

    def cut(self, precision: float) -> float | None:
        """Return the lowest score from which on that precision held; None: nothing may be trusted.

        One more is thought to have been wrong, so that a few that were right prove nothing. With
        fewer than `LEAST` decisions there is none.
        """
        lowest, right = None, 0
        for place, (score, yes) in enumerate(self.judged, start=1):
            right += yes
            ends = place == len(self.judged) or self.judged[place][0] < score
            if ends and right / (place + 1) >= precision:
                lowest = score
        return lowest if self.decisions >= LEAST else None


@dataclass(slots=True)
class _Texts:
    """Some texts added up."""

    count: int = 0
    total: dict[str, float] = field(default_factory=dict)

    def add(self, text: Vector) -> None:
        self.count += 1
        for word, weight in text.items():
            self.total[word] = self.total.get(word, 0.0) + weight

    def likeness(self, text: Vector, without: _Texts) -> float:
        """How much a text is like these on the average, some of them left out."""
        left = self.count - without.count
        return (_dot(self.total, text) - _dot(without.total, text)) / left if left else 0.0


@dataclass(slots=True)
class _Sides:
    chosen: _Texts = field(default_factory=_Texts)
    rejected: _Texts = field(default_factory=_Texts)

    def add(self, lesson: Lesson, text: Vector) -> None:
        (self.chosen if lesson.yes else self.rejected).add(text)

    def apart(self, text: Vector, without: _Sides) -> float:
        wanted = self.chosen.likeness(text, without.chosen)
        return wanted - self.rejected.likeness(text, without.rejected)


def learn(lessons: Sequence[Lesson], known: Frequencies) -> Learnt | None:
    """Return what the lessons teach; None where nothing was ever chosen."""
    told = [(lesson, vector(lesson.words, known)) for lesson in lessons]
    sides = _Sides()
    for lesson, text in told:
        sides.add(lesson, text)
    if not sides.chosen.count:
        return None
    low, high = _means(sides, told)
    scale = 1 / (high - low) if high - low > NARROWEST else 1.0
    judged = [
        ((apart - low) * scale, lesson.yes)
        for (lesson, _), apart in zip(told, _without_their_story(sides, told), strict=True)
    ]
    return Learnt(
        weights={word: weight * scale for word, weight in _difference(sides).items()},
        base=-low * scale,
        judged=tuple(sorted(judged, reverse=True)),
    )


_Told = Sequence[tuple[Lesson, Vector]]


def _means(sides: _Sides, told: _Told) -> tuple[float, float]:
    """Where rejected and chosen texts lie on the average, each judged without itself."""
    apart: dict[bool, list[float]] = {True: [], False: []}
    for lesson, text in told:
        itself = _Sides()
        itself.add(lesson, text)
        apart[lesson.yes].append(sides.apart(text, itself))
    # One alone cannot be judged without itself; it is as like as a text can be.
    high = sum(apart[True]) / len(apart[True]) if len(apart[True]) > 1 else 1.0
    low = sum(apart[False]) / len(apart[False]) if apart[False] else 0.0
    return low, high


def _without_their_story(sides: _Sides, told: _Told) -> list[float]:
    stories: dict[int, _Sides] = {}
    for lesson, text in told:
        stories.setdefault(lesson.story, _Sides()).add(lesson, text)
    return [sides.apart(text, stories[lesson.story]) for lesson, text in told]


def _difference(sides: _Sides) -> dict[str, float]:
    weights: dict[str, float] = {}
    for texts, sign in ((sides.chosen, 1), (sides.rejected, -1)):
        for word, weight in texts.total.items():
            weights[word] = weights.get(word, 0.0) + sign * weight / texts.count
    return weights


def _dot(one: Vector, other: Vector) -> float:
    if len(other) > len(one):
        one, other = other, one
    return sum(weight * one[word] for word, weight in other.items() if word in one)


def _weightiest(weights: Mapping[str, float], most: int) -> tuple[Weight, ...]:
    order = sorted(weights.items(), key=lambda each: (-abs(each[1]), each[0]))
    return tuple(Weight(word=word, weight=weight) for word, weight in order[:most] if weight)
