"""Dirty topics, visible items and finished documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from aggregator.model.ids import ArticleId, EntryId, TopicId
from aggregator.model.publication import Document, Showing
from aggregator.model.story import Source
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

# What may be shown at all: its lead is public and not withdrawn, and a verdict stands behind it.
VISIBLE = """
    SELECT i.* FROM items i
    JOIN entries e ON e.id = i.lead_entry_id
    JOIN feeds f ON f.id = e.feed_id
    JOIN verdicts v ON v.topic_id = i.topic_id AND v.article_id = i.article_id
    WHERE i.topic_id = :topic_id AND i.visible_from <= :now
      AND (i.visible_until IS NULL OR i.visible_until > :now)
      AND e.withdrawn_at IS NULL AND NOT f.private {pinned}
    ORDER BY i.first_published_at DESC, i.id DESC LIMIT :limit
"""
# Whoever told it is credited, in a topic that admits but one of them too (DESIGN §7): copies of the
# article, or all reports where the topic tells stories. Other reports of the story are named.
_PUBLIC_SOURCES = """
    SELECT shown.id AS shown, e.id, e.feed_id, e.article_id = shown.id AS copy
    FROM json_each(?) asked JOIN articles shown ON shown.id = asked.value
    JOIN articles a ON a.story_id = shown.story_id JOIN entries e ON e.article_id = a.id
    JOIN feeds f ON f.id = e.feed_id
    WHERE e.withdrawn_at IS NULL AND NOT f.private
    ORDER BY e.id
"""
_TELLS_STORIES = "SELECT json_extract(spec, '$.tell') = 'stories' FROM topics WHERE id = ?"
_MOST_REPORTS = 8  # of other feeds, the earliest first
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
        shown = [item.article_id for item in items]
        verdicts = {
            verdict.article_id: verdict
            for verdict in map(rows.a_verdict, self._verdicts(topic_id, shown))
        }
        tellers, reports = self._tellers(topic_id, shown)
        wanted = [each for told in (tellers, reports) for ids in told.values() for each in ids]
        leads = [item.lead_entry_id for item in items]
        sources = rows.sources_by_id(self._conn, [*leads, *wanted])
        public_ids = self._public_ids(shown)
        return tuple(
            Showing(
                item=item,
                verdict=verdicts[item.article_id],
                lead=sources[item.lead_entry_id],
                sources=_lead_first(
                    sources, tellers.get(item.article_id, ()), first=item.lead_entry_id
                ),
                reports=tuple(sources[each] for each in reports.get(item.article_id, ())),
                story_public_id=public_ids[item.article_id],
            )
            for item in items
        )

    def _verdicts(self, topic_id: TopicId, shown: Sequence[ArticleId]) -> list[Row]:
        return self._conn.execute(
            "SELECT * FROM verdicts"
            " WHERE topic_id = ? AND article_id IN (SELECT value FROM json_each(?))",
            (topic_id, many(shown)),
        ).fetchall()

    def _public_ids(self, shown: Sequence[ArticleId]) -> dict[ArticleId, str]:
        found = self._conn.execute(
            "SELECT a.id, s.public_id FROM articles a JOIN articles s ON s.id = a.story_id"
            " WHERE a.id IN (SELECT value FROM json_each(?))",
            (many(shown),),
        )
        return {ArticleId(number): public_id for number, public_id in found}

    def _tellers(
        self, topic_id: TopicId, shown: Sequence[ArticleId]
    ) -> tuple[dict[ArticleId, list[EntryId]], dict[ArticleId, list[EntryId]]]:
        """Return whom each article is owed to in this topic, and who else reports its story."""
        (tells_stories,) = self._conn.execute(_TELLS_STORIES, (topic_id,)).fetchone()
        tellers: defaultdict[ArticleId, dict[EntryId, int]] = defaultdict(dict)
        reports: defaultdict[ArticleId, dict[int, EntryId]] = defaultdict(dict)
        for article_id, entry_id, feed_id, copy in self._conn.execute(
            _PUBLIC_SOURCES, (many(shown),)
        ):
            if copy or tells_stories:
                tellers[article_id][EntryId(entry_id)] = feed_id
            else:
                reports[article_id].setdefault(feed_id, EntryId(entry_id))
        others: dict[ArticleId, list[EntryId]] = {}
        for article_id, found in reports.items():
            credited = set(tellers[article_id].values())  # whose other pieces are no other reports
            fresh = [entry_id for feed_id, entry_id in found.items() if feed_id not in credited]
            others[article_id] = fresh[:_MOST_REPORTS]
        return {each: [*found] for each, found in tellers.items()}, others


def _lead_first(
    sources: Mapping[EntryId, Source], tellers: Sequence[EntryId], *, first: EntryId
) -> tuple[Source, ...]:
    return (sources[first], *(sources[each] for each in tellers if each != first))
