"""The journal: temporary triggers note each row that an act changes, and undo walks back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aggregator.model.ids import ArticleId, DecisionId, EntryId, TopicId
from aggregator.ports.journal import Touched
from aggregator.store.sqlite import Connection

# What rules and editors decide. Texts, bodies and poll states are no part of it.
TABLES = (
    "topics",
    "articles",
    "entries",
    "entry_tags",
    "entry_series",
    "admissions",
    "verdicts",
    "items",
    "bonds",
    "related",
    "topic_dirty",
    "meta",  # which feeds.yaml the store follows
)
_ENTRY_COLUMNS = ("id", "article_id", "article_because")  # all of an entry that an act may move

# Where a row of these names another, which may be gone for its age since the act.
_NAMED = {
    "entry_id": "entries",
    "other_id": "entries",
    "lead_entry_id": "entries",
    "article_id": "articles",
    "merged_into": "articles",
}

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: Mapping[str, str]  # and their types
    key: tuple[str, ...]

    def image(self, which: str) -> str:
        """Return SQL for a row as JSON; a REAL as text, which JSON in SQLite would round."""
        parts = []
        for name, kind in self.columns.items():
            value = f"{which}.{name}"
            if kind == "REAL":
                value = f"iif({value} IS NULL, NULL, format('%!.17g', {value}))"
            parts.append(f"'{name}', {value}")
        return f"json_object({', '.join(parts)})"

    def row(self, image: str) -> Columns:
        """Return a row's columns from its JSON."""
        found: Columns = json.loads(image)
        for name, kind in self.columns.items():
            if kind == "REAL" and found[name] is not None:
                found[name] = float(found[name])
        return found


class SqliteJournal:
    """`Journal` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    @contextmanager
    def recording(self, decision_id: DecisionId) -> Iterator[None]:
        """Note what changes inside; a trigger of SQLite's sees each row, whoever writes it."""
        names = []
        for table in map(self._table, TABLES):
            for name, statement in _triggers(table, int(decision_id)):
                self._conn.execute(statement)
                names.append(name)
        try:
            yield
        finally:
            if self._conn.in_transaction:  # a full disk ended it, and the triggers with it
                for name in names:
                    self._conn.execute(f"DROP TRIGGER IF EXISTS temp.{name}")

    def touched(self, decision_id: DecisionId) -> Touched:
        """Return whose rows a decision changed."""
        topics: set[TopicId] = set()
        articles: set[ArticleId] = set()
        entries: set[EntryId] = set()
        rows = 0
        for tbl, before, after in self._conn.execute(
            "SELECT tbl, before, after FROM journal WHERE decision_id = ?", (decision_id,)
        ):
            rows += 1
            for image in filter(None, (before, after)):
                row = json.loads(image)
                _note(tbl, row, topics, articles)
                if (entry_id := row.get("id" if tbl == "entries" else "entry_id")) is not None:
                    entries.add(EntryId(entry_id))
        return Touched(
            rows=rows,
            topics=frozenset(topics),
            articles=frozenset(articles),
            entries=frozenset(entries),
        )

    def reverse(self, decision_id: DecisionId) -> Touched:
        """Walk the decision's changes back."""
        tables = {name: self._table(name) for name in TABLES}
        changes = self._conn.execute(
            "SELECT tbl, op, before, after FROM journal WHERE decision_id = ? ORDER BY id DESC",
            (decision_id,),
        ).fetchall()
        for tbl, op, before, after in changes:
            table = tables[tbl]
            old = table.row(before) if before is not None else {}
            new = table.row(after) if after is not None else {}
            self._step_back(table, op, old, new)
        return self.touched(decision_id)

    def _step_back(self, table: _Table, op: str, old: Columns, new: Columns) -> None:
        if op == "delete":
            if self._is_gone(old):
                return
            names = ", ".join(old)
            marks = ", ".join("?" * len(old))
            self._conn.execute(
                f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})", [*old.values()]
            )
            return
        where = " AND ".join(f"{name} IS ?" for name in table.key)
        place = [new[name] for name in table.key]
        if op == "insert":
            self._conn.execute(f"DELETE FROM {table.name} WHERE {where}", place)
            return
        changed = {name: value for name, value in old.items() if new[name] != value}
        if changed and not self._is_gone(changed):
            settings = ", ".join(f"{name} = ?" for name in changed)
            self._conn.execute(
                f"UPDATE {table.name} SET {settings} WHERE {where}", [*changed.values(), *place]
            )

    def _is_gone(self, columns: Columns) -> bool:
        """Return whether these name an entry or an article that was tidied away since."""
        return any(
            self._conn.execute(f"SELECT 1 FROM {table} WHERE id = ?", (columns[name],)).fetchone()
            is None
            for name, table in _NAMED.items()
            if columns.get(name) is not None
        )

    def _table(self, name: str) -> _Table:
        columns: dict[str, str] = {}
        key: list[tuple[int, str]] = []
        for row in self._conn.execute(f"PRAGMA table_info({name})"):
            if name == "entries" and row["name"] not in _ENTRY_COLUMNS:
                continue
            columns[row["name"]] = row["type"]
            if row["pk"]:
                key.append((row["pk"], row["name"]))
        return _Table(name, columns, tuple(column for _, column in sorted(key)))


def _triggers(table: _Table, decision_id: int) -> Iterator[tuple[str, str]]:
    before, after = table.image("OLD"), table.image("NEW")
    images = {"insert": ("NULL", after), "update": (before, after), "delete": (before, "NULL")}
    for op, (old, new) in images.items():
        if table.name == "entries" and op != "update":
            continue
        name = f"journal_{table.name}_{op}"
        when = f" WHEN {before} <> {after}" if op == "update" else ""
        yield (
            name,
            f"CREATE TEMP TRIGGER {name} AFTER {op.upper()} ON main.{table.name}{when} BEGIN"
            " INSERT INTO journal (decision_id, tbl, op, before, after)"
            f" VALUES ({decision_id}, '{table.name}', '{op}', {old}, {new}); END",
        )


def _note(table: str, row: Columns, topics: set[TopicId], articles: set[ArticleId]) -> None:
    if table == "topics":
        topics.add(TopicId(row["id"]))
    elif row.get("topic_id") is not None:
        topics.add(TopicId(row["topic_id"]))
    if table == "articles":
        articles.add(ArticleId(row["id"]))
    elif row.get("article_id") is not None:
        articles.add(ArticleId(row["article_id"]))
