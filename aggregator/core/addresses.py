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
    them for two would write to one person twice. Quoted boxes, addresses in brackets and letters
    beyond ASCII are not written to.

    >>> mail_address(" Ida@News.Example.ORG "), mail_address("ida@localhost")
    ('ida@news.example.org', None)
    """
    said = said.strip()
    found = _ADDRESS.fullmatch(said)
    if found is None or len(said) > LONGEST or len(found["box"]) > 64:
        return None
    return said.lower()
