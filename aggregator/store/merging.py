"""Two stories found to be one: the entries move, what stands of the emptied one is a signpost."""

from __future__ import annotations

from aggregator.model.intake import Merge
from aggregator.store.sqlite import Connection


def merge(conn: Connection, found: Merge) -> None:
    """Empty one story into the other, which keeps its own verdicts and items.

    Where it has none in a topic it takes those of the emptied story, so that a published uri
    lives on; an item it cannot take is never visible again.
    """
    into, merged = _standing(conn, found.into), _standing(conn, found.merged)
    if into == merged:
        return
    conn.execute(
        "UPDATE entries SET story_because = ?"
        " WHERE id = (SELECT lead_entry_id FROM stories WHERE id = ?)",
        (found.because, merged),
    )
    conn.execute("UPDATE entries SET story_id = ? WHERE story_id = ?", (into, merged))
    conn.execute(
        "UPDATE stories SET size = stories.size + gone.size,"
        " first_at = min(stories.first_at, gone.first_at),"
        " last_at = max(stories.last_at, gone.last_at)"
        " FROM stories AS gone WHERE stories.id = ? AND gone.id = ?",
        (into, merged),
    )
    conn.execute(
        "UPDATE stories SET merged_into = ?1, size = CASE WHEN id = ?2 THEN 0 ELSE size END"
        " WHERE id = ?2 OR merged_into = ?2",
        (into, merged),
    )
    conn.execute("UPDATE OR IGNORE verdicts SET story_id = ? WHERE story_id = ?", (into, merged))
    conn.execute("DELETE FROM verdicts WHERE story_id = ?", (merged,))
    conn.execute("UPDATE OR IGNORE items SET story_id = ? WHERE story_id = ?", (into, merged))
    conn.execute("UPDATE items SET visible_until = visible_from WHERE story_id = ?", (merged,))


def _standing(conn: Connection, story_id: int) -> int:
    """Return the story that tells this one now."""
    row = conn.execute("SELECT merged_into FROM stories WHERE id = ?", (story_id,)).fetchone()
    return story_id if row is None or row[0] is None else int(row[0])
