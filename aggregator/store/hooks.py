"""`Hooks` on SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection

from aggregator.model.ids import ItemId, TopicId
from aggregator.model.webhook import (
    HookDelivery,
    HookEvent,
    HookFigures,
    HookItem,
    HookState,
    ItemState,
    Noted,
    Withdrawn,
)
from aggregator.store.publications import VISIBLE
from aggregator.store.sqlite import Connection, Row

# What has become of an item: it is out, withdrawn (the last word of its corrections), or else it
# was taken back. An item that an undo took out has no row any more.
_BECAME = f"""
    iif(EXISTS (SELECT 1 {VISIBLE} AND i.number = h.number), 'out', iif(
        (SELECT c.kind FROM corrections c WHERE c.item_id = h.item_id AND c.kind <> 'edited'
         ORDER BY c.id DESC LIMIT 1) = 'withdrawn', 'withdrawn', 'taken_back'))
"""
_WATCHED = f"""
    SELECT h.*, {_BECAME} AS became, coalesce(
        (SELECT n.updated_at FROM items n WHERE n.topic_id = h.topic_id AND n.number = h.number),
        h.updated_at) AS now_updated
    FROM hook_items h WHERE h.topic_id = :topic_id ORDER BY h.number
"""
_WATCH = f"""
    INSERT INTO hook_items (topic_id, number, item_id, uri, state, updated_at)
    SELECT i.topic_id, i.number, i.id, i.uri, 'out', i.updated_at {VISIBLE}
      AND i.number > :after
    ON CONFLICT (topic_id, number) DO NOTHING
"""
_LAST = "SELECT coalesce(max(number), 0) FROM items WHERE topic_id = ?"
# What waits already is told as it stands when its turn comes. Should its call be under way just
# now, it comes once more, as another: `made_at` tells them apart.
_TELL = """
    INSERT INTO hook_deliveries (topic_id, url, event, item_id, uri, number, made_at, due_at)
    VALUES (:topic_id, :url, :event, :item_id, :uri, :number, :now, :now)
    ON CONFLICT (topic_id, url, event, item_id) DO UPDATE SET made_at = excluded.made_at
"""
_DUE = """
    SELECT * FROM (SELECT d.*, row_number() OVER (PARTITION BY d.url
     ORDER BY d.attempts, d.due_at, d.id) AS turn FROM hook_deliveries d WHERE d.due_at <= :now
     AND d.url NOT IN (SELECT value FROM json_each(:busy)))
    WHERE turn = 1 ORDER BY attempts, due_at, id LIMIT :limit
"""
_GONE = """
    SELECT c.at, c.why, c.kind FROM corrections c WHERE c.item_id = ? AND c.kind <> 'edited'
    ORDER BY c.id DESC LIMIT 1
"""
_FAILED = """
    INSERT INTO hook_states (topic_id, url, failed_at, failures, problem, lost, ended_at)
    VALUES (:topic_id, :url, :at, 1, :problem, :lost, :ended_at)
    ON CONFLICT (topic_id, url) DO UPDATE SET failed_at = excluded.failed_at,
        failures = failures + 1, problem = excluded.problem, lost = lost + excluded.lost,
        ended_at = excluded.ended_at
"""
_TOLD = """
    INSERT INTO hook_states (topic_id, url, told_at) VALUES (?, ?, ?)
    ON CONFLICT (topic_id, url) DO UPDATE SET told_at = excluded.told_at, failures = 0,
        problem = NULL, ended_at = NULL
"""
_FIGURES = """
    SELECT (SELECT count(*) FROM hook_states WHERE failures > 0) AS failing,
        (SELECT count(*) FROM hook_states WHERE ended_at IS NOT NULL) AS ended,
        (SELECT coalesce(sum(lost), 0) FROM hook_states) AS lost,
        count(*) AS waiting, min(made_at) AS oldest FROM hook_deliveries
