"""Which private machines we may ask: the entries of `net.allow`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aggregator.config.words import text, wrong

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


def allowed(value: object) -> str:
    """One entry of `net.allow`: `host:port`, or a network such as `10.0.0.0/8`."""
    said = text(value)
    if found := _HOST_PORT.fullmatch(said):
        if not 0 < int(found[2]) < 65536:
            raise wrong(f"there is no port {found[2]}", "from 1 to 65535")
        return said
    try:
        return str(ip_network(said)) if "/" in said else _refuse(said)
    except ValueError as error:
        why = "some of its bits lie beyond the mask" if "host bits" in str(error) else ""
        raise wrong(f"'{said}' is no network", why or "write it as 10.0.0.0/8") from None


def _refuse(said: str) -> str:
    hint = f"write {said}:80, or {said}/32 for every port"
    raise wrong(f"'{said}' is neither host:port nor a network", hint)


def within(url: str, allow: Iterable[str]) -> bool:
    """Whether an address lies inside `net.allow`, judged by what is written alone."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return False
    return any(_covers(entry, host.lower(), port) for entry in allow)


def _covers(entry: str, host: str, port: int) -> bool:
    try:
        if "/" in entry:
            return ip_address(host) in ip_network(entry)
    except ValueError:  # a name, which no network holds
        return False
    name, _, number = entry.rpartition(":")
    return name.strip("[]").lower() == host and number == str(port)
