"""The feeds a web page names in its head."""

from __future__ import annotations

import re
from html import unescape

from aggregator.core.urls import absolute

LOOKED_AT = 200_000  # bytes of a page
MOST = 5

_LINK = re.compile(rb"<link\b([^<>]{1,2000})>", re.I)
_ATTRIBUTE = re.compile(r"""([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json"}


def feeds_named_by(page: bytes, url: str) -> tuple[str, ...]:
    """Return the addresses of `<link rel="alternate">` feeds, in the page's order.

    >>> feeds_named_by(b'<link rel=alternate type="application/rss+xml" href=/f>', "https://e.org/")
    ('https://e.org/f',)
    """
    found: dict[str, None] = {}
    for link in _LINK.finditer(page[:LOOKED_AT]):
        told = {
            name.lower(): unescape(quoted or single or bare)
            for name, quoted, single, bare in _ATTRIBUTE.findall(link[1].decode("utf-8", "replace"))
        }
        is_feed = told.get("type", "").split(";")[0].strip().lower() in _TYPES
        address = absolute(told.get("href", ""), url) if is_feed else None
        if address and "alternate" in told.get("rel", "").lower().split():
            found[address] = None
    return tuple(found)[:MOST]
