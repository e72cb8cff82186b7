"""`Corrections` on SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

from aggregator.model.correction import (
    Came,
    Correction,
    Corrections,
    Diff,
    Had,
    Kind,
    NewCorrection,
    Runs,
    TakenOut,
)
from aggregator.model.ids import EntryId, ItemId, TopicId
from aggregator.model.publication import Tombstone
from aggregator.store.packing import columns, pack, unpack
from aggregator.store.sqlite import Connection, Row, many

_REVISED = """
    SELECT i.number FROM (
        SELECT * FROM items WHERE topic_id = :topic_id
        ORDER BY first_published_at DESC, id DESC LIMIT :newest
    ) i JOIN item_texts t ON t.item_id = i.id JOIN entries e ON e.id = i.lead_entry_id
    WHERE t.entry_id = e.id AND e.rev > t.rev AND i.number IS NOT NULL
      AND e.withdrawn_at IS NULL AND i.visible_from <= :now
      AND (i.visible_until IS NULL OR i.visible_until > :now)
    ORDER BY i.number DESC LIMIT :limit
"""
# That readers had it: it was numbered when it was out, or composed before there were numbers.
_TAKEN_OUT = """
    SELECT i.id, i.lead_entry_id, e.withdrawn_at, e.withdrawn_why
    FROM entries e INDEXED BY entries_by_withdrawal CROSS JOIN items i ON i.lead_entry_id = e.id
    WHERE e.withdrawn_at >= :since AND i.topic_id = :topic_id
      AND (i.number IS NOT NULL OR i.text_digest IS NOT NULL)
      AND coalesce((SELECT c.kind FROM corrections c WHERE c.item_id = i.id AND c.kind <> 'edited'
                    ORDER BY c.id DESC LIMIT 1), 'returned') = 'returned'
    ORDER BY e.withdrawn_at, i.id
"""
# The last word on an item: it is withdrawn.
_OUT_NOW = """
    FROM corrections c JOIN items i ON i.id = c.item_id JOIN entries e ON e.id = i.lead_entry_id
    WHERE c.topic_id = ? AND c.kind = 'withdrawn' AND NOT EXISTS (
        SELECT 1 FROM corrections later
        WHERE later.item_id = c.item_id AND later.id > c.id AND later.kind <> 'edited')
"""
_MARKS = """
    SELECT c.* FROM corrections c JOIN items i ON i.id = c.item_id
    WHERE c.item_id IN (SELECT value FROM json_each(?)) AND c.kind = 'edited'
      AND c.policy = 'mark' AND c.entry_id = i.lead_entry_id ORDER BY c.id
"""
_SHOWN = """
    SELECT c.* FROM corrections c JOIN items i ON i.id = c.item_id
    JOIN entries e ON e.id = i.lead_entry_id JOIN feeds f ON f.id = e.feed_id
    WHERE c.topic_id = :topic_id AND c.kind = 'edited' AND c.policy <> 'silent'
      AND c.entry_id = i.lead_entry_id AND e.withdrawn_at IS NULL AND NOT f.private
      AND i.visible_from <= :now AND (i.visible_until IS NULL OR i.visible_until > :now)
    ORDER BY c.id DESC LIMIT :limit
"""
_OF_TOPIC = """
    SELECT c.*, e.id IS NULL OR e.withdrawn_at IS NOT NULL AS hidden
    FROM corrections c LEFT JOIN entries e ON e.id = c.entry_id
    WHERE c.topic_id = ? ORDER BY c.at DESC, c.id DESC LIMIT ?
