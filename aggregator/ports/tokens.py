"""Tokens, and what only the holders of some may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.ids import ArticleId, EntryId, TopicId
from aggregator.model.story import Source
from aggregator.model.token import Token, TokenId


class Tokens(Protocol):
    """Tokens, known by the digests of their secrets."""

    def all(self) -> tuple[Token, ...]:
        """In order of id, those that are over too."""
        ...

    def get(self, token_id: TokenId) -> Token | None: ...
    def by_digest(self, digest: bytes) -> Token | None:
        """The one of this secret, over or not."""
        ...

    def add(self, token: Token) -> Token:
        """Keep a new one; its id is given here."""
        ...

    def save(self, token: Token) -> None:
        """Replace all that is kept of it but when it was last used."""
        ...

    def used(self, times: Mapping[TokenId, int]) -> None:
        """Note when tokens were used; an earlier time than is known changes nothing."""
        ...


class Confidential(Protocol):
    """What feeds with a login told, beside what is public. Nothing withdrawn."""

    def told_in(self, topic_id: TopicId, *, limit: int) -> tuple[ArticleId, ...]:
        """Articles published in the topic that entries of private feeds are admitted to, their
        stories' where it tells stories; those judged last first."""
        ...

    def tellings(self, article_ids: Sequence[ArticleId]) -> Mapping[ArticleId, tuple[Source, ...]]:
        """Who tells the story of each article, in order of entry id."""
        ...

    def key_hashes(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, int]:
        """By what each entry is known in its feed."""
        ...
