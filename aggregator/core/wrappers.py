"""Addresses that stand within other addresses: redirects that count clicks, and AMP's caches.

Only what the address itself holds is told; nobody is asked. Hosts, paths and queries come as
`core.urls` writes them in a key: host without www. and m., path and query percent-encoded one way.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from urllib.parse import unquote

_Rule = Callable[[str, str], str | None]  # from path and query to the address within

_GOOGLE = re.compile(r"google\.(?:com?\.)?[a-z]{2,3}")
_CACHED = re.compile(r"/(?:c|v|wp)/(s/)?([^/]+\.[^/]+(?:/.*)?)")  # amp.dev: AMP Cache URL format
_VIEWED = re.compile(r"/amp/(s/)?([^/]+\.[^/]+(?:/.*)?)")
_NEWS = re.compile(r"/(?:(?:__i/)?rss/(?:rd/)?)?(?:articles|read)/([A-Za-z0-9_-]+)=*")
_SEARCHED = re.compile(r"/RU=([^/]+)(?:/|\Z)")
_CACHES = (".cdn.ampproject.org", ".bing-amp.com")  # one label below: the publisher's
_SAFE_LINKS = ".safelinks.protection.outlook.com"
_PROOFPOINT = str.maketrans("-_", "%/")


def inner_address(host: str, path: str, query: str) -> str | None:
    """Return the address that a redirect or an AMP cache holds; None for an ordinary page.

    >>> inner_address("google.com", "/url", "sa=t&url=https://x.example/a%3Fid=7")
    'https://x.example/a?id=7'
    """
    rule = _RULES.get(host)
    if rule is None:
        if host.startswith("google.") and _GOOGLE.fullmatch(host):
            rule = _google
        elif host.endswith(_CACHES):
            rule = _cache
        elif host.endswith(_SAFE_LINKS):
            rule = _safe_link
        else:
            return None
    return rule(path, query)


def is_amp_viewer(host: str) -> bool:
    """Return whether addresses below /amp/ of this host are those of other sites."""
    return host == "bing.com" or _GOOGLE.fullmatch(host) is not None


def _told_by(names: str, *paths: str) -> _Rule:
    """Return a rule for an address in one of some parameters, at some paths or at any."""

    def rule(path: str, query: str) -> str | None:
        return _parameter(query, *names.split()) if not paths or path in paths else None

    return rule


def _parameter(query: str, *names: str) -> str | None:
    given = [pair.partition("=") for pair in query.split("&")]
    for name in names:
        for its, _, value in given:
            if its == name and (found := _address(value)):
                return found
    return None


def _address(text: str) -> str | None:
    """Return an escaped text as the absolute address it is, None when it is none."""
    try:
        text = unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None
    return text if text[:8].lower().startswith(("http://", "https://")) else None


def _behind(found: re.Match[str] | None, query: str) -> str | None:
    """Return the address whose host and path stand in a path, with the query of the whole."""
    if found is None:
        return None
    return f"http{'s' if found[1] else ''}://{found[2]}{'?' if query else ''}{query}"


def _cache(path: str, query: str) -> str | None:
    return _behind(_CACHED.fullmatch(path), query)


def _google(path: str, query: str) -> str | None:
    if path in {"/url", "/news/url"}:
        return _parameter(query, "url", "q")  # a search's q is what was searched for
    return _behind(_VIEWED.fullmatch(path), query)


def _google_news(path: str, query: str) -> str | None:
    """Until July 2024 the id of an article held its address, as field 4 of a protobuf message."""
    found = _NEWS.fullmatch(path)
    if found is None:
        return _google(path, query)
    data = _decoded(found[1])
    if data[:3] != b"\x08\x13\x22" or len(data) < 5:
        return None
    size, start = data[3], 4
    if size & 0x80:  # a second byte of seven bits
        size, start = size & 0x7F | data[4] << 7, 5
    return _ascii(data[start : start + size])


def _bing(path: str, query: str) -> str | None:
    if path == "/news/apiclick.aspx":
        return _parameter(query, "url")
    if path == "/ck/a":
        coded = next((pair[4:] for pair in query.split("&") if pair.startswith("u=a1")), "")
        return _ascii(_decoded(coded))
    return _behind(_VIEWED.fullmatch(path), query)


def _yahoo(path: str, query: str) -> str | None:
    found = _SEARCHED.search(path)
    return _address(found[1]) if found else None


def _proofpoint(path: str, query: str) -> str | None:
    """Version 2 writes "-" for "%" and "_" for "/"."""
    coded = next((pair[2:] for pair in query.split("&") if pair.startswith("u=")), "")
    return _address(coded.translate(_PROOFPOINT)) if path == "/v2/url" else None


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _ascii(data: bytes) -> str | None:
    text = data.decode("ascii", "replace")
    return text if text.isascii() and text.startswith(("http://", "https://")) else None


_safe_link = _told_by("url")
_RULES: dict[str, _Rule] = {
    "bing.com": _bing,
    "c212.net": _told_by("u", "/c/link"),  # PR Newswire
    "cdn.ampproject.org": _cache,
    "cts.businesswire.com": _told_by("url", "/ct/CT"),
    "duckduckgo.com": _told_by("uddg", "/l"),
    "facebook.com": _told_by("u", "/l.php", "/flx/warn"),
    "flipboard.com": _told_by("url", "/redirect"),
    "getpocket.com": _told_by("url", "/redirect"),
    "l.facebook.com": _told_by("u"),
    "l.instagram.com": _told_by("u"),
    "l.messenger.com": _told_by("u"),
    "l.threads.com": _told_by("u"),
    "l.threads.net": _told_by("u"),
    "link.zhihu.com": _told_by("target"),
    "linkedin.com": _told_by("url", "/redir/redirect", "/safety/go"),
    "lm.facebook.com": _told_by("u"),
    "medium.com": _told_by("url", "/r"),
    "news.google.com": _google_news,
    "out.reddit.com": _told_by("url"),
    "pinterest.com": _told_by("url", "/offsite"),
    "r.search.yahoo.com": _yahoo,
    "slack-redir.net": _told_by("url", "/link"),
    "t.umblr.com": _told_by("z", "/redirect"),
    "urldefense.com": _proofpoint,
    "urldefense.proofpoint.com": _proofpoint,
    "vk.com": _told_by("to", "/away.php"),
    "youtube.com": _told_by("q", "/redirect"),
}