"""


class SqliteCorrections:
    """`Corrections` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def had(self, item_ids: Collection[ItemId]) -> Mapping[ItemId, Had]:
        """Return what readers last had of these items, where that is known."""
        found = self._conn.execute(
            "SELECT * FROM item_texts WHERE item_id IN (SELECT value FROM json_each(?))",
            (many(item_ids),),
        )
        return {
            ItemId(row["item_id"]): Had(
                item_id=ItemId(row["item_id"]),
                entry_id=EntryId(row["entry_id"]),
                rev=row["rev"],
                ours=row["ours"],
                title=row["title"],
                text=unpack(row["body"]),
            )
            for row in found
        }

    def came(self, item_ids: Collection[ItemId]) -> Mapping[ItemId, Came]:
        """Return what the texts came of that readers last had."""
        found = self._conn.execute(
            "SELECT item_id, entry_id, rev, ours FROM item_texts"
            " WHERE item_id IN (SELECT value FROM json_each(?))",
            (many(item_ids),),
        )
        return {ItemId(item_id): (EntryId(of), rev, ours) for item_id, of, rev, ours in found}

    def revised(self, topic_id: TopicId, now: float, *, newest: int, limit: int) -> tuple[int, ...]:
        """Return numbers of items whose source revised them since readers had them."""
        asked = {"topic_id": topic_id, "now": now, "newest": newest, "limit": limit}
        return tuple(row[0] for row in self._conn.execute(_REVISED, asked))

    def keep_had(self, texts: Iterable[Had]) -> None:
        """Keep what readers have now, in place of what they had."""
        self._conn.executemany(
            "INSERT OR REPLACE INTO item_texts (item_id, entry_id, rev, ours, title, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (each.item_id, each.entry_id, each.rev, each.ours, each.title, pack(each.text))
                for each in texts
            ],
        )

    def add(self, corrections: Iterable[NewCorrection], *, keep: int) -> None:
        """Append; of each item's edits only the last `keep` are kept."""
        added = tuple(corrections)
        self._conn.executemany(
            "INSERT INTO corrections (topic_id, item_id, entry_id, at, kind, policy, title, why,"
            " diff) VALUES (:topic_id, :item_id, :entry_id, :at, :kind, :policy, :title, :why,"
            " :diff)",
            [{**columns(each), "diff": _dumped(each.diff)} for each in added],
        )
        self._conn.executemany(
            "DELETE FROM corrections WHERE item_id = :item AND kind = 'edited' AND id NOT IN ("
            " SELECT id FROM corrections WHERE item_id = :item AND kind = 'edited'"
            " ORDER BY id DESC LIMIT :keep)",
            [
                {"item": item_id, "keep": keep}
                for item_id in {each.item_id for each in added if each.kind is Kind.EDITED}
            ],
        )

    def taken_out(self, topic_id: TopicId, since: int) -> tuple[TakenOut, ...]:
        """Return items that readers had, withdrawn from then on, and not known to be."""
        asked = {"topic_id": topic_id, "since": since}
        return tuple(
            TakenOut(item_id=ItemId(item_id), entry_id=EntryId(entry_id), at=at, why=why)
            for item_id, entry_id, at, why in self._conn.execute(_TAKEN_OUT, asked)
        )

    def returned(self, topic_id: TopicId) -> tuple[Correction, ...]:
        """Return withdrawals of items whose lead may be shown again, not known to be back."""
        found = self._conn.execute(
            f"SELECT c.* {_OUT_NOW} AND e.withdrawn_at IS NULL ORDER BY c.id", (topic_id,)
        )
        return tuple(map(_a_correction, found))

    def marks(self, item_ids: Collection[ItemId]) -> Mapping[ItemId, Correction]:
        """Return the last edit of each that is to be told in the item itself."""
        found = self._conn.execute(_MARKS, (many(item_ids),))
        return {ItemId(row["item_id"]): _a_correction(row) for row in found}

    def tombstones(self, topic_id: TopicId, limit: int) -> tuple[Tombstone, ...]:
        """Return items that are withdrawn now, the last first, those that readers are told of."""
        found = self._conn.execute(
            f"SELECT i.uri, c.at, c.why {_OUT_NOW} AND c.policy <> 'silent'"
            " ORDER BY c.id DESC LIMIT ?",
            (topic_id, limit),
        )
        return tuple(Tombstone(uri=uri, at=at, why=why) for uri, at, why in found)

    def shown(self, topic_id: TopicId, now: float, limit: int) -> tuple[Correction, ...]:
        """Return edits that readers are told of, newest first."""
        found = self._conn.execute(_SHOWN, {"topic_id": topic_id, "now": now, "limit": limit})
        return tuple(map(_a_correction, found))

    def of_topic(self, topic_id: TopicId, limit: int) -> tuple[Correction, ...]:
        """Return all there is, newest first; of what is withdrawn neither title nor difference."""
        found = self._conn.execute(_OF_TOPIC, (topic_id, limit))
        return tuple(_a_correction(row, hidden=bool(row["hidden"])) for row in found)


def _a_correction(row: Row, *, hidden: bool = False) -> Correction:
    edited = row["kind"] == Kind.EDITED
    return Correction(
        id=row["id"],
        topic_id=TopicId(row["topic_id"]),
        item_id=ItemId(row["item_id"]),
        entry_id=EntryId(row["entry_id"]),
        at=row["at"],
        kind=Kind(row["kind"]),
        policy=Corrections(row["policy"]),
        title="" if hidden else row["title"],
        why="" if hidden and edited else row["why"],
        diff=None if hidden else _loaded(row["diff"]),
    )


def _dumped(diff: Diff | None) -> str | None:
    return None if diff is None else json.dumps(asdict(diff), ensure_ascii=False)


def _loaded(kept: str | None) -> Diff | None:
    if kept is None:
        return None
    told = json.loads(kept)
    return Diff(title=_runs(told["title"]), text=_runs(told["text"]))


def _runs(told: list[list[str]]) -> Runs:
    return tuple((sign, text) for sign, text in told)
