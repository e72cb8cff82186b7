"""E-mail addresses: which we would write to, and how each is written one way."""

from __future__ import annotations

import re

LONGEST = 254  # characters (RFC 5321, section 4.5.3.1.3, less the angles)

_ADDRESS = re.compile(
    r"(?P<box>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)


def mail_address(said: str) -> str | None:
    """Return an address as we keep it, in lower case; None: we write to none like it.

    A box may tell capitals apart (RFC 5321, section 2.4); hardly one does, and a form that took
    them for two would write to one person twice. A host beyond ASCII is written as DNS has it.
    Quoted boxes, addresses in brackets and boxes beyond ASCII are not written to.

    >>> mail_address(" Ida@News.Example.ORG "), mail_address("ida@localhost")
    ('ida@news.example.org', None)
    >>> mail_address("ida@bücher.example"), mail_address("idá@example.org")
    ('ida@xn--bcher-kva.example', None)
    """
    said = _with_plain_host(said.strip())
    found = _ADDRESS.fullmatch(said)
    if found is None or len(said) > LONGEST or len(found["box"]) > 64:
        return None
    return said.lower()


def box_of(address: str) -> str:
    """Return whose box an address is, as far as anybody can tell: by this letters are counted.

    Many servers take `ida+anything`, some `i.d.a`, for `ida`: they are not three people. Two
    people may be taken for one, which costs them a wait and no letter.

    >>> box_of("i.da+news@example.org"), box_of("+@example.org")
    ('ida@example.org', '+@example.org')
    """
    name, _, host = address.rpartition("@")
    bare = name.partition("+")[0].replace(".", "")
    return f"{bare or name}@{host}"


def _with_plain_host(said: str) -> str:
    name, at, host = said.rpartition("@")
    if host.isascii() or len(said) > LONGEST:
        return said
    import idna  # large tables, for the rare host that needs them

    try:
        return f"{name}{at}{idna.encode(host, uts46=True).decode()}"
    except (ValueError, IndexError):  # IDNAError is a ValueError
        return said
