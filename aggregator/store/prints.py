"""Prints on SQLite: an inverted index of a few keys an entry, and what is compared exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.prints import Near, Print
from aggregator.store.sqlite import Connection, many

PER_KEY = 16  # entries of one key, the newest: a standing text shares its keys with thousands
MOST = 6  # entries that are compared
_LOOKED_AT = 16  # for their feed and their time
_RARE = 4  # entries: of the keys shared, one that so few have makes …
_SHARED = 1 << 12  # a key shared; below that: what it weighs, the more the fewer have it
_LIKELY, _LIKELIER = 2 * _SHARED, 4 * _SHARED  # … two keys enough; else four: phrases are no sign

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
_NEAR = f"SELECT p.entry_id, e.feed_id, e.article_id, p.at, p.shingles, p.head, e.title{_FROM_OPEN}"


class SqlitePrints:
    """`Prints` on SQLite. Keys wait in memory for the transaction's end, and are found there.

    They are spread over the whole index: each poll would write pages that the next one writes
    again. All at once and in order, keys that lie together are written together.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._waiting: list[tuple[EntryId, tuple[int, ...]]] = []
        self._found: dict[int, list[EntryId]] = {}  # by the keys that wait

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
        found = self._open(best, since, but)
        return tuple(found[EntryId(each)] for each in best if each in found)

    def get(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, Near]:
        """Return these entries with their prints, of those that have one still."""
        return self._open(entry_ids, _LOWEST, None)

    def _open(
        self, entry_ids: Sequence[int], since: int, but: FeedId | None
    ) -> dict[EntryId, Near]:
        rows = self._conn.execute(_NEAR, (many(entry_ids), since, but))
        return {
            EntryId(row[0]): Near(
                entry_id=EntryId(row[0]),
                feed_id=FeedId(row[1]),
                article_id=ArticleId(row[2]),
                at=row[3],
                print=Print(shingles=row[4], head=row[5], title=row[6]),
            )
            for row in rows
        }

    def keep(self, prints: Iterable[tuple[EntryId, int, Print]]) -> None:
        """Keep prints. Keys that an entry had before stay; they lead to its print of now."""
        prints = [*prints]
        self._wait((entry_id, its.keys) for entry_id, _, its in prints)
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
        self.write()
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

    def mark(self) -> int:
        """Return a place to go back to."""
        return len(self._waiting)

    def back_to(self, mark: int) -> None:
        """Forget the keys that were given since."""
        if mark < len(self._waiting):
            before, self._waiting, self._found = self._waiting[:mark], [], {}
            self._wait(before)

    def write(self) -> None:
        """Write the keys that wait."""
        if self._waiting:
            rows = sorted((key, entry_id) for entry_id, keys in self._waiting for key in keys)
            self._conn.executemany(_KEEP_KEY, rows)
            self.back_to(0)

    def _wait(self, keys_of: Iterable[tuple[EntryId, tuple[int, ...]]]) -> None:
        for each in keys_of:
            self._waiting.append(each)
            entry_id, keys = each
            for key in keys:
                self._found.setdefault(key, []).append(entry_id)

    def _best(self, keys: Sequence[int]) -> list[int]:
        """Return the entries that share most: several keys, fewer where few have one.

        What many share weighs less: among texts with one standing end the copy comes first.
        """
        scores: dict[str, int] = {}
        for key, (its,) in zip(keys, self._conn.execute(_newest_of(len(keys)), keys)):
            waiting = self._found.get(key)
            if its is None and waiting is None:
                continue
            sharers = its.split(",") if its else []
            if waiting:
                sharers = [*map(str, reversed(waiting)), *sharers][:PER_KEY]
            score = _SHARED + PER_KEY // len(sharers)
            for entry in sharers:
                scores[entry] = scores.get(entry, 0) + score
        likely = [
            (score % _SHARED, int(entry))
            for entry, score in scores.items()
            if score >= _LIKELIER or (score >= _LIKELY and score % _SHARED > PER_KEY // _RARE)
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
