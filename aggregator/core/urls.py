"""Addresses: which are fit to ask, to publish, and which are one and the same page.

Nothing here raises, whatever the text: an address that is none, or is longer than
`LONGEST_ADDRESS`, is `None`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from urllib.parse import urljoin, urlsplit

from aggregator.core.text import signed64
from aggregator.core.tracking import Tracking, listed
from aggregator.core.wrappers import inner_address, is_amp_viewer

LONGEST_LINK = 2_000  # characters; what feed readers and browsers surely take
LONGEST_ADDRESS = 8_000  # characters; what servers take (RFC 9110 section 4.1)

# Raised when the code below (or in `wrappers`) gives some address another key than it did.
KEY_VERSION = 2
_LONGEST_PLAIN = 1_000
_DEEPEST = 5  # wrappers within wrappers; a deeper one is taken for a page of its own

_PREFIXED = re.compile(r"(?:\A|\.)(?:www|m|mobile|amp)\.")
_PREFIXES = frozenset({"www", "m", "mobile", "amp"})
_SHARED_SUFFIX = re.compile(r"\.(?:ac|co|com|edu|gob|gov|ne|net|or|org)\.[a-z]{2}\Z")
_EDGES = "".join(map(chr, range(0x21))) + "\x7f\x85\xa0\u2028\u2029\u3000\ufeff"
_NO_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^`{|}\"]")
_LABELS = r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+"
# An address that is what it says: no login, port or odd character; and one without a query, too.
_PLAINLY_WEB = re.compile(rf"https?://{_LABELS}(?:[/?#][!-Z^-~]*)?")
# One at a usual port whose path and query may differ from the one way by escapes alone.
_PLAIN = re.compile(
    rf"https?://({_LABELS})(/[!$%&-;=@A-Z\[\]_a-z~]*|)"
    r"(?:\?([!$%&-;=?@A-Z\[\]_a-z~]*))?(?:#(?!!)[!-~]*)?"
)
_ROOT = re.compile("https://[^/]*/")
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_UNFIT = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_ONE_IN_PATH = frozenset(_UNRESERVED + "!$'()*,;:@")
_ONE_IN_QUERY = frozenset(_UNRESERVED + "!$'()*,;:@/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    scheme: str
    host: str  # ASCII, lower case; an IPv6 address without brackets
    port: int | None
    userinfo: bool
    path: str
    query: str
    fragment: str

    @property
    def place(self) -> str:
        """The host as it stands in an address."""
        return f"[{self.host}]" if ":" in self.host else self.host


def is_web(url: str) -> bool:
    """Return whether the text is an absolute http or https address with a host."""
    return _split(url) is not None


def host_of(url: str) -> str | None:
    """Return the host in lower case and ASCII (IDNA), without port or brackets.

    >>> host_of("https://Bücher.Example:8080/x")
    'xn--bcher-kva.example'
    """
    if _PLAINLY_WEB.fullmatch(url) and len(url) <= LONGEST_ADDRESS:
        return re.split("[/?#]", url[8:] if url[4] == "s" else url[7:], maxsplit=1)[0]
    parts = _split(url)
    return parts.host if parts else None


def takes_login(url: str, given_for: str) -> bool:
    """Return whether a login that was given for one address may be sent to another.

    It may on the same host and port, and from there to the same host by TLS; never the way back.

    >>> takes_login("https://a.example/new", "http://a.example/feed")
    True
    >>> takes_login("http://a.example/new", "https://a.example/feed")
    False
    """
    to, was = _split(url), _split(given_for)
    if to is None or was is None or to.host != was.host:
        return False
    if to.scheme == was.scheme:
        usual = 443 if to.scheme == "https" else 80
        return (to.port or usual) == (was.port or usual)
    return to.scheme == "https" and to.port in (None, 443) and was.port in (None, 80)


def lies_on(host: str, place: str) -> bool:
    """Return whether a host is that place or below it.

    >>> lies_on("www.example.org", "example.org"), lies_on("notexample.org", "example.org")
    (True, False)
    """
    return host == place or host.endswith(f".{place}")


def absolute(url: str, base: str | None = None) -> str | None:
    """Return the address made absolute, None when it is not one of the web.

    Blanks around it and line breaks within go; the rest stays as its publisher wrote it.

    >>> absolute(" ../a?b ", "https://example.org/x/y")
    'https://example.org/a?b'
    """
    if len(url) > LONGEST_ADDRESS:
        return None
    if _PLAINLY_WEB.fullmatch(url):  # as nearly all are: nothing to tidy, nothing to refuse
        return url
    if not (url := _tidy(url)):
        return None
    if base and not re.match("https?://", url, re.IGNORECASE):
        try:
            url = urljoin(_tidy(base), url)
        except ValueError:
            return None
    return url if is_web(url) else None


def safe_link(url: str) -> str | None:
    """Return the address as ASCII fit for publishing, None when it cannot be made so.

    What a URI may not hold is percent-encoded, the host is IDNA. None for whatever is not of
    the web, names a user or a password, or is longer than `LONGEST_LINK`.

    >>> safe_link("http://Bücher.example/Käse und <Brot>")
    'http://xn--bcher-kva.example/K%C3%A4se%20und%20%3CBrot%3E'
    """
    parts = _split(url)
    if parts is None or parts.userinfo:
        return None
    port = "" if parts.port is None else f":{parts.port}"
    query = f"?{_fit(parts.query)}" if parts.query else ""
    fragment = f"#{_fit(parts.fragment)}" if parts.fragment else ""
    link = f"{parts.scheme}://{parts.place}{port}{_fit(parts.path) or '/'}{query}{fragment}"
    return link if len(link) <= LONGEST_LINK else None


@lru_cache(maxsize=2048)  # one poll asks for each address several times
def url_key(url: str, by: Tracking | None = None) -> str | None:
    """Return what every copy of an address agrees on, itself shaped like an address.

    It leaves out the scheme, www. m. mobile. amp., AMP's paths, usual ports, tracking parameters
    (`by` names them; without it those that are listed), a trailing slash and the fragment (but
    not a `#!` route). Parameters are sorted by name, because some sharers reorder them; equal
    names keep their order, which may count. Of a redirect or an AMP cache that holds the address
    of a page, it is that page's. The key of a key is the key. For comparing only: publish the
    address itself.

    >>> url_key("HTTP://www.News.example:80/a/amp/?utm_source=x&id=7#top")
    'https://news.example/a?id=7'
    """
    by = by or listed()
    key, inner = _key_and_inner(url, by)
    return key if inner is None else _innermost(key, inner, by)


@lru_cache(maxsize=2048)
def url_hash(url: str, by: Tracking | None = None) -> int | None:
    """Return the key as a signed 64-bit number; None for a bare site root, which is no article."""
    key = url_key(url, by)
    if key is None or _ROOT.fullmatch(key):
        return None
    return signed64(key.encode())


def key_version(by: Tracking) -> int:
    """Return a number of 64 bits that changes when stored keys may no longer be those of now."""
    return signed64(" ".join([str(KEY_VERSION), *by.words]).encode())


def _innermost(outer: str | None, inner: str, by: Tracking) -> str | None:
    """Return the key of the page within wrappers; the outermost's when they are too many."""
    key, within = outer, inner
    for _ in range(_DEEPEST):
        deeper, next_ = _key_and_inner(within, by)
        if deeper is None:
            return key
        if next_ is None:
            return deeper
        key, within = deeper, next_
    return outer


