"""A token: the right to read feeds at addresses that only its holder knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from aggregator.model.ids import TopicId

TokenId = NewType("TokenId", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token: never its secret, which is told once."""

    id: TokenId
    digest: bytes  # of the secret
    hint: str  # the secret's first characters, to tell tokens apart
    label: str  # whose it is
    topics: tuple[TopicId, ...] = ()  # empty: all
    query: bool = False  # whether it may ask queries
    private: bool = False  # whether it shows entries of feeds with a login
    created_at: int = 0
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
