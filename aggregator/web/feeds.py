"""The door feed readers use: kept bytes from memory, in front of everything else."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.errors import StoreError
from aggregator.flow.kit import Kit
from aggregator.formats.rendering import FORMATS
from aggregator.web.answers import (
    FOR_ANY_SITE,
    TEXT,
    VARY_FEED,
    Ready,
    Reply,
    ready_feed,
    send_whole,
)
from aggregator.web.conditions import header_map, is_navigation
from aggregator.web.pages import root_of
from aggregator.web.shelf import Shelf
from aggregator.web.views import find_topic

FEED_PATHS = tuple(f"/topics/{{slug}}.{ending}" for ending in FORMATS)
"""The addresses answered here, as docs/routes.md lists them."""

_FEED = re.compile(rf"/(topics/([a-z0-9][a-z0-9-]{{0,63}})\.(?:{'|'.join(FORMATS)}))")
SOON = "5"  # seconds; a topic is composed within one

_PREFLIGHT = {
    **FOR_ANY_SITE,
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, Cache-Control",
    "Access-Control-Max-Age": "86400",
}


def load_feed(kit: Kit, path: str) -> Ready | None:
    """Return a kept document as it is served."""
    with kit.store.read() as tx:
        document = tx.publications.document(path)
    return None if document is None else ready_feed(document)


class FeedDoor:
    """Answers topics' feed addresses; everything else goes to the pages behind it."""

    def __init__(self, pages: ASGIApp, shelf: Shelf) -> None:
        self._pages, self._shelf = pages, shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = _FEED.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._pages(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await self._answer(found[1], found[2], scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _say(send, 204, "", {"Allow": "GET, HEAD, OPTIONS", **_PREFLIGHT})
        else:
            await _say(send, 405, "A feed is only read.\n", {"Allow": "GET, HEAD, OPTIONS"})

    async def _answer(
        self, path: str, slug: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            ready = await self._shelf.get(path)
            is_topic = ready is not None or await run_in_threadpool(self._is_topic, slug)
        except StoreError:
            later = {"Retry-After": SOON, "Cache-Control": "no-store", **FOR_ANY_SITE}
            await _say(send, 503, "The store cannot be read just now.\n", later)
            return
        if not is_topic:
            await self._pages(scope, receive, send)
        elif is_navigation(header_map(scope["headers"])):
            where = f"{root_of(self._shelf.kit.base)}/topics/{slug}"
            page = {"Location": where, "Cache-Control": "no-store", "Vary": VARY_FEED}
            await _say(send, 303, f"{where}\n", page)
        elif ready is None:
            later = {"Retry-After": SOON, "Cache-Control": "no-store", **FOR_ANY_SITE}
            await _say(send, 503, "This topic is being composed for the first time.\n", later)
        else:
            await Reply(ready)(scope, receive, send)

    def _is_topic(self, slug: str) -> bool:
        with self._shelf.kit.store.read() as tx:
            return find_topic(tx, slug) is not None


async def _say(send: Send, status: int, text: str, headers: dict[str, str]) -> None:
    body = text.encode()
    lines = {"Content-Type": TEXT, "Content-Length": str(len(body)), **headers} if text else headers
    await send_whole(
        send,
        status,
        ((name.lower().encode(), value.encode("latin-1")) for name, value in lines.items()),
        body,
    )
