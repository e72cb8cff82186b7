"""What is learnt from editors: texts they decided on, what they tell, what may be suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.model.ids import ArticleId, EntryId, FeedId

LEARNT = "learnt"
"""The actor of decisions that nobody made: a topic's own, from what its editors taught it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A stored entry by its text. `place` is its time in any window."""

    entry_id: EntryId
    article_id: ArticleId
    story_id: ArticleId
    feed_id: FeedId
    title: str
    summary: str
    place: int
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """In how many of so many texts each word is; one that is not named is in none."""

    texts: int
    having: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A text that editors decided on: its words, each with its part, and what they said."""

    words: Mapping[str, float]
    yes: bool
    story: int  # what else was decided on the same news is no proof of what was learnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A word, and what it does to a score: above 0 for the topic, below against it."""

    word: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How much a text is like what editors chose: 1 as what they chose is on the average, 0 as
    what they rejected; and the words that say so, the weightiest first."""

    score: float
    words: tuple[Weight, ...]
