from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.tokens import (
    Standing,
    digest_of,
    hint_of,
    may_read,
    own_uri,
    query_name,
    standing,
)
from aggregator.model.ids import TopicId
from aggregator.model.token import Token, TokenId
from tests.makers import NOON

TOKEN = Token(id=TokenId(7), digest=b"", hint="", label="Ida")


def test_a_digest_gives_nothing_of_the_secret_away_but_what_may_be_shown() -> None:
    secret = "s1vcL5cxP9lbF2SRpk8HW5__Md2XFh3VjHVKJPZgOiM"
    assert len(digest_of(secret)) == 32
    assert digest_of(secret) == digest_of(secret) != digest_of(secret + "x")
    assert hint_of(secret) == "s1vcL5"


@pytest.mark.parametrize(
    ("token", "then"),
    [
        (TOKEN, Standing.OPEN),
        (replace(TOKEN, expires_at=NOON + 1), Standing.OPEN),
        (replace(TOKEN, expires_at=NOON), Standing.EXPIRED),
        (replace(TOKEN, revoked_at=NOON - 9), Standing.REVOKED),
        (replace(TOKEN, revoked_at=NOON + 9), Standing.REVOKED),  # the clock went back
        (replace(TOKEN, revoked_at=NOON, expires_at=NOON), Standing.REVOKED),
    ],
)
def test_a_token_opens_something_until_it_is_over(token: Token, then: Standing) -> None:
    assert standing(token, NOON) is then


def test_a_token_without_topics_is_for_all() -> None:
    lane, sea = TopicId(1), TopicId(2)
    assert may_read(TOKEN, lane) and may_read(TOKEN, None)
    some = replace(TOKEN, topics=(lane,))
    assert may_read(some, lane) and not may_read(some, sea) and not may_read(some, None)


@given(st.text(), st.text())
def test_each_query_has_a_feed_of_its_own(one: str, other: str) -> None:
    assert (query_name(one) == query_name(other)) == (one.strip() == other.strip())


def test_a_private_feed_never_has_the_id_of_the_public_one() -> None:
    uri = own_uri(TOKEN, "lane", authority="news.example.org", year=2026)
    assert uri == "tag:news.example.org,2026:feeds/7/lane"
