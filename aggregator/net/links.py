"""Link headers (RFC 8288): the hubs of a document, and the address it calls its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

MOST_HUBS = 8
"""Hubs taken of one answer: a document with more of them is not meant for us."""

_BETWEEN = re.compile(r"[\s,]*+")
_TARGET = re.compile(r"<([^<>]*)>")
_WHOLE = re.compile(r"https?://", re.IGNORECASE)
_PARAM = re.compile(r'\s*;\s*([^\s=;,"<>]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<>]*)))?')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the Link headers of an answer say; absolute http(s) addresses."""

    hubs: tuple[str, ...] = ()
    self_url: str | None = None


NO_LINKS = Links()


def links(header: str | None, base: str) -> Links:
    """Return the hubs and the first self link of a Link header (several are joined by commas).

    `base` is the address that answered: relative targets are resolved against it, and a link
    whose `anchor` is any other document's speaks of that one (RFC 8288, section 3.2).

    >>> links('<https://hub.example/>; rel=hub, </feed>; rel="self"', "https://a.example/x")
    Links(hubs=('https://hub.example/',), self_url='https://a.example/feed')
    """
    if not header:
        return NO_LINKS
    hubs: dict[str, None] = {}
    self_url = None
    for target, params in _parsed(header):
        rels = params.get("rel", "").lower().split()
        url = _absolute(target, base) if {"hub", "self"} & set(rels) else None
        if url is None or not _speaks_of(params.get("anchor"), base):
            continue
        if "hub" in rels and len(hubs) < MOST_HUBS:
            hubs[url] = None
        if "self" in rels and self_url is None:
            self_url = url
    return Links(hubs=tuple(hubs), self_url=self_url)


def _parsed(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each link-value: its target and its parameters, of two of a name the first."""
    place = 0
    while (found := _BETWEEN.match(header, place)) is not None and found.end() < len(header):
        place = found.end()  # so that a header of commas alone is walked through once
        target = _TARGET.match(header, place)
        if target is None:  # no link here: the next one may begin behind the next comma
            comma = header.find(",", place)
            place = len(header) if comma < 0 else comma + 1
            continue
        place, params = target.end(), dict[str, str]()
        while (param := _PARAM.match(header, place)) is not None:
            quoted, bare = param[2], param[3]
            value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else bare or ""
            params.setdefault(param[1].lower(), value)
            place = param.end()
        yield target[1].strip(), params


def _absolute(target: str, base: str) -> str | None:
    try:
        # What is whole already stays as it was written: joining would tidy it.
        url = target if _WHOLE.match(target) else urljoin(base, target)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _speaks_of(anchor: str | None, base: str) -> bool:
    if anchor is None:
        return True
    return _absolute(anchor, base) == base
