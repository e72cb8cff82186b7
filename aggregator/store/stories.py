"""Stories and their sources: articles of one piece of news, each with its copies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from aggregator.model.ids import ArticleId, EntryId, FeedId, TopicId
from aggregator.model.story import Alike, Source, Story, StoryView
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

_NUMBER = re.compile(r"s(\d{1,18})", re.ASCII)
_ARTICLES = "SELECT * FROM articles WHERE {} IN (SELECT value FROM json_each(?)) AND size > 0"

_RELATED = """
    WITH asked (id) AS (SELECT value FROM json_each(?))
    SELECT * FROM related WHERE entry_id IN (SELECT id FROM asked)
    UNION SELECT * FROM related WHERE other_id IN (SELECT id FROM asked)
    ORDER BY likeness DESC, entry_id, other_id
"""


class SqliteStories:
    """`Stories` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def find(self, handle: str) -> StoryView | None:
        """Return a story by `sNUMBER` or public id, its own or that of any of its articles."""
        article_id = self.article(handle)
        return None if article_id is None else self.view(article_id)

    def article(self, handle: str) -> ArticleId | None:
        """Return the article of this `sNUMBER` or public id; of an emptied one, its heir.

        A public id is asked for first: one may look like a number.
        """
        number = _NUMBER.fullmatch(handle)
        row = self._conn.execute(
            "SELECT coalesce(merged_into, id) FROM articles WHERE public_id = ?1 OR id = ?2"
            " ORDER BY public_id <> ?1 LIMIT 1",
            (handle, int(number[1]) if number else None),
        ).fetchone()
        return None if row is None else ArticleId(row[0])

    def lead(self, article_id: ArticleId) -> EntryId | None:
        """Return the entry an article goes by."""
        row = self._conn.execute(
            "SELECT coalesce(led_by, lead_entry_id) FROM articles WHERE id = ?", (article_id,)
        ).fetchone()
        return None if row is None else EntryId(row[0])

    def view(self, article_id: ArticleId) -> StoryView | None:
        """Return an article's story with all sources, withdrawn and private ones too."""
        row = self._conn.execute(
            "SELECT story_id FROM articles WHERE id = ? AND merged_into IS NULL", (article_id,)
        ).fetchone()
        return None if row is None else next(iter(self._views([row[0]], by="story_id")), None)

    def of_entry(self, entry_id: EntryId) -> ArticleId | None:
        """Return the article an entry is a copy of."""
        row = self._conn.execute(
            "SELECT article_id FROM entries WHERE id = ?", (entry_id,)
        ).fetchone()
        return None if row is None else ArticleId(row[0])

    def entry_ids(self, article_id: ArticleId) -> tuple[EntryId, ...]:
        """Return an article's entries in order of id."""
        found = self._conn.execute(
            "SELECT id FROM entries WHERE article_id = ? ORDER BY id", (article_id,)
        )
        return tuple(EntryId(row[0]) for row in found)

    def articles_of(self, article_ids: Sequence[ArticleId]) -> dict[ArticleId, ArticleId]:
        """Return every article of the stories these are told in, with its story."""
        found = self._conn.execute(
            "SELECT id, story_id FROM articles WHERE size > 0 AND story_id IN (SELECT story_id"
            " FROM articles WHERE id IN (SELECT value FROM json_each(?))) ORDER BY id",
            (many(article_ids),),
        )
        return {ArticleId(number): ArticleId(story) for number, story in found}

    def feeds_of(self, article_id: ArticleId) -> frozenset[FeedId]:
        """Return the feeds that have a copy of an article."""
        found = self._conn.execute(
            "SELECT DISTINCT feed_id FROM entries WHERE article_id = ?", (article_id,)
        )
        return frozenset(FeedId(row[0]) for row in found)

    def related(self, entry_ids: Sequence[EntryId]) -> tuple[Alike, ...]:
        """Return what was found to be like these entries and is none of them, the likest first."""
        asked, found = {*entry_ids}, []
        for row in self._conn.execute(_RELATED, (many(asked),)):
            mine, its = EntryId(row["entry_id"]), EntryId(row["other_id"])
            if mine not in asked:
                mine, its = its, mine
            if its not in asked:
                found.append((mine, its, row["likeness"], row["because"]))
        sources = rows.sources_by_id(self._conn, (its for _, its, _, _ in found))
        return tuple(
            Alike(entry_id=mine, other=sources[its], likeness=likeness, because=because)
            for mine, its, likeness, because in found
        )

    def newest(self, *, limit: int) -> tuple[StoryView, ...]:
        """Return stories, those opened last first."""
        found = self._conn.execute(
            "SELECT id FROM articles WHERE story_id = id AND merged_into IS NULL"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return self._views([ArticleId(row[0]) for row in found], by="story_id")

    def in_topic(
        self, topic_id: TopicId, *, state: str | None = None, limit: int
    ) -> tuple[StoryView, ...]:
        """Return the articles with a verdict in a topic, newest first, each alone."""
        found = self._conn.execute(
            "SELECT article_id FROM verdicts WHERE topic_id = ?1 AND (?2 IS NULL OR state = ?2)"
            " ORDER BY article_id DESC LIMIT ?3",
            (topic_id, state, limit),
        )
        return self._views([ArticleId(row[0]) for row in found], by="id")

    def published_ids(self) -> tuple[ArticleId, ...]:
        """Return articles with an item in any topic that is, was or will be visible."""
        found = self._conn.execute(
            "SELECT DISTINCT article_id FROM items"
            " WHERE visible_until IS NULL OR visible_until > visible_from ORDER BY article_id"
        )
        return tuple(ArticleId(row[0]) for row in found)

    def _views(self, wanted: Sequence[ArticleId], *, by: str) -> tuple[StoryView, ...]:
        """Return what these columns of `articles` name, in this order: seven queries for all.

        By `story_id` each is a whole story, by `id` one article of it.
        """
        asked = (many(wanted),)
        parts: defaultdict[int, list[Row]] = defaultdict(list)
        for row in self._conn.execute(f"{_ARTICLES.format(by)} ORDER BY id", asked):
            parts[row[by]].append(row)
        articles = {ArticleId(row["id"]): row for each in parts.values() for row in each}
        told = self._told(articles)
        topics: defaultdict[int, list[tuple[str, str, str]]] = defaultdict(list)
        for article_id, slug, state, because in self._conn.execute(
            "SELECT v.article_id, t.slug, v.state, v.because FROM verdicts v"
            " JOIN topics t ON t.id = v.topic_id"
            " WHERE v.article_id IN (SELECT value FROM json_each(?)) ORDER BY t.slug",
            (many(articles),),
        ):
            topics[articles[article_id][by]].append((slug, state, because))
        return tuple(
            _a_view(each, parts[each], told, tuple(sorted(topics[each], key=lambda told: told[0])))
            for each in wanted
            if each in parts
        )

    def _told(self, articles: dict[ArticleId, Row]) -> dict[ArticleId, list[Source]]:
        """Return every article's sources, its own reason with the one that opened it."""
        entries = self._conn.execute(
            "SELECT id FROM entries WHERE article_id IN (SELECT value FROM json_each(?))",
            (many(articles),),
        ).fetchall()
        told: defaultdict[ArticleId, list[Source]] = defaultdict(list)
        for source in rows.sources_by_id(self._conn, (row[0] for row in entries)).values():
            told[source.entry.article_id].append(source)
        return {
            article_id: _lead_first(each, articles[article_id]) for article_id, each in told.items()
        }


def _a_view(
    name: ArticleId,
    parts: Sequence[Row],
    told: dict[ArticleId, list[Source]],
    topics: tuple[tuple[str, str, str], ...],
) -> StoryView:
    """Return a story of these articles: the one an editor chose first, else the one it goes by."""
    order = sorted(parts, key=lambda row: (row["led_by"] is None, row["id"] != name, row["id"]))
    sources = [source for row in order for source in told.get(ArticleId(row["id"]), ())]
    head = next((row for row in parts if row["id"] == name), parts[0])
    return StoryView(
        story=Story(
            id=name,
            public_id=head["public_id"],
            lead_entry_id=sources[0].entry.id if sources else EntryId(head["lead_entry_id"]),
            first_at=min(row["first_at"] for row in parts),
            last_at=max(row["last_at"] for row in parts),
            size=sum(row["size"] for row in parts),
            told_in=ArticleId(head["story_id"]),
        ),
        sources=tuple(sources),
        topics=topics,
    )


def _lead_first(sources: Sequence[Source], article: Row) -> list[Source]:
    """Return an article's sources, the one it goes by in front, the others in their order."""
    lead = article["led_by"] or article["lead_entry_id"]
    told = [
        Source(entry=each.entry, feed=each.feed, because=article["because"])
        if each.entry.id == article["lead_entry_id"] and article["because"] != "first"
        else each
        for each in sources
    ]
    return sorted(told, key=lambda source: source.entry.id != lead)