def _key_and_inner(url: str, by: Tracking) -> tuple[str | None, str | None]:
    """Return the key of an address as it stands, and the address that stands within it."""
    port = route = ""
    if len(url) <= _LONGEST_PLAIN and (plain := _PLAIN.fullmatch(url)) and len(plain[1]) <= 253:
        host, path, query = plain.groups(default="")
    else:  # few, and four times the work
        parts = _split(url)
        if parts is None:
            return None, None
        host, path, query = parts.place, _fit(parts.path), _fit(parts.query)
        if parts.port not in {None, 80, 443}:
            port = f":{parts.port}"
        if parts.fragment.startswith("!"):
            route = f"#{_one_way(parts.fragment, _ONE_IN_QUERY)}"
    host = _key_host(host)
    path = _key_path(_one_way(path, _ONE_IN_PATH) if "%" in path else path, host)
    query = _key_query(query, by) if query else ""
    key = f"https://{host}{port}{path}{'?' if query else ''}{query}{route}"
    if len(key) > LONGEST_ADDRESS:
        return None, None
    return key, None if port or route else inner_address(host, path, query)


@lru_cache(maxsize=4096)
def _key_host(host: str) -> str:
    """Return the host without labels that only tell the reader's device; never a bare co.uk."""
    if host[0] == "[" or not _PREFIXED.search(host):
        return host
    labels = host.split(".")
    last = 3 if _SHARED_SUFFIX.search(host) else 2
    return ".".join([each for each in labels[:-last] if each not in _PREFIXES] + labels[-last:])


