"""The one way out: requests over connections that are made only to checked addresses.

`requests` gives the adapter, `urllib3` the pools; the sockets are ours. Nothing here reads the
environment: no proxies, no netrc, no cookies, no Referer.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from aggregator.model.exchange import Hop
from aggregator.net.address import Guard, Target
from aggregator.net.connection import Pool, SecurePool
from aggregator.net.deadline import Exchange, Watchdog
from aggregator.net.dialing import Dialer, Resolve, system_names


@cache
def tls_context(cafile: str = DEFAULT_CA_BUNDLE_PATH) -> ssl.SSLContext:
    """Return the one TLS context: reading the bundle of authorities takes 24 ms a time.

    Another `cafile` is trusted instead of the usual authorities, never beside them.
    """
    context = ssl.create_default_context(cafile=cafile)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Request(PreparedRequest):
    """A request that knows its target: nobody parses the URL a second time."""

    target: Target


def _request(method: str, target: Target, headers: dict[str, str]) -> _Request:
    request = _Request()
    request.target, request.method, request.url = target, method, target.url
    fields: Any = headers  # a plain dict: nobody asks for a field in another spelling
    request.headers = fields
    return request


class _Adapter(HTTPAdapter):
    """requests' adapter over our pools, without what a poller has no use for."""

    def __init__(
        self, dialer: Dialer, context: ssl.SSLContext, *, hosts: int, per_host: int
    ) -> None:
        self._dialer = dialer
        self._context = context
        self._per_host = per_host
        super().__init__(pool_connections=hosts, pool_maxsize=per_host)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool of the request's place; there are no proxies and one way to verify.

        The pools least used are closed once there are more than `hosts`.
        """
        assert isinstance(request, _Request)
        pools: Any = self.poolmanager.pools
        place = request.target.place
        with pools.lock:
            pool = pools.get(place)
            if pool is None:
                pool = pools[place] = self._new_pool(request.target)
        return pool

    def _new_pool(self, target: Target) -> Pool:
        if target.scheme == "http":
            return Pool(target, dialer=self._dialer, maxsize=self._per_host)
        return SecurePool(
            target, dialer=self._dialer, maxsize=self._per_host, ssl_context=self._context
        )

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Return path and query."""
        return request.path_url

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: naming a bundle here would have it read again for each connection."""

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Return the bare response: no cookies are read, no charset is guessed, no field copied."""
        response = Response()
        response.status_code = resp.status
        response.headers = resp.headers
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        return response

    def close(self) -> None:
        """Close what was kept, and whatever is given back from now on."""
        pools = self.poolmanager.pools
        for pool in [pools.get(key) for key in pools.keys()]:  # noqa: SIM118 (it has no iterator)
            if pool is not None:
                pool.close()
        super().close()


class Client:
    """Sends requests to checked addresses; used by many threads at once.

    Every request runs inside an `exchange`, whose deadline covers all that is done within it:
    looking up names, connecting, TLS, headers, bodies and every redirect. Of `hosts` places at
    most connections are kept, `per_host` of each.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        resolve: Resolve = system_names,
        hosts: int = 64,
        per_host: int = 2,
        cafile: str | None = None,
    ) -> None:
        self._dialer = Dialer(guard, resolve)
        self._watchdog = Watchdog()
        context = tls_context(cafile) if cafile else tls_context()
        self._adapter = _Adapter(self._dialer, context, hosts=hosts, per_host=per_host)

    @contextmanager
    def exchange(self, seconds: float) -> Iterator[Exchange]:
        """Begin an exchange of at most so many seconds. Raises `Ended` when closed."""
        exchange = self._watchdog.begin(seconds)
        self._dialer.begin(exchange)
        try:
            yield exchange
        finally:
            self._dialer.over()
            self._watchdog.over(exchange)

    def get(self, target: Target, headers: dict[str, str]) -> Response:
        """Ask for the target, once; the body is not read yet and redirects are not followed.

        Raises `Refused`, `Unreachable`, `Ended`, or what requests and urllib3 raise.
        """
        return self._send(_request("GET", target, headers))

    def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Response:
        """Send a body to the target, once."""
        request = _request("POST", target, {**headers, "Content-Length": str(len(body))})
        request.body = body
        return self._send(request)

    def close(self) -> None:
        """End every exchange under way, refuse new ones, close what was kept."""
        self._watchdog.close()
        self._adapter.close()

    def _send(self, request: _Request) -> Response:
        exchange = self._dialer.exchange
        before = len(exchange.sent)
        response = self._adapter.send(request, stream=True, timeout=exchange.remaining())
        if len(exchange.sent) == before:  # answered before it was sent to the end
            exchange.sent.append(Hop(host=request.target.host, status=None))
        return response
