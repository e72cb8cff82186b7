"""Searching: a query asked of all that is stored."""

from __future__ import annotations

from typing import Protocol

from aggregator.core.query import Node
from aggregator.model.ids import EntryId


class Searching(Protocol):
    """What a query is true of, as `rules.matches` would say of each entry; none withdrawn."""

    def find(
        self, node: Node, *, since: int = ..., limit: int | None = None, public: bool = False
    ) -> tuple[EntryId, ...]:
        """Entries, newest published first, whose place in time is not before `since` (UTC
        seconds); with `public` none of a feed with a login.
        Raises `ValueError` when the query holds an `age` (see `query.as_of`)."""
        ...

    def count(self, *, since: int = ...) -> int:
        """How many entries there are to find."""
        ...
