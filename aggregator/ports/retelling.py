"""Stories retold by editors: what is told together, what apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.entry import Entry
from aggregator.model.ids import ArticleId, DecisionId, EntryId


class Retelling(Protocol):
    """Articles moved from one story to another, and the bonds that keep them there.

    Each act happens inside `Journal.recording` of its decision, by which it is undone.
    """

    def merge(
        self, stories: Sequence[ArticleId], because: str, decision_id: DecisionId
    ) -> tuple[ArticleId, ...]:
        """Tell all articles of these stories in the one of the lowest number, and tie them.
        Returns the articles concerned."""
        ...

    def split(
        self,
        story: ArticleId,
        entries: Sequence[EntryId],
        public_ids: Mapping[EntryId, str],
        because: str,
        decision_id: DecisionId,
    ) -> tuple[ArticleId, ...]:
        """Make these entries of a story one of their own, and keep the two apart. Entries that
        leave others of their article behind get an article with the public id of the first.
        Returns the articles concerned."""
        ...

    def lead(self, entry_id: EntryId) -> tuple[ArticleId, ...]:
        """Have a story go by this entry; returns the articles concerned."""
        ...

    def vacate(self, decision_id: DecisionId) -> None:
        """Before a decision is reversed: what came since into articles that it opened goes where
        the others go back to. Raises `UsageError` where a later act has to be undone first."""
        ...

    def settle(self, decision_id: DecisionId) -> tuple[ArticleId, ...]:
        """After a decision was reversed: what came since follows. Returns whom it concerns."""
        ...

    def labelled(self) -> tuple[tuple[Entry, Entry, bool], ...]:
        """Pairs of entries that editors told together (True) or apart, of each the last word."""
        ...
