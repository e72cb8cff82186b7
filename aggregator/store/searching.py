"""Searching on SQLite: a query asked of a million entries, newest published first.

Where words, tags, feeds or series leave few entries, those are asked. Else slices of time are
asked, the newest first and each larger than the one before, until enough is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from aggregator.core.fts import fts_expression, fts_whole
from aggregator.core.query import And, Bound, Dated, Node, Or, Term, terms
from aggregator.core.rules import label_key
from aggregator.model.ids import EntryId
from aggregator.store.conditions import Condition, named, teach
from aggregator.store.rows import PLACE
from aggregator.store.sqlite import LAST_ID, Connection, ended_after, many
from aggregator.store.words import WordIndex

FEW = 1_000  # entries that are asked one by one
FIRST_SLICE = 500  # entries
GROWTH = 4  # of one slice over the one before

_FROM = "FROM entries e INDEXED BY entries_by_place"
_SLICE = f"{PLACE} >= :since AND {PLACE} < :before"
_AMONG = "e.id IN (SELECT value FROM json_each(:ids))"
_ALWAYS = (-LAST_ID, LAST_ID)


class _Few(NamedTuple):
    """Entries beside which the query holds for none, and what is still to be asked of them."""

    ids: frozenset[int]
    rest: Node | None


class SqliteSearching:
    """`Searching` on SQLite."""

    def __init__(self, conn: Connection, index: WordIndex, *, few: int = FEW) -> None:
        self._conn = conn
        self._index = index
        self._few = few
        teach(conn)

    def find(
        self,
        node: Node,
        *,
        since: int = -LAST_ID,
        limit: int | None = None,
        public: bool = False,
        seconds: float | None = None,
    ) -> tuple[EntryId, ...]:
        """Return entries that the query is true of, newest published first.

        With `public` none of a feed with a login. Raises `StoreSlow` after so many seconds.
        """
        self._index.write()  # not to be given up: SQLite would take the whole transaction back
        with ended_after(self._conn, seconds):
            return self._find(node, since, limit, "AND NOT f.private" if public else "")

    def is_narrow(self, node: Node, *, seconds: float | None = None) -> bool:
        """Return whether the indexes leave few entries that the query can be true of."""
        self._index.write()
        with ended_after(self._conn, seconds):
            return self._narrowed(node) is not None

    def _find(self, node: Node, since: int, limit: int | None, shown: str) -> tuple[EntryId, ...]:
        if any(isinstance(leaf, Bound) and leaf.field == "age" for leaf in terms(node)):
            raise ValueError("an age needs a now: give the query to as_of() first")
        first, before = _span(node)
        since = max(since, first)
        few = self._narrowed(node)
        if few is not None:
            return self._among(few, since, limit, shown)
        found: list[EntryId] = []
        for lowest, highest in self._slices(since, before):
            left = -1 if limit is None else limit - len(found)
            found += self._between(node, lowest, highest, left, shown)
            if limit is not None and len(found) >= limit:
                break
        return tuple(found)

    def count(self, *, since: int = -LAST_ID) -> int:
        """Return how many entries from then on are not withdrawn."""
        (count,) = self._conn.execute(
            f"SELECT count(*) {_FROM} WHERE {PLACE} >= ? AND e.withdrawn_at IS NULL", (since,)
        ).fetchone()
        return int(count)

    def _among(self, few: _Few, since: int, limit: int | None, shown: str) -> tuple[EntryId, ...]:
        condition = Condition(self._conn, scope=_AMONG, indexed=False)
        asked = "1" if few.rest is None else condition.of(few.rest).sql
        values = {"ids": many(few.ids), "since": since, "limit": -1 if limit is None else limit}
        return self._ids(
            f"{_with(condition)} SELECT e.id FROM entries e NOT INDEXED"
            f" CROSS JOIN feeds f ON f.id = e.feed_id WHERE {_AMONG}"
            f" AND {PLACE} >= :since AND e.withdrawn_at IS NULL {shown} AND {asked}"
            f" ORDER BY {PLACE} DESC, e.id DESC LIMIT :limit",
            {**condition.values, **values},
        )

    def _between(
        self, node: Node, since: int, before: int, limit: int, shown: str
    ) -> tuple[EntryId, ...]:
        values = {"since": since, "before": before, "limit": limit}
        lowest, highest = self._conn.execute(
            f"SELECT min(e.id), max(e.id) {_FROM} WHERE {_SLICE}", values
        ).fetchone()
        condition = Condition(self._conn, scope=_SLICE, indexed=True)
        asked = condition.of(node).sql
        return self._ids(
            f"{_with(condition)} SELECT e.id {_FROM} CROSS JOIN feeds f ON f.id = e.feed_id"
            f" WHERE {_SLICE} AND e.withdrawn_at IS NULL {shown} AND {asked}"
            f" ORDER BY {PLACE} DESC, e.id DESC LIMIT :limit",
            {**condition.values, **values, "lo": lowest, "hi": highest},
        )

    def _slices(self, since: int, before: int) -> Iterator[tuple[int, int]]:
        """Yield spans of time that hold entries, newest first, all of them together."""
        size = FIRST_SLICE
        while True:
            values = {"since": since, "before": before, "size": size}
            first, count = self._conn.execute(
                f"SELECT min(place), count(*) FROM (SELECT {PLACE} AS place {_FROM}"
                f" WHERE {_SLICE} ORDER BY {PLACE} DESC LIMIT :size)",
                values,
            ).fetchone()
            if not count:
                return
            yield first, before
            before, size = first, size * GROWTH

    def _narrowed(self, node: Node) -> _Few | None:
        """Return few entries that the query can hold for, or None."""
        if words := fts_expression(node) if fts_whole(node) or isinstance(node, Term) else None:
            return self._told(
                "SELECT rowid FROM entry_words WHERE entry_words MATCH ?",
                words,
                None if fts_whole(node) else node,
            )
        match node:
            case Term(field="tag"):
                key = label_key("tag", node.text)
                return self._told("SELECT entry_id FROM entry_tags WHERE name = ?", key)
            case Term(field="feed"):
                return self._told(
                    "SELECT id FROM entries WHERE feed_id IN (SELECT value FROM json_each(?))",
                    json.dumps(named(self._conn, node)),
                )
            case Term(field="series"):
                return self._told(
                    "SELECT entry_id FROM entry_series"
                    " WHERE series IN (SELECT value FROM json_each(?))",
                    json.dumps(named(self._conn, node)),
                )
            case And(parts=parts):
                return self._fewest(parts)
            case Or(parts=parts):
                return self._all_of(node, parts)
        return None

    def _told(self, query: str, value: str, rest: Node | None = None) -> _Few | None:
        found = self._conn.execute(f"{query} LIMIT ?", (value, self._few + 1)).fetchall()
        if len(found) > self._few:
            return None
        return _Few(frozenset(row[0] for row in found), rest)

    def _fewest(self, parts: tuple[Node, ...]) -> _Few | None:
        """Return what the narrowest part leaves, and all the others to ask of that."""
        whole = tuple(part for part in parts if fts_whole(part))
        together = And(parts=whole)
        if len(whole) > 1 and fts_whole(together):
            parts = (together, *(part for part in parts if part not in whole))
        best: tuple[int, _Few] | None = None
        for at, part in enumerate(parts):
            few = self._narrowed(part)
            if few is not None and (best is None or len(few.ids) < len(best[1].ids)):
                best = at, few
        if best is None:
            return None
        at, few = best
        rest = (*parts[:at], *parts[at + 1 :], *(() if few.rest is None else (few.rest,)))
        return few._replace(rest=And(parts=rest) if len(rest) > 1 else rest[0] if rest else None)

    def _all_of(self, node: Node, parts: tuple[Node, ...]) -> _Few | None:
        ids: frozenset[int] = frozenset()
        whole = True
        for part in parts:
            few = self._narrowed(part)
            if few is None or len(ids | few.ids) > self._few:
                return None
            ids, whole = ids | few.ids, whole and few.rest is None
        return _Few(ids, None if whole else node)

    def _ids(self, query: str, values: dict[str, object]) -> tuple[EntryId, ...]:
        return tuple(EntryId(row[0]) for row in self._conn.execute(query, values))


def _with(condition: Condition) -> str:
    return f"WITH {', '.join(condition.tables)}" if condition.tables else ""


def _span(node: Node) -> tuple[int, int]:
    """Return from when, and before when, whatever the query holds for lies."""
    match node:
        case Dated(field="after", at=moment):
            return moment, LAST_ID
        case Dated(at=moment):
            return -LAST_ID, moment
        case And(parts=parts):
            spans = [_span(part) for part in parts]
            return max(first for first, _ in spans), min(before for _, before in spans)
    return _ALWAYS
