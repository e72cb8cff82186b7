"""Tokens, purely: how a secret is remembered, and what whoever has it may read."""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b, sha256

from aggregator.model.ids import TopicId
from aggregator.model.token import Token

HINT = 6  # characters of a secret that may be shown: 36 of its 256 bits


class Standing(StrEnum):
    """What a token is worth now."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"


def digest_of(secret: str) -> bytes:
    """Return what a secret is known by.

    A plain SHA-256 will do: the secret is 256 bits of chance, which nobody can try out. Looking
    up a digest tells nothing by the time it takes, for nobody can choose one.
    """
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def hint_of(secret: str) -> str:
    """Return as much of a secret as may be shown."""
    return secret[:HINT]


def standing(token: Token, now: float) -> Standing:
    """Return whether a token opens anything at this time (UTC seconds)."""
    if token.revoked_at is not None:
        return Standing.REVOKED
    if token.expires_at is not None and token.expires_at <= now:
        return Standing.EXPIRED
    return Standing.OPEN


def may_read(token: Token, topic_id: TopicId | None) -> bool:
    """Return whether a token is for this topic, whatever slug that goes by; None: one of which
    nothing is known any more."""
    return not token.topics or topic_id in token.topics


def own_uri(token: Token, name: str, *, authority: str, year: int) -> str:
    """Return the id of a token's own feed: never that of the public one.

    A reader that keeps one copy of a feed for all its users would show them private entries.
    """
    return f"tag:{authority},{year}:feeds/{token.id}/{name}"


def query_name(query: str) -> str:
    """Return what the feed of a query goes by: as good as the query, and of any length.

    >>> query_name("tag:grain") == query_name(" tag:grain ")
    True
    """
    said = query.strip().encode("utf-8", "surrogatepass")
    return f"q/{blake2b(said, digest_size=8).hexdigest()}"
