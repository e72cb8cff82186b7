"""Dirty topics, visible items and finished documents."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aggregator.model.ids import ArticleId, EntryId, TopicId
from aggregator.model.publication import Document, Former, Showing
from aggregator.model.story import Source
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

# What may be shown at all: its lead is public and not withdrawn, and a verdict stands behind it.
# What editors took out again later stays in archives that were closed with it.
ARCHIVABLE = """
    FROM items i
    JOIN entries e ON e.id = i.lead_entry_id
    JOIN feeds f ON f.id = e.feed_id
    JOIN verdicts v ON v.topic_id = i.topic_id AND v.article_id = i.article_id
    WHERE i.topic_id = :topic_id AND i.visible_from <= :now
      AND e.withdrawn_at IS NULL AND NOT f.private
"""
VISIBLE = f"{ARCHIVABLE} AND (i.visible_until IS NULL OR i.visible_until > :now)"
# What is not numbered yet will be the newest; the others stand in the order they were first out in.
_ORDER = "ORDER BY i.number DESC NULLS FIRST, i.first_published_at DESC, i.id DESC LIMIT :limit"
IN_ORDER = f"SELECT i.* {VISIBLE} {{only}} {_ORDER}"
_ARCHIVED = f"SELECT i.* {ARCHIVABLE} AND i.number BETWEEN :first AND :last {_ORDER}"
# Numbers follow the order of first publication, among those that came out together.
_NUMBERED = f"""
    UPDATE items SET number = :last + fresh.place
    FROM (SELECT i.id, row_number() OVER (ORDER BY i.first_published_at, i.id) AS place
          {VISIBLE} AND i.number IS NULL) AS fresh
    WHERE items.id = fresh.id
"""
_LAST_NUMBER = """
    SELECT max(coalesce((SELECT max(number) FROM items WHERE topic_id = :topic_id), 0),
               coalesce((SELECT max(number) FROM former_items WHERE topic_id = :topic_id), 0),
               coalesce((SELECT max(last) FROM archives WHERE topic_id = :topic_id), 0))
"""
# Whoever told it is credited, in a topic that admits but one of them too (DESIGN §7): copies of the
# article, or all reports where the topic tells stories. Other reports of the story are named, save
# those whose own time is still to come. Of a story of hundreds of articles the first ones count.
_PUBLIC_SOURCES = """
    SELECT shown.id AS shown, e.id, e.feed_id, e.article_id = shown.id AS copy
    FROM json_each(:shown) asked JOIN articles shown ON shown.id = asked.value
    JOIN articles a ON a.story_id = shown.story_id JOIN entries e ON e.article_id = a.id
    JOIN feeds f ON f.id = e.feed_id
    WHERE e.withdrawn_at IS NULL AND NOT f.private AND (
        a.id = shown.id OR a.id < coalesce(
            (SELECT id FROM articles WHERE story_id = shown.story_id
             ORDER BY id LIMIT 1 OFFSET :most), a.id + 1)
    ) AND (
        a.id = shown.id
        OR NOT EXISTS (SELECT 1 FROM items WHERE article_id = a.id AND visible_from > :now)
        OR EXISTS (
            SELECT 1 FROM items WHERE article_id = a.id AND visible_from <= :now
              AND (visible_until IS NULL OR visible_until > :now)
        )
    )
    ORDER BY e.id
"""
# Tags lie behind the bytes in a row, in an index they do not.
_ETAGS = """
    SELECT path, etag FROM documents INDEXED BY documents_etags
    WHERE path IN (SELECT value FROM json_each(?))
"""
_FORMER = """
    SELECT f.slug, t.slug AS now, f.at, f.topic_id FROM former_slugs f
    LEFT JOIN topics t ON t.id = f.topic_id AND t.status <> 'removed' WHERE f.slug = ?1
"""
_TELLS_STORIES = "SELECT json_extract(spec, '$.tell') = 'stories' FROM topics WHERE id = ?"
# Whose own headline the topic shows: copies of what it shows, and what nobody keeps out of it (a
# topic that tells stories judges the whole of one).
_TITLED = """
    SELECT DISTINCT m.entry_id FROM admissions m JOIN entries e ON e.id = m.entry_id
    WHERE m.topic_id = :topic_id AND m.entry_id IN (SELECT value FROM json_each(:sources))
      AND (e.article_id IN (SELECT value FROM json_each(:shown)) OR (
        NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.topic_id = m.topic_id
                      AND v.article_id = e.article_id AND v.state <> 'published')
        AND NOT EXISTS (SELECT 1 FROM items i WHERE i.topic_id = m.topic_id
                          AND i.article_id = e.article_id AND i.visible_from > :now)))
