"""The door for letters: people ask for a topic by e-mail, confirm it, and end it.

Nothing changes by following a link: programs follow those in letters before people do. Whether
an address gets letters is told nobody but its owner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aggregator.core import letters as rules
from aggregator.core.outgoing import headline
from aggregator.errors import NotFound
from aggregator.flow.kit import Kit
from aggregator.flow.letters import Asked, Found, ask, confirm, found, leave, offered
from aggregator.model.topic import Every, Topic
from aggregator.web.answers import FORM_POLICY, HTML, PAGE_POLICY
from aggregator.web.forms import NoForm, read_form
from aggregator.web.pages import root_of
from aggregator.web.rate import Askers, Buckets
from aggregator.web.site import not_found, press
from aggregator.web.views import find_topic

ASK_PATH = "/letters/{topic}"
CONFIRM_PATH = "/letters/{topic}/confirm/{token}"
LEAVE_PATH = "/letters/{topic}/unsubscribe/{token}"

A_SECOND, AT_ONCE = 1 / 600, 5  # wishes of one asker: five at once, then one in ten minutes
HEADERS = {
    **PAGE_POLICY,
    "Content-Security-Policy": FORM_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # a secret stands in the address
    "X-Robots-Tag": "noindex, nofollow",
}

BAD_ADDRESS = "This is no address that letters can be sent to. Write it as name@example.org."
BUSY = "Too many people ask for letters just now. Please come again in an hour."
TOO_OFTEN = "That was asked too often from here. Please come again in some minutes."


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterView:
    """What the pages about letters tell."""

    slug: str
    title: str
    about: str
    rhythms: tuple[Every, ...]
    chosen: Every | None = None
    address: str = ""  # as it was typed
    problem: str | None = None


class LetterDoor:
    """Answers under /letters/."""

    def __init__(self, kit: Callable[[], Kit], buckets: Buckets | None = None) -> None:
        self._kit = kit
        self._buckets = buckets or Buckets(a_second=A_SECOND, at_once=AT_ONCE)

    async def ask(self, request: Request) -> Response:
        """Show the form, or take what was written into it."""
        kit, slug = self._kit(), request.path_params["topic"]
        view = await run_in_threadpool(_view, kit, slug)
        if isinstance(view, str):
            return RedirectResponse(f"{root_of(kit.base)}/letters/{view}", 308)
        if view is None:
            return await _nothing(kit)
        if request.method != "POST":
            return await _page(kit, "form", view)
        said = await read_form(request)
        if isinstance(said, NoForm):
            return await _message(kit, said.status, "This cannot be read", said.why)
        if wait := self._wait(kit, request):
            answer = await _page(kit, "form", _with(view, said, TOO_OFTEN), 429)
            answer.headers["Retry-After"] = str(int(wait) + 1)
            return answer
        return await self._take(kit, view, said)

    async def confirm(self, request: Request) -> Response:
        """Show the button that says yes, or take that it was pressed."""
        kit, token = self._kit(), request.path_params["token"]
        if request.method == "POST":
            one = await run_in_threadpool(confirm, kit, token)
            return await _over(kit) if one is None else await _page(kit, "begun", _of(kit, one))
        one = await run_in_threadpool(_found, kit, token)
        if one is None:
            return await _over(kit)
        if rules.asks(one.reader, kit.clock()):
            return await _page(kit, "confirm", _of(kit, one))
        if rules.gets(one.reader):
            return await _page(kit, "begun", _of(kit, one))
        return await _over(kit)

    async def leave(self, request: Request) -> Response:
        """Show the button that ends it, or end it: a mail program's one click is this POST.

        RFC 8058, section 3.2: no cookie, no redirect, no further question.
        """
        kit, token = self._kit(), request.path_params["token"]
        act = leave if request.method == "POST" else _found
        one = await run_in_threadpool(act, kit, token)
        if one is None:
            return await _over(kit)
        name = "ended" if one.reader.ended_at is not None else "leave"
        return await _page(kit, name, _of(kit, one))

    async def _take(self, kit: Kit, view: LetterView, said: dict[str, str]) -> Response:
        view = _with(view, said, None)
        if view.chosen is None:
            return await _page(kit, "form", _with(view, said, "Choose how often."), 422)
        try:
            done = await run_in_threadpool(ask, kit, view.slug, view.address, view.chosen)
        except NotFound:
            return await _nothing(kit)
        if done is Asked.NO_ADDRESS:
            return await _page(kit, "form", _with(view, said, BAD_ADDRESS), 422)
        if done is Asked.BUSY:
            return await _page(kit, "form", _with(view, said, BUSY), 503)
        return await _page(kit, "asked", view, 202)

    def _wait(self, kit: Kit, request: Request) -> float:
        peer = request.client.host if request.client else ""
        headers = {name.lower(): value for name, value in request.scope["headers"]}
        who = Askers(kit.settings.site.proxies).who(peer, headers)
        return self._buckets.wait(who) if who else 0.0


def letter_routes(kit: Callable[[], Kit]) -> list[Route]:
    """Return the routes of letters."""
    door = LetterDoor(kit)
    table = ((ASK_PATH, door.ask), (CONFIRM_PATH, door.confirm), (LEAVE_PATH, door.leave))
    return [Route(path, answer, methods=["GET", "POST"]) for path, answer in table]


def _view(kit: Kit, slug: str) -> LetterView | str | None:
    """Return what the form tells; the slug a topic goes by now; None: there are no letters."""
    with kit.store.read() as tx:
        topic = find_topic(tx, slug)
        former = tx.publications.former(slug) if topic is None else None
    if former is not None and former.now is not None:
        return former.now
    view = _told(kit, topic) if topic is not None else None
    return view if view is not None and view.rhythms else None


def _told(kit: Kit, topic: Topic, chosen: Every | None = None) -> LetterView:
    return LetterView(
        slug=topic.spec.slug,
        title=headline(topic.spec.title) or topic.spec.slug,
        about=topic.spec.about,
        rhythms=offered(kit, topic),
        chosen=chosen,
    )


def _of(kit: Kit, one: Found) -> LetterView:
    return _told(kit, one.topic, one.reader.wants or one.reader.every)


def _with(view: LetterView, said: dict[str, str], problem: str | None) -> LetterView:
    """Return the form as somebody filled it in."""
    every = said.get("every", "")
    chosen = Every(every) if every in view.rhythms else None
    if len(view.rhythms) == 1:
        (chosen,) = view.rhythms
    return LetterView(
        slug=view.slug,
        title=view.title,
        about=view.about,
        rhythms=view.rhythms,
        chosen=chosen,
        address=said.get("address", "")[:300],
        problem=problem,
    )


def _found(kit: Kit, token: str) -> Found | None:
    with kit.store.read() as tx:
        return found(tx, token)


async def _page(kit: Kit, step: str, view: LetterView, status: int = 200) -> Response:
    def made() -> bytes:
        with kit.store.read() as tx:
            return press(tx, kit).letters(step, view)

    return Response(await run_in_threadpool(made), status, HEADERS, HTML)


async def _message(kit: Kit, status: int, title: str, text: str) -> Response:
    def made() -> bytes:
        with kit.store.read() as tx:
            return press(tx, kit).message(title, text)

    return Response(await run_in_threadpool(made), status, HEADERS, HTML)


async def _over(kit: Kit) -> Response:
    text = "It was used already, or is too old. The newest letter has one that works."
    return await _message(kit, 404, "This link is over", text)


async def _nothing(kit: Kit) -> Response:
    return Response(await run_in_threadpool(not_found, kit), 404, HEADERS, HTML)
