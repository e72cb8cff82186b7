"""Searching: a query asked of all that is stored."""

from __future__ import annotations

from typing import Protocol

from aggregator.core.query import Node
from aggregator.model.ids import EntryId


class Searching(Protocol):
    """What a query is true of, as `rules.matches` would say of each entry; none withdrawn."""

    def find(
        self,
        node: Node,
        *,
        since: int = ...,
        limit: int | None = None,
        public: bool = False,
        seconds: float | None = None,
    ) -> tuple[EntryId, ...]:
        """Entries, newest published first, whose place in time is not before `since` (UTC
        seconds); with `public` none of a feed with a login.
        Raises `StoreSlow` after so many seconds (None: never), `ValueError` when the query holds
        an `age` (see `query.as_of`)."""
        ...

    def is_narrow(self, node: Node, *, seconds: float | None = None) -> bool:
        """Whether the indexes leave so few entries for a query that all of them may be read.
        Raises `StoreSlow` after so many seconds."""
        ...

    def count(self, *, since: int = ...) -> int:
        """How many entries there are to find."""
        ...
