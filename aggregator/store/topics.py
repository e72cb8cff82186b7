"""Topics, admissions, verdicts, items and decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from aggregator.errors import NotFound, UsageError
from aggregator.model.feed import Origin
from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, ItemId, TopicId
from aggregator.model.intake import Match
from aggregator.model.publication import TopicSummary
from aggregator.model.topic import (
    Case,
    Decision,
    Item,
    NewDecision,
    NewItem,
    Topic,
    TopicSpec,
    TopicStatus,
    Verb,
    Verdict,
)
from aggregator.store import cases, keeping, rows
from aggregator.store.packing import columns, dump_topic_spec
from aggregator.store.sqlite import Connection, many

_SUMMARIES = """
    SELECT t.*, coalesce(v.waiting, 0) AS waiting, coalesce(shown.published, 0) AS published,
           coalesce(v.held, 0) AS held, coalesce(v.rejected, 0) AS rejected,
           (SELECT i.first_published_at FROM items i
            WHERE i.topic_id = t.id AND i.visible_from <= :now
              AND (i.visible_until IS NULL OR i.visible_until > :now)
            ORDER BY i.first_published_at DESC LIMIT 1) AS last_item_at
    FROM topics t LEFT JOIN (
        SELECT topic_id, sum(state = 'new') AS waiting,
               sum(state = 'held') AS held, sum(state = 'rejected') AS rejected
        FROM verdicts GROUP BY topic_id
    ) v ON v.topic_id = t.id LEFT JOIN (
        SELECT i.topic_id, count(*) AS published FROM items i
            JOIN entries e ON e.id = i.lead_entry_id JOIN feeds f ON f.id = e.feed_id
        WHERE i.visible_from <= :now AND (i.visible_until IS NULL OR i.visible_until > :now)
          AND e.withdrawn_at IS NULL AND NOT f.private
        GROUP BY i.topic_id
    ) shown ON shown.topic_id = t.id
    WHERE t.status <> 'removed' ORDER BY t.id
"""
_TOPICS_OF = """
    WITH articles_asked (id) AS (SELECT value FROM json_each(?))
    SELECT a.topic_id, e.article_id FROM articles_asked s
        JOIN entries e ON e.article_id = s.id JOIN admissions a ON a.entry_id = e.id
    UNION SELECT v.topic_id, v.article_id
        FROM articles_asked s JOIN verdicts v ON v.article_id = s.id
    UNION SELECT i.topic_id, i.article_id
        FROM articles_asked s JOIN items i ON i.article_id = s.id
    ORDER BY 1, 2
"""
_KEEP_VERDICT = """
    INSERT INTO verdicts (topic_id, article_id, state, because, pinned, title, summary, note,
                          decision_id, since)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (topic_id, article_id) DO UPDATE SET
        state = excluded.state, because = excluded.because, pinned = excluded.pinned,
        title = excluded.title, summary = excluded.summary, note = excluded.note,
        decision_id = excluded.decision_id, since = excluded.since
