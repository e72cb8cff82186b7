"""What one act changed, row by row: the ground of an exact undo."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from aggregator.model.ids import ArticleId, DecisionId, EntryId, TopicId


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Whose rows an act changed."""

    rows: int = 0
    topics: frozenset[TopicId] = frozenset()
    articles: frozenset[ArticleId] = frozenset()
    entries: frozenset[EntryId] = frozenset()  # whose tags, series, topics or article changed


class Journal(Protocol):
    """The rows that large acts change: a rule applied to history, stories merged or split."""

    def recording(self, decision_id: DecisionId) -> AbstractContextManager[None]:
        """Note under this decision whatever changes inside, in what rules and editors decide."""
        ...

    def touched(self, decision_id: DecisionId) -> Touched: ...
    def reverse(self, decision_id: DecisionId) -> Touched:
        """Give every column that the act changed its old value, newest change first.

        What others changed since, in other columns, stays; a row that is gone stays gone.
        """
        ...
