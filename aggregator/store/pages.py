"""Article pages and robots.txt, on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.core.urls import host_of
from aggregator.model.entry import Instalment, Tag
from aggregator.model.ids import EntryId
from aggregator.model.page import DuePage, Page, RobotsFile
from aggregator.store import keeping
from aggregator.store.packing import pack, unpack
from aggregator.store.sqlite import Connection, Row, many

FAR = 30 * 86400.0  # seconds ahead that no pause reaches: a clock that has gone back since set it

_WANTED = (
    "FROM pages p JOIN entries e ON e.id = p.entry_id JOIN feeds f ON f.id = e.feed_id"
    " LEFT JOIN hosts h ON h.host = p.host"
    " WHERE f.status = 'active' AND json_extract(f.spec, '$.fulltext') AND e.withdrawn_at IS NULL"
)
_DUE = (
    f"SELECT p.entry_id, p.url, p.host, p.tries, f.private, min(p.due_at) {_WANTED}"
    " AND (p.due_at <= :now OR p.due_at > :far) AND coalesce(h.next_ok_at, 0) <= :now"
    " GROUP BY p.host ORDER BY min(p.due_at), p.entry_id LIMIT :limit"
)
_NEXT = f"SELECT min(max(p.due_at, coalesce(h.next_ok_at, 0))) {_WANTED} AND p.due_at IS NOT NULL"
_TWIN = (
    "SELECT p.* FROM entries mine JOIN entries e ON e.url_hash = mine.url_hash"
    " JOIN pages p ON p.entry_id = e.id"
    " WHERE mine.id = ?1 AND e.id <> ?1 AND p.due_at IS NULL ORDER BY p.entry_id LIMIT 1"
)


class SqlitePages:
    """`Pages` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def want(self, entry_ids: Sequence[EntryId], now: float) -> int:
        """Queue pages never queued; a bare site root is no article, and so is not asked for."""
        found = self._conn.execute(
            "SELECT id, url FROM entries WHERE id IN (SELECT value FROM json_each(?))"
            " AND url IS NOT NULL AND url_hash IS NOT NULL AND withdrawn_at IS NULL ORDER BY id",
            (many(entry_ids),),
        ).fetchall()
        rows = [(row["id"], row["url"], host_of(row["url"]), now) for row in found]
        return self._conn.executemany(
            "INSERT OR IGNORE INTO pages (entry_id, url, host, due_at) VALUES (?, ?, ?, ?)",
            [row for row in rows if row[2] is not None],
        ).rowcount

    def due(self, now: float, *, limit: int) -> tuple[DuePage, ...]:
        """Return the longest waiting page of each host that may be asked now."""
        asked = {"now": now, "far": now + FAR, "limit": limit}
        return tuple(
            DuePage(
                entry_id=EntryId(row["entry_id"]),
                url=row["url"],
                host=row["host"],
                tries=row["tries"],
                private=bool(row["private"]),
            )
            for row in self._conn.execute(_DUE, asked)
        )

    def next_at(self) -> float | None:
        """Return when the next page can be asked for; None: never."""
        (at,) = self._conn.execute(_NEXT).fetchone()
        return None if at is None else float(at)

    def twin(self, entry_id: EntryId) -> Page | None:
        """Return another entry's page at the same canonical address, if that is done."""
        row = self._conn.execute(_TWIN, (entry_id,)).fetchone()
        return None if row is None else _a_page(row)

    def lease(self, entry_id: EntryId, until: float) -> None:
        """Let nobody else take it before `until`; counts as a try."""
        self._conn.execute(
            "UPDATE pages SET due_at = ?, tries = tries + 1 WHERE entry_id = ?", (until, entry_id)
        )

    def postpone(
        self, entry_id: EntryId, due_at: float, problem: str | None, *, tried: bool
    ) -> None:
        """Have it asked for later; a try that was none is taken back."""
        self._conn.execute(
            "UPDATE pages SET due_at = ?, problem = ?, tries = tries - ?"
            " WHERE entry_id = ? AND due_at IS NOT NULL",
            (due_at, problem, not tried, entry_id),
        )

    def done(self, entry_id: EntryId, now: float, *, body: str, problem: str | None) -> bool:
        """Keep what came of it; False, and nothing written, when it was done already."""
        settled = self._conn.execute(
            "UPDATE pages SET due_at = NULL, fetched_at = ?, body = ?, problem = ?"
            " WHERE entry_id = ? AND due_at IS NOT NULL",
            (now, pack(body), problem, entry_id),
        )
        return settled.rowcount == 1

    def get(self, entry_id: EntryId) -> Page | None:
        """Return what is known of an entry's page."""
        row = self._conn.execute("SELECT * FROM pages WHERE entry_id = ?", (entry_id,)).fetchone()
        return None if row is None else _a_page(row)

    def bodies(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, str]:
        """Return the HTML of these entries' pages, of those that have any."""
        found = self._conn.execute(
            "SELECT entry_id, body FROM pages"
            " WHERE entry_id IN (SELECT value FROM json_each(?)) AND body IS NOT NULL",
            (many(entry_ids),),
        )
        return {EntryId(entry_id): unpack(body) for entry_id, body in found}

    def refile(self, entry_id: EntryId, tags: Sequence[Tag], series: Sequence[Instalment]) -> None:
        """Give an entry these tags and series in place of all it had."""
        keeping.replace_tags(self._conn, entry_id, tags)
        keeping.replace_series(self._conn, entry_id, series)

    def robots(self, place: str) -> RobotsFile | None:
        """Return a host's robots.txt as it was last had."""
        row = self._conn.execute("SELECT * FROM robots WHERE host = ?", (place,)).fetchone()
        if row is None:
            return None
        return RobotsFile(
            place=place, fetched_at=row["fetched_at"], status=row["status"], body=row["body"]
        )

    def keep_robots(self, robots: RobotsFile) -> None:
        """Keep a host's robots.txt in place of the one before."""
        self._conn.execute(
            "INSERT OR REPLACE INTO robots (host, fetched_at, status, body) VALUES (?, ?, ?, ?)",
            (robots.place, robots.fetched_at, robots.status, robots.body),
        )

    def forget_robots(self, before: float, limit: int) -> int:
        """Forget at most `limit` robots.txt files last had before then; return how many."""
        return self._conn.execute(
            "DELETE FROM robots WHERE host IN"
            " (SELECT host FROM robots WHERE fetched_at < ? LIMIT ?)",
            (before, limit),
        ).rowcount


def _a_page(row: Row) -> Page:
    return Page(
        entry_id=EntryId(row["entry_id"]),
        url=row["url"],
        due_at=row["due_at"],
        tries=row["tries"],
        fetched_at=row["fetched_at"],
        problem=row["problem"],
        body=unpack(row["body"]),
    )
