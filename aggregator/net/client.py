"""The one way out: connections made only to addresses the guard let through, each with a deadline.

`requests` gives the adapter, `urllib3` the pools; the sockets are ours. Nothing here reads the
environment: no proxies, no netrc, no cookies, no Referer.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from ipaddress import ip_address
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as ConnectionBroken
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from aggregator.model.exchange import Hop
from aggregator.net.address import Guard, Target
from aggregator.net.deadline import Exchange, Watchdog, shut
from aggregator.net.words import causes, not_connected, not_found

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to addresses as text. Raises `OSError` or `UnicodeError` when there are none."""

_MOST_ADDRESSES = 8  # tried of one host: a name with a thousand addresses is no feed's
_MOST_LOOKUPS = 256  # name look-ups that may hang at once before new ones fail at once
_CLOSED = (ConnectionResetError, BrokenPipeError)


class Unreachable(Exception):
    """No connection came about; the text says why, for an operator."""


@cache
def shared_context() -> ssl.SSLContext:
    """Return the one TLS context: reading the bundle of authorities takes 24 ms a time."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    return context


def system_names(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver. Blocks for as long as that likes."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[4][0]) for place in found]


class Dialer:
    """Opens sockets for the exchange that the calling thread is in: resolve, check, connect."""

    def __init__(self, guard: Guard, resolve: Resolve) -> None:
        self._guard = guard
        self._resolve = resolve
        self._lookups = threading.BoundedSemaphore(_MOST_LOOKUPS)
        self._here = threading.local()

    @property
    def exchange(self) -> Exchange:
        """The exchange of this thread."""
        exchange: Exchange = self._here.exchange
        return exchange

    @contextmanager
    def during(self, exchange: Exchange) -> Iterator[None]:
        """Make `exchange` this thread's."""
        self._here.exchange = exchange
        try:
            yield
        finally:
            del self._here.exchange

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to an address that was checked, and to no other.

        Raises `Refused`, `Unreachable` or `Ended`.
        """
        self.exchange.reused = False
        addresses = self._addresses(host, port)
        for address in addresses:
            self._guard.check(address, host=host, port=port)
        problem = f"the name {host} has no address (DNS)"
        self.exchange.doing = f"connecting to {host}"
        for nth, address in enumerate(addresses):
            # A dead address may take its share of the time, not all of it.
            share = self.exchange.remaining() / (len(addresses) - nth)
            try:
                return self._connect_to(address, port, share)
            except OSError as error:
                problem = not_connected(error, host, port)
        self.exchange.remaining()
        raise Unreachable(problem)

    def _connect_to(self, address: str, port: int, seconds: float) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.exchange.hold(partial(shut, sock))
            sock.settimeout(seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect((address, port))
            sock.settimeout(self.exchange.remaining())
            self.exchange.doing = ""
        except BaseException:
            self.exchange.release()
            sock.close()
            raise
        return sock

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            found = self._look_up(host, port)
        if isinstance(found, Exception):
            raise Unreachable(not_found(found, host)) from found
        return list(dict.fromkeys(found))[:_MOST_ADDRESSES]

    def _look_up(self, host: str, port: int) -> Sequence[str] | Exception:
        """Resolve in a thread that can be left behind: getaddrinfo knows no deadline."""
        found: list[Sequence[str] | Exception] = []
        done = threading.Event()

        def look_up() -> None:
            try:
                found.append(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                found.append(error)
            finally:
                self._lookups.release()
                done.set()

        self.exchange.hold(done.set)
        self.exchange.doing = f"looking up {host}"
        if not self._lookups.acquire(blocking=False):
            raise Unreachable(f"too many name look-ups hang to look up {host} (DNS)")
        threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
        done.wait(self.exchange.remaining())
        self.exchange.release()
        if not found:
            self.exchange.remaining()
            raise Unreachable(f"looking up the name {host} failed (DNS)")
        return found[0]


class _Request(PreparedRequest):
    """A request that knows its target: nobody parses the URL a second time."""

    target: Target


def _request(method: str, target: Target, headers: Mapping[str, str]) -> _Request:
    request = _Request()
    request.target, request.method, request.url = target, method, target.url
    request.headers = CaseInsensitiveDict(headers)
    return request


class _Connection(HTTPConnection):
    """A plain connection through the dialer, held by the exchange that uses it."""

    def __init__(self, *args: Any, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialer = dialer
        self._kept = False

    def _new_conn(self) -> socket.socket:
        return self._dialer.connect(self.host, self.port)

    def request(self, *args: Any, **kwargs: Any) -> None:
        exchange = self._dialer.exchange
        exchange.reused, self._kept = self._kept, True
        if self.sock is not None:
            exchange.hold(partial(shut, self.sock))
        super().request(*args, **kwargs)
        exchange.sent.append(Hop(host=self.host, status=None))

    def close(self) -> None:
        self._kept = False
        super().close()


class _SecureConnection(_Connection, HTTPSConnection):
    """The same with TLS, in the shared context and without touching it.

    urllib3 sets modes and protocols on the context at every handshake; one context that many
    threads shake hands through must be left alone.
    """

    def connect(self) -> None:
        exchange, context = self._dialer.exchange, self.ssl_context
        assert context is not None
        raw = self._new_conn()
        # The wrapper takes the descriptor away, and is not ours before the handshake is over:
        # until then a second descriptor of the same connection is what can be shut.
        twin = raw.dup()
        try:
            exchange.hold(partial(shut, twin))
            self.sock = sock = context.wrap_socket(raw, server_hostname=self.host)
            exchange.hold(partial(shut, sock))
        except BaseException:
            exchange.release()
            raw.close()
            raise
        finally:
            twin.close()
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    """Kept connections to one place; one given back is nobody's until it is taken again."""

    ConnectionCls = _Connection

    def __init__(self, host: str, port: int, *, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(host, port, **kwargs)
        self.conn_kw["dialer"] = dialer
        self._dialer = dialer

    def _put_conn(self, conn: Any) -> None:
        self._dialer.exchange.release()
        if conn is not None and self.pool is not None and self.pool.full():
            conn.close()  # urllib3 would log a warning at each of these
        else:
            super()._put_conn(conn)


class _SecurePool(_Pool, HTTPSConnectionPool):
    """The same with TLS."""

    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """requests' adapter over our pools, without what a poller has no use for."""

    def __init__(self, dialer: Dialer, *, hosts: int, per_host: int) -> None:
        self._dialer = dialer
        super().__init__(pool_connections=hosts, pool_maxsize=per_host)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **kwargs: Any
    ) -> None:
        """Make pools of our own connections, all with the one TLS context."""
        context = shared_context()
        pools = PoolManager(connections, maxsize=maxsize, block=block, ssl_context=context)
        ours: Any = {
            "http": partial(_Pool, dialer=self._dialer),
            "https": partial(_SecurePool, dialer=self._dialer),
        }
        pools.pool_classes_by_scheme = ours
        self.poolmanager = pools

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool of the request's place; there are no proxies and one way to verify."""
        assert isinstance(request, _Request)
        target = request.target
        return self.poolmanager.connection_from_host(target.host, target.port, target.scheme)

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Return path and query."""
        return request.path_url

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: naming a bundle here would have it read again for each connection."""

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Return the bare response: no cookies are read, no charset is guessed."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
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
    looking up names, connecting, TLS, headers, bodies and every redirect.
    """

    def __init__(
        self, guard: Guard, *, resolve: Resolve = system_names, hosts: int = 64, per_host: int = 2
    ) -> None:
        self._dialer = Dialer(guard, resolve)
        self._watchdog = Watchdog()
        self._adapter = _Adapter(self._dialer, hosts=hosts, per_host=per_host)

    @contextmanager
    def exchange(self, seconds: float) -> Iterator[Exchange]:
        """Begin an exchange of at most so many seconds. Raises `Ended` when closed."""
        with self._watchdog.exchange(seconds) as exchange, self._dialer.during(exchange):
            yield exchange

    def get(self, target: Target, headers: Mapping[str, str]) -> Response:
        """Ask for the target; the body is not read yet and redirects are not followed.

        Raises `Refused`, `Unreachable`, `Ended`, or what requests and urllib3 raise.
        """
        request = _request("GET", target, headers)
        try:
            return self._send(request)
        except ConnectionBroken as error:
            # A kept connection that the server closed in this very moment says nothing of the
            # server: ask once more on a new one (RFC 9112, section 9.3.1).
            closed = any(isinstance(cause, _CLOSED) for cause in causes(error))
            if not (closed and self._dialer.exchange.reused):
                raise
            return self._send(request)

    def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Response:
        """Send a body to the target, once: nobody knows what a broken off request has done."""
        request = _request("POST", target, {**headers, "Content-Length": str(len(body))})
        request.body = body
        return self._send(request)

    def close(self) -> None:
        """End every exchange under way, refuse new ones, close what was kept."""
        self._watchdog.close()
        self._adapter.close()

    def _send(self, request: PreparedRequest) -> Response:
        return self._adapter.send(request, stream=True, timeout=self._dialer.exchange.remaining())
