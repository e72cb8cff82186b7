"""Forms that people and programs send: bounded in bytes, fields and time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 16_384  # of a form
MOST_FIELDS = 50
DEADLINE = 10.0  # seconds a form may take to arrive
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoForm:
    """Why what came cannot be read: an HTTP status, and words."""

    status: int
    why: str


async def read_form(request: Request) -> dict[str, str] | NoForm:
    """Return a form's fields, of two of a name the first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        return NoForm(status=415, why=f"send the request as {FORM}")
    try:
        async with asyncio.timeout(DEADLINE):
            body = await _body(request)
    except (TimeoutError, ClientDisconnect):
        return NoForm(status=408, why="the request did not arrive in time")
    if body is None:
        return NoForm(status=413, why=f"a request has at most {MOST_BYTES} bytes")
    said = _fields(body)
    if said is None:
        return NoForm(status=400, why="the form cannot be read: encode it as UTF-8")
    return said


async def _body(request: Request) -> bytes | None:
    """Return the whole body; None when it is larger than a form has to be."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _fields(body: bytes) -> dict[str, str] | None:
    """Return the form's fields; None for what is no form."""
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
