"""Sockets: opened only to addresses the guard let through, within the exchange's deadline."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_address

from aggregator.net.address import Guard, Refused
from aggregator.net.deadline import Exchange, shut
from aggregator.net.words import not_connected, not_found

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to addresses as text. Raises `OSError` or `UnicodeError` when there are none."""

_MOST_ADDRESSES = 8  # tried of one host: a name with a thousand addresses is no feed's
_MOST_LOOKUPS = 256  # name look-ups that may hang at once before new ones fail at once


class Unreachable(Exception):
    """No connection came about; the text says why, for an operator."""


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

    def begin(self, exchange: Exchange) -> None:
        """Make `exchange` this thread's."""
        self._here.exchange = exchange

    def over(self) -> None:
        """Forget this thread's exchange."""
        del self._here.exchange

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to an address that was checked, and to no other.

        Raises `Refused`, `Unreachable` or `Ended`.
        """
        addresses = self._addresses(host, port)
        for address in addresses:
            self._guard.check(address, host=host, port=port)
        problem = f"the name {host} has no address (DNS)"
        self.exchange.doing = f"connecting to {host}"
        for nth, address in enumerate(addresses):
            self.arrive(address, host)
            # A dead address may take its share of the time, not all of it.
            share = self.exchange.remaining() / (len(addresses) - nth)
            try:
                return self._connect_to(address, port, share)
            except OSError as error:
                problem = not_connected(error, host, port)
        self.exchange.remaining()
        raise Unreachable(problem)

    def arrive(self, address: str, host: str) -> None:
        """Raise `Refused` where whoever sends us does not want anything sent to this address."""
        arriving = self.exchange.arriving
        if arriving is not None and not arriving(address):
            raise Refused(f"{host} is {address}, which is not to be called now")

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