"""
# Items without a story, each with how it gets one: those of articles that were found to be copies,
# and those that an undo took away, whose ids are nobody else's meanwhile.
_HOMELESS = (
    (
        "SELECT i.id FROM items i JOIN articles a ON a.id = i.article_id"
        " WHERE i.topic_id = :topic_id AND a.merged_into IS NOT NULL"
        " AND i.lead_entry_id IN (SELECT value FROM json_each(:entries)) ORDER BY i.id",
        "UPDATE items SET article_id = :article_id WHERE id = :id",
    ),
    (
        "SELECT o.id FROM former_items o WHERE o.topic_id = :topic_id"
        " AND o.lead_entry_id IN (SELECT value FROM json_each(:entries))"
        " AND NOT EXISTS (SELECT 1 FROM items WHERE topic_id = o.topic_id AND uri = o.uri)"
        " ORDER BY o.id",
        "INSERT INTO items (id, topic_id, article_id, uri, lead_entry_id, first_published_at,"
        " updated_at, text_digest, visible_from, number) SELECT id, topic_id, :article_id, uri,"
        " lead_entry_id, first_published_at, updated_at, text_digest, visible_from, number"
        " FROM former_items WHERE topic_id = :topic_id AND id = :id",
    ),
)


class SqliteTopics:
    """`Topics` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def all(self, *statuses: TopicStatus) -> tuple[Topic, ...]:
        """Return topics in order of id; with statuses, only those."""
        found = self._conn.execute("SELECT * FROM topics ORDER BY id")
        return tuple(
            rows.a_topic(row)
            for row in found
            if (row["status"] in statuses if statuses else row["status"] != TopicStatus.REMOVED)
        )

    def get(self, topic_id: TopicId) -> Topic | None:
        """Return the topic of this number."""
        row = self._conn.execute(
            "SELECT * FROM topics WHERE id = ? AND status <> 'removed'", (topic_id,)
        ).fetchone()
        return None if row is None else rows.a_topic(row)

    def find(self, slug: str) -> Topic | None:
        """Return the topic of this slug."""
        row = self._conn.execute("SELECT * FROM topics WHERE slug = ?", (slug,)).fetchone()
        return None if row is None else rows.a_topic(row)

    def add(self, spec: TopicSpec, *, origin: Origin, now: float) -> Topic:
        """Keep a new topic. Raises `UsageError` when its slug is taken."""
        self._refuse_taken(spec, None)
        cursor = self._conn.execute(
            "INSERT INTO topics (slug, spec, origin, status, created_at) VALUES (?, ?, ?, ?, ?)",
            (spec.slug, dump_topic_spec(spec), origin, TopicStatus.ACTIVE, int(now)),
        )
        topic_id = TopicId(cursor.lastrowid or 0)
        return Topic(id=topic_id, spec=spec, origin=origin, created_at=int(now))

    def change(self, topic_id: TopicId, spec: TopicSpec, *, origin: Origin) -> None:
        """Replace the spec; the version counts up. Raises `UsageError` when the slug is taken."""
        self._refuse_taken(spec, topic_id)
        self._or_not_found(
            topic_id,
            self._conn.execute(
                "UPDATE topics SET slug = ?, spec = ?, origin = ?, version = version + 1"
                " WHERE id = ?",
                (spec.slug, dump_topic_spec(spec), origin, topic_id),
            ).rowcount,
        )

    def set_status(self, topic_id: TopicId, status: TopicStatus) -> None:
        """Set whether it is active or retired."""
        self._or_not_found(
            topic_id,
            self._conn.execute(
                "UPDATE topics SET status = ? WHERE id = ?", (status, topic_id)
            ).rowcount,
        )

    def remove(self, topic_id: TopicId) -> None:
        """Take a topic out for good: nothing finds it, and its slug is free for another.

        Its items stay, ended, and so do decisions: what was published under an id is known.
        """
        for table in ("admissions", "verdicts", "topic_dirty"):
            self._conn.execute(f"DELETE FROM {table} WHERE topic_id = ?", (topic_id,))
        self._conn.execute(
            "UPDATE items SET visible_until = visible_from WHERE topic_id = ?", (topic_id,)
        )
        self._conn.execute(
            "UPDATE topics SET status = 'removed', slug = slug || '~' || id WHERE id = ?",
            (topic_id,),
        )

    def summaries(self, now: float) -> tuple[TopicSummary, ...]:
        """Return every topic with its verdicts counted by state and its latest item."""
        return tuple(
            TopicSummary(
                topic=rows.a_topic(row),
                waiting=row["waiting"],
                published=row["published"],
                held=row["held"],
                rejected=row["rejected"],
                last_item_at=row["last_item_at"],
            )
            for row in self._conn.execute(_SUMMARIES, {"now": now})
        )

    def admit(self, entry_id: EntryId, matches: Sequence[Match], *, by_editor: bool) -> None:
        """Admit an entry to the topics of these matches."""
        keeping.admit(self._conn, [(entry_id, matches)], by_editor=by_editor)

    def readmit(
        self, entry_id: EntryId, matches: Sequence[Match], topics: Sequence[TopicId]
    ) -> bool:
        """Replace the entry's rule admissions to these topics. True when anything changed."""
        before = dict(
            self._conn.execute(
                "SELECT topic_id, because FROM admissions WHERE entry_id = ? AND by_editor = 0"
                " AND topic_id IN (SELECT value FROM json_each(?))",
                (entry_id, many(topics)),
            ).fetchall()
        )
        asked = set(topics)
        after = {match.topic_id: match.because for match in matches if match.topic_id in asked}
        if before == after:
            return False
        self._conn.executemany(
            "DELETE FROM admissions WHERE entry_id = ? AND topic_id = ? AND by_editor = 0",
            [(entry_id, topic_id) for topic_id in before],
        )
        kept = [Match(topic_id=topic_id, because=because) for topic_id, because in after.items()]
        keeping.admit(self._conn, [(entry_id, kept)], by_editor=False)
        return True

    def unadmit(self, entry_id: EntryId, topic_id: TopicId) -> None:
        """Take back an editor's admission; a rule's stays."""
        self._conn.execute(
            "DELETE FROM admissions WHERE entry_id = ? AND topic_id = ? AND by_editor = 1",
            (entry_id, topic_id),
        )

    def topics_of(self, article_ids: Sequence[ArticleId]) -> tuple[tuple[TopicId, ArticleId], ...]:
        """Return every (topic, story) with an admission, a verdict or an item, in order."""
        found = self._conn.execute(_TOPICS_OF, (many(article_ids),))
        return tuple((TopicId(topic_id), ArticleId(article_id)) for topic_id, article_id in found)

    def showing(self, article_ids: Sequence[ArticleId]) -> frozenset[TopicId]:
        """Return active topics in which one of these articles has an item without an end."""
        found = self._conn.execute(
            "SELECT i.topic_id FROM items i JOIN topics t ON t.id = i.topic_id"
            " WHERE i.article_id IN (SELECT value FROM json_each(?)) AND i.visible_until IS NULL"
            " AND t.status = 'active'",
            (many(article_ids),),
        )
        return frozenset(TopicId(row[0]) for row in found)

    def case(self, topic_id: TopicId, article_id: ArticleId) -> Case:
        """Return all that is known of a story in a topic."""
        return cases.gather(self._conn, [(topic_id, article_id)])[0]

    def cases(self, places: Sequence[tuple[TopicId, ArticleId]]) -> tuple[Case, ...]:
        """Return many cases at once, in the order asked for."""
        return cases.gather(self._conn, places)

    def shown_by_source(self, topic_id: TopicId, feed_id: FeedId, since: int) -> int:
        """Count items whose lead is of this feed, first published since then."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM items i JOIN entries e ON e.id = i.lead_entry_id"
            " WHERE i.topic_id = ? AND i.first_published_at >= ? AND e.feed_id = ?"
            " AND (i.visible_until IS NULL OR i.visible_until > i.visible_from)",
            (topic_id, since, feed_id),
        ).fetchone()
        return int(count)

    def keep_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        """Keep each in place of any other on its story in its topic."""
        self._conn.executemany(
            _KEEP_VERDICT,
            [
                (
                    each.topic_id,
                    each.article_id,
                    each.state.value,
                    each.because,
                    int(each.pinned),
                    each.title,
                    each.summary,
                    each.note,
                    each.decision_id,
                    each.since,
                )
                for each in verdicts
            ],
        )

    def drop_verdict(self, topic_id: TopicId, article_id: ArticleId) -> None:
        """Forget the verdict on a story in a topic."""
        self._conn.execute(
            "DELETE FROM verdicts WHERE topic_id = ? AND article_id = ?", (topic_id, article_id)
        )

    def add_item(self, item: NewItem) -> Item:
        """Give a story its place. Raises `UsageError` when the topic already has the uri."""
        cursor = self._conn.execute(
            "INSERT INTO items (topic_id, article_id, uri, lead_entry_id, first_published_at,"
            " updated_at, visible_from, visible_until) VALUES (:topic_id, :article_id, :uri,"
            " :lead_entry_id, :first_published_at, :updated_at, :visible_from, :visible_until)"
            " ON CONFLICT (topic_id, uri) DO NOTHING",
            columns(item),
        )
        if not cursor.rowcount:
            raise UsageError(f"topic {item.topic_id} already has an item with the id {item.uri}")
        return Item(id=ItemId(cursor.lastrowid or 0), text_digest=None, **columns(item))

    def has_uri(self, topic_id: TopicId, uri: str) -> bool:
        """Return whether an item of the topic, visible or not, has this id."""
        found = self._conn.execute(
            "SELECT 1 FROM items WHERE topic_id = ? AND uri = ?", (topic_id, uri)
        )
        return found.fetchone() is not None

    def change_item(self, item: Item) -> None:
        """Replace lead, dates, digest and visibility; id, uri and number never change.

        Nor does its first publication, once it was out.
        """
        self._conn.execute(
            "UPDATE items SET lead_entry_id = :lead_entry_id, updated_at = :updated_at,"
            " text_digest = :text_digest, visible_from = :visible_from,"
            " first_published_at ="
            " iif(text_digest IS NULL, :first_published_at, first_published_at),"
            " visible_until = :visible_until WHERE id = :id",
            columns(item),
        )

    def return_item(
        self, topic_id: TopicId, article_id: ArticleId, entry_ids: Sequence[EntryId]
    ) -> Item | None:
        """Give a story the item that once stood for one of these entries and has no story now.

        Its article was found to be a copy and is one no more, or an undo took the item back.
        """
        asked = {"topic_id": topic_id, "article_id": article_id, "entries": many(entry_ids)}
        for look, bring in _HOMELESS:
            row = self._conn.execute(look, asked).fetchone()
            if row is not None:
                found = {**asked, "id": row[0]}
                self._conn.execute(bring, found)
                kept = self._conn.execute("SELECT * FROM items WHERE id = :id", found).fetchone()
                return rows.an_item(kept)
        return None

    def decide(self, decision: NewDecision) -> Decision:
        """Append an editor's act."""
        cursor = self._conn.execute(
            "INSERT INTO decisions (at, actor, verb, topic_id, entry_id, payload, why, undo_of)"
            " VALUES (:at, :actor, :verb, :topic_id, :entry_id, :payload, :why, :undo_of)",
            {**columns(decision), "payload": json.dumps(decision.payload)},
        )
        return Decision(id=DecisionId(cursor.lastrowid or 0), **columns(decision))

    def decision(self, decision_id: DecisionId) -> Decision | None:
        """Return the decision of this number."""
        return cases.decision_of(self._conn, decision_id)

    def decisions(self, *, limit: int) -> tuple[Decision, ...]:
        """Return the last decisions, newest first."""
        found = self._conn.execute("SELECT * FROM decisions ORDER BY id DESC LIMIT ?", (limit,))
        return tuple(rows.a_decision(row) for row in found)

    def decided(self, verb: Verb) -> tuple[Decision, ...]:
        """Return all acts of this kind, newest first."""
        found = self._conn.execute(
            "SELECT * FROM decisions WHERE verb = ? ORDER BY id DESC", (verb,)
        )
        return tuple(rows.a_decision(row) for row in found)

    def undone_by(self, decision_id: DecisionId) -> DecisionId | None:
        """Return the undo of it that holds."""
        return cases.undone_by(self._conn, decision_id)

    def undone(self, decision_id: DecisionId) -> bool:
        """Return whether a later decision undid it, and holds."""
        return cases.undone(self._conn, decision_id)

    def filed_spec(self, topic_id: TopicId) -> str | None:
        """Return the fingerprint that stored entries were last filed by."""
        row = self._conn.execute(
            "SELECT filed_spec FROM topics WHERE id = ?", (topic_id,)
        ).fetchone()
        return None if row is None else row[0]

    def set_filed_spec(self, topic_id: TopicId, fingerprint: str) -> None:
        """Remember what stored entries have been filed by."""
        self._conn.execute("UPDATE topics SET filed_spec = ? WHERE id = ?", (fingerprint, topic_id))

    def _refuse_taken(self, spec: TopicSpec, by: TopicId | None) -> None:
        taken = self.find(spec.slug)
        if taken is not None and taken.id != by:
            raise UsageError(f"there is a topic '{spec.slug}' already; give another slug")

    def _or_not_found(self, topic_id: TopicId, changed: int) -> None:
        if not changed:
            raise NotFound(f"there is no topic {topic_id}; `aggregator topics list` shows them")
