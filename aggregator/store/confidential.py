"""What feeds with a login told, on SQLite: read for holders of tokens and for nobody else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from aggregator.model.ids import ArticleId, EntryId, TopicId
from aggregator.model.story import Source
from aggregator.store import rows
from aggregator.store.sqlite import Connection, many

# From the private feeds' side, in the order written: there are few of them, and a topic may hold a
# million verdicts.
TOLD_IN = """
    SELECT v.article_id FROM feeds f
    CROSS JOIN entries e ON e.feed_id = f.id
    CROSS JOIN admissions d ON d.entry_id = e.id AND d.topic_id = :topic_id
    CROSS JOIN articles a ON a.id = e.article_id
    CROSS JOIN articles shown ON shown.story_id = a.story_id AND (shown.id = a.id OR :whole)
    CROSS JOIN verdicts v ON v.topic_id = :topic_id AND v.article_id = shown.id
    WHERE f.private AND e.withdrawn_at IS NULL AND +v.state = 'published'
    GROUP BY v.article_id ORDER BY v.since DESC, v.article_id DESC LIMIT :limit
"""
_TELLS_STORIES = "SELECT json_extract(spec, '$.tell') = 'stories' FROM topics WHERE id = ?"
_TELLINGS = """
    SELECT shown.id, e.id FROM json_each(?) asked
    JOIN articles shown ON shown.id = asked.value
    JOIN articles a ON a.story_id = shown.story_id
    JOIN entries e ON e.article_id = a.id
    WHERE e.withdrawn_at IS NULL
    ORDER BY e.id
"""


class SqliteConfidential:
    """`Confidential` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def told_in(self, topic_id: TopicId, *, limit: int) -> tuple[ArticleId, ...]:
        """Return the articles published in a topic that private feeds tell."""
        (whole,) = self._conn.execute(_TELLS_STORIES, (topic_id,)).fetchone()
        asked = {"topic_id": topic_id, "whole": whole, "limit": limit}
        found = self._conn.execute(TOLD_IN, asked)
        return tuple(ArticleId(row[0]) for row in found)

    def tellings(self, article_ids: Sequence[ArticleId]) -> Mapping[ArticleId, tuple[Source, ...]]:
        """Return who tells the story of each article: five queries for any number."""
        told: defaultdict[ArticleId, list[EntryId]] = defaultdict(list)
        for article_id, entry_id in self._conn.execute(_TELLINGS, (many(article_ids),)):
            told[ArticleId(article_id)].append(EntryId(entry_id))
        sources = rows.sources_by_id(self._conn, (each for ids in told.values() for each in ids))
        return {
            article_id: tuple(sources[each] for each in ids) for article_id, ids in told.items()
        }

    def key_hashes(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, int]:
        """Return by what each entry is known in its feed."""
        found = self._conn.execute(
            "SELECT id, key_hash FROM entries WHERE id IN (SELECT value FROM json_each(?))",
            (many(entry_ids),),
        )
        return {EntryId(entry_id): key_hash for entry_id, key_hash in found}
