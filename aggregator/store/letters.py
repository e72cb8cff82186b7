"""`Letters` and `Hooks` on SQLite."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from aggregator.model.ids import ItemId, TopicId
from aggregator.model.letter import LetterReader
from aggregator.model.topic import Every
from aggregator.model.webhook import HookDelivery, HookEvent, Withdrawn
from aggregator.store.publications import VISIBLE
from aggregator.store.sqlite import Connection, Row

_ADD = (
    "INSERT INTO letter_readers (topic_id, address, every, secret, wants, asked_at, ask_at,"
    " confirmed_at, ended_at, sent_to, next_at, failures, problem) VALUES (:topic_id, :address,"
    " :every, :secret, :wants, :asked_at, :ask_at, :confirmed_at, :ended_at, :sent_to, :next_at,"
    " :failures, :problem)"
)
_SAVE = (
    "UPDATE letter_readers SET every = :every, secret = :secret, wants = :wants,"
    " asked_at = :asked_at, ask_at = :ask_at, confirmed_at = :confirmed_at, ended_at = :ended_at,"
    " sent_to = :sent_to, next_at = :next_at, failures = :failures, problem = :problem"
    " WHERE id = :id"
)
_GETS = "confirmed_at IS NOT NULL AND ended_at IS NULL"
_DUE = (
    "SELECT * FROM letter_readers WHERE ask_at <= :now OR next_at <= :now"
    " ORDER BY coalesce(ask_at, next_at), id LIMIT :limit"
)
_FORGET = (
    "DELETE FROM letter_readers WHERE (confirmed_at IS NULL AND ended_at IS NULL"
    " AND asked_at < :asked_before) OR ended_at < :ended_before AND asked_at < :asked_before"
    " OR topic_id IN (SELECT id FROM topics WHERE status = 'removed')"
)
_NEAR = 1000  # numbers back that edits are looked for in
_DUE_HOOKS = (
    "SELECT * FROM (SELECT d.*, i.uri, i.number, row_number() OVER (PARTITION BY d.url"
    " ORDER BY d.attempts, d.due_at, d.id) AS turn FROM hook_deliveries d"
    " JOIN items i ON i.id = d.item_id WHERE d.due_at <= :now"
    " AND d.url NOT IN (SELECT value FROM json_each(:busy)))"
    " WHERE turn = 1 ORDER BY attempts, due_at, id LIMIT :limit"
)
_GONE = (
    "SELECT c.at, c.why, c.kind FROM corrections c WHERE c.item_id = ? AND c.kind <> 'edited'"
    " ORDER BY c.id DESC LIMIT 1"
)


class SqliteLetters:
    """`Letters` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def all(self) -> tuple[LetterReader, ...]:
        """Return everybody, in order of topic and address."""
        found = self._conn.execute("SELECT * FROM letter_readers ORDER BY topic_id, address")
        return tuple(map(_a_reader, found))

    def get(self, reader_id: int) -> LetterReader | None:
        """Return the one of this number."""
        return self._one("id = ?", reader_id)

    def of(self, topic_id: TopicId, address: str) -> LetterReader | None:
        """Return the one of this topic and address."""
        return self._one("topic_id = ? AND address = ?", topic_id, address)

    def by_secret(self, secret: str) -> LetterReader | None:
        """Return the one whose letters hold this secret."""
        return self._one("secret = ?", secret)

    def add(self, reader: LetterReader) -> LetterReader:
        """Keep a new one under a number of its own."""
        cursor = self._conn.execute(_ADD, asdict(reader))
        return replace(reader, id=cursor.lastrowid or 0)

    def save(self, reader: LetterReader) -> None:
        """Replace what is kept of it."""
        self._conn.execute(_SAVE, asdict(reader))

    def due(self, now: float, limit: int) -> tuple[LetterReader, ...]:
        """Return those whose question or letter is due, the longest waiting first."""
        found = self._conn.execute(_DUE, {"now": now, "limit": limit})
        return tuple(map(_a_reader, found))

    def due_again(self, topic_id: TopicId, now: float) -> int:
        """Have everybody who gets this topic get what is new now."""
        return self._conn.execute(
            f"UPDATE letter_readers SET next_at = min(next_at, ?) WHERE topic_id = ? AND {_GETS}",
            (now, topic_id),
        ).rowcount

    def asked_since(self, address: str, since: int) -> int:
        """Return how many topics were asked for with this address since then."""
        return self._count("address = ? AND asked_at >= ?", address, since)

    def waiting(self) -> int:
        """Return how many were asked and have not answered."""
        return self._count("wants IS NOT NULL")

    def remove(self, address: str) -> int:
        """Forget an address in every topic."""
        done = self._conn.execute("DELETE FROM letter_readers WHERE address = ?", (address,))
        return done.rowcount

    def forget(self, *, asked_before: int, ended_before: int) -> int:
        """Forget who never answered or left before then, and readers of removed topics."""
        before = {"asked_before": asked_before, "ended_before": ended_before}
        return self._conn.execute(_FORGET, before).rowcount

    def numbers(self, topic_id: TopicId, before: int) -> tuple[int, int]:
        """Return the highest number of an item, and of those first published before then."""
        last, old = self._conn.execute(
            "SELECT coalesce(max(number), 0),"
            " coalesce(max(number) FILTER (WHERE first_published_at < ?), 0)"
            " FROM items WHERE topic_id = ?",
            (before, topic_id),
        ).fetchone()
        return last, old

    def counts(self) -> tuple[tuple[TopicId, Every, int], ...]:
        """Return how many get each topic how often."""
        found = self._conn.execute(
            f"SELECT topic_id, every, count(*) FROM letter_readers WHERE {_GETS}"
            " GROUP BY topic_id, every ORDER BY topic_id, every"
        )
        return tuple((TopicId(topic_id), Every(every), many) for topic_id, every, many in found)

    def _one(self, which: str, *values: object) -> LetterReader | None:
        row = self._conn.execute(f"SELECT * FROM letter_readers WHERE {which}", values).fetchone()
        return None if row is None else _a_reader(row)

    def _count(self, which: str, *values: object) -> int:
        (many,) = self._conn.execute(
            f"SELECT count(*) FROM letter_readers WHERE {which}", values
        ).fetchone()
        return int(many)


