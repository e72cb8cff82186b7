"""The full-text index: tokens of title and summary, one row for each entry not withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from aggregator.core.text import tokens
from aggregator.errors import UsageError
from aggregator.model.ids import EntryId
from aggregator.store.sqlite import LAST_ID, STATEMENT_ERROR, Connection, StatementError

_ADD = "INSERT INTO entry_words (rowid, title, summary) VALUES (?, ?, ?)"
_TAKE_OUT = (
    "INSERT INTO entry_words (entry_words, rowid, title, summary) VALUES ('delete', ?, ?, ?)"
)
Said = tuple[EntryId, str, str]  # id, and tokens of title and summary, each joined by spaces


class WordIndex:
    """The index as one transaction changes it: all at once, at its end.

    FTS5 gathers what is added in memory and writes it out at every savepoint that follows, also
    those that SQLite sets around a statement of several rows: indexed poll by poll, a group of
    polls made as many segments, each to be merged later.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._waiting: list[tuple[str, Said]] = []

    def add(self, texts: Iterable[Said]) -> None:
        """Have entries found by their tokens (see `said_of`)."""
        self._waiting.extend((_ADD, each) for each in texts)

    def take_out(self, texts: Iterable[Said]) -> None:
        """Have entries found no more; by the very tokens they were added with."""
        self._waiting.extend((_TAKE_OUT, each) for each in texts)

    def mark(self) -> int:
        """Return a place to go back to."""
        return len(self._waiting)

    def back_to(self, mark: int) -> None:
        """Forget what was asked since."""
        del self._waiting[mark:]

    def write(self) -> None:
        """Write what waits, in the order asked."""
        waiting, self._waiting = self._waiting, []
        for statement, group in groupby(waiting, key=itemgetter(0)):
            self._conn.executemany(statement, [said for _, said in group])


def search(
    conn: Connection, expression: str, *, before_id: int | None, limit: int
) -> tuple[EntryId, ...]:
    """Return ids that match an FTS5 expression, newest first.

    By id and not by rank: bm25 over a common word reads every row that holds it (MEASURES §5).
    """
    try:
        found = conn.execute(
            "SELECT rowid FROM entry_words WHERE entry_words MATCH ? AND rowid < ?"
            " ORDER BY rowid DESC LIMIT ?",
            (expression, LAST_ID if before_id is None else before_id, limit),
        ).fetchall()
    except StatementError as error:
        if error.sqlite_errorcode != STATEMENT_ERROR:
            raise
        raise UsageError(f"the search expression {expression!r} cannot be read: {error}") from error
    return tuple(EntryId(rowid) for (rowid,) in found)


def said_of(entry_id: EntryId, title: str, summary: str) -> Said:
    """Return an entry's texts as they are indexed."""
    return entry_id, " ".join(tokens(title)), " ".join(tokens(summary))
