"""The public pages' routes. Nothing here changes anything: every act has its own door."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ExceptionHandler

from aggregator.errors import StoreError
from aggregator.flow.kit import Kit
from aggregator.flow.pushed import Inbox
from aggregator.web.answers import HTML, NO_SNIFF, PAGE_POLICY, Ready, Reply, ready_page
from aggregator.web.hub import hub_route
from aggregator.web.letters import letter_routes
from aggregator.web.pages import root_of, static_files
from aggregator.web.push import push_route
from aggregator.web.shelf import Shelf
from aggregator.web.site import JSON, not_found, page_at, search_path, status_json

FILE_CACHING = "public, max-age=604800"  # the address of a file changes with its bytes
FRESH = {"Cache-Control": "no-store", **NO_SNIFF}


def load_page(kit: Kit, path: str) -> Ready | None:
    """Return what stands at a page's path as it is served."""
    with kit.store.read() as tx:
        page = page_at(tx, kit, path)
    if page is None:
        return None
    return ready_page(
        page.body,
        page.content_type,
        status=page.status,
        location=page.location,
        form=page.form,
    )


class Public:
    """The endpoints, and what they share."""

    def __init__(self, shelf: Shelf, searches: Shelf) -> None:
        self._shelf = shelf
        self._searches = searches  # apart: whatever is searched for, pages stay on their shelf
        self._files = {
            name: ready_page(body, kind, caching=FILE_CACHING)
            for name, (body, kind) in static_files().items()
        }

    async def page(self, request: Request) -> Reply | Response:
        """Answer with a page or a list."""
        ready = await self._shelf.get(request.scope["path"])
        return Reply(ready) if ready is not None else await self.missing(request, None)

    async def bot(self, request: Request) -> Reply | Response:
        """Answer with the page for publishers, or with what it tells of the host asked for."""
        said = request.query_params.get("host", "").strip()
        if not said:
            return await self.page(request)
        ready = await self._searches.get(search_path(said))
        return Reply(ready) if ready is not None else await self.missing(request, None)

    async def file(self, request: Request) -> Reply | Response:
        """Answer with one of our own files, from memory: no path of a request meets a disk."""
        ready = self._files.get(request.path_params["name"])
        return Reply(ready) if ready is not None else await self.missing(request, None)

    async def healthz(self, request: Request) -> Response:
        """Say that the process answers."""
        return PlainTextResponse("ok\n", headers=FRESH)

    async def readyz(self, request: Request) -> Response:
        """Say that the store can be read."""
        await run_in_threadpool(self._touch)
        return PlainTextResponse("ready\n", headers=FRESH)

    async def status(self, request: Request) -> Response:
        """Tell figures about public feeds and topics."""
        body = await run_in_threadpool(self._status)
        return Response(body, media_type=JSON, headers=FRESH)

    async def missing(self, request: Request, error: Exception | None) -> Response:
        """Say that nothing stands here, or where it stands without the slash at the end."""
        path = request.scope["path"]
        bare = path.rstrip("/")
        if bare != path and bare and await self._shelf.get(bare) is not None:
            return RedirectResponse(f"{root_of(self._shelf.kit.base)}{bare}", 308)
        body = not_found(self._shelf.kit)
        headers = {**PAGE_POLICY, "Cache-Control": "no-store"}
        return Response(body, 404, headers=headers, media_type=HTML)

    async def unreadable(self, request: Request, error: Exception) -> Response:
        """Say that the store cannot be read, in words that give nothing away."""
        headers = {**FRESH, "Retry-After": "5"}
        return PlainTextResponse("The store cannot be read just now.\n", 503, headers=headers)

    def _touch(self) -> None:
        with self._shelf.kit.store.read() as tx:
            tx.meta.get("authority")

    def _status(self) -> bytes:
        with self._shelf.kit.store.read() as tx:
            return status_json(tx, self._shelf.kit)


def routes(public: Public) -> list[Route]:
    """Return every route behind the feeds; docs/routes.md lists them all."""
    table: list[tuple[str, Callable[[Request], object]]] = [
        ("/", public.page),
        ("/topics.opml", public.page),
        ("/topics/{slug}.opml", public.page),
        ("/topics/{slug}", public.page),
        ("/topics/{slug}/archive/{n}", public.page),
        ("/stories/{id}", public.page),
        ("/bot", public.bot),
        ("/static/{name}", public.file),
        ("/healthz", public.healthz),
        ("/readyz", public.readyz),
        ("/status.json", public.status),
    ]
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in table]


def make_pages(kit: Callable[[], Kit], inbox: Inbox | None = None) -> Starlette:
    """Return the application behind the feeds; what hubs bring goes to the inbox."""
    public = Public(Shelf(kit, load_page), Shelf(kit, load_page))
    app = Starlette(
        routes=[
            *routes(public),
            *letter_routes(kit),
            push_route(kit, inbox or Inbox()),
            hub_route(kit),
        ],
        exception_handlers={
            404: cast(ExceptionHandler, public.missing),
            StoreError: cast(ExceptionHandler, public.unreadable),
        },
    )
    app.router.redirect_slashes = False
    return app
