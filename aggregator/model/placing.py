"""How an article came to stand where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.ids import ArticleId, EntryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An article of a story. `because` says why it stands in its cluster, or why its story was
    joined to this one."""

    article_id: ArticleId
    cluster_id: ArticleId | None  # None: it was never looked for among others' reports
    story_id: ArticleId
    because: str
    led_by: EntryId | None  # the entry that an editor chose
