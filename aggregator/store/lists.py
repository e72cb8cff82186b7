"""OPML lists that are followed, on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from aggregator.errors import UsageError
from aggregator.model.feed import Feed, Origin, Rights
from aggregator.model.ids import FeedId, ListId
from aggregator.model.lists import FollowedList, ListSpec, ListState, ListStatus
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

CLOCK_SLACK = 60.0  # seconds a clock may be set back without a list being due for that


class SqliteLists:
    """`Lists` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def all(self, *statuses: ListStatus) -> tuple[FollowedList, ...]:
        """Return lists in order of id; with statuses, only those."""
        found = self._conn.execute("SELECT * FROM lists ORDER BY id")
        return tuple(_a_list(row) for row in found if not statuses or row["status"] in statuses)

    def get(self, list_id: ListId) -> FollowedList | None:
        """Return the list of this number."""
        row = self._conn.execute("SELECT * FROM lists WHERE id = ?", (list_id,)).fetchone()
        return None if row is None else _a_list(row)

    def find(self, handle: str) -> FollowedList | None:
        """Return the list of this number, name or exact address, asked in this order."""
        lists = self.all()
        ways = (
            {str(each.id): each for each in lists},
            {each.spec.name: each for each in lists},
            {each.spec.url: each for each in lists},
        )
        return next((way[handle] for way in ways if handle in way), None)

    def add(self, spec: ListSpec, *, origin: Origin, now: float) -> FollowedList:
        """Keep a new list, due at once. Raises `UsageError` when its address or name is taken."""
        self._refuse_taken(spec, None)
        cursor = self._conn.execute(
            "INSERT INTO lists (url, spec, origin, status, next_poll_at, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (spec.url, _dump(spec), origin, ListStatus.ACTIVE, now, int(now)),
        )
        return FollowedList(
            id=ListId(cursor.lastrowid or 0),
            spec=spec,
            origin=origin,
            state=ListState(next_poll_at=now),
            added_at=int(now),
        )

    def change(self, list_id: ListId, spec: ListSpec, *, origin: Origin, now: float) -> None:
        """Replace what editors say; its validators go, for its feeds are to be given it too."""
        self._refuse_taken(spec, list_id)
        self._conn.execute(
            "UPDATE lists SET url = ?, spec = ?, origin = ?, etag = NULL, last_modified = NULL,"
            " next_poll_at = CASE WHEN next_poll_at IS NOT NULL THEN ? END WHERE id = ?",
            (spec.url, _dump(spec), origin, now, list_id),
        )

    def set_status(self, list_id: ListId, status: ListStatus, *, now: float) -> None:
        """ACTIVE makes it due now, to be read as a whole; any other status ends reading."""
        self._conn.execute(
            "UPDATE lists SET status = ?, next_poll_at = ?, etag = NULL, last_modified = NULL"
            " WHERE id = ?",
            (status, now if status is ListStatus.ACTIVE else None, list_id),
        )

    def claim_due(
        self, now: float, *, lease: float, early: bool = False
    ) -> tuple[FollowedList, ...]:
        """Take the lists that are due; they come due again after `lease` unless settled.

        One that was last read in the future is due as well: the clock has gone back since.
        `early`: every list that is read at all.
        """
        due = self._conn.execute(
            "SELECT * FROM lists WHERE next_poll_at IS NOT NULL"
            " AND (next_poll_at <= :now OR last_poll_at > :ahead OR :early)"
            " ORDER BY next_poll_at, id",
            {"now": now, "ahead": now + CLOCK_SLACK, "early": early},
        ).fetchall()
        self._conn.executemany(
            "UPDATE lists SET next_poll_at = ? WHERE id = ?",
            [(now + lease, row["id"]) for row in due],
        )
        return tuple(_a_list(row) for row in due)

    def settle(self, list_id: ListId, state: ListState) -> None:
        """Keep what reading it taught."""
        self._conn.execute(
            "UPDATE lists SET title = :title, etag = :etag, last_modified = :last_modified,"
            " next_poll_at = CASE WHEN status = :active THEN :next_poll_at END,"
            " last_poll_at = :last_poll_at, last_ok_at = :last_ok_at, failures = :failures,"
            " problem = :problem WHERE id = :id",
            {**asdict(state), "id": list_id, "active": ListStatus.ACTIVE},
        )

    def read_wholly(self) -> None:
        """Forget the validators of all lists."""
        self._conn.execute("UPDATE lists SET etag = NULL, last_modified = NULL")

    def feeds(self, list_id: ListId) -> tuple[Feed, ...]:
        """Return every feed the list named when it was last read, in order of id."""
        found = self._conn.execute("SELECT * FROM feeds WHERE list_id = ? ORDER BY id", (list_id,))
        return tuple(map(rows.a_feed, found))

    def addresses(self, list_id: ListId) -> Mapping[FeedId, str]:
        """Return by what address the list names its feeds."""
        found = self._conn.execute(
            "SELECT id, listed_as FROM feeds WHERE list_id = ? AND listed_as IS NOT NULL",
            (list_id,),
        )
        return {FeedId(feed_id): url for feed_id, url in found}

    def name(self, list_id: ListId, named: Mapping[FeedId, str]) -> None:
        """Note that the list names these feeds, each by its address there."""
        self._conn.executemany(
            "UPDATE feeds SET list_id = ?, listed_as = ? WHERE id = ?",
            [(list_id, url, feed_id) for feed_id, url in named.items()],
        )

    def let_go(self, feed_ids: Iterable[FeedId]) -> None:
        """Note that no list names these feeds any more."""
        self._conn.execute(
            "UPDATE feeds SET list_id = NULL, listed_as = NULL"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (many(set(feed_ids)),),
        )

    def _refuse_taken(self, spec: ListSpec, by: ListId | None) -> None:
        for other in self.all():
            if other.id == by:
                continue
            if other.spec.url == spec.url:
                raise UsageError(f"{spec.url} is followed already, as list {other.spec.name!r}")
            if other.spec.name == spec.name:
                raise UsageError(
                    f"the name {spec.name!r} is taken by list {other.id}, {other.spec.url};"
                    " give another"
                )


def _dump(spec: ListSpec) -> str:
    return json.dumps(asdict(spec))


def _load(kept: str) -> ListSpec:
    words: dict[str, Any] = json.loads(kept)
    words["tags"] = tuple(words["tags"])
    words["rights"] = Rights(words["rights"])
    return ListSpec(**words)


def _a_list(row: Row) -> FollowedList:
    return FollowedList(
        id=ListId(row["id"]),
        spec=_load(row["spec"]),
        origin=Origin(row["origin"]),
        status=ListStatus(row["status"]),
        state=ListState(
            title=row["title"],
            next_poll_at=row["next_poll_at"],
            etag=row["etag"],
            last_modified=row["last_modified"],
            last_poll_at=row["last_poll_at"],
            last_ok_at=row["last_ok_at"],
            failures=row["failures"],
            problem=row["problem"],
        ),
        added_at=row["added_at"],
    )
