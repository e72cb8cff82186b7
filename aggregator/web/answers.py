"""Finished bytes and the headers they go out with, worked out once and sent many times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import blake2b

from starlette.types import Receive, Scope, Send

from aggregator.formats.rendering import etag_of, pack
from aggregator.model.publication import Document
from aggregator.web.conditions import header_map, is_known, wants_gzip

Lines = tuple[tuple[bytes, bytes], ...]

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

STALE = "stale-while-revalidate=60, stale-if-error=86400"
FEED_CACHING = f"public, max-age=300, {STALE}"
PAGE_CACHING = f"public, max-age=60, {STALE}"

VARY_FEED = "Sec-Fetch-Dest, Accept, Upgrade-Insecure-Requests, Accept-Encoding"
VARY_PAGE = "Accept-Encoding"

NO_SNIFF = {"X-Content-Type-Options": "nosniff"}
FOR_ANY_SITE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag"}
PAGE_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: http:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "strict-origin-when-cross-origin",
    **NO_SNIFF,
}

FORM_POLICY = PAGE_POLICY["Content-Security-Policy"].replace(
    "form-action 'none'", "form-action 'self'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One coding of the bytes: a representation of its own, with its own ETag."""

    body: bytes
    etag: bytes
    full: Lines  # headers of the whole answer
    brief: Lines  # headers of a 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What stands at an address, ready to be sent plain or gzipped."""

    plain: Variant
    gzip: Variant
    modified: bytes | None = None  # Last-Modified
    status: int = 200


def ready_feed(document: Document) -> Ready:
    """Return a published document as it is served."""
    modified = formatdate(document.kept_at, usegmt=True)
    return _ready(
        document,
        status=200,
        shared={"Cache-Control": FEED_CACHING, "Vary": VARY_FEED, **FOR_ANY_SITE},
        other={"Last-Modified": modified, "Accept-Ranges": "none", **NO_SNIFF},
        modified=modified,
    )


def ready_page(
    body: bytes,
    content_type: str,
    *,
    status: int = 200,
    caching: str = PAGE_CACHING,
    location: str | None = None,
    form: bool = False,
) -> Ready:
    """Return a page, a list or a file of ours as it is served; `form`: it has one, to us."""
    other = dict(PAGE_POLICY if content_type == HTML else NO_SNIFF)
    if form:
        other["Content-Security-Policy"] = FORM_POLICY
    if location is not None:
        other["Location"] = location
    document = Document(
        path="",
        content_type=content_type,
        body=body,
        gzip=pack(body),
        etag=etag_of(body),
        kept_at=0,
    )
    return _ready(
        document,
        status=status,
        shared={"Cache-Control": caching, "Vary": VARY_PAGE},
        other=other,
    )


def _ready(
    document: Document,
    *,
    status: int,
    shared: Mapping[str, str],
    other: Mapping[str, str],
    modified: str | None = None,
) -> Ready:
    whole = {"Content-Type": document.content_type, **other}
    # Two codings are two representations: a strong tag may stand for one of them only
    # (RFC 9110, section 8.8.3.3).
    packed_etag = f'{document.etag[:-1]}-gzip"'
    return Ready(
        plain=_variant(document.body, document.etag, shared, whole),
        gzip=_variant(document.gzip, packed_etag, shared, {**whole, "Content-Encoding": "gzip"}),
        modified=modified.encode("ascii") if modified is not None else None,
        status=status,
    )


def _variant(
    body: bytes, etag: str, shared: Mapping[str, str], other: Mapping[str, str]
) -> Variant:
    brief = {"ETag": etag, **shared}
    full = {**brief, **other, "Content-Length": str(len(body))}
    return Variant(body=body, etag=etag.encode("ascii"), full=_lines(full), brief=_lines(brief))


def _lines(headers: Mapping[str, str]) -> Lines:
    return tuple(
        (name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """An ASGI answer with something ready: 304 where the asker has it, gzip where welcome."""

    ready: Ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. The body of an answer to HEAD is left to the server to drop."""
        ready, headers = self.ready, header_map(scope["headers"])
        variant = ready.gzip if wants_gzip(headers.get(b"accept-encoding")) else ready.plain
        known = ready.status == 200 and is_known(
            headers, etag=variant.etag, modified=ready.modified
        )
        if known:
            await send_whole(send, 304, variant.brief, b"")
        else:
            body = b"" if scope["method"] == "HEAD" else variant.body
            await send_whole(send, ready.status, variant.full, body)


async def send_whole(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> None:
    """Send an answer in one piece."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def version_of(body: bytes) -> str:
    """Return a few characters that change when the bytes do, for the address of a file."""
    return blake2b(body, digest_size=6).hexdigest()
