"""The full-text index: tokens of title and summary, one row for each entry not withdrawn."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.core.text import tokens
from aggregator.errors import UsageError
from aggregator.model.ids import EntryId
from aggregator.store.sqlite import LAST_ID, STATEMENT_ERROR, Connection, StatementError


def index(conn: Connection, texts: Iterable[tuple[EntryId, str, str]]) -> None:
    """Add entries by (id, title, summary)."""
    conn.executemany(
        "INSERT INTO entry_words (rowid, title, summary) VALUES (?, ?, ?)", _tokenised(texts)
    )


def unindex(conn: Connection, texts: Iterable[tuple[EntryId, str, str]]) -> None:
    """Take entries out, by the very texts they were added with."""
    conn.executemany(
        "INSERT INTO entry_words (entry_words, rowid, title, summary) VALUES ('delete', ?, ?, ?)",
        _tokenised(texts),
    )


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


def _tokenised(texts: Iterable[tuple[EntryId, str, str]]) -> list[tuple[EntryId, str, str]]:
    return [(id_, " ".join(tokens(one)), " ".join(tokens(two))) for id_, one, two in texts]
