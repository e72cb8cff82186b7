"""`Letters` on SQLite."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from aggregator.model.ids import TopicId
from aggregator.model.letter import LetterFigures, LetterReader
from aggregator.model.topic import Every
from aggregator.store.sqlite import Connection, Row

_COLUMNS = (
    "topic_id",
    "address",
    "every",
    "secret",
    "wants",
    "asked_at",
    "ask_at",
    "confirmed_at",
    "ended_at",
    "sent_to",
    "skipped",
    "next_at",
    "taken_until",
    "taken_to",
    "failures",
    "problem",
)
_ADD = (
    f"INSERT INTO letter_readers ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)
_SAVE = (
    f"UPDATE letter_readers SET {', '.join(f'{name} = :{name}' for name in _COLUMNS[2:])}"
    " WHERE id = :id"
)
_GETS = "confirmed_at IS NOT NULL AND ended_at IS NULL"
_IS_DUE = "(ask_at <= :now OR next_at <= :now)"
# What is taken for longer than anybody may take it was taken by a clock that was ahead.
_DUE = (
    f"SELECT * FROM letter_readers WHERE {_IS_DUE} AND (taken_until IS NULL"
    " OR taken_until <= :now OR taken_until > :now + :hold)"
    " ORDER BY coalesce(ask_at, next_at), id LIMIT :limit"
)
_FORGET = (
    "DELETE FROM letter_readers WHERE (confirmed_at IS NULL AND ended_at IS NULL"
    " AND asked_at < :asked_before) OR ended_at < :ended_before AND asked_at < :asked_before"
    " OR topic_id IN (SELECT id FROM topics WHERE status = 'removed')"
)
_FIGURES = (
    f"SELECT count(*) FILTER (WHERE {_GETS}) AS readers,"
    " count(*) FILTER (WHERE wants IS NOT NULL) AS asked,"
    f" count(*) FILTER (WHERE {_IS_DUE}) AS due,"
    f" count(*) FILTER (WHERE {_GETS} AND failures > 0) AS failing FROM letter_readers"
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
        cursor = self._conn.execute(_ADD, _told(reader))
        return replace(reader, id=cursor.lastrowid or 0)

    def save(self, reader: LetterReader) -> None:
        """Replace what is kept of it."""
        self._conn.execute(_SAVE, _told(reader))

    def due(self, now: float, limit: int, *, hold: float) -> tuple[LetterReader, ...]:
        """Return those whose question or letter is due and whom nobody has taken."""
        found = self._conn.execute(_DUE, {"now": now, "limit": limit, "hold": hold})
        return tuple(map(_a_reader, found))

    def due_again(self, topic_id: TopicId, now: float) -> int:
        """Have everybody who gets this topic get what is new now."""
        return self._conn.execute(
            f"UPDATE letter_readers SET next_at = min(next_at, ?) WHERE topic_id = ? AND {_GETS}",
            (now, topic_id),
        ).rowcount

    def wish(self, box: str, topic_id: TopicId, at: int, *, asks: bool) -> None:
        """Note that letters were wished for; `asks`: a question goes out for it."""
        self._conn.execute(
            "INSERT INTO letter_wishes VALUES (?, ?, ?, ?)", (box, topic_id, at, asks)
        )

    def questions(self, box: str, since: int) -> tuple[tuple[TopicId, int], ...]:
        """Return about which topics a box was asked since then, and when."""
        found = self._conn.execute(
            "SELECT topic_id, at FROM letter_wishes WHERE box = ? AND at > ? AND asks",
            (box, since),
        )
        return tuple((TopicId(topic_id), at) for topic_id, at in found)

    def wishes_since(self, since: int) -> int:
        """Return how many wishes there were since then."""
        (found,) = self._conn.execute(
            "SELECT count(*) FROM letter_wishes WHERE at > ?", (since,)
        ).fetchone()
        return int(found)

    def waiting(self) -> int:
        """Return how many were asked and have not answered."""
        return self._count("wants IS NOT NULL")

    def remove(self, address: str, box: str) -> int:
        """Forget an address in every topic, and what was wished for with its box."""
        self._conn.execute("DELETE FROM letter_wishes WHERE box = ?", (box,))
        done = self._conn.execute("DELETE FROM letter_readers WHERE address = ?", (address,))
        return done.rowcount

    def forget(self, *, asked_before: int, ended_before: int, wished_before: int) -> int:
        """Forget who never answered or left before then, and readers of removed topics."""
        self._conn.execute("DELETE FROM letter_wishes WHERE at < ?", (wished_before,))
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

    def figures(self, now: float) -> LetterFigures:
        """Return how it stands with them all."""
        return LetterFigures(**dict(self._conn.execute(_FIGURES, {"now": now}).fetchone()))

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


def _told(reader: LetterReader) -> dict[str, Any]:
    return asdict(reader) | {"skipped": json.dumps(reader.skipped)}


def _a_reader(row: Row) -> LetterReader:
    told = dict(row)
    told |= {"topic_id": TopicId(row["topic_id"]), "every": Every(row["every"])}
    told["wants"] = Every(row["wants"]) if row["wants"] else None
    told["skipped"] = tuple(json.loads(row["skipped"]))
    return LetterReader(**told)
