"""The formats a topic is published in, and how their bytes become documents."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import zstandard

from aggregator.formats import atom, jsonfeed, rss
from aggregator.formats.writing import Format, write
from aggregator.model.publication import Document, Edition

# It has no wheel everywhere, and no types anywhere.
brotli: Any = import_module("brotli") if find_spec("brotli") else None

ZSTD_LEVEL, BROTLI_QUALITY = 9, 6  # a millisecond each for 72 KB; the next step takes thrice that

EXTENSIONS: Mapping[str, Format] = {
    "atom": atom.FORMAT,
    "rss": rss.FORMAT,
    "json": jsonfeed.FORMAT,
}
"""By the ending of an address: how that format is written."""

FORMATS: Mapping[str, str] = {ending: kind.content_type for ending, kind in EXTENSIONS.items()}
"""By the ending of an address: its content type."""


def render(edition: Edition, extension: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the edition as a document's bytes, and in words what had to be left out of it."""
    return write(EXTENSIONS[extension], edition)


def pack(body: bytes) -> bytes:
    """Return the body gzipped, with no time in it: the same body, the same bytes."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def pack_zstd(body: bytes) -> bytes:
    """Return the body compressed with Zstandard (RFC 8878), its size told: the same, the same."""
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)


def pack_br(body: bytes) -> bytes | None:
    """Return the body compressed with Brotli (RFC 7932); None where that is not installed."""
    return None if brotli is None else bytes(brotli.compress(body, quality=BROTLI_QUALITY))


def etag_of(body: bytes) -> str:
    """Return the strong ETag of a body, quotes included (RFC 9110, section 8.8.3)."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def document(path: str, content_type: str, body: bytes, now: float) -> Document:
    """Return the body as a finished document; `path` has no leading slash, `now` is UTC seconds."""
    return Document(
        path=path,
        content_type=content_type,
        body=body,
        gzip=pack(body),
        etag=etag_of(body),
        kept_at=int(now),
        zstd=pack_zstd(body),
        br=pack_br(body),
    )
