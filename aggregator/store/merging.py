"""Articles found to be one, and stories: rows move, what stands of the emptied is a signpost."""

from __future__ import annotations

from aggregator.model.intake import Join, Merge
from aggregator.store.sqlite import Connection


def merge(conn: Connection, found: Merge) -> None:
    """Empty one article into the other, which keeps its own verdicts and items.

    Where it has none in a topic it takes those of the emptied article, so that a published uri
    lives on; an item it cannot take is never visible again.
    """
    into, merged = _standing(conn, found.into), _standing(conn, found.merged)
    if into == merged:
        return
    conn.execute(
        "UPDATE entries SET article_because = ?"
        " WHERE id = (SELECT lead_entry_id FROM articles WHERE id = ?)",
        (found.because, merged),
    )
    conn.execute("UPDATE entries SET article_id = ? WHERE article_id = ?", (into, merged))
    conn.execute(
        "UPDATE articles SET size = articles.size + gone.size,"
        " first_at = min(articles.first_at, gone.first_at),"
        " last_at = max(articles.last_at, gone.last_at)"
        " FROM articles AS gone WHERE articles.id = ? AND gone.id = ?",
        (into, merged),
    )
    conn.execute(
        "UPDATE articles SET merged_into = ?1, size = CASE WHEN id = ?2 THEN 0 ELSE size END"
        " WHERE id = ?2 OR merged_into = ?2",
        (into, merged),
    )
    _tell_in(conn, into=_story(conn, into), told_in=_story(conn, merged))
    _under_another_name(conn, merged)
    conn.execute(
        "UPDATE OR IGNORE verdicts SET article_id = ? WHERE article_id = ?", (into, merged)
    )
    conn.execute("DELETE FROM verdicts WHERE article_id = ?", (merged,))
    conn.execute("UPDATE OR IGNORE items SET article_id = ? WHERE article_id = ?", (into, merged))
    conn.execute("UPDATE items SET visible_until = visible_from WHERE article_id = ?", (merged,))


def join(conn: Connection, found: Join) -> None:
    """Have every article of one story told in the other; verdicts and items stay with theirs."""
    into, joined = (_story(conn, _standing(conn, each)) for each in (found.into, found.joined))
    if into == joined:
        return
    conn.execute(
        "UPDATE articles SET because = ? WHERE id = ? AND because = 'first'",
        (found.because, joined),
    )
    _tell_in(conn, into=into, told_in=joined)


def _under_another_name(conn: Connection, emptied: int) -> None:
    """Have a story that goes by an emptied article go by the first of its others."""
    row = conn.execute(
        "SELECT min(id) FROM articles WHERE story_id = ?1 AND id <> ?1", (emptied,)
    ).fetchone()
    if row[0] is not None:
        _tell_in(conn, into=row[0], told_in=emptied)


def _tell_in(conn: Connection, *, into: int, told_in: int) -> None:
    conn.execute(
        "INSERT INTO article_moves (article_id) SELECT id FROM articles WHERE story_id = ?",
        (told_in,),
    )
    conn.execute("UPDATE articles SET story_id = ? WHERE story_id = ?", (into, told_in))


def _story(conn: Connection, article_id: int) -> int:
    row = conn.execute("SELECT story_id FROM articles WHERE id = ?", (article_id,)).fetchone()
    return int(row[0])


def _standing(conn: Connection, article_id: int) -> int:
    """Return the article that tells this one now."""
    row = conn.execute("SELECT merged_into FROM articles WHERE id = ?", (article_id,)).fetchone()
    return article_id if row is None or row[0] is None else int(row[0])
