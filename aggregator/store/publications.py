"""Dirty topics, visible items and finished documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from aggregator.model.ids import EntryId, StoryId, TopicId
from aggregator.model.publication import Document, Showing
from aggregator.model.story import Source
from aggregator.model.topic import Item
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

# What may be shown at all: its lead is public and not withdrawn, and a verdict stands behind it.
VISIBLE = """
    SELECT i.* FROM items i
    JOIN entries e ON e.id = i.lead_entry_id
    JOIN feeds f ON f.id = e.feed_id
    JOIN verdicts v ON v.topic_id = i.topic_id AND v.story_id = i.story_id
    WHERE i.topic_id = :topic_id AND i.visible_from <= :now
      AND (i.visible_until IS NULL OR i.visible_until > :now)
      AND e.withdrawn_at IS NULL AND NOT f.private {pinned}
    ORDER BY i.first_published_at DESC, i.id DESC LIMIT :limit
"""
# Whoever told the story is credited, in a topic that admits but one of them too (DESIGN §7).
_PUBLIC_SOURCES = """
    SELECT e.story_id, e.id FROM entries e JOIN feeds f ON f.id = e.feed_id
    WHERE e.story_id IN (SELECT value FROM json_each(?))
      AND e.withdrawn_at IS NULL AND NOT f.private
    ORDER BY e.id
"""
_NO_LIMIT = -1


class SqlitePublications:
    """`Publications` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def mark_dirty(self, topic_id: TopicId, not_before: float) -> None:
        """Have the topic composed anew at or after this time; other marks stay."""
        self._conn.execute(
            "INSERT OR IGNORE INTO topic_dirty (topic_id, not_before) VALUES (?, ?)",
            (topic_id, not_before),
        )

    def dirty(self, now: float) -> tuple[TopicId, ...]:
        """Return the topics to compose now, longest waiting first."""
        found = self._conn.execute(
            "SELECT topic_id FROM topic_dirty WHERE not_before <= ?"
            " GROUP BY topic_id ORDER BY min(not_before), topic_id",
            (now,),
        )
        return tuple(TopicId(row[0]) for row in found)

    def next_dirty_at(self) -> float | None:
        """Return the time of the earliest mark; None: there is none."""
        (at,) = self._conn.execute("SELECT min(not_before) FROM topic_dirty").fetchone()
        return None if at is None else float(at)

    def clean(self, topic_id: TopicId, now: float) -> None:
        """Forget the marks up to `now`; later ones (delay, expiry) stay."""
        self._conn.execute(
            "DELETE FROM topic_dirty WHERE topic_id = ? AND not_before <= ?", (topic_id, now)
        )

    def visible(self, topic_id: TopicId, now: float, limit: int) -> tuple[Showing, ...]:
        """Return items visible now, newest first published first, with bodies."""
        return self._showings(topic_id, VISIBLE.format(pinned=""), now, limit)

    def pinned(self, topic_id: TopicId, now: float) -> tuple[Showing, ...]:
        """Return the pinned among the items visible now, in the same order."""
        return self._showings(topic_id, VISIBLE.format(pinned="AND v.pinned"), now, _NO_LIMIT)

    def keep(self, document: Document) -> bool:
        """Write it unless the same bytes are there; True when they changed."""
        changed = self._conn.execute(
            "INSERT INTO documents (path, content_type, body, gzip, etag, kept_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " content_type = excluded.content_type, body = excluded.body, gzip = excluded.gzip,"
            " etag = excluded.etag, kept_at = excluded.kept_at WHERE etag <> excluded.etag",
            (
                document.path,
                document.content_type,
                document.body,
                document.gzip,
                document.etag,
                document.kept_at,
            ),
        )
        return changed.rowcount == 1

    def document(self, path: str) -> Document | None:
        """Return the finished bytes at a path."""
        row = self._conn.execute("SELECT * FROM documents WHERE path = ?", (path,)).fetchone()
        return None if row is None else Document(**dict(row))

    def paths(self) -> Mapping[str, str]:
        """Return path to ETag of every document, in order of path."""
        found = self._conn.execute("SELECT path, etag FROM documents ORDER BY path")
        return dict(found.fetchall())

    def _showings(
        self, topic_id: TopicId, query: str, now: float, limit: int
    ) -> tuple[Showing, ...]:
        """Return items with verdicts and sources: eight queries for any number of them."""
        items = [
            rows.an_item(row)
            for row in self._conn.execute(query, {"topic_id": topic_id, "now": now, "limit": limit})
        ]
        stories = [item.story_id for item in items]
        verdicts = {
            verdict.story_id: verdict
            for verdict in map(rows.a_verdict, self._verdicts(topic_id, stories))
        }
        sources, told = self._public_sources(items)
        public_ids = self._public_ids(stories)
        showings = []
        for item in items:
            lead = sources[item.lead_entry_id]
            others = [each for each in told[item.story_id] if each.entry.id != lead.entry.id]
            showings.append(
                Showing(
                    item=item,
                    verdict=verdicts[item.story_id],
                    lead=lead,
                    sources=(lead, *others),
                    story_public_id=public_ids[item.story_id],
                )
            )
        return tuple(showings)

    def _verdicts(self, topic_id: TopicId, stories: Sequence[StoryId]) -> list[Row]:
        return self._conn.execute(
            "SELECT * FROM verdicts"
            " WHERE topic_id = ? AND story_id IN (SELECT value FROM json_each(?))",
            (topic_id, many(stories)),
        ).fetchall()

    def _public_ids(self, stories: Sequence[StoryId]) -> dict[StoryId, str]:
        found = self._conn.execute(
            "SELECT id, public_id FROM stories WHERE id IN (SELECT value FROM json_each(?))",
            (many(stories),),
        )
        return {StoryId(number): public_id for number, public_id in found}

    def _public_sources(
        self, items: Sequence[Item]
    ) -> tuple[dict[EntryId, Source], dict[StoryId, list[Source]]]:
        """Return leads and all that may be credited, by entry; and the latter by story."""
        found = self._conn.execute(
            _PUBLIC_SOURCES, (many(item.story_id for item in items),)
        ).fetchall()
        leads = [item.lead_entry_id for item in items]
        sources = rows.sources_by_id(self._conn, [*leads, *(row["id"] for row in found)])
        told: defaultdict[StoryId, list[Source]] = defaultdict(list)
        for row in found:
            told[StoryId(row["story_id"])].append(sources[EntryId(row["id"])])
        return sources, told
