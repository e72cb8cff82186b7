"""The private-address guard: where we may connect, judged on the very address connected to."""

from __future__ import annotations

import re
import socket
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, quote, urlsplit

import idna

from aggregator.errors import UsageError

Address = IPv4Address | IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
WEB_PORTS = frozenset({80, 443, 8080, 8443})
SERVICE_PORTS = frozenset(
    # Databases, queues and control sockets that answer above 1024 and never speak HTTP to readers.
    {1433, 1521, 2049, 2375, 2376, 2379, 3306, 3389, 5432, 5672, 5900, 5984, 6379}
    | {9042, 9200, 9300, 10250, 11211, 27017}
)

# IANA's special-purpose registries. Written out, because what `is_global` answers has changed from
# one Python to the next (192.0.0.8 and 3fff::/20 are global to 3.11).
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16",  # Azure's machine service: a public number that only its guests reach
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_COMPATIBLE = IPv6Network("::/96")
_OUR_OWN_V6 = frozenset({IPv6Address("::"), IPv6Address("::1")})

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_IN_PATH = "!#$%&'()*+,/:;=?@[]~"


class Refused(Exception):
    """Our guard will not go there; the text says why. Never leaves this room: it becomes a
    `Failed` with the fault BLOCKED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that may be asked for, taken apart once so that nobody reads it differently."""

    url: str  # ASCII, no fragment, host written one way
    scheme: str
    host: str  # lower case, IDNA, no brackets, no closing dot
    port: int

    @property
    def place(self) -> tuple[str, str, int]:
        """Scheme, host and port: what an authorization belongs to."""
        return self.scheme, self.host, self.port


class Guard:
    """What may be reached: public addresses, and what the operator allowed by name.

    `allow` holds host:port, address:port, an address, a CIDR or a host. Only an exact host:port
    opens a port that is otherwise closed. Raises `UsageError` for an entry that is none of these.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._endpoints: set[tuple[str, int]] = set()
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in allow:
            self._admit(entry.strip())

    def target(self, url: str) -> Target:
        """Return the URL as we would ask for it, or raise `Refused` for its form alone.

        Scheme, host, port and spelling are judged here, before any look-up; the address is judged
        by `check` when it is known.
        """
        parts = _split(url.strip(" "))
        host = canonical_host(parts.hostname or "")
        try:
            port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
        except ValueError:
            raise Refused("the port is no number from 1 to 65535") from None
        if not self._port_is_open(host, port):
            raise Refused(
                f"port {port} is no web port (name {host}:{port} in net.allow to reach it)"
            )
        literal = f"[{host}]" if ":" in host else host
        place = literal if port == DEFAULT_PORTS[parts.scheme] else f"{literal}:{port}"
        path = quote(parts.path, safe=_IN_PATH) or "/"
        query = "?" + quote(parts.query, safe=_IN_PATH) if parts.query else ""
        return Target(
            url=f"{parts.scheme}://{place}{path}{query}", scheme=parts.scheme, host=host, port=port
        )

    def check(self, address: str, *, host: str, port: int) -> None:
        """Raise `Refused` unless `address`, which `host` stands for, may be connected to."""
        if (host, port) in self._endpoints or host in self._hosts:
            return
        if "%" in address:
            raise Refused(f"{host} is {address}: an address with a zone is never public")
        for face in faces(ip_address(address)):
            if is_public(face) or (str(face), port) in self._endpoints:
                continue
            if not any(face in network for network in self._networks):
                name = address if address == host else f"{host} is {address}, which"
                raise Refused(f"{name} is not a public address (net.allow can name it)")

    def _admit(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry, strict=False))
            return
        except ValueError:
            pass
        try:
            parts = urlsplit(f"//{entry}")
            host, port = canonical_host(parts.hostname or ""), parts.port
        except (ValueError, Refused):
            host, port = "", None
        if not host or entry != parts.netloc or "@" in entry:
            raise UsageError(
                f"net.allow: {entry!r} is neither host:port nor an address range like 10.0.0.0/8"
            )
        if port is None:
            self._hosts.add(host)
        else:
            self._endpoints.add((host, port))

    def _port_is_open(self, host: str, port: int) -> bool:
        if (host, port) in self._endpoints or port in WEB_PORTS:
            return True
        return port >= 1024 and port not in SERVICE_PORTS


def canonical_host(host: str) -> str:
    """Return a host as it is looked up: NFKC, IDNA, lower case; numbers as plain addresses.

    Raises `Refused` when it is no host.

    >>> canonical_host("①②⑦。0x1"), canonical_host("Bücher.Example."), canonical_host("2001:DB8::0")
    ('127.0.0.1', 'xn--bcher-kva.example', '2001:db8::')
    """
    if ":" in host:
        return _canonical_v6(host)
    name = unicodedata.normalize("NFKC", host).translate(_DOTS).lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise Refused(f"{host!r} is no host name") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_NAME.fullmatch(label) for label in labels):
        raise Refused(f"{host!r} is no host name" if host else "the address names no host")
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        try:  # 127.1, 2130706433 and 0x7f000001 are addresses to every resolver
            return socket.inet_ntoa(socket.inet_aton(name))
        except OSError:
            raise Refused(f"{host!r} is no address") from None
    return name


def faces(address: Address) -> tuple[Address, ...]:
    """Return every address a connection to this one may end at: itself and those wrapped in it.

    An IPv4-mapped address is spoken to in IPv4, so it is only its inner one.

    >>> [str(face) for face in faces(ip_address("2002:7f00:1::"))]
    ['2002:7f00:1::', '127.0.0.1']
    """
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address, address.sixtofour)
    if address.teredo:
        return (address, *address.teredo)
    if address in _NAT64 or (address in _COMPATIBLE and address not in _OUR_OWN_V6):
        return (address, IPv4Address(int(address) & 0xFFFFFFFF))
    return (address,)


def is_public(address: Address) -> bool:
    """Whether packets to this address leave for the open Internet, to one receiver."""
    if isinstance(address, IPv4Address):
        return not any(address in net for net in _NOT_PUBLIC_V4)
    if address in _NAT64:
        return True  # its inner address is another face, judged for itself
    return address in _UNICAST_V6 and not any(address in net for net in _NOT_PUBLIC_V6)


def _split(url: str) -> SplitResult:
    """Take a URL apart. Raises `Refused` for what browsers and libraries read in several ways."""
    if _CONTROL.search(url):
        raise Refused("the address holds a control character or a backslash")
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise Refused("the address has no scheme (http:// or https://)")
    if scheme[1].lower() not in DEFAULT_PORTS:
        raise Refused(f"{scheme[1].lower()}: addresses are not fetched, only http: and https:")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused("the address cannot be read as a URL") from None
    if not parts.hostname or ("[" in parts.netloc and ":" not in parts.hostname):
        raise Refused("the address names no host")
    if "@" in parts.netloc:
        raise Refused("a login in the address is refused (use auth: with env: or file:)")
    return parts


def _canonical_v6(host: str) -> str:
    if "%" in host:
        raise Refused("an address with a zone is never public")
    try:
        return str(IPv6Address(host))
    except ValueError:
        raise Refused(f"{host!r} is no address") from None
