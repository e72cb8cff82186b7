"""What a request's headers ask: which coding, whether anything is new, a person or a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime

Headers = Mapping[bytes, bytes]
"""By lower-case name; lines of the same name joined by commas."""


def header_map(lines: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return header lines by name, repeated ones joined (RFC 9110, section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in lines:
        found[name] = found[name] + b", " + value if name in found else value
    return found


def wants_gzip(accept_encoding: bytes | None) -> bool:
    """Return whether gzip is welcome, and no less than the plain bytes (RFC 9110, 12.5.3).

    >>> wants_gzip(b"gzip, deflate, br"), wants_gzip(b"identity, gzip;q=0.5"), wants_gzip(b"*;q=0")
    (True, False, False)
    """
    if not accept_encoding:
        return False
    weights = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        weights[coding] = _weight(parameters)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _weight(parameters: Iterable[str]) -> float:
    """Return the `q` among a coding's parameters; one that cannot be read asks for nothing."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0


def is_known(headers: Headers, *, etag: bytes, modified: bytes | None) -> bool:
    """Return whether the asker has these very bytes already (RFC 9110, section 13.2.2).

    `etag` is the quoted one of the representation that would be sent; tags are compared weakly,
    as If-None-Match wants it. `modified` is our Last-Modified; it counts only where no tag is
    given.
    """
    tags = headers.get(b"if-none-match")
    if tags is not None:
        bare = etag.strip(b'"')
        return any(_bare(tag) in (bare, b"*") for tag in tags.split(b","))
    since = headers.get(b"if-modified-since")
    if since is None or modified is None:
        return False
    return since == modified or _is_later(since, modified)


def _bare(tag: bytes) -> bytes:
    """Return a tag without weakness and quotes; some readers lose the quotes."""
    return tag.strip().removeprefix(b"W/").strip(b'"')


def _is_later(since: bytes, modified: bytes) -> bool:
    try:
        asked = parsedate_to_datetime(since.decode("latin-1")).timestamp()
        ours = parsedate_to_datetime(modified.decode("latin-1")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return False
    return asked >= ours


def is_navigation(headers: Headers) -> bool:
    """Return whether a person's browser navigates here, rather than a reader that polls.

    Browsers say so on HTTPS and loopback; on plain HTTP they leave the header out and are known
    by two others together. Accept alone would not do: some feed readers send a browser's.
    """
    destination = headers.get(b"sec-fetch-dest")
    if destination is not None:
        return destination.strip() == b"document"
    accepts_html = b"text/html" in headers.get(b"accept", b"").lower()
    return accepts_html and b"upgrade-insecure-requests" in headers
