"""The door feed readers use: kept bytes from memory, in front of everything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.core.hub import link_header
from aggregator.errors import StoreError
from aggregator.flow.audience import Counter
from aggregator.flow.kit import Kit
from aggregator.formats.rendering import FORMATS
from aggregator.model.publication import Former
from aggregator.web.answers import (
    FEED_CACHING,
    FOR_ANY_SITE,
    TEXT,
    VARY_FEED,
    Answer,
    Ready,
    answer,
    ready_feed,
    send_whole,
)
from aggregator.web.conditions import Headers, header_map, is_navigation
from aggregator.web.pages import root_of
from aggregator.web.rate import Buckets, Gate
from aggregator.web.shelf import FeedShelf
from aggregator.web.views import find_topic

CORRECTIONS = "/corrections.atom"
FEED_PATHS = (
    *(f"/topics/{{slug}}.{ending}" for ending in FORMATS),
    *(f"/topics/{{slug}}/archive/{{n}}.{ending}" for ending in FORMATS),
    f"/topics/{{slug}}{CORRECTIONS}",
)
"""The addresses answered here, as docs/routes.md lists them."""

_ENDINGS = "|".join(FORMATS)
_FEED = re.compile(
    r"/topics/(?P<slug>[a-z0-9][a-z0-9-]{0,63})(?P<tail>"
    rf"\.(?:{_ENDINGS})|(?P<archive>/archive/[1-9][0-9]{{0,8}}\.(?:{_ENDINGS}))|"
    rf"{re.escape(CORRECTIONS)})"
)
SOON = "5"  # seconds; a topic is composed within one

_PREFLIGHT = {
    **FOR_ANY_SITE,
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, Cache-Control",
    "Access-Control-Max-Age": "86400",
}
_LATER = {"Cache-Control": "no-store", **FOR_ANY_SITE}


def load_feed(kit: Kit, path: str) -> Ready | None:
    """Return a kept document as it is served."""
    with kit.store.read() as tx:
        document = tx.publications.document(path)
    if document is None:
        return None
    link = link_header(path, kit.settings.site, kit.base)
    return ready_feed(document, root=root_of(kit.base), link=link)


class FeedDoor:
    """Answers topics' feed addresses; everything else goes to the pages behind it.

    Every request passes its gate, and every feed that goes out is counted.
    """

    def __init__(
        self, pages: ASGIApp, kit: Callable[[], Kit], counter: Counter, buckets: Buckets
    ) -> None:
        self._pages, self._kit, self._counter = pages, kit, counter
        self.shelf = FeedShelf(kit, load_feed)
        self._gate = Gate(lambda: kit().settings.site.proxies, buckets)

    def at_once(self, method: str, path: str, peer: str, headers: Headers) -> Answer | None:
        """Return the answer to GET or HEAD that needs nothing but memory, and count it.

        None where there is more to it. `path` as in a request, `peer` the address of whoever
        brought it; of the headers those with `conditions`' names matter, X-Forwarded-For and
        User-Agent.
        """
        ready = self.shelf.at_once(path[1:])
        if ready is None or is_navigation(headers):
            return None
        who, wait = self._gate.enter(peer, headers)
        return None if wait else self._counted(method, path, who, headers, ready)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        headers = header_map(scope["headers"])
        who, wait = self._gate.enter((scope.get("client") or ("",))[0], headers)
        found = _FEED.fullmatch(scope["path"])
        if wait:
            later = {"Retry-After": str(ceil(wait)), **_LATER}
            await _say(send, 429, "Too many requests; please come again later.\n", later)
        elif found is None:
            await self._pages(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            if not await self._answer(found, who, headers, scope["method"], send):
                await self._pages(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _say(send, 204, "", {"Allow": "GET, HEAD, OPTIONS", **_PREFLIGHT})
        else:
            await _say(send, 405, "A feed is only read.\n", {"Allow": "GET, HEAD, OPTIONS"})

    async def _answer(
        self, found: re.Match[str], who: str, headers: Headers, method: str, send: Send
    ) -> bool:
        """Answer with a document, or tell what became of it. False: nothing is known of it."""
        path, slug, root = found[0], found["slug"], root_of(self._kit().base)
        try:
            ready = await self.shelf.get(path[1:])
            is_topic = ready is not None or await run_in_threadpool(self._is_topic, slug)
            former = None if is_topic else await run_in_threadpool(self._former, slug)
        except StoreError:
            later = {"Retry-After": SOON, **_LATER}
            await _say(send, 503, "The store cannot be read just now.\n", later)
            return True
        if is_topic and is_navigation(headers):
            archive = (found["archive"] or "").partition(".")[0]
            where = f"{root}/topics/{slug}{archive}"
            page = {"Location": where, "Cache-Control": "no-store", "Vary": VARY_FEED}
            await _say(send, 303, f"{where}\n", page)
        elif ready is not None:
            chosen = self._counted(method, path, who, headers, ready)
            body = b"" if method == "HEAD" else chosen.body
            await send_whole(send, chosen.status, chosen.headers, body)
        elif former is not None:
            await _tell_former(send, former, f"{root}/topics/{former.now}{found['tail']}")
        elif is_topic and not found["archive"]:
            later = {"Retry-After": SOON, **_LATER}
            await _say(send, 503, "This topic is being composed for the first time.\n", later)
        else:
            return False
        return True

    def _counted(self, method: str, path: str, who: str, headers: Headers, ready: Ready) -> Answer:
        chosen = answer(ready, headers)
        self._counter.note(
            path[1:],
            headers.get(b"user-agent", b""),
            who,
            not_modified=chosen.status == 304,
            size=len(chosen.body) if method == "GET" else 0,
        )
        return chosen

    def _is_topic(self, slug: str) -> bool:
        with self._kit().store.read() as tx:
            return find_topic(tx, slug) is not None

    def _former(self, slug: str) -> Former | None:
        with self._kit().store.read() as tx:
            return tx.publications.former(slug)


async def _tell_former(send: Send, former: Former, where: str) -> None:
    """Say where a topic went, or that it is gone for good: readers then stop asking."""
    lasting = {"Cache-Control": FEED_CACHING, **FOR_ANY_SITE}
    if former.now is None:
        await _say(send, 410, "This topic was removed; nothing will come here again.\n", lasting)
    else:
        await _say(send, 301, f"{where}\n", {"Location": where, **lasting})


async def _say(send: Send, status: int, text: str, headers: dict[str, str]) -> None:
    body = text.encode()
    lines = {"Content-Type": TEXT, "Content-Length": str(len(body)), **headers} if text else headers
    await send_whole(
        send,
        status,
        ((name.lower().encode(), value.encode("latin-1")) for name, value in lines.items()),
        body,
    )
