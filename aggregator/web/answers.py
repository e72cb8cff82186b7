"""Finished bytes and the headers they go out with, worked out once and sent many times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import blake2b

from starlette.types import Receive, Scope, Send

from aggregator.formats.rendering import etag_of, pack
from aggregator.model.publication import Document
from aggregator.web.conditions import Headers, header_map, is_known, welcome

Lines = tuple[tuple[bytes, bytes], ...]

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

STALE = "stale-while-revalidate=60, stale-if-error=86400"
FEED_CACHING = f"public, max-age=300, {STALE}"
ARCHIVE_CACHING = f"public, max-age=86400, {STALE}"  # changes by a withdrawal alone
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

    coding: str  # "identity": none
    body: bytes
    etag: bytes
    full: Lines  # headers of the whole answer
    brief: Lines  # headers of a 304
    full_wire: bytes  # the same as they stand on the wire
    brief_wire: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What stands at an address, ready to be sent in each of its codings."""

    plain: Variant
    packed: tuple[Variant, ...]  # the smallest first
    modified: bytes | None = None  # Last-Modified
    status: int = 200

    @property
    def size(self) -> int:
        """How many bytes it takes up."""
        return len(self.plain.body) + sum(len(each.body) for each in self.packed)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one asker gets of it."""

    status: int
    variant: Variant

    @property
    def headers(self) -> Lines:
        """The lines it goes out with."""
        return self.variant.brief if self.status == 304 else self.variant.full

    @property
    def wire(self) -> bytes:
        """These lines as they stand on the wire."""
        return self.variant.brief_wire if self.status == 304 else self.variant.full_wire

    @property
    def body(self) -> bytes:
        """The bytes after them, to GET."""
        return b"" if self.status == 304 else self.variant.body


def answer(ready: Ready, headers: Headers) -> Answer:
    """Choose the coding the asker likes best, the smallest of several; 304 where they have it."""
    variant = _chosen(ready, headers.get(b"accept-encoding"))
    if ready.status == 200 and is_known(headers, etag=variant.etag, modified=ready.modified):
        return Answer(304, variant)
    return Answer(ready.status, variant)


def _chosen(ready: Ready, accepted: bytes | None) -> Variant:
    if accepted:
        for codings in welcome(accepted):
            for variant in ready.packed:
                if variant.coding in codings:
                    return variant
    return ready.plain


def ready_feed(document: Document, *, root: str = "", link: str | None = None) -> Ready:
    """Return a published document as it is served; `root` is the path our addresses lie in,
    `link` its Link header: what has no room for it inside is discovered by it (WebSub)."""
    modified = formatdate(document.kept_at, usegmt=True)
    caching = ARCHIVE_CACHING if "/archive/" in document.path else FEED_CACHING
    where = f"{root}/{document.path}"
    return _ready(
        document,
        status=200,
        shared={
            "Cache-Control": caching,
            "Content-Location": where,
            "Vary": VARY_FEED,
            **FOR_ANY_SITE,
        },
        other={
            "Last-Modified": modified,
            "Accept-Ranges": "none",
            **({"Link": link} if link is not None else {}),
            **NO_SNIFF,
        },
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
    more: Mapping[str, str] | None = None,
) -> Ready:
    """Return a page, a list or a file of ours as it is served; `form`: it has one, to us; `more`
    headers of the whole answer."""
    other = {**(PAGE_POLICY if content_type == HTML else NO_SNIFF), **(more or {})}
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
    packed = [
        _variant(document, coding, body, shared, whole)
        for coding, body in (("gzip", document.gzip), ("zstd", document.zstd), ("br", document.br))
        if body is not None
    ]
    return Ready(
        plain=_variant(document, "identity", document.body, shared, whole),
        packed=tuple(sorted(packed, key=lambda each: len(each.body))),
        modified=modified.encode("ascii") if modified is not None else None,
        status=status,
    )


def _variant(
    document: Document,
    coding: str,
    body: bytes,
    shared: Mapping[str, str],
    other: Mapping[str, str],
) -> Variant:
    etag = document.etag
    if coding != "identity":
        # Two codings are two representations: a strong tag may stand for one of them only
        # (RFC 9110, section 8.8.3.3).
        etag = f'{etag[:-1]}-{coding}"'
        other = {**other, "Content-Encoding": coding}
    brief = {"ETag": etag, **shared}
    full = {**brief, **other, "Content-Length": str(len(body))}
    full_lines, brief_lines = _lines(full), _lines(brief)
    return Variant(
        coding=coding,
        body=body,
        etag=etag.encode("ascii"),
        full=full_lines,
        brief=brief_lines,
        full_wire=_wire(full_lines),
        brief_wire=_wire(brief_lines),
    )


def _lines(headers: Mapping[str, str]) -> Lines:
    return tuple(
        (name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()
    )


def _wire(lines: Lines) -> bytes:
    return b"".join(b"%b: %b\r\n" % line for line in lines)


@dataclass(frozen=True, slots=True)
class Reply:
    """An ASGI answer with something ready: 304 where the asker has it, packed where welcome."""

    ready: Ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. The body of an answer to HEAD is left to the server to drop."""
        chosen = answer(self.ready, header_map(scope["headers"]))
        body = b"" if scope["method"] == "HEAD" else chosen.body
        await send_whole(send, chosen.status, chosen.headers, body)


async def send_whole(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> None:
    """Send an answer in one piece."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def version_of(body: bytes) -> str:
    """Return a few characters that change when the bytes do, for the address of a file."""
    return blake2b(body, digest_size=6).hexdigest()
