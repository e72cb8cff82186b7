"""All that is known of one story in one topic, gathered for the judge."""

from __future__ import annotations

from aggregator.model.ids import DecisionId, EntryId, FeedId, StoryId, TopicId
from aggregator.model.topic import Admitted, Case, Decision
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row

# Admitted by a rule and by an editor is one admission, the editor's (`max` picks its because).
_ADMITTED = f"""
    SELECT e.id, e.feed_id, e.guid, e.key_hash, e.published_at, e.updated_at, e.first_seen_at,
           e.url, e.withdrawn_at, {rows.PLACE} AS place, a.because, max(a.by_editor) AS by_editor
    FROM entries e JOIN admissions a ON a.entry_id = e.id
    WHERE e.story_id = ? AND a.topic_id = ?
    GROUP BY e.id ORDER BY e.id
"""
# What was said of any entry of the story in this topic, and whatever undoes that.
_DECISIONS = """
    WITH RECURSIVE counted (id) AS (
        SELECT d.id FROM entries e JOIN decisions d ON d.entry_id = e.id
        WHERE e.story_id = ? AND d.topic_id = ?
        UNION
        SELECT d.id FROM counted JOIN decisions d ON d.undo_of = counted.id
    )
    SELECT * FROM decisions WHERE id IN (SELECT id FROM counted) ORDER BY id
"""


def gather(conn: Connection, topic_id: TopicId, story_id: StoryId) -> Case:
    """Return the case of a story in a topic; an empty one when nothing is known."""
    here = (topic_id, story_id)
    there = (story_id, topic_id)
    verdict = conn.execute(
        "SELECT * FROM verdicts WHERE topic_id = ? AND story_id = ?", here
    ).fetchone()
    item = conn.execute("SELECT * FROM items WHERE topic_id = ? AND story_id = ?", here).fetchone()
    return Case(
        topic_id=topic_id,
        story_id=story_id,
        admitted=tuple(_an_admitted(row) for row in conn.execute(_ADMITTED, there)),
        decisions=tuple(rows.a_decision(row) for row in conn.execute(_DECISIONS, there)),
        verdict=None if verdict is None else rows.a_verdict(verdict),
        item=None if item is None else rows.an_item(item),
    )


def _an_admitted(row: Row) -> Admitted:
    return Admitted(
        entry_id=EntryId(row["id"]),
        feed_id=FeedId(row["feed_id"]),
        because=row["because"],
        by_editor=bool(row["by_editor"]),
        place=row["place"],
        guid=row["guid"],
        key_hash=row["key_hash"],
        published_at=row["published_at"],
        updated_at=row["updated_at"],
        first_seen_at=row["first_seen_at"],
        url=row["url"],
        withdrawn=row["withdrawn_at"] is not None,
    )


def undone(conn: Connection, decision_id: DecisionId) -> bool:
    """Return whether an undo of this decision is in force; an undo can itself be undone."""
    undoing = conn.execute(
        "SELECT id FROM decisions WHERE undo_of = ? AND verb = 'undo'", (decision_id,)
    ).fetchall()
    return any(not undone(conn, DecisionId(row[0])) for row in undoing)


def decision_of(conn: Connection, decision_id: DecisionId) -> Decision | None:
    """Return the decision of this number."""
    row = conn.execute("SELECT * FROM decisions WHERE id = ?", (decision_id,)).fetchone()
    return None if row is None else rows.a_decision(row)
