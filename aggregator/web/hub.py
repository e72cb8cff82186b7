"""The door of our hub: who wants to be told of changes asks here, and is asked back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import blake2b

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.core.hub import PATH, Refused
from aggregator.core.neighbours import household
from aggregator.flow.hub import accept
from aggregator.flow.kit import Kit
from aggregator.web.answers import NO_SNIFF
from aggregator.web.conditions import header_map
from aggregator.web.forms import NoForm, read_form
from aggregator.web.rate import Askers

HEADERS = {"Cache-Control": "no-store", **NO_SNIFF}


class HubDoor:
    """Takes requests for subscriptions, and for their end."""

    def __init__(self, kit: Callable[[], Kit]) -> None:
        self._kit = kit
        self._salt = secrets.token_bytes(32)  # with it go all the askers we knew

    async def answer(self, request: Request) -> Response:
        """Answer 202 where the subscriber is asked next, else say what is wrong."""
        said = await read_form(request)
        if isinstance(said, NoForm):
            return _said(said.status, said.why)
        refused = await run_in_threadpool(accept, self._kit(), said, self._asker(request))
        return _said(202, "you are asked next") if refused is None else _refusal(refused)

    def _asker(self, request: Request) -> str:
        """Return by what an asker is counted: no address, but the same for the same one."""
        peer = request.client.host if request.client else ""
        headers = header_map(request.scope["headers"])
        who = household(Askers(self._kit().settings.site.proxies).who(peer, headers))
        if not who:
            return ""
        return blake2b(who.encode(), digest_size=16, key=self._salt).hexdigest()


def hub_route(kit: Callable[[], Kit]) -> Route:
    """Return the hub's one route."""
    return Route(PATH, HubDoor(kit).answer, methods=["POST"])


def _refusal(refused: Refused) -> Response:
    answer = _said(refused.status, refused.why)
    if refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers=HEADERS)
