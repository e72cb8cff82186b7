"""Columns and their instalments, as the store keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from aggregator.model.series import Came, Stored


class Columns(Protocol):
    """What came of each column, and which entries tell the same instalment."""

    def came(self, series: Iterable[str], since: int) -> tuple[Came, ...]:
        """Every instalment of these columns whose day is `since` (UTC seconds) or later."""
        ...

    def same(self, keys: Sequence[tuple[str, str | int]], *, limit: int = 50) -> tuple[Stored, ...]:
        """The entries that have one of these keys (`core.instalments.rerun_keys`), oldest first."""
        ...
