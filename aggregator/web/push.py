"""The door hubs use: they confirm what we asked for, and bring what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.flow.kit import Kit
from aggregator.flow.push import confirm
from aggregator.flow.pushed import Brought, Door, Inbox, door, receive
from aggregator.web.answers import NO_SNIFF

PATH = "/push/{token}"
AT_ONCE = 8  # bodies that are read at the same time; the next ones wait for their turn
HEADERS = {"Cache-Control": "no-store", **NO_SNIFF}

_STATUS = {Door.OPEN: 202, Door.NOBODY: 404, Door.GONE: 410}


class PushDoor:
    """Answers at callbacks, each of which one hub knows and nobody else."""

    def __init__(self, kit: Callable[[], Kit], inbox: Inbox) -> None:
        self._kit, self._inbox = kit, inbox
        self._turns = asyncio.Semaphore(AT_ONCE)
        # One at a time of each callback, or a slow hub could have all the turns by itself.
        self._own: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, request: Request) -> Response:
        """Answer a hub that asks whether it was us (GET), or that brings a body (POST)."""
        token = request.path_params["token"]
        if request.method == "POST":
            return await self._take(request, token)
        if request.method == "HEAD":
            return _said(404)
        challenge = await run_in_threadpool(confirm, self._kit(), token, dict(request.query_params))
        return _said(404) if challenge is None else _said(200, challenge)

    async def _take(self, request: Request, token: str) -> Response:
        """Take a body, of which nobody but a hub of ours can make us read a byte."""
        kit = self._kit()
        found = await run_in_threadpool(door, kit, self._inbox, token)
        if found is not Door.OPEN:
            return _said(_STATUS[found])
        own = self._own.setdefault(token, asyncio.Lock())
        try:
            async with asyncio.timeout(kit.settings.net.timeout), own, self._turns:
                body = await _body(request, kit.settings.net.max_body)
        except (TimeoutError, ClientDisconnect):
            return _said(408)
        if body is None:
            return _said(413)
        headers = request.headers
        brought = Brought(
            body=body,
            content_type=headers.get("content-type"),
            signature=headers.get("x-hub-signature"),
            encoded=headers.get("content-encoding", "identity").strip().lower() != "identity",
        )
        return _said(_STATUS[await run_in_threadpool(receive, kit, self._inbox, token, brought)])


def push_route(kit: Callable[[], Kit], inbox: Inbox) -> Route:
    """Return the one route of all callbacks."""
    return Route(PATH, PushDoor(kit, inbox).answer, methods=["GET", "POST"])


async def _body(request: Request, most: int) -> bytes | None:
    """Return the whole body; None when it is larger than we take."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _said(status: int, text: str = "") -> Response:
    return PlainTextResponse(text, status, headers=HEADERS)
