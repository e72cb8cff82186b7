"""Tokens on SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from aggregator.model.ids import TopicId
from aggregator.model.token import Token, TokenId
from aggregator.store.sqlite import Connection, Row

_ADD = (
    "INSERT INTO tokens (digest, hint, label, topics, query, private, created_at, expires_at,"
    " revoked_at, last_used_at) VALUES (:digest, :hint, :label, :topics, :query, :private,"
    " :created_at, :expires_at, :revoked_at, :last_used_at)"
)
_SAVE = (
    "UPDATE tokens SET digest = :digest, hint = :hint, label = :label, topics = :topics,"
    " query = :query, private = :private, expires_at = :expires_at, revoked_at = :revoked_at"
    " WHERE id = :id"
)
_USED = "UPDATE tokens SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?"


class SqliteTokens:
    """`Tokens` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def all(self) -> tuple[Token, ...]:
        """Return every token in order of id."""
        return tuple(map(_a_token, self._conn.execute("SELECT * FROM tokens ORDER BY id")))

    def get(self, token_id: TokenId) -> Token | None:
        """Return the one of this number."""
        row = self._conn.execute("SELECT * FROM tokens WHERE id = ?", (token_id,)).fetchone()
        return None if row is None else _a_token(row)

    def by_digest(self, digest: bytes) -> Token | None:
        """Return the one of this secret."""
        row = self._conn.execute("SELECT * FROM tokens WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else _a_token(row)

    def add(self, token: Token) -> Token:
        """Keep a new one under a number of its own."""
        cursor = self._conn.execute(_ADD, _columns(token))
        return replace(token, id=TokenId(cursor.lastrowid or 0))

    def save(self, token: Token) -> None:
        """Replace what is kept of it."""
        self._conn.execute(_SAVE, _columns(token))

    def used(self, times: Mapping[TokenId, int]) -> None:
        """Note when tokens were used."""
        self._conn.executemany(_USED, [(at, token_id) for token_id, at in times.items()])


def _columns(token: Token) -> dict[str, object]:
    return {**asdict(token), "topics": json.dumps(token.topics)}


def _a_token(row: Row) -> Token:
    return Token(
        id=TokenId(row["id"]),
        digest=row["digest"],
        hint=row["hint"],
        label=row["label"],
        topics=tuple(map(TopicId, json.loads(row["topics"]))),
        query=bool(row["query"]),
        private=bool(row["private"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
