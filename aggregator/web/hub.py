"""The door of our hub: who wants to be told of changes asks here, and is asked back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.core.hub import PATH, Refused
from aggregator.flow.hub import accept
from aggregator.flow.kit import Kit
from aggregator.web.answers import NO_SNIFF

MOST_BYTES = 16_384  # of a request
MOST_FIELDS = 50
DEADLINE = 10.0  # seconds a request may take to arrive
FORM = "application/x-www-form-urlencoded"
HEADERS = {"Cache-Control": "no-store", **NO_SNIFF}


class HubDoor:
    """Takes requests for subscriptions, and for their end."""

    def __init__(self, kit: Callable[[], Kit]) -> None:
        self._kit = kit

    async def answer(self, request: Request) -> Response:
        """Answer 202 where the subscriber is asked next, else say what is wrong."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            return _said(415, f"send the request as {FORM}")
        try:
            async with asyncio.timeout(DEADLINE):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return _said(408, "the request did not arrive in time")
        if body is None:
            return _said(413, f"a request has at most {MOST_BYTES} bytes")
        said = _fields(body)
        if said is None:
            return _said(400, "the form cannot be read: encode it as UTF-8")
        refused = await run_in_threadpool(accept, self._kit(), said)
        return _said(202, "you are asked next") if refused is None else _refusal(refused)


def hub_route(kit: Callable[[], Kit]) -> Route:
    """Return the hub's one route."""
    return Route(PATH, HubDoor(kit).answer, methods=["POST"])


async def _body(request: Request) -> bytes | None:
    """Return the whole body; None when it is larger than a request has to be."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _fields(body: bytes) -> dict[str, str] | None:
    """Return the form's fields, of two of a name the first; None for what is no form."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        return None
    said: dict[str, str] = {}
    for name, value in pairs:
        said.setdefault(name, value)
    return said


def _refusal(refused: Refused) -> Response:
    answer = _said(refused.status, refused.why)
    if refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers=HEADERS)
