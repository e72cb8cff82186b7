"""One conditional request, redirects and all: `ports.Fetcher` over HTTP."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from urllib.parse import urlencode

from requests import Response
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as WireTimeout

from aggregator.errors import UsageError
from aggregator.model.exchange import (
    Arriving,
    Failed,
    Fault,
    Fetched,
    Hop,
    NotModified,
    Outcome,
    Post,
    Request,
    Wanted,
)
from aggregator.model.settings import Net
from aggregator.net.address import Guard, Refused
from aggregator.net.asking import ACCEPT, cap, conditions
from aggregator.net.client import Client
from aggregator.net.coding import ACCEPTED, BrokenCoding, TooLarge, decoded, gathered
from aggregator.net.deadline import End, Ended, Exchange
from aggregator.net.dialing import Resolve, Unreachable, system_names
from aggregator.net.etiquette import with_subscribers
from aggregator.net.headers import Wall, caching, retry_after, sendable, validators
from aggregator.net.links import links
from aggregator.net.pace import Pace
from aggregator.net.route import Route, Wire, pointed_at
from aggregator.net.words import broken_off, status_words

MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITH_BODY = frozenset({200, 203, 226})
_SMALL = 65536  # bytes at most of a body that is for people, or read to keep the connection

_WHAT_NETWORKS_DO = (RequestException, HTTPError, http.client.HTTPException, OSError)


class HttpFetcher:
    """Fetches feeds over HTTP; used by many threads at once.

    `user_agent` comes from `etiquette.user_agent`; `wall` gives UTC seconds, for servers that
    send dates without a Date of their own; `resolve` looks names up; `cafile` names the only
    authorities trusted for TLS, instead of the usual ones. Raises `UsageError` for an entry of
    `net.allow` that says nothing.
    """

    def __init__(
        self,
        net: Net,
        user_agent: str,
        *,
        wall: Wall | None = None,
        resolve: Resolve = system_names,
        cafile: str | None = None,
    ) -> None:
        if not sendable(user_agent):
            raise UsageError(f"the User-Agent {user_agent!r} cannot be sent (see site: url:)")
        self._net = net
        self._user_agent = user_agent
        self._wall = wall
        self._guard = Guard(net.allow)
        self._pace = Pace(net.spacing)
        self._client = Client(
            self._guard,
            resolve=resolve,
            hosts=max(16, 2 * net.workers),
            per_host=net.per_host + 1,
            cafile=cafile,
        )

    def fetch(self, request: Request) -> Outcome:
        """Ask once, following redirects, within `net.timeout` seconds in all.

        What networks, servers and our own guard do is an outcome, never an exception.
        """
        seconds = min(request.timeout or self._net.timeout, self._net.timeout)
        return self._exchange(
            lambda exchange: self._follow(request, exchange), seconds, request.arriving
        )

    def post(self, post: Post) -> Outcome:
        """Send a form or a body once, within `net.timeout` seconds; any 2xx is a `Fetched`.

        Redirects are not followed, and the body, which is for people, is kept up to 64 kB.
        """
        seconds = min(post.timeout or self._net.timeout, self._net.timeout)
        return self._exchange(lambda exchange: self._posted(post, exchange), seconds, post.arriving)

    def close(self) -> None:
        """End every request under way and refuse new ones."""
        self._client.close()

    def _exchange(
        self, act: Callable[[Exchange], Outcome], seconds: float, arriving: Arriving | None
    ) -> Outcome:
        """Act within the deadline, and tell what was sent and how long it took."""
        began = time.monotonic()
        sent: list[Hop] = []
        try:
            with self._client.exchange(seconds) as exchange:
                sent, exchange.arriving = exchange.sent, arriving
                outcome = self._attempt(act, exchange, seconds)
        except Ended:
            outcome = Failed(fault=Fault.NETWORK, problem=_ended(End.CLOSED, "", seconds))
        ms = round((time.monotonic() - began) * 1000)
        return replace(outcome, ms=ms, hops=tuple(sent))

    def _attempt(
        self, act: Callable[[Exchange], Outcome], exchange: Exchange, seconds: float
    ) -> Outcome:
        try:
            return act(exchange)
        except Ended as error:
            problem = _ended(error.args[0], exchange.doing, seconds)
        except Unreachable as error:
            problem = str(error)
        except Refused as error:
            return Failed(fault=Fault.BLOCKED, problem=str(error))
        except _WHAT_NETWORKS_DO as error:
            late = isinstance(error, (Timeout, WireTimeout))
            why = exchange.ended or (End.DEADLINE if late else None)
            problem = _ended(why, exchange.doing, seconds) if why else broken_off(error)
        return Failed(fault=Fault.NETWORK, problem=problem)

    def _follow(self, request: Request, exchange: Exchange) -> Outcome:
        start = self._guard.target(request.url)
        route = Route(asked=request.url, start=start, target=start, conditions=conditions(request))
        self._take_turn(start.host, exchange)
        while True:
            with closing(self._get(request, route)) as response:
                wire = Wire(response)
                try:
                    location = response.headers.get("Location")
                    follow = request.wanted is not Wanted.WORD
                    if response.status_code not in _REDIRECTS or not (location and follow):
                        return self._answer(request.wanted, route, wire, exchange)
                    _drain(wire)
                finally:
                    exchange.sent[-1] = wire.hop(route.target)
            if failed := self._redirect(request, route, response.status_code, location):
                return failed
            if failed := self._arrive(route, response.status_code, exchange):
                return failed

    def _take_turn(self, host: str, exchange: Exchange, *, insist: bool = True) -> bool:
        """Wait for the host's spacing, half of the time left at most; False: it takes longer."""
        wait = self._pace.turn(host, exchange.remaining() / 2, insist=insist)
        if wait:
            exchange.pause(wait)
        return wait is not None

    def _get(self, request: Request, route: Route) -> Response:
        try:
            return self._client.get(route.target, self._headers(request, route))
        except Refused as error:
            raise Refused(f"redirect refused: {error}" if route.redirected else error) from error

    def _redirect(
        self, request: Request, route: Route, status: int, location: str
    ) -> Failed | None:
        """Move on to where a redirect points, or say why we do not.

        What another feed of ours polls anyway is not asked for twice.
        """
        try:
            target = self._guard.target(pointed_at(location, route.target.url))
        except (Refused, ValueError) as error:
            why = str(error) if isinstance(error, Refused) else "the address cannot be read"
            return Failed(
                fault=Fault.BLOCKED, problem=f"redirect {status} refused: {why}", status=status
            )
        route.go(status, target)
        if target.url in route.visited:
            problem = "the redirects run in a circle"
        elif len(route.visited) > MOST_REDIRECTS:
            problem = f"more than {MOST_REDIRECTS} redirects"
        elif request.taken is not None and (name := request.taken(target.url)) is not None:
            problem = f"redirects to {target.url}, which is polled as feed {name!r}"
        else:
            return None
        return Failed(fault=Fault.BLOCKED, problem=problem, status=status, moved_to=route.moved_to)

    def _arrive(self, route: Route, status: int, exchange: Exchange) -> Failed | None:
        """Come to where a redirect leads as we would have come by ourselves, or say why not.

        Another host's Retry-After holds (checklist 31), and its spacing. A host that sends us on
        to itself is not given up for its spacing, however long that is.
        """
        host = route.target.host
        left = 0.0 if host == route.start.host else self._pace.paused(host)
        problem = f"redirects to {host}, which asked to be left alone"
        if not left:
            if self._take_turn(host, exchange, insist=host == route.came_from):
                return None
            left = self._net.spacing
            problem = f"redirects to {host}, which other requests of ours keep busy"
        return Failed(
            fault=Fault.STATUS, problem=problem, status=status, retry_after=left, host=host
        )

    def _headers(self, request: Request, route: Route) -> dict[str, str]:
        headers = {
            "User-Agent": with_subscribers(self._user_agent, request.subscribers),
            "Accept": ACCEPT[request.wanted],
            "Accept-Encoding": ACCEPTED,
        }
        headers |= route.conditions
        if request.authorization is not None and route.target.place == route.start.place:
            if not sendable(request.authorization):
                raise Refused("the login holds a line break or another character never sent")
            headers["Authorization"] = request.authorization
        return headers

    def _answer(self, wanted: Wanted, route: Route, wire: Wire, exchange: Exchange) -> Outcome:
        response = wire.response
        status = response.status_code
        if status in _WITH_BODY or (wanted is Wanted.WORD and 200 <= status < 300):
            return self._fetched(wanted, route, wire, exchange)
        _drain(wire)
        if status == 304 and route.conditions:
            etag, last_modified = validators(response.headers)
            return NotModified(
                etag=etag,
                last_modified=last_modified,
                caching=caching(response.headers, self._wall),
                moved_to=route.moved_to,
            )
        return self._no_success(route, response)

    def _no_success(self, route: Route, response: Response) -> Failed:
        status, host = response.status_code, route.target.host
        # Behind a temporary redirect 410 speaks of that address, not of the one we know.
        gone = status == 410 and route.permanent
        problem = status_words(status)
        if status in _REDIRECTS:
            problem = f"{status}: a redirect that does not say where to, or may not be followed"
        wait = retry_after(response.headers, self._wall)
        if wait:
            self._pace.pause(host, wait)
        return Failed(
            fault=Fault.GONE if gone else Fault.STATUS,
            problem=problem,
            status=status,
            retry_after=wait,
            host=host,
        )

    def _fetched(self, wanted: Wanted, route: Route, wire: Wire, exchange: Exchange) -> Outcome:
        headers, status = wire.response.headers, wire.response.status_code
        most = cap(wanted, self._net.max_body)
        cut = wanted is Wanted.TEXT  # of a robots.txt the beginning counts (RFC 9309, section 2.5)
        try:
            pieces = decoded(wire.pieces(most, cut=cut), headers.get("Content-Encoding"))
            body = gathered(pieces, most, cut=cut)
        except TooLarge:
            problem = f"the body is larger than {most / 1e6:g} MB (net: max_body:)"
            return Failed(fault=Fault.TOO_LARGE, problem=problem, status=status)
        except BrokenCoding as error:
            exchange.remaining()
            return Failed(fault=Fault.UNREADABLE, problem=str(error), status=status)
        exchange.remaining()  # a body without a length looks whole when its socket was shut
        etag, last_modified = validators(headers)
        found = links(headers.get("Link"), route.target.url)
        return Fetched(
            url=route.target.url if route.redirected else route.asked,
            status=status,
            body=body,
            content_type=headers.get("Content-Type"),
            etag=etag,
            last_modified=last_modified,
            caching=caching(headers, self._wall),
            moved_to=route.moved_to,
            hubs=found.hubs,
            self_url=found.self_url,
            wire_bytes=wire.size,
        )

    def _posted(self, post: Post, exchange: Exchange) -> Outcome:
        target = self._guard.target(post.url)
        headers = {
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED,
            "Content-Type": "application/x-www-form-urlencoded",
            **dict(post.headers),
        }
        if not all(sendable(value) for _, value in post.headers):
            raise Refused("a header holds a line break or another character never sent")
        self._pace.asked(target.host)
        route = Route(asked=post.url, start=target, target=target)
        body = urlencode(post.form).encode("ascii") if post.body is None else post.body
        with closing(self._client.post(target, headers, body)) as response:
            wire = Wire(response)
            try:
                return self._took(route, wire)
            finally:
                exchange.sent[-1] = wire.hop(target)

    def _took(self, route: Route, wire: Wire) -> Outcome:
        """Return how a server took a form: its status says it all, whatever the body does."""
        response, body = wire.response, b""
        headers, status = response.headers, response.status_code
        if not 200 <= status < 300:
            _drain(wire)
            if status in _REDIRECTS:
                problem = f"{status}: the server sends us elsewhere, where no form is sent"
                return Failed(
                    fault=Fault.STATUS,
                    problem=problem,
                    status=status,
                    host=route.target.host,
                    location=_elsewhere(route, headers.get("Location")),
                )
            return self._no_success(route, response)
        with suppress(BrokenCoding, *_WHAT_NETWORKS_DO):
            pieces = wire.pieces(_SMALL, cut=True)
            body = gathered(decoded(pieces, headers.get("Content-Encoding")), _SMALL, cut=True)
        return Fetched(
            url=route.asked,
            status=status,
            body=body,
            content_type=headers.get("Content-Type"),
            etag=None,
            last_modified=None,
            caching=caching(headers, self._wall),
            wire_bytes=wire.size,
        )


def _ended(why: End, doing: str, seconds: float) -> str:
    if why is End.CLOSED:
        return "not asked, or not to the end: we are closing"
    still = f" (still {doing})" if doing else ""
    return f"no complete answer within {seconds:g} s{still}"


def _elsewhere(route: Route, location: str | None) -> str | None:
    """Return where a form is to be sent instead; whoever sends it there asks the guard again."""
    try:
        return pointed_at(location, route.target.url) if location else None
    except ValueError:
        return None


def _drain(wire: Wire) -> None:
    """Read a small body that nobody wants, so that its connection can be kept.

    What goes wrong meanwhile is nobody's concern: the status has said what there is to say.
    """
    length = wire.response.raw.length_remaining
    if length is not None and length <= _SMALL:
        with suppress(*_WHAT_NETWORKS_DO):
            for _ in wire.pieces(_SMALL):
                pass
