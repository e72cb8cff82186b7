"""The door for holders of tokens: feeds at addresses that nobody else knows.

A secret stands in the address, so nothing here is logged, kept by caches, followed by search
engines or passed on as a referrer; whatever is wrong with an address is answered the same.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.core.tokens import may_read
from aggregator.errors import QueryError, StoreError, StoreSlow
from aggregator.flow.kit import Kit
from aggregator.flow.private import QUERY, Asked, query_feed, topic_feed
from aggregator.flow.tokens import Uses, opened
from aggregator.formats.rendering import FORMATS
from aggregator.model.token import Token
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx
from aggregator.web.answers import NO_SNIFF, TEXT, Ready, Reply, ready_page, send_whole
from aggregator.web.pages import root_of

PRIVATE_PATHS = tuple(
    f"/feeds/{{token}}/{name}.{ending}" for name in ("{slug}", QUERY) for ending in FORMATS
)
"""The addresses answered here, as docs/routes.md lists them."""

CACHING = "private, max-age=300"
SECRET = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
KEPT = 64  # documents kept in memory, for readers that ask again before anything changed
KEPT_FOR = 60.0  # seconds: what waits for its time comes without a write
AT_ONCE = 4  # documents composed at the same time, one for each token
SOON = "5"  # seconds
LATER = "600"  # for a query that takes too long

ROOT = "/feeds/"
_PATH = re.compile(rf"/feeds/([\w-]{{20,64}})/([a-z0-9][a-z0-9-]{{0,63}})\.({'|'.join(FORMATS)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A document, and what it was made of: it stands while that does."""

    ready: Ready
    kit: Kit
    version: int  # of the store
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A request that a token allows."""

    asked: Asked
    slug: str
    query: str | None  # None: a topic
    version: int  # of the store, before anything was read

    @property
    def key(self) -> tuple[bytes, str, str, str | None]:
        """By what its document is kept."""
        return (self.asked.token.digest, self.slug, self.asked.ending, self.query)


class _Refused(Exception):
    """Why nothing is shown: the status, what is said, and further headers."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        super().__init__(status)
        self.status, self.words, self.headers = status, words, headers


class PrivateDoor:
    """Answers private addresses; everything else goes to what lies behind."""

    def __init__(
        self,
        behind: ASGIApp,
        kit: Callable[[], Kit],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._behind, self._kit, self._seconds = behind, kit, seconds
        self._turns = asyncio.Semaphore(AT_ONCE)
        # One at a time for each token, or one reader could have all the turns by itself.
        self._own: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._kept: OrderedDict[object, _Kept] = OrderedDict()
        self._uses = Uses(seconds)
        self._will_tell = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(ROOT):
            await self._behind(scope, receive, send)
            return
        kit = self._kit()
        try:
            wanted = await run_in_threadpool(self._wanted, kit, scope)
            ready = await self._document(kit, wanted)
        except _Refused as no:
            await _say(send, no.status, no.words, no.headers)
        except StoreError:
            await _say(send, 503, "The store cannot be read just now.\n", {"Retry-After": SOON})
        else:
            self._note(wanted.asked.token)
            await Reply(ready)(scope, receive, send)

    def _wanted(self, kit: Kit, scope: Scope) -> _Wanted:
        """Return what is asked for, if a token allows it now: the store is asked each time, so
        that what was revoked opens nothing any more, in any process."""
        if scope["method"] not in ("GET", "HEAD"):
            raise _Refused(405, "A feed is only read.\n", Allow="GET, HEAD")
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            raise _nothing()
        secret, slug, ending = found.groups()
        version = kit.store.version()
        with kit.store.read() as tx:
            token = opened(tx, secret, kit.clock())
            if token is None:
                raise _nothing()
            query = _query(scope) if slug == QUERY and token.query else None
            if query is None:
                _see(tx, token, slug, f"{root_of(kit.base)}{ROOT}{secret}/{{}}.{ending}")
        asked = Asked(token=token, secret=secret, ending=ending)
        return _Wanted(asked=asked, slug=slug, query=query, version=version)

    async def _document(self, kit: Kit, wanted: _Wanted) -> Ready:
        """Return the document as it stands now, composing it when nothing kept does."""
        kept = self._standing(kit, wanted)
        if kept is not None:
            return kept
        own = self._own.setdefault(wanted.asked.token.digest, asyncio.Lock())
        async with own, self._turns:
            kept = self._standing(kit, wanted)
            if kept is not None:
                return kept
            ready = await run_in_threadpool(_compose, kit, wanted)
        until = self._seconds() + KEPT_FOR
        self._kept[wanted.key] = _Kept(ready=ready, kit=kit, version=wanted.version, until=until)
        self._kept.move_to_end(wanted.key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return ready

    def _standing(self, kit: Kit, wanted: _Wanted) -> Ready | None:
        kept = self._kept.get(wanted.key)
        if kept is None or kept.kit is not kit or kept.version != wanted.version:
            return None
        return kept.ready if self._seconds() < kept.until else None

    def _note(self, token: Token) -> None:
        """Have it written down that the token was used, while nobody waits for that."""
        self._uses.note(token, self._kit().clock())
        if not self._will_tell:
            self._will_tell = True
            loop = asyncio.get_running_loop()
            loop.call_later(self._uses.wait(), lambda: loop.run_in_executor(None, self._tell))

    def _tell(self) -> None:
        self._will_tell = False
        self._uses.tell(self._kit())


def _compose(kit: Kit, wanted: _Wanted) -> Ready:
    try:
        if wanted.query is None:
            body = topic_feed(kit, wanted.asked, wanted.slug)
        else:
            body = query_feed(kit, wanted.asked, wanted.query)
    except QueryError as error:
        raise _Refused(400, f"This query cannot be asked: {error}\n") from None
    except StoreSlow as error:
        later = {"Retry-After": LATER}
        raise _Refused(503, f"This query is given up: {error}\n", **later) from None
    if body is None:
        raise _nothing()
    return ready_page(body, FORMATS[wanted.asked.ending], caching=CACHING, more=SECRET)


def _query(scope: Scope) -> str:
    """Return the query that the address asks."""
    said: bytes = scope["query_string"]
    fields = parse_qs(said.decode("latin-1"), errors="replace")
    query = fields.get("q", [""])[0].strip()
    if not query:
        raise _Refused(400, "Say what to look for: …/q.atom?q=grain\n")
    return query


def _see(tx: Tx, token: Token, slug: str, address: str) -> None:
    """Return where the token may read this topic; raise where it went, or that it is not there."""
    topic = tx.topics.find(slug)
    if topic is not None and topic.status is not TopicStatus.REMOVED and may_read(token, topic.id):
        return
    former = tx.publications.once(slug)  # whoever may not read who has it now is led on as ever
    if former is None or former.now == slug or not may_read(token, former.topic_id):
        raise _nothing()
    if former.now is None:
        raise _Refused(410, "This topic is no more.\n")
    where = address.format(former.now)
    raise _Refused(301, f"{where}\n", Location=where)


def _nothing() -> _Refused:
    """Whatever is wrong with an address, it is told alike: nobody learns which part was right."""
    return _Refused(404, "Nothing is here.\n")


async def _say(send: Send, status: int, text: str, headers: Mapping[str, str]) -> None:
    body = text.encode()
    lines = {
        "Content-Type": TEXT,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        **NO_SNIFF,
        **SECRET,
        **headers,
    }
    told = [(name.lower().encode(), value.encode("latin-1")) for name, value in lines.items()]
    await send_whole(send, status, told, body)
