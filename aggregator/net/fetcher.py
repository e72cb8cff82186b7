"""One conditional request, redirects and all: `ports.Fetcher` over HTTP."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from requests import Response
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as WireTimeout

from aggregator.errors import UsageError
from aggregator.model.exchange import Failed, Fault, Fetched, NotModified, Outcome, Request
from aggregator.model.settings import Net
from aggregator.net.address import Guard, Refused, Target
from aggregator.net.client import Client, Resolve, Unreachable, system_names
from aggregator.net.coding import ACCEPTED, PIECE, BrokenCoding, TooLarge, decoded, gathered
from aggregator.net.deadline import End, Ended, Exchange
from aggregator.net.etiquette import with_subscribers
from aggregator.net.headers import Wall, caching, retry_after, sendable, validators
from aggregator.net.words import broken_off, status_words

MOST_REDIRECTS = 5
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_WITH_BODY = frozenset({200, 203, 226})
_DRAINED = 65536  # bytes of an unwanted body that are read to keep the connection

_WHAT_NETWORKS_DO = (RequestException, HTTPError, http.client.HTTPException, OSError)


@dataclass(slots=True, kw_only=True)
class _Route:
    """Where a request has come to by redirects."""

    asked: str
    start: Target
    target: Target
    visited: list[str] = field(default_factory=list)
    moved_to: str | None = None
    permanent: bool = True  # whether every redirect so far was

    @property
    def redirected(self) -> bool:
        return bool(self.visited)

    def go(self, status: int, target: Target) -> None:
        """Follow one redirect: only the permanent beginning of a chain is a move."""
        self.visited.append(self.target.url)
        self.target = target
        self.permanent = self.permanent and status in _PERMANENT
        if self.permanent:
            self.moved_to = target.url


class HttpFetcher:
    """Fetches feeds over HTTP; used by many threads at once.

    `user_agent` comes from `etiquette.user_agent`; `wall` gives UTC seconds, for servers that
    send dates without a Date of their own; `resolve` looks names up. Raises `UsageError` for an
    entry of `net.allow` that says nothing.
    """

    def __init__(
        self,
        net: Net,
        user_agent: str,
        *,
        wall: Wall | None = None,
        resolve: Resolve = system_names,
    ) -> None:
        if not sendable(user_agent):
            raise UsageError(f"the User-Agent {user_agent!r} cannot be sent (see site: url:)")
        self._net = net
        self._user_agent = user_agent
        self._wall = wall
        self._guard = Guard(net.allow)
        self._pauses: dict[str, float] = {}  # host: until when, by the monotonic clock
        self._client = Client(
            self._guard, resolve=resolve, hosts=max(16, 2 * net.workers), per_host=net.per_host + 1
        )

    def fetch(self, request: Request) -> Outcome:
        """Ask once, following redirects, within `net.timeout` seconds in all.

        What networks, servers and our own guard do is an outcome, never an exception.
        """
        began = time.monotonic()
        outcome = self._outcome(request)
        return replace(outcome, ms=round((time.monotonic() - began) * 1000))

    def close(self) -> None:
        """End every request under way and refuse new ones."""
        self._client.close()

    def _outcome(self, request: Request) -> Outcome:
        try:
            with self._client.exchange(self._net.timeout) as exchange:
                try:
                    target = self._guard.target(request.url)
                    return self._follow(
                        request, _Route(asked=request.url, start=target, target=target), exchange
                    )
                except _WHAT_NETWORKS_DO as error:
                    late = isinstance(error, (Timeout, WireTimeout))
                    why = exchange.ended or (End.DEADLINE if late else None)
                    problem = self._ended(why, exchange.doing) if why else broken_off(error)
                    return Failed(fault=Fault.NETWORK, problem=problem)
                except Ended as error:
                    problem = self._ended(error.args[0], exchange.doing)
                    return Failed(fault=Fault.NETWORK, problem=problem)
        except Ended:
            return Failed(fault=Fault.NETWORK, problem=self._ended(End.CLOSED, ""))
        except Unreachable as error:
            return Failed(fault=Fault.NETWORK, problem=str(error))
        except Refused as error:
            return Failed(fault=Fault.BLOCKED, problem=str(error))

    def _ended(self, why: End, doing: str) -> str:
        if why is End.CLOSED:
            return "not asked, or not to the end: we are closing"
        still = f" (still {doing})" if doing else ""
        return f"no complete answer within {self._net.timeout:g} s{still}"

    def _follow(self, request: Request, route: _Route, exchange: Exchange) -> Outcome:
        while True:
            with closing(self._get(request, route)) as response:
                location = response.headers.get("Location")
                if response.status_code not in _REDIRECTS or not location:
                    return self._answer(request, route, response, exchange)
                _drain(response)
            if failed := self._redirect(route, response.status_code, location):
                return failed

    def _get(self, request: Request, route: _Route) -> Response:
        try:
            return self._client.get(route.target, self._headers(request, route))
        except Refused as error:
            raise Refused(f"redirect refused: {error}" if route.redirected else error) from error

    def _redirect(self, route: _Route, status: int, location: str) -> Failed | None:
        """Move on to where a redirect points, or say why we do not."""
        try:
            target = self._guard.target(urljoin(route.target.url, _as_text(location)))
        except (Refused, ValueError) as error:
            why = str(error) if isinstance(error, Refused) else "the address cannot be read"
            return Failed(
                fault=Fault.BLOCKED, problem=f"redirect {status} refused: {why}", status=status
            )
        if failed := self._paused(route, target.host, status):
            return failed
        route.go(status, target)
        if target.url in route.visited:
            problem = "the redirects run in a circle"
        elif len(route.visited) > MOST_REDIRECTS:
            problem = f"more than {MOST_REDIRECTS} redirects"
        else:
            return None
        return Failed(fault=Fault.BLOCKED, problem=problem, status=status)

    def _paused(self, route: _Route, host: str, status: int) -> Failed | None:
        """A redirect is no way around another host's Retry-After (checklist 31)."""
        left = self._pauses.get(host, 0.0) - time.monotonic()
        if left <= 0 or host == route.start.host:
            return None
        problem = f"redirects to {host}, which asked to be left alone"
        return Failed(
            fault=Fault.STATUS, problem=problem, status=status, retry_after=left, host=host
        )

    def _headers(self, request: Request, route: _Route) -> dict[str, str]:
        headers = {
            "User-Agent": with_subscribers(self._user_agent, request.subscribers),
            "Accept": ACCEPT,
            "Accept-Encoding": ACCEPTED,
        }
        headers |= _conditions(request)
        if request.authorization is not None and route.target.place == route.start.place:
            if not sendable(request.authorization):
                raise Refused("the login holds a line break or another character never sent")
            headers["Authorization"] = request.authorization
        return headers

    def _answer(
        self, request: Request, route: _Route, response: Response, exchange: Exchange
    ) -> Outcome:
        status = response.status_code
        if status in _WITH_BODY:
            return self._fetched(route, response, exchange)
        _drain(response)
        if status == 304 and _conditions(request):
            etag, last_modified = validators(response.headers)
            return NotModified(
                etag=etag,
                last_modified=last_modified,
                caching=caching(response.headers, self._wall),
                moved_to=route.moved_to,
            )
        # Behind a temporary redirect 410 speaks of that address, not of the one we know.
        gone = status == 410 and route.permanent
        problem = status_words(status)
        if status in _REDIRECTS:
            problem = f"{status}: a redirect that does not say where to"
        wait = retry_after(response.headers, self._wall)
        if wait:
            self._pauses[route.target.host] = time.monotonic() + wait
        return Failed(
            fault=Fault.GONE if gone else Fault.STATUS,
            problem=problem,
            status=status,
            retry_after=wait,
            host=route.target.host,
        )

    def _fetched(self, route: _Route, response: Response, exchange: Exchange) -> Outcome:
        headers, most = response.headers, self._net.max_body
        wire = _Wire(response, most)
        try:
            body = gathered(decoded(wire, headers.get("Content-Encoding")), most)
        except TooLarge:
            problem = f"the body is larger than {most / 1e6:g} MB (net: max_body:)"
            return Failed(fault=Fault.TOO_LARGE, problem=problem, status=response.status_code)
        except BrokenCoding as error:
            exchange.remaining()
            return Failed(fault=Fault.UNREADABLE, problem=str(error), status=response.status_code)
        exchange.remaining()  # a body without a length looks whole when its socket was shut
        etag, last_modified = validators(headers)
        return Fetched(
            url=route.target.url if route.redirected else route.asked,
            status=response.status_code,
            body=body,
            content_type=headers.get("Content-Type"),
            etag=etag,
            last_modified=last_modified,
            caching=caching(headers, self._wall),
            moved_to=route.moved_to,
            wire_bytes=wire.size,
        )


