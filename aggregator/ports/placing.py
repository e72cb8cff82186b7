"""How entries came to be copies and reports of others, as the store remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.placing import Placed
from aggregator.model.topic import Decision


class Placing(Protocol):
    """What `explain` asks beyond what decisions need."""

    def key_hash(self, entry_id: EntryId) -> int | None:
        """By which an entry is known in its feed."""
        ...

    def withdrawn_why(self, entry_id: EntryId) -> str | None:
        """What took an entry out where no editor named it: a block it met, its publisher."""
        ...

    def joined(self, entry_id: EntryId) -> str:
        """Why an entry is of its article: "first", "same address as entry 12", …"""
        ...

    def story(self, article_id: ArticleId) -> tuple[Placed, ...]:
        """The articles of the story that this one is told in, in order of id."""
        ...

    def decisions(self, entry_ids: Sequence[EntryId]) -> tuple[Decision, ...]:
        """Editors' acts on these entries beyond any topic, undos left out, in order of id: what
        was merged, split, withdrawn, or given a lead."""
        ...
