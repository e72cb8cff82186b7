"""Columns and their instalments, on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from aggregator.core.dates import iso_day
from aggregator.model.entry import Instalment
from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.series import Came, Stored
from aggregator.store.rows import PLACE, an_instalment
from aggregator.store.sqlite import Connection, many

_CAME = (
    f"SELECT s.series, e.feed_id, {PLACE} FROM entry_series s JOIN entries e ON e.id = s.entry_id"
    " WHERE s.series IN (SELECT value FROM json_each(?)) AND s.date >= ?"
)
# One branch for each index: SQLite takes none for an OR over two tables' columns.
_SAME = (
    "SELECT s.entry_id FROM json_each(?1) k JOIN entry_series s"
    " ON s.series = json_extract(k.value, '$[0]') AND s.date = json_extract(k.value, '$[1]')"
    " WHERE json_type(k.value, '$[1]') = 'text'"
    " UNION SELECT s.entry_id FROM json_each(?1) k JOIN entry_series s"
    " ON s.series = json_extract(k.value, '$[0]') AND s.number = json_extract(k.value, '$[1]')"
    " WHERE json_type(k.value, '$[1]') = 'integer' ORDER BY 1 LIMIT ?2"
)


class SqliteColumns:
    """`Columns` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def came(self, series: Iterable[str], since: int) -> tuple[Came, ...]:
        """Return every instalment of these columns whose day is `since` or later."""
        rows = self._conn.execute(_CAME, (json.dumps(sorted(set(series))), iso_day(since)))
        return tuple(
            Came(series=name, feed_id=FeedId(feed_id), at=at) for name, feed_id, at in rows
        )

    def same(self, keys: Sequence[tuple[str, str | int]], *, limit: int = 50) -> tuple[Stored, ...]:
        """Return the entries that have one of these keys, oldest first."""
        if not keys:
            return ()
        found = self._conn.execute(_SAME, (json.dumps(list(keys)), limit)).fetchall()
        ids = many([row[0] for row in found])
        series: dict[int, list[Instalment]] = {}
        for row in self._conn.execute(
            "SELECT * FROM entry_series WHERE entry_id IN (SELECT value FROM json_each(?))"
            " ORDER BY entry_id, ord",
            (ids,),
        ):
            series.setdefault(row["entry_id"], []).append(an_instalment(row))
        return tuple(
            Stored(
                entry_id=EntryId(row["id"]),
                feed_id=FeedId(row["feed_id"]),
                article_id=ArticleId(row["article_id"]),
                title=row["title"],
                series=tuple(series[row["id"]]),
            )
            for row in self._conn.execute(
                "SELECT id, feed_id, article_id, title FROM entries"
                " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                (ids,),
            )
        )