def _conditions(request: Request) -> dict[str, str]:
    """The headers that make it conditional: both validators as they were sent, when both are known
    (RFC 9110, section 13.1)."""
    conditions = {}
    if request.etag is not None and sendable(request.etag):
        conditions["If-None-Match"] = request.etag
        conditions["A-IM"] = "feed"  # RFC 3229: only what is new will do, where that is offered
    if request.last_modified is not None and sendable(request.last_modified):
        conditions["If-Modified-Since"] = request.last_modified
    return conditions


class _Wire:
    """The body as it comes, counted."""

    def __init__(self, response: Response, most: int) -> None:
        self._response = response
        self._most = most
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        length = self._response.raw.length_remaining
        if length is not None and length > self._most:
            raise TooLarge
        for piece in self._response.raw.stream(PIECE, decode_content=False):
            self.size += len(piece)
            if self.size > self._most:
                raise TooLarge
            yield piece


def _drain(response: Response) -> None:
    """Read a small body that nobody wants, so that its connection can be kept.

    What goes wrong meanwhile is nobody's concern: the status has said what there is to say.
    """
    length = response.raw.length_remaining
    if length is not None and length <= _DRAINED:
        with suppress(*_WHAT_NETWORKS_DO):
            response.raw.read(length + 1, decode_content=False)


def _as_text(location: str) -> str:
    """A Location as its sender meant it: many send UTF-8, which arrives as Latin-1."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location