"""
_MOST_REPORTS = 8  # of other feeds, the earliest first
_MOST_ARTICLES = 50  # of a story, the earliest first
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
        return self._showings(topic_id, IN_ORDER.format(only=""), now, limit)

    def pinned(self, topic_id: TopicId, now: float) -> tuple[Showing, ...]:
        """Return the pinned among the items visible now, in the same order."""
        return self._showings(topic_id, IN_ORDER.format(only="AND v.pinned"), now, _NO_LIMIT)

    def number(self, topic_id: TopicId, now: float) -> None:
        """Give those that are to be seen for the first time the topic's next numbers."""
        asked = {"topic_id": topic_id, "now": now}
        fresh = f"SELECT 1 {VISIBLE} AND i.number IS NULL LIMIT 1"
        if self._conn.execute(fresh, asked).fetchone() is None:
            return
        (last,) = self._conn.execute(_LAST_NUMBER, {"topic_id": topic_id}).fetchone()
        self._conn.execute(_NUMBERED, {**asked, "last": last})

    def numbered(self, topic_id: TopicId, first: int, last: int, now: float) -> tuple[Showing, ...]:
        """Return those visible now that have these numbers, newest first."""
        query = IN_ORDER.format(only="AND i.number BETWEEN :first AND :last")
        return self._showings(topic_id, query, now, _NO_LIMIT, first=first, last=last)

    def archived(self, topic_id: TopicId, first: int, last: int, now: float) -> tuple[Showing, ...]:
        """Return what an archive of these numbers holds as it reads now, newest first.

        Also what editors took out of the topic since.
        """
        return self._showings(topic_id, _ARCHIVED, now, _NO_LIMIT, first=first, last=last)

    def keep(self, document: Document) -> bool:
        """Write it unless the same bytes are there; True when they changed."""
        changed = self._conn.execute(
            "INSERT INTO documents (path, content_type, body, gzip, etag, kept_at, zstd, br)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " content_type = excluded.content_type, body = excluded.body, gzip = excluded.gzip,"
            " etag = excluded.etag, kept_at = excluded.kept_at, zstd = excluded.zstd,"
            " br = excluded.br WHERE etag <> excluded.etag",
            (
                document.path,
                document.content_type,
                document.body,
                document.gzip,
                document.etag,
                document.kept_at,
                document.zstd,
                document.br,
            ),
        )
        return changed.rowcount == 1

    def document(self, path: str) -> Document | None:
        """Return the finished bytes at a path."""
        row = self._conn.execute("SELECT * FROM documents WHERE path = ?", (path,)).fetchone()
        return None if row is None else Document(**dict(row))

    def etag(self, path: str) -> str | None:
        """Return the ETag of what is kept at a path."""
        row = self._conn.execute("SELECT etag FROM documents WHERE path = ?", (path,)).fetchone()
        return None if row is None else str(row[0])

    def etags(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Return path to ETag of those of these documents that there are."""
        found = self._conn.execute(
            _ETAGS,
            (json.dumps([*paths]),),
        )
        return dict(found.fetchall())

    def paths(self) -> Mapping[str, str]:
        """Return path to ETag of every document, in order of path."""
        found = self._conn.execute("SELECT path, etag FROM documents ORDER BY path")
        return dict(found.fetchall())

    def drop(self, slug: str) -> None:
        """Forget all documents of a topic, archives included."""
        self._conn.execute(
            "DELETE FROM documents WHERE path GLOB 'topics/' || ? || '[./]*'", (slug,)
        )

    def move(self, slug: str, new: str) -> None:
        """Let a topic's documents lie under another slug, archives with the bytes they have."""
        self._conn.execute(
            "UPDATE OR REPLACE documents SET path = 'topics/' || ?2 || substr(path, 8 + length(?1))"
            " WHERE path GLOB 'topics/' || ?1 || '[./]*'",
            (slug, new),
        )

    def former(self, slug: str) -> Former | None:
        """Return where a topic of this slug went; None: no topic had it, or one has it again."""
        row = self._conn.execute(
            f"{_FORMER} AND NOT EXISTS (SELECT 1 FROM topics WHERE slug = ?1)", (slug,)
        ).fetchone()
        return None if row is None else Former(**dict(row))

    def once(self, slug: str) -> Former | None:
        """Return the same, whether or not a topic has it again."""
        row = self._conn.execute(_FORMER, (slug,)).fetchone()
        return None if row is None else Former(**dict(row))

    def set_former(self, slug: str, topic_id: TopicId | None, at: int) -> None:
        """Remember that a slug leads to this topic, to nothing once that is removed."""
        self._conn.execute(
            "INSERT INTO former_slugs (slug, topic_id, at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET topic_id = excluded.topic_id, at = excluded.at"
            " WHERE topic_id IS NOT excluded.topic_id",
            (slug, topic_id, at),
        )

    def _showings(
        self, topic_id: TopicId, query: str, now: float, limit: int, **more: int
    ) -> tuple[Showing, ...]:
        """Return items with verdicts and sources: nine queries for any number of them."""
        asked = {"topic_id": topic_id, "now": now, "limit": limit, **more}
        items = [rows.an_item(row) for row in self._conn.execute(query, asked)]
        shown = [item.article_id for item in items]
        verdicts = {
            verdict.article_id: verdict
            for verdict in map(rows.a_verdict, self._verdicts(topic_id, shown))
        }
        tellers, reports = self._tellers(topic_id, shown, now)
        wanted = [each for told in (tellers, reports) for ids in told.values() for each in ids]
        leads = [item.lead_entry_id for item in items]
        sources = rows.sources_by_id(self._conn, [*leads, *wanted])
        public_ids = self._public_ids(shown)
        judged = {**asked, "sources": many(sources), "shown": many(shown)}
        titled = frozenset(EntryId(row[0]) for row in self._conn.execute(_TITLED, judged))
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
                titled=titled,
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
        self, topic_id: TopicId, shown: Sequence[ArticleId], now: float
    ) -> tuple[dict[ArticleId, list[EntryId]], dict[ArticleId, list[EntryId]]]:
        """Return whom each article is owed to in this topic, and who else reports its story."""
        (tells_stories,) = self._conn.execute(_TELLS_STORIES, (topic_id,)).fetchone()
        tellers: defaultdict[ArticleId, dict[EntryId, int]] = defaultdict(dict)
        reports: defaultdict[ArticleId, dict[int, EntryId]] = defaultdict(dict)
        for article_id, entry_id, feed_id, copy in self._conn.execute(
            _PUBLIC_SOURCES, {"shown": many(shown), "now": now, "most": _MOST_ARTICLES}
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
