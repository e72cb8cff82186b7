"""Connections and pools of urllib3's, over sockets of the dialer's."""

from __future__ import annotations

import socket
import time
from functools import partial
from queue import Empty, Full
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from aggregator.model.exchange import Hop
from aggregator.net.address import Target
from aggregator.net.deadline import shut
from aggregator.net.dialing import Dialer
from aggregator.net.heads import Answer

LONGEST_REST = 2.0
"""Seconds after which a kept connection is not used again; servers keep them for longer."""


class Connection(HTTPConnection):
    """A plain connection through the dialer, held by the exchange that uses it."""

    response_class = Answer

    def __init__(self, *args: Any, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialer = dialer
        self.rests_since = 0.0  # monotonic seconds
        self.address = ""  # that it was connected to

    def _new_conn(self) -> socket.socket:
        sock = self._dialer.connect(self.host, self.port)
        self.address = str(sock.getpeername()[0])
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, and note that it was sent."""
        exchange = self._dialer.exchange
        if self.sock is not None:
            exchange.hold(partial(shut, self.sock))
            self._dialer.arrive(self.address, self.host)
        super().request(*args, **kwargs)
        exchange.sent.append(Hop(host=self.host, status=None))

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a field; its characters were judged where they come from (`headers.sendable`)."""
        value = values[0]
        if len(values) > 1 or not isinstance(value, str) or "\n" in value or "\r" in value:
            super().putheader(header, *values)
        else:
            self._output(f"{header}: {value}".encode("latin-1"))  # type: ignore[attr-defined]


class SecureConnection(Connection, HTTPSConnection):
    """The same with TLS, in the shared context and without touching it.

    urllib3 sets modes and protocols on the context at every handshake; one context that many
    threads shake hands through must be left alone.
    """

    def connect(self) -> None:
        """Connect and shake hands."""
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


class _Resting:
    """Connections at rest, the last first; nobody waits for one.

    urllib3 fills a pool with nothing, `per_host` times, to have something to wait for, and takes
    it all out again when it closes the pool. Most hosts are asked once before that.
    """

    def __init__(self, maxsize: int) -> None:
        self._most = maxsize
        self._conns: list[Any] = []

    def full(self) -> bool:
        """Whether one more is to be closed."""
        return len(self._conns) >= self._most

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep a connection."""
        if item is None:
            return
        if self.full():
            raise Full
        self._conns.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take a connection."""
        try:
            return self._conns.pop()
        except IndexError:
            raise Empty from None


class Pool(HTTPConnectionPool):
    """Kept connections to one place; one given back is nobody's until it is taken again."""

    ConnectionCls = Connection
    QueueCls: Any = _Resting

    def __init__(self, target: Target, *, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(target.host, target.port, **kwargs)
        self.conn_kw["dialer"] = dialer
        self._dialer = dialer

    def _get_conn(self, timeout: float | None = None) -> Any:
        """Take a connection, or a new one for one that rested too long.

        A server may close it in the very moment in which we send, and nobody could tell whether it
        read what we sent: to ask a second time is no manner, so we do not come into that place.
        """
        conn: Any = super()._get_conn(timeout)
        if not conn.is_closed and time.monotonic() - conn.rests_since > LONGEST_REST:
            conn.close()
        return conn

    def _put_conn(self, conn: Any) -> None:
        self._dialer.exchange.release()
        if conn is not None and self.pool is not None and self.pool.full():
            conn.close()  # urllib3 would log a warning at each of these
        else:
            if conn is not None:
                conn.rests_since = time.monotonic()
            super()._put_conn(conn)


class SecurePool(Pool, HTTPSConnectionPool):
    """The same with TLS."""

    ConnectionCls = SecureConnection
