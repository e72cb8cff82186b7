"""All that is known of stories in topics, gathered for the judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, TopicId
from aggregator.model.topic import Admitted, Case, Decision
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

Place = tuple[TopicId, ArticleId]

# Admitted by a rule and by an editor is one admission, the editor's (`max` picks its because).
_ADMITTED = f"""
    SELECT a.topic_id, e.article_id, e.id, e.feed_id, e.guid, e.key_hash, e.published_at,
           e.updated_at, e.first_seen_at, e.url, e.withdrawn_at, e.held_why,
           {rows.PLACE} AS place, a.because, max(a.by_editor) AS by_editor,
           e.reissue_of, e.id = s.led_by AS chosen,
           length(e.summary) + coalesce(length(b.body), 0) AS fullness
    FROM json_each(?) asked CROSS JOIN entries e ON e.article_id = asked.value
    JOIN admissions a ON a.entry_id = e.id JOIN articles s ON s.id = e.article_id
    LEFT JOIN entry_bodies b ON b.entry_id = e.id
    GROUP BY e.id, a.topic_id ORDER BY e.id
"""
_DECIDED = """
    SELECT DISTINCT d.topic_id, e.article_id
    FROM json_each(?) asked CROSS JOIN entries e ON e.article_id = asked.value
    JOIN decisions d ON d.entry_id = e.id WHERE d.topic_id IS NOT NULL
"""
# What was said of any entry of the story in this topic, and whatever undoes that.
_DECISIONS = """
    WITH RECURSIVE counted (id) AS (
        SELECT d.id FROM entries e JOIN decisions d ON d.entry_id = e.id
        WHERE e.article_id = ? AND d.topic_id = ?
        UNION
        SELECT d.id FROM counted JOIN decisions d ON d.undo_of = counted.id
    )
    SELECT * FROM decisions WHERE id IN (SELECT id FROM counted) ORDER BY id
"""
_OF_ARTICLES = "WHERE article_id IN (SELECT value FROM json_each(?))"


def gather(conn: Connection, places: Sequence[Place]) -> tuple[Case, ...]:
    """Return the cases of stories in topics, in the order asked for, each read but once.

    One with nothing known is empty. A poll asks for dozens: four statements serve them all.
    """
    stories = many(dict.fromkeys(article_id for _, article_id in places))
    asked = (stories,)
    admitted: defaultdict[Place, list[Admitted]] = defaultdict(list)
    for row in conn.execute(_ADMITTED, asked):
        admitted[_place(row)].append(_an_admitted(row))
    verdicts = {
        _place(row): rows.a_verdict(row)
        for row in conn.execute(f"SELECT * FROM verdicts {_OF_ARTICLES}", asked)
    }
    items = {
        _place(row): rows.an_item(row)
        for row in conn.execute(f"SELECT * FROM items {_OF_ARTICLES}", asked)
    }
    decided = {_place(row) for row in conn.execute(_DECIDED, asked)}
    decisions = {place: _decisions(conn, place) for place in decided.intersection(places)}
    return tuple(
        Case(
            topic_id=place[0],
            article_id=place[1],
            admitted=tuple(admitted.get(place, ())),
            decisions=decisions.get(place, ()),
            verdict=verdicts.get(place),
            item=items.get(place),
        )
        for place in places
    )


def _place(row: Row) -> Place:
    return TopicId(row["topic_id"]), ArticleId(row["article_id"])


def _decisions(conn: Connection, place: Place) -> tuple[Decision, ...]:
    topic_id, article_id = place
    found: Iterable[Row] = conn.execute(_DECISIONS, (article_id, topic_id))
    return tuple(rows.a_decision(row) for row in found)


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
        held=row["held_why"],
        chosen=bool(row["chosen"]),
        reissue_of=None if row["reissue_of"] is None else EntryId(row["reissue_of"]),
        fullness=row["fullness"],
    )


def undone(conn: Connection, decision_id: DecisionId) -> bool:
    """Return whether an undo of this decision is in force; an undo can itself be undone."""
    return undone_by(conn, decision_id) is not None


def undone_by(conn: Connection, decision_id: DecisionId) -> DecisionId | None:
    """Return the undo of this decision that is in force."""
    undoing = conn.execute(
        "SELECT id FROM decisions WHERE undo_of = ? AND verb = 'undo'", (decision_id,)
    ).fetchall()
    numbers = (DecisionId(row[0]) for row in undoing)
    return next((number for number in numbers if not undone(conn, number)), None)


def decision_of(conn: Connection, decision_id: DecisionId) -> Decision | None:
    """Return the decision of this number."""
    row = conn.execute("SELECT * FROM decisions WHERE id = ?", (decision_id,)).fetchone()
    return None if row is None else rows.a_decision(row)
