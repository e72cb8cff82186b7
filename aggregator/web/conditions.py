"""What a request's headers ask: which coding, whether anything is new, a person or a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache

Headers = Mapping[bytes, bytes]
"""By lower-case name; lines of the same name joined by commas."""


def header_map(lines: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return header lines by name, repeated ones joined (RFC 9110, section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in lines:
        found[name] = found[name] + b", " + value if name in found else value
    return found


@lru_cache(maxsize=1024)  # readers are many, their ways to say it few
def welcome(accept_encoding: bytes) -> tuple[frozenset[str], ...]:
    """Return the codings that are welcome, those liked best first (RFC 9110, 12.5.3).

    None of them is liked less than the plain bytes. A star is taken for gzip, which is understood
    everywhere.

    >>> welcome(b"gzip, deflate, br;q=0.5") == (frozenset({"gzip", "deflate"}), frozenset({"br"}))
    True
    >>> welcome(b"identity, gzip;q=0.5"), welcome(b"*;q=0"), welcome(b"*")
    ((), (), (frozenset({'gzip'}),))
    """
    weights: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        weights["gzip" if coding == "x-gzip" else coding] = _weight(parameters)
    plain = weights.pop("identity", 0.0)
    weights.setdefault("gzip", weights.pop("*", 0.0))
    liked = {weight for weight in weights.values() if weight > 0 and weight >= plain}
    return tuple(
        frozenset(coding for coding, found in weights.items() if found == weight)
        for weight in sorted(liked, reverse=True)
    )


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
        if tags == etag:  # as nearly every reader sends it
            return True
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
