"""Machines by address: which private ones we may ask (`net.allow`), which are our proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aggregator.config.words import text, wrong

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_PORT = re.compile(rf"(\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL})*):([0-9]{{1,5}})")


def allowed(value: object) -> str:
    """One entry of `net.allow`: `host:port`, or a network such as `10.0.0.0/8`."""
    said = text(value)
    if found := _HOST_PORT.fullmatch(said):
        if not 0 < int(found[2]) < 65536:
            raise wrong(f"there is no port {found[2]}", "from 1 to 65535")
        _check_numeric(found[1])
        return said
    if "/" not in said:
        hint = f"write {said}:80, or {said}/32 for every port"
        raise wrong(f"'{said}' is neither host:port nor a network", hint)
    try:
        return str(ip_network(said))
    except ValueError as error:
        why = "some of its bits lie beyond the mask" if "host bits" in str(error) else ""
        raise wrong(f"'{said}' is no network", why or "write it as 10.0.0.0/8") from None


def proxy(value: object) -> str:
    """One entry of `site.proxies`: an address such as `127.0.0.1`, or a network."""
    said = text(value)
    try:
        return str(ip_network(said) if "/" in said else ip_address(said))
    except ValueError:
        hint = "write it as 127.0.0.1, or as a network: 10.0.0.0/8"
        raise wrong(f"'{said}' is neither an address nor a network", hint) from None


def _check_numeric(host: str) -> None:
    """Refuse a host that looks like an IP address and is none."""
    if host[0] != "[" and not host.rpartition(".")[2].isdigit():
        return
    try:
        if ip_address(host.strip("[]")).version != (6 if host[0] == "[" else 4):
            raise ValueError(host)
    except ValueError:
        raise wrong(f"'{host}' is no IP address", "write it as 127.0.0.1:8801") from None


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
