"""By what strangers are counted: what costs nothing to have many of is one and the same.

Whoever has a domain has every name below it, and whoever has a machine often has its network.
The rule is our own and no public suffix list: that has to be kept fresh, and knows the hosters at
which a name is free (a1.duckdns.org, a2.duckdns.org, ...) as so many owners. What is not known
here to be shared is counted together, which errs on the side of those who would be called.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

# Registries that sell names below a second label, and those labels.
_SHARED = {
    registry: frozenset(labels.split())
    for registry, labels in {
        "ar": "com edu gob gov net org",
        "at": "ac co gv or",
        "au": "asn com edu gov id net org",
        "br": "blog com edu eco gov net org",
        "cn": "ac com edu gov net org",
        "co": "com edu gov net nom org",
        "es": "com edu gob nom org",
        "hk": "com edu gov net org",
        "id": "ac co go or sch web",
        "il": "ac co gov muni net org",
        "in": "ac co edu firm gen gov ind net org",
        "jp": "ac ad co ed go gr lg ne or",
        "ke": "ac co go ne or",
        "kr": "ac co go ne or pe re",
        "mx": "com edu gob net org",
        "my": "com edu gov net org",
        "nz": "ac co geek gen govt kiwi net org school",
        "pl": "com edu gov info net org",
        "sg": "com edu gov net org per",
        "th": "ac co go in net or",
        "tr": "com edu gen gov net org web",
        "tw": "com edu gov idv net org",
        "ua": "com edu gov in net org",
        "uk": "ac co gov ltd me net nhs org plc police sch",
        "za": "ac co edu gov net nom org web",
    }.items()
}


def neighbourhood(host: str) -> str:
    """Return what a host is counted by: its registrable domain, of an address /24 or /48.

    `host` is as `urls.host_of` gives it.

    >>> neighbourhood("a1.b.evil.org"), neighbourhood("news.lane.co.uk")
    ('evil.org', 'lane.co.uk')
    >>> neighbourhood("8.8.8.8"), neighbourhood("2001:4860:1:2::9")
    ('8.8.8.0/24', '2001:4860:1::/48')
    """
    try:
        return _network(host, 24, 48)
    except ValueError:
        labels = host.rstrip(".").split(".")
    is_shared = len(labels) > 2 and labels[-2] in _SHARED.get(labels[-1], ())
    return ".".join(labels[-3:] if is_shared else labels[-2:])


def machine(address: str) -> str:
    """Return what an address that we connect to is counted by: itself, of IPv6 its /64.

    >>> machine("8.8.8.8"), machine("2001:4860:1:2::9"), machine("::ffff:8.8.8.8")
    ('8.8.8.8', '2001:4860:1:2::/64', '8.8.8.8')
    """
    return _network(address, 32, 64).removesuffix("/32")


def household(asker: str) -> str:
    """Return by what an asker is counted that is an address, or of IPv6 any network in it.

    >>> household("8.8.8.8"), household("2001:4860:1:2::/64"), household("")
    ('8.8.8.8', '2001:4860:1::/48', '')
    """
    if not asker:
        return ""
    return _network(asker.partition("/")[0], 32, 48).removesuffix("/32")


def _network(text: str, of_v4: int, of_v6: int) -> str:
    """Return an address's network. Raises `ValueError` for what is no address."""
    found = ip_address(text.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((int(found), of_v6), strict=False))
        found = found.ipv4_mapped
    return str(IPv4Network((int(found), of_v4), strict=False))
