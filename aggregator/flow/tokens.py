"""Give, change and take back the right to read feeds at addresses of one's own."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from urllib.parse import urlencode

from aggregator.core.tokens import Standing, digest_of, hint_of, standing
from aggregator.errors import NotFound, StoreError, UsageError
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.token import Token, TokenId
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx

log = logging.getLogger(__name__)

LABEL = 200  # characters
TOLD_EVERY = 60.0  # seconds between two writes of when tokens were used
CREATED, SHOWN = "tokens create", "tokens list"

Mint = Callable[[], str]


def mint() -> str:
    """Return 256 bits of chance as text that may stand in an address."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token with its secret: the only time that is told."""

    token: Token
    secret: str


def create(
    kit: Kit,
    label: str,
    *,
    topics: Sequence[str] = (),
    query: bool = False,
    private: bool = False,
    lasts: int | None = None,
    mint: Mint = mint,
) -> Issued:
    """Make a token for these topics (none: all), for so many seconds (None: until revoked).

    With `query` it may ask any query of all that is stored; with `private` its feeds show
    entries of feeds with a login. Raises `NotFound` for a topic there is not.
    """
    label = " ".join(label.split())
    if not 1 <= len(label) <= LABEL:
        raise UsageError(f"a token needs a label of 1 to {LABEL} characters: whose it is")
    now, secret = int(kit.clock()), mint()
    with kit.store.write(durable=True) as tx:
        identity(tx, kit.settings.site, now)  # who reads later finds it decided
        ids = tuple(dict.fromkeys(topic_named(tx, slug).id for slug in topics))
        token = tx.tokens.add(
            Token(
                id=TokenId(0),
                digest=digest_of(secret),
                hint=hint_of(secret),
                label=label,
                topics=ids,
                query=query,
                private=private,
                created_at=now,
                expires_at=None if lasts is None else now + lasts,
            )
        )
    return Issued(token=token, secret=secret)


def rotate(kit: Kit, name: str, *, mint: Mint = mint) -> Issued:
    """Give a token another secret; the old one opens nothing from then on.

    Its feeds keep their ids. Raises `UsageError` for one that is over, `NotFound` for none.
    """
    secret = mint()
    with kit.store.write(durable=True) as tx:
        token = token_named(tx, name)
        if (now := standing(token, kit.clock())) is not Standing.OPEN:
            raise UsageError(f"token {token.id} is {now}; give a new one with `{CREATED}`")
        token = replace(token, digest=digest_of(secret), hint=hint_of(secret))
        tx.tokens.save(token)
    return Issued(token=token, secret=secret)


def revoke(kit: Kit, name: str) -> Token:
    """End a token for good, at once and in every process. Raises `NotFound` for none."""
    with kit.store.write(durable=True) as tx:
        token = token_named(tx, name)
        if token.revoked_at is None:
            token = replace(token, revoked_at=int(kit.clock()))
            tx.tokens.save(token)
    return token


def token_named(tx: Tx, name: str) -> Token:
    """Return the token of this number or hint; raises `NotFound`, `UsageError` for several."""
    if name.isascii() and name.isdigit() and len(name) < 19:
        token = tx.tokens.get(TokenId(int(name)))
        if token is not None:
            return token
    found = [each for each in tx.tokens.all() if each.hint == name]
    if len(found) > 1:
        numbers = ", ".join(str(each.id) for each in found)
        raise UsageError(f"tokens {numbers} begin with {name}; give the number of one")
    if not found:
        raise NotFound(f"there is no token {name!r}; `{SHOWN}` shows them")
    return found[0]


def opened(tx: Tx, secret: str, now: float) -> Token | None:
    """Return the token of this secret, None for none and for one that is over."""
    token = tx.tokens.by_digest(digest_of(secret))
    return token if token is not None and standing(token, now) is Standing.OPEN else None


def slugs_of(tx: Tx, token: Token) -> tuple[str | None, ...]:
    """Return what the topics that a token names go by now; None: one that was removed."""
    found = (tx.topics.get(topic_id) for topic_id in token.topics)
    return tuple(topic.spec.slug if topic is not None else None for topic in found)


def addresses(kit: Kit, issued: Issued) -> tuple[str, ...]:
    """Return where a token reads: its topics as Atom, and where it asks, by the query that finds
    everything. Each works as it is."""
    root = f"{kit.base}/feeds/{issued.secret}"
    with kit.store.read() as tx:
        slugs = tuple(slug for slug in slugs_of(tx, issued.token) if slug is not None)
        if not issued.token.topics:
            slugs = tuple(topic.spec.slug for topic in tx.topics.all(TopicStatus.ACTIVE))
    asking = (f"{root}/q.atom?{urlencode({'q': '*'})}",) if issued.token.query else ()
    return (*(f"{root}/{slug}.atom" for slug in slugs), *asking)


class Uses:
    """When tokens were used, written down once a minute at most, whoever asks how often."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._times: dict[TokenId, int] = {}
        self._told_at: float | None = None

    def note(self, token: Token, now: float) -> None:
        """Remember that a token was used at this time (UTC seconds)."""
        with self._lock:
            self._times[token.id] = int(now)

    def wait(self) -> float:
        """Return in how many seconds they may be written down again."""
        if self._told_at is None:
            return 0.0
        return max(0.0, self._told_at + TOLD_EVERY - self._seconds())

    def tell(self, kit: Kit) -> None:
        """Write down what was noted; what cannot be written waits for the next time."""
        with self._lock:
            times, self._times = self._times, {}
            self._told_at = self._seconds()
        try:
            if times:
                with kit.store.write() as tx:
                    tx.tokens.used(times)
        except StoreError as error:
            log.warning("uses of tokens not written down", extra={"problem": str(error)})
            with self._lock:
                self._times = {**times, **self._times}