def _key_path(path: str, host: str) -> str:
    """Return the path without dot segments, empty segments and what only AMP adds."""
    amp = "amp" in path
    if not amp and "//" not in path and "/." not in path:
        return path.rstrip("/") or "/"
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    if amp:
        first = 0
        while first < len(segments) and segments[first] == "amp" and not is_amp_viewer(host):
            first += 1
        segments = segments[first:]
        while segments:
            shorter = _without_amp(segments[-1])
            if shorter == segments[-1]:
                break
            segments[-1:] = [shorter] if shorter else []
    return "/" + "/".join(segments)


def _without_amp(segment: str) -> str:
    if segment == "amp":
        return ""
    for tail in ("", ".html", ".htm"):
        if segment.endswith(f".amp{tail}"):
            shorter = segment.removesuffix(f".amp{tail}") + tail
            return segment if shorter in {".", ".."} else shorter
    return segment


def _key_query(query: str, by: Tracking) -> str:
    kept = []
    if "%" in query or "+" in query:
        query = _one_way(query.replace("+", "%20"), _ONE_IN_QUERY)
    for pair in query.split("&"):
        while pair[:4].lower() == "amp;":  # a doubly escaped "&" leaves it
            pair = pair[4:]
        name, _, value = pair.partition("=")
        if (name or value) and not by.drops(name, value):
            kept.append((name, f"{name}={value}" if value else name))
    if len(kept) > 1:
        kept.sort(key=itemgetter(0))
    return "&".join([pair for _, pair in kept])


@lru_cache(maxsize=2048)
def _split(url: str) -> _Parts | None:
    if len(url) > LONGEST_ADDRESS:
        return None
    url = _tidy(url)
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in {"http", "https"}:
        return None
    # Browsers read "\" as "/" before the query; whoever does not can be led to another host.
    if "\\" in rest:
        ahead = re.split("[?#]", rest, maxsplit=1)[0]
        rest = ahead.replace("\\", "/") + rest[len(ahead) :]
    try:
        parts = urlsplit(f"{scheme}:{rest}")
        user, at, place = parts.netloc.rpartition("@")
        port = parts.port
    except ValueError:
        return None
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::\d*)?", place)
    host = _ip6(bracketed[1]) if bracketed else _name(place.partition(":")[0])
    if host is None or port == 0:
        return None
    return _Parts(
        scheme=scheme,
        host=host,
        port=port,
        userinfo=bool(at or user),
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment,
    )


def _tidy(url: str) -> str:
    """Drop blanks and control characters around an address and line breaks inside (WHATWG URL)."""
    url = url.strip(_EDGES)
    if url.isprintable():
        return url
    return re.sub("[\ud800-\udfff]", "\ufffd", re.sub("[\t\n\r]", "", url))


def _name(host: str) -> str | None:
    """Return a host name as DNS knows it, None when it is none."""
    host = _ascii_host(host) if len(host) <= 1000 else ""
    if not host or len(host) > 253 or _NO_HOST.search(host):
        return None
    return host if all(0 < len(label) <= 63 for label in host.split(".")) else None


@lru_cache(maxsize=4096)
def _ascii_host(host: str) -> str:
    if not host.isascii():
        import idna  # large tables, for the rare host that needs them

        try:
            host = idna.encode(host, uts46=True).decode()
        except (ValueError, IndexError):  # IDNAError is a ValueError
            return ""
    return host.lower().removesuffix(".")


def _ip6(text: str) -> str | None:
    try:
        return str(ipaddress.IPv6Address(text.partition("%")[0]))
    except ValueError:
        return None


def _one_way(text: str, plain: frozenset[str]) -> str:
    """Percent-encode a part one way: whatever need not be encoded is not."""

    def plainly(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char in plain else found[0].upper()

    text = _fit(text)
    return _ESCAPED.sub(plainly, text) if "%" in text else text


def _fit(text: str) -> str:
    """Percent-encode what may not stand in a URI; escapes that are there stay."""
    if "%" in text:
        text = _STRAY_PERCENT.sub("%25", text)
    return _UNFIT.sub(lambda found: _percent(found[0]), text)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
