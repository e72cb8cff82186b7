"""Articles as the index of stories follows them, in whatever process it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from aggregator.model.ids import ArticleId
from aggregator.model.story import Bond, Mark, Report


class Reports(Protocol):
    """What the index of stories is built from and kept up with: rows are the truth."""

    def mark(self) -> Mark:
        """How far things are now."""
        ...

    def since(self, at: int, *, after: int = 0) -> Iterator[Report]:
        """Articles that were looked for among others' reports, with a place from then on and a
        number above `after`, in order of number."""
        ...

    def moved(self, after: Mark) -> Sequence[tuple[ArticleId, ArticleId | None, ArticleId]] | None:
        """(article, cluster, story) of each moved since, by polls or by journalled acts, as it
        stands now; cluster None: it is none any more. None: that cannot be told, for it is not
        remembered that far back, or an article is there again that was gone."""
        ...

    def bonds(self) -> tuple[Bond, ...]: ...
    def forget_moves(self, keep: int) -> int:
        """Remember no more than the last so many moves; returns how many were forgotten."""
        ...

    def forget(self, before: int, limit: int) -> int:
        """Forget by what articles of a time before that were placed; returns how many, at most
        `limit`."""
        ...