"""


class SqliteHooks:
    """`Hooks` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def watch(self, topic_id: TopicId, after: int, now: float) -> None:
        """Watch what is visible and has a higher number."""
        self._conn.execute(_WATCH, {"topic_id": topic_id, "after": after, "now": now})

    def watched(self, topic_id: TopicId, now: float) -> tuple[Noted, ...]:
        """Return what is watched, in order of numbers, and what has become of it."""
        found = self._conn.execute(_WATCHED, {"topic_id": topic_id, "now": now})
        return tuple(
            Noted(
                item=_an_item(row, ItemState(row["state"])),
                became=ItemState(row["became"]),
                updated_at=row["now_updated"],
            )
            for row in found
        )

    def keep(self, topic_id: TopicId, noted: Noted) -> None:
        """Keep what has become of one."""
        self._conn.execute(
            "UPDATE hook_items SET state = ?, updated_at = ? WHERE topic_id = ? AND number = ?",
            (noted.became, noted.updated_at, topic_id, noted.item.number),
        )

    def last(self, topic_id: TopicId) -> tuple[int, int]:
        """Return the highest number of an item, and of a correction, of the topic."""
        (number,) = self._conn.execute(_LAST, (topic_id,)).fetchone()
        (correction,) = self._conn.execute(
            "SELECT coalesce(max(id), 0) FROM corrections WHERE topic_id = ?", (topic_id,)
        ).fetchone()
        return number, correction

    def gone(self, topic_id: TopicId, after: int) -> tuple[tuple[HookItem, bool], ...]:
        """Return items watched no more that were withdrawn, or are back (False), since then."""
        found = self._conn.execute(
            "SELECT i.id AS item_id, i.number, i.uri, i.updated_at, c.kind = 'withdrawn' AS out"
            " FROM corrections c JOIN items i ON i.id = c.item_id WHERE c.topic_id = ?1"
            " AND c.kind <> 'edited' AND c.id > ?2 AND i.number IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM hook_items h WHERE h.topic_id = ?1 AND h.number = i.number)"
            " ORDER BY c.id",
            (topic_id, after),
        )
        return tuple((_an_item(row, ItemState.OUT), bool(row["out"])) for row in found)

    def forget(self, topic_id: TopicId, upto: int) -> None:
        """Watch items up to this number no more."""
        self._conn.execute(
            "DELETE FROM hook_items WHERE topic_id = ? AND number <= ?", (topic_id, upto)
        )

    def tell(
        self, topic_id: TopicId, url: str, event: HookEvent, item: HookItem, now: float
    ) -> None:
        """Have an address told."""
        told = {"item_id": item.item_id, "uri": item.uri, "number": item.number}
        told |= {"topic_id": topic_id, "url": url, "event": event, "now": now}
        self._conn.execute(_TELL, told)

    def due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[HookDelivery, ...]:
        """Return what is to be told now, one of each address at most."""
        asked = {"now": now, "busy": json.dumps(tuple(busy)), "limit": limit}
        return tuple(map(_a_delivery, self._conn.execute(_DUE, asked)))

    def withdrawn(self, item_id: ItemId) -> Withdrawn | None:
        """Return since when and why an item is withdrawn; None: it is not."""
        row = self._conn.execute(_GONE, (item_id,)).fetchone()
        if row is None or row["kind"] != "withdrawn":
            return None
        return Withdrawn(at=row["at"], why=row["why"])

    def done(self, delivery: HookDelivery) -> None:
        """Forget it, unless there is more of its kind to tell since it was taken."""
        self._conn.execute(
            "DELETE FROM hook_deliveries WHERE id = ? AND made_at = ?",
            (delivery.id, delivery.made_at),
        )

    def put_off(self, delivery: HookDelivery, problem: str, retry_at: float) -> None:
        """Note that it was not told, and when to try again."""
        self._conn.execute(
            "UPDATE hook_deliveries SET attempts = attempts + 1, problem = ?, due_at = ?"
            " WHERE id = ?",
            (problem, retry_at, delivery.id),
        )

    def took(self, topic_id: TopicId, url: str, at: float) -> None:
        """Note that an address took a call."""
        self._conn.execute(_TOLD, (topic_id, url, at))

    def refused(
        self, topic_id: TopicId, url: str, at: float, problem: str, *, lost: int, ends: bool
    ) -> None:
        """Note a call in vain, and how much is never told for it; `ends`: no other is made."""
        told = {"topic_id": topic_id, "url": url, "at": at, "problem": problem, "lost": lost}
        self._conn.execute(_FAILED, {**told, "ended_at": at if ends else None})

    def drop(self, topic_id: TopicId, url: str) -> int:
        """Forget what an address was still to be told."""
        return self._conn.execute(
            "DELETE FROM hook_deliveries WHERE topic_id = ? AND url = ?", (topic_id, url)
        ).rowcount

    def states(self, topic_id: TopicId) -> dict[str, HookState]:
        """Return how it stands with each address that was called or is to be."""
        found = self._conn.execute(
            "SELECT u.url, s.told_at, s.failed_at, coalesce(s.failures, 0) AS failures,"
            " coalesce(s.lost, 0) AS lost, s.ended_at, s.problem,"
            " (SELECT count(*) FROM hook_deliveries w WHERE w.topic_id = ?1 AND w.url = u.url)"
            " AS waiting FROM (SELECT url FROM hook_states WHERE topic_id = ?1 UNION"
            " SELECT url FROM hook_deliveries WHERE topic_id = ?1) u"
            " LEFT JOIN hook_states s ON s.topic_id = ?1 AND s.url = u.url",
            (topic_id,),
        )
        return {row["url"]: HookState(**dict(row)) for row in found}

    def leave_out(self, topic_id: TopicId, named: Collection[str]) -> None:
        """Forget all about addresses that are not named any more."""
        for table in ("hook_states", "hook_deliveries"):
            self._conn.execute(
                f"DELETE FROM {table} WHERE topic_id = ?"
                " AND url NOT IN (SELECT value FROM json_each(?))",
                (topic_id, json.dumps(tuple(named))),
            )

    def figures(self) -> HookFigures:
        """Return how it stands with them all."""
        return HookFigures(**dict(self._conn.execute(_FIGURES).fetchone()))

    def waiting(self) -> int:
        """Return how much is still to be told."""
        return self.figures().waiting


def _an_item(row: Row, state: ItemState) -> HookItem:
    return HookItem(
        item_id=ItemId(row["item_id"]),
        number=row["number"],
        uri=row["uri"],
        state=state,
        updated_at=row["updated_at"],
    )


def _a_delivery(row: Row) -> HookDelivery:
    return HookDelivery(
        id=row["id"],
        topic_id=TopicId(row["topic_id"]),
        url=row["url"],
        event=HookEvent(row["event"]),
        item_id=ItemId(row["item_id"]),
        uri=row["uri"],
        number=row["number"],
        made_at=row["made_at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
    )
