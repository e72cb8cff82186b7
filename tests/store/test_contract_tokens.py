"""Tokens are found by digests alone; what they open is theirs for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import StoreRefused
from aggregator.model.ids import TopicId
from aggregator.model.token import Token, TokenId
from aggregator.ports import Store
from tests.makers import NOON


def a_token(digest: bytes = b"digest", **said: object) -> Token:
    token = Token(id=TokenId(0), digest=digest, hint="abc123", label="Ida", created_at=NOON)
    return replace(token, **said)  # type: ignore[arg-type]


def test_a_token_comes_back_as_it_was_kept(store: Store) -> None:
    with store.write() as tx:
        kept = tx.tokens.add(
            a_token(topics=(TopicId(3), TopicId(8)), query=True, private=True, expires_at=NOON + 9)
        )
        changed = replace(kept, digest=b"other", hint="zzz", revoked_at=NOON + 5, topics=())
        tx.tokens.save(changed)
        plain = tx.tokens.add(a_token())
    with store.read() as tx:
        assert tx.tokens.all() == (changed, plain)
        assert tx.tokens.get(kept.id) == changed
        assert tx.tokens.by_digest(b"other") == changed
        assert tx.tokens.by_digest(b"digest") == plain
        assert tx.tokens.by_digest(b"none") is None
        assert tx.tokens.get(TokenId(99)) is None


def test_two_tokens_cannot_have_one_secret(store: Store) -> None:
    with pytest.raises(StoreRefused), store.write() as tx:
        tx.tokens.add(a_token())
        tx.tokens.add(a_token())


def test_the_last_use_is_the_latest_whoever_tells_it_when(store: Store) -> None:
    with store.write() as tx:
        one, other = tx.tokens.add(a_token(b"1")), tx.tokens.add(a_token(b"2"))
        tx.tokens.used({one.id: NOON + 60, other.id: NOON})
        tx.tokens.used({one.id: NOON + 30})
        tx.tokens.save(replace(one, revoked_at=NOON))
    with store.read() as tx:
        assert [each.last_used_at for each in tx.tokens.all()] == [NOON + 60, NOON]


def test_a_number_is_never_given_again(store: Store) -> None:
    with store.write() as tx:
        first = tx.tokens.add(a_token(b"1"))
        second = tx.tokens.add(a_token(b"2"))
    assert second.id > first.id > 0