class SqliteHooks:
    """`Hooks` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def last(self, topic_id: TopicId) -> tuple[int, int]:
        """Return the highest numbers of an item and of a correction of the topic."""
        number, correction = self._conn.execute(
            "SELECT (SELECT coalesce(max(number), 0) FROM items WHERE topic_id = ?1),"
            " (SELECT coalesce(max(id), 0) FROM corrections WHERE topic_id = ?1)",
            (topic_id,),
        ).fetchone()
        return number, correction

    def fresh(self, topic_id: TopicId, after: int, now: float) -> tuple[ItemId, ...]:
        """Return visible items with higher numbers, in their order."""
        return self._items("i.number > :number ORDER BY i.number", topic_id, after, now)

    def edited(self, topic_id: TopicId, upto: int, now: float) -> tuple[ItemId, ...]:
        """Return visible items up to this number whose text changed in this very second."""
        which = "i.number <= :number AND i.number > :number - :near AND i.updated_at = :at"
        return self._items(f"{which} ORDER BY i.number", topic_id, upto, now)

    def gone(self, topic_id: TopicId, after: int) -> tuple[tuple[ItemId, bool], ...]:
        """Return items withdrawn, or back (False), by corrections with higher numbers."""
        found = self._conn.execute(
            "SELECT c.item_id, c.kind = 'withdrawn' FROM corrections c"
            " JOIN items i ON i.id = c.item_id WHERE c.topic_id = ? AND c.kind <> 'edited'"
            " AND c.id > ? ORDER BY c.id",
            (topic_id, after),
        )
        return tuple((ItemId(item_id), bool(out)) for item_id, out in found)

    def tell(
        self, topic_id: TopicId, url: str, event: HookEvent, item_id: ItemId, now: float
    ) -> None:
        """Have an address told; what waits already waits on."""
        self._conn.execute(
            "INSERT OR IGNORE INTO hook_deliveries (topic_id, url, event, item_id, made_at, due_at)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            (topic_id, url, event, item_id, now),
        )

    def due(self, now: float, *, busy: tuple[str, ...], limit: int) -> tuple[HookDelivery, ...]:
        """Return what is to be told now, one of each address at most."""
        asked = {"now": now, "busy": json.dumps(busy), "limit": limit}
        return tuple(map(_a_delivery, self._conn.execute(_DUE_HOOKS, asked)))

    def withdrawn(self, item_id: ItemId) -> Withdrawn | None:
        """Return since when and why an item is withdrawn; None: it is not."""
        row = self._conn.execute(_GONE, (item_id,)).fetchone()
        if row is None or row["kind"] != "withdrawn":
            return None
        return Withdrawn(at=row["at"], why=row["why"])

    def done(self, delivery: HookDelivery) -> None:
        """Forget it: it was told, or there is nothing to tell any more."""
        self._conn.execute("DELETE FROM hook_deliveries WHERE id = ?", (delivery.id,))

    def failed(self, delivery: HookDelivery, problem: str, retry_at: float) -> None:
        """Note that it was not told, and when to try again."""
        self._conn.execute(
            "UPDATE hook_deliveries SET attempts = attempts + 1, problem = ?, due_at = ?"
            " WHERE id = ?",
            (problem, retry_at, delivery.id),
        )

    def waiting(self) -> int:
        """Return how much is still to be told."""
        (many,) = self._conn.execute("SELECT count(*) FROM hook_deliveries").fetchone()
        return int(many)

    def _items(self, which: str, topic_id: TopicId, number: int, now: float) -> tuple[ItemId, ...]:
        found = self._conn.execute(
            f"SELECT i.id {VISIBLE} AND {which}",
            {"topic_id": topic_id, "now": now, "number": number, "at": int(now), "near": _NEAR},
        )
        return tuple(ItemId(row[0]) for row in found)


def _a_reader(row: Row) -> LetterReader:
    told = dict(row)
    told |= {"topic_id": TopicId(row["topic_id"]), "every": Every(row["every"])}
    told["wants"] = Every(row["wants"]) if row["wants"] else None
    return LetterReader(**told)


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
