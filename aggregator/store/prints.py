"""Prints on SQLite: an inverted index of a few keys an entry, and what is compared exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.prints import Near, Print
from aggregator.store.sqlite import Connection, many

PER_KEY = 16  # entries of one key, the newest: a standing text shares its keys with thousands
MOST = 6  # entries that are compared
_LOOKED_AT = 16  # for their feed and their time
_RARE = 4  # entries: of the keys shared, one that so few have makes …
_LIKELY, _LIKELIER = 2, 4  # … two keys enough; else four: usual turns of phrase are no sign

_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1
_KEEP_KEY = "INSERT OR IGNORE INTO print_keys (key, entry_id) VALUES (?, ?)"
_KEEP = (
    "INSERT INTO prints (entry_id, at, shingles, head) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (entry_id) DO UPDATE SET at = excluded.at, shingles = excluded.shingles,"
    " head = excluded.head"
)
_FROM_OPEN = (
    " FROM prints p JOIN entries e ON e.id = p.entry_id"
    " WHERE p.entry_id IN (SELECT value FROM json_each(?)) AND p.at >= ? AND e.feed_id IS NOT ?"
    " AND e.withdrawn_at IS NULL"
)
_OPEN = f"SELECT p.entry_id{_FROM_OPEN}"
_NEAR = (
    "SELECT p.entry_id, e.feed_id, e.article_id, p.at, p.shingles, p.head, e.title"
    f"{_FROM_OPEN}"
)


class SqlitePrints:
    """`Prints` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def near(
        self, keys: Sequence[int], since: int, *, but: FeedId | None = None
    ) -> tuple[Near, ...]:
        """Return the few entries that share most with these keys, best first."""
        if not keys:
            return ()
        best = self._best(keys)
        if len(best) > MOST:
            open_ = {each[0] for each in self._conn.execute(_OPEN, (many(best), since, but))}
            best = [each for each in best if each in open_][:MOST]
        if not best:
            return ()
        rows = self._conn.execute(_NEAR, (many(best), since, but))
        found = {
            row[0]: Near(
                entry_id=EntryId(row[0]),
                feed_id=FeedId(row[1]),
                article_id=ArticleId(row[2]),
                at=row[3],
                print=Print(shingles=row[4], head=row[5], title=row[6]),
            )
            for row in rows
        }
        return tuple(found[each] for each in best if each in found)

    def keep(self, prints: Iterable[tuple[EntryId, int, Print]]) -> None:
        """Keep prints. Keys that an entry had before stay; they lead to its print of now."""
        prints = [*prints]
        # In order: what lies together is written together.
        self._conn.executemany(
            _KEEP_KEY, sorted((key, entry_id) for entry_id, _, its in prints for key in its.keys)
        )
        self._conn.executemany(
            _KEEP,
            [(entry_id, at, its.shingles, its.head) for entry_id, at, its in prints],
        )

    def drop(self, entry_id: EntryId) -> None:
        """Find the entry no more; its keys are swept with those of its age."""
        self._conn.execute("DELETE FROM prints WHERE entry_id = ?", (entry_id,))

    def forget(self, before: int, limit: int) -> int:
        """Drop old prints, the oldest first."""
        return self._conn.execute(
            "DELETE FROM prints WHERE entry_id IN"
            " (SELECT entry_id FROM prints WHERE at < ? ORDER BY at LIMIT ?)",
            (before, limit),
        ).rowcount

    def sweep(self, start: int, limit: int) -> int | None:
        """Delete keys of entries older than every print: in the order of keys, page by page."""
        first = start or _LOWEST
        row = self._conn.execute(
            "SELECT key FROM print_keys WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?",
            (first, limit),
        ).fetchone()
        # A key that more entries share than are looked at once is taken whole.
        end = None if row is None else max(int(row[0]), first + 1)
        self._conn.execute(
            "DELETE FROM print_keys WHERE key >= ? AND key <= ? AND entry_id <"
            " coalesce((SELECT min(entry_id) FROM prints), ?)",
            (first, _HIGHEST if end is None else end - 1, _HIGHEST),
        )
        return end

    def _best(self, keys: Sequence[int]) -> list[int]:
        """Return the entries that share most: several keys, fewer where few have one."""
        shared: Counter[str] = Counter()
        rare: set[str] = set()
        for (its,) in self._conn.execute(_newest_of(len(keys)), keys):
            if its is not None:
                sharers = its.split(",")
                shared.update(sharers)
                if len(sharers) <= _RARE:
                    rare.update(sharers)
        likely = [
            (count, int(entry))
            for entry, count in shared.items()
            if count >= _LIKELIER or (count >= _LIKELY and entry in rare)
        ]
        return [entry_id for _, entry_id in sorted(likely, reverse=True)[:_LOOKED_AT]]


@lru_cache(maxsize=64)
def _newest_of(keys: int) -> str:
    """Return the question for the newest entries of each of so many keys; it ends early."""
    one = (
        "SELECT group_concat(entry_id) FROM (SELECT entry_id FROM print_keys WHERE key = ?"
        f" ORDER BY entry_id DESC LIMIT {PER_KEY})"
    )
    return " UNION ALL ".join([one] * keys)
