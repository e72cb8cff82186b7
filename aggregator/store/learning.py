"""`Learning` on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, TopicId
from aggregator.model.learn import LEARNT, Frequencies, Sample
from aggregator.model.topic import Decision
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many
from aggregator.store.words import WordIndex

NEWEST = 20_000  # entries that words are counted in: a word of every text costs a millisecond

_SAMPLES = f"""
    SELECT e.id, e.article_id, a.story_id, e.feed_id, e.title, e.summary, e.url,
           {rows.PLACE} AS place
    FROM json_each(?) asked CROSS JOIN entries e ON e.id = asked.value
    JOIN articles a ON a.id = e.article_id
    WHERE e.withdrawn_at IS NULL ORDER BY asked.key
"""
_WAITING = """
    SELECT v.article_id, v.state, (
        SELECT min(e.id) FROM entries e JOIN admissions a ON a.entry_id = e.id
        WHERE e.article_id = v.article_id AND a.topic_id = v.topic_id AND e.withdrawn_at IS NULL
    ) AS entry_id
    FROM verdicts v WHERE v.topic_id = ? AND v.state IN ('new', 'held')
    ORDER BY v.article_id DESC LIMIT ?
"""
_OUTSIDE = f"""
    SELECT e.id FROM json_each(:asked) asked CROSS JOIN entries e ON e.id = asked.value
    WHERE {rows.PLACE} >= :since AND e.withdrawn_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM verdicts v
                      WHERE v.article_id = e.article_id AND v.topic_id = :topic)
      AND NOT EXISTS (SELECT 1 FROM entries o JOIN admissions a ON a.entry_id = o.id
                      WHERE o.article_id = e.article_id AND a.topic_id = :topic)
    ORDER BY asked.key
"""


class SqliteLearning:
    """`Learning` on SQLite."""

    def __init__(self, conn: Connection, index: WordIndex) -> None:
        self._conn = conn
        self._index = index

    def decided(self, topic_id: TopicId) -> tuple[Decision, ...]:
        """Return all acts on entries in a topic, oldest first."""
        found = self._conn.execute(
            "SELECT * FROM decisions WHERE topic_id = ? AND entry_id IS NOT NULL ORDER BY id",
            (topic_id,),
        )
        return tuple(rows.a_decision(row) for row in found)

    def decided_last(self, topic_id: TopicId, after: DecisionId) -> DecisionId:
        """Return the last act of an editor's; what was done since is all that is read."""
        (last,) = self._conn.execute(
            "SELECT max(id) FROM decisions WHERE id > ? AND topic_id = ? AND actor <> ?",
            (after, topic_id, LEARNT),
        ).fetchone()
        return after if last is None else DecisionId(last)

    def samples(self, entry_ids: Sequence[EntryId]) -> tuple[Sample, ...]:
        """Return entries by their text."""
        return tuple(_a_sample(row) for row in self._conn.execute(_SAMPLES, (many(entry_ids),)))

    def waiting(
        self, topic_id: TopicId, *, limit: int
    ) -> tuple[tuple[ArticleId, str, EntryId], ...]:
        """Return what is new or held; an article with no text to show is left out."""
        found = self._conn.execute(_WAITING, (topic_id, limit))
        return tuple(
            (ArticleId(article_id), state, EntryId(entry_id))
            for article_id, state, entry_id in found
            if entry_id is not None
        )

    def outside(
        self, topic_id: TopicId, entry_ids: Sequence[EntryId], since: int
    ) -> tuple[EntryId, ...]:
        """Return those of these entries that the topic knows nothing of."""
        values = {"asked": many(entry_ids), "since": since, "topic": topic_id}
        return tuple(EntryId(row[0]) for row in self._conn.execute(_OUTSIDE, values))

    def frequencies(self, words: Iterable[str]) -> Frequencies:
        """Count the newest entries that have each word, by the full-text index.

        Of all entries the words of every text would be the dear ones, and more so each year.
        """
        self._index.write()
        last = self._conn.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()[0]
        first = max(last - NEWEST, 0)
        having = {}
        for word in dict.fromkeys(words):
            (count,) = self._conn.execute(
                "SELECT count(*) FROM entry_words WHERE entry_words MATCH ? AND rowid > ?",
                (f'"{word}"', first),
            ).fetchone()
            having[word] = count
        return Frequencies(texts=last - first, having=having)

    def publishing(self) -> tuple[TopicId, ...]:
        """Return active topics with `learn: {publish_above: …}`."""
        found = self._conn.execute(
            "SELECT id FROM topics WHERE status = 'active'"
            " AND json_extract(spec, '$.learn.publish_above') IS NOT NULL ORDER BY id"
        )
        return tuple(TopicId(row[0]) for row in found)


def _a_sample(row: Row) -> Sample:
    return Sample(
        entry_id=EntryId(row["id"]),
        article_id=ArticleId(row["article_id"]),
        story_id=ArticleId(row["story_id"]),
        feed_id=FeedId(row["feed_id"]),
        title=row["title"],
        summary=row["summary"],
        place=row["place"],
        url=row["url"],
    )
