"""`Marks` on SQLite: a few passes over narrow columns, whatever the number of pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from aggregator.model.ids import TopicId
from aggregator.ports.marks import SiteMarks
from aggregator.store.publications import VISIBLE
from aggregator.store.sqlite import Connection, Row

# Each gives rows that begin with the story they are of, in an order that stays.
_STORIES = (
    """
    SELECT a.story_id, i.topic_id, i.id, i.lead_entry_id, i.first_published_at, i.updated_at,
           i.visible_from <= :now AND (i.visible_until IS NULL OR i.visible_until > :now) AS shown,
           v.state, v.pinned, v.title, v.summary, v.note,
           (SELECT max(c.id) FROM corrections c WHERE c.item_id = i.id) AS corrected
    FROM items i JOIN articles a ON a.id = i.article_id
    LEFT JOIN verdicts v ON v.topic_id = i.topic_id AND v.article_id = i.article_id
    ORDER BY i.id
    """,
    """
    SELECT a.story_id, e.id, e.article_id, e.feed_id, e.rev, e.withdrawn_at, p.fetched_at,
           e.article_because, a.led_by
    FROM (SELECT DISTINCT a.story_id FROM items i JOIN articles a ON a.id = i.article_id) told
    CROSS JOIN articles a ON a.story_id = told.story_id
    CROSS JOIN entries e ON e.article_id = a.id
    LEFT JOIN pages p ON p.entry_id = e.id
    ORDER BY e.id
    """,
)
_HEADS = """
    SELECT s.id, s.public_id FROM articles s WHERE s.id IN (
        SELECT a.story_id FROM items i JOIN articles a ON a.id = i.article_id
        WHERE i.visible_until IS NULL OR i.visible_until > i.visible_from
    ) ORDER BY s.id
"""
_FEEDS = "SELECT id, url, name, spec, private, status, title, site_url, lang FROM feeds"
_TOPICS = "SELECT id, slug, spec, status, created_at FROM topics ORDER BY id"
_STORY = "(SELECT a.story_id FROM articles a WHERE a.id = i.article_id)"
_ORDER = "ORDER BY i.number DESC NULLS FIRST, i.first_published_at DESC, i.id DESC"
_NEWEST = f"""
    SELECT {_STORY}, i.id, i.number {VISIBLE} {_ORDER}
    LIMIT (SELECT coalesce(json_extract(spec, '$.publish.items'), -1) FROM topics
           WHERE id = :topic_id)
"""
_PINNED = f"SELECT {_STORY}, i.id {VISIBLE} AND v.pinned {_ORDER}"
_ARCHIVED = f"SELECT {_STORY}, i.id {VISIBLE} AND i.number BETWEEN :first AND :last {_ORDER}"
_ARCHIVES = "SELECT number, first, last, closed_at FROM archives WHERE topic_id = ? ORDER BY number"
_CORRECTED = "SELECT 1 FROM documents WHERE path = 'topics/' || ? || '/corrections.atom'"


class SqliteMarks:
    """`Marks` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def site(self, now: float) -> SiteMarks:
        """Return the marks of all pages as they would be now."""
        topics = {row["id"]: _word(row) for row in self._conn.execute(_TOPICS)}
        stories = self._stories(now, topics)
        heads = self._conn.execute(_HEADS).fetchall()
        told: dict[TopicId, str] = {}
        archives: dict[tuple[TopicId, int], str] = {}
        for row in self._conn.execute(_TOPICS).fetchall():
            topic_id, itself = TopicId(row["id"]), topics[row["id"]]
            asked = {"topic_id": topic_id, "now": now}
            closed = self._conn.execute(_ARCHIVES, (topic_id,)).fetchall()
            found = [
                *self._items(_NEWEST, stories, **asked),
                "pinned",
                *self._items(_PINNED, stories, **asked),
                *(tuple(each) for each in closed),
                self._conn.execute(_CORRECTED, (row["slug"],)).fetchone() is not None,
            ]
            told[topic_id] = _word((itself, *found))
            for each in closed:
                stretch = {"first": each["first"], "last": each["last"]}
                held = self._items(_ARCHIVED, stories, **asked, **stretch)
                number = each["number"]
                is_newest = each is closed[-1]
                archives[topic_id, number] = _word((itself, tuple(each), is_newest, *held))
        return SiteMarks(
            stories={row["public_id"]: stories.get(row["id"], "") for row in heads},
            topics=told,
            archives=archives,
        )

    def _stories(self, now: float, topics: Mapping[int, str]) -> dict[int, str]:
        feeds = {row["id"]: _word(row) for row in self._conn.execute(_FEEDS)}
        words: defaultdict[int, blake2b] = defaultdict(lambda: blake2b(digest_size=12))
        items, entries = _STORIES
        for row in self._conn.execute(items, {"now": now}):
            words[row["story_id"]].update(repr((*row, topics[row["topic_id"]])).encode())
        for row in self._conn.execute(entries):
            words[row["story_id"]].update(repr((*row, feeds[row["feed_id"]])).encode())
        return {story_id: word.hexdigest() for story_id, word in words.items()}

    def _items(
        self, query: str, stories: Mapping[int, str], **asked: float
    ) -> Iterable[tuple[object, ...]]:
        for story_id, *more in self._conn.execute(query, asked):
            yield (stories.get(story_id), *more)


def _word(told: Row | tuple[object, ...]) -> str:
    return blake2b(repr(tuple(told)).encode(), digest_size=12).hexdigest()
