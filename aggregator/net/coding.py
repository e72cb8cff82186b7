"""Content codings undone piece by piece, so that a bomb is noticed before it has gone off."""

from __future__ import annotations

import importlib
import io
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from importlib.util import find_spec
from itertools import chain, islice
from typing import IO, Any, cast

import zstandard

PIECE = 65536
"""Bytes at most in one piece that a decoding gives."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_MAGIC = {"gzip": _GZIP, "x-gzip": _GZIP, "zstd": _ZSTD}
_ENOUGH = 512  # bytes by which a body that only claims to be coded gives itself away
_MOST_CODINGS = 3
_TRIED = 16  # pieces that a small body is unpacked to, to see whether it can be
_WINDOW = 8 << 20  # the largest zstd window on the web (RFC 9659)
_TEXT = (b"<", b"{", b"[", b"\xfe\xff", b"\xff\xfe", b"\x00<")


class BrokenCoding(Exception):
    """The body is not in the coding that its header names; the text says how."""


class TooLarge(Exception):
    """More bytes came, or came out, than we are ready to keep."""


def _brotli() -> Any:
    """The brotli module when there is one that can be told how much to give at a time."""
    name = next((name for name in ("brotlicffi", "brotli") if find_spec(name)), None)
    module = importlib.import_module(name) if name else None
    return (
        module if hasattr(getattr(module, "Decompressor", None), "can_accept_more_data") else None
    )


BROTLI = _brotli()

ACCEPTED = ", ".join(["gzip", "deflate", "zstd"] + (["br"] if BROTLI else []))
"""What to say in Accept-Encoding."""


def gathered(pieces: Iterable[bytes], most: int, *, cut: bool = False) -> bytes:
    """Return the pieces as one. Raises `TooLarge` once they are more than `most` bytes; with `cut`
    the first `most` bytes are returned instead.

    >>> gathered([b"abc", b"def"], 4, cut=True)
    b'abcd'
    """
    kept = io.BytesIO()  # a list of two-byte chunks would weigh twenty times the body
    for piece in pieces:
        room = most - kept.tell()
        if len(piece) > room:
            if not cut:
                raise TooLarge
            kept.write(piece[:room])
            break
        kept.write(piece)
    return kept.getvalue()


def decoded(pieces: Iterable[bytes], header: str | None) -> Iterator[bytes]:
    """Return the body's pieces with every coding of its Content-Encoding undone.

    A body that only says it is coded is given as it is, and one that is gzip without saying so
    (`feed.xml.gz` as a file) is unpacked. Raises `BrokenCoding`, also while being read.

    >>> import gzip
    >>> b"".join(decoded([gzip.compress(b"<rss/>")], "gzip"))
    b'<rss/>'
    >>> b"".join(decoded([b"<rss/>"], "gzip"))
    b'<rss/>'
    """
    names = [name.strip().lower() for name in (header or "").split(",")]
    codings = [name for name in names if name not in {"", "identity", "none"}]
    if len(codings) > _MOST_CODINGS:
        raise BrokenCoding(f"the body is coded {len(codings)} times over")
    plain = iter(pieces)
    for name in reversed(codings):
        plain = _undone(name, plain)
    head, plain = _peek(plain, len(_GZIP))
    return _gunzipped(plain) if head.startswith(_GZIP) else plain


def _undone(name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    head, pieces = _peek(pieces, _ENOUGH)
    decode = _DECODERS.get(name)
    if not head:
        return pieces
    if not head.startswith(_MAGIC.get(name, b"")):
        decode = None
    elif name in {"deflate", "br"} and decode is not None and _looks_like_text(head):
        # Neither has a magic number: what reads like text and cannot be unpacked is text.
        whole = len(head) < _ENOUGH
        try:
            for _ in islice(decode(iter((head,))), _TRIED if whole else 1):
                pass
        except BrokenCoding:
            decode = None
    if decode is not None:
        return decode(pieces)
    if _looks_like_text(head):
        return pieces
    if name in _DECODERS:
        raise BrokenCoding(f"the server says the body is {name}, and it is not")
    raise BrokenCoding(f"the body is coded as {name[:20]!r}, which we neither asked for nor read")


def _peek(pieces: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return at least `size` first bytes where there are as many, and all pieces as they were."""
    head = b""
    while len(head) < size:
        piece = next(pieces, None)
        if piece is None:
            break
        head += piece
    return head, chain((head,), pieces)


def _looks_like_text(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_TEXT)


def _inflated(pieces: Iterator[bytes], wbits: int) -> Generator[bytes, None, bytes]:
    """Give one zlib stream in pieces; return what came behind its end."""
    engine = zlib.decompressobj(wbits)
    for piece in pieces:
        while True:
            try:
                out = engine.decompress(piece, PIECE)
            except zlib.error as error:
                raise BrokenCoding(f"the compressed body is broken ({error})") from error
            if out:
                yield out
            piece = engine.unconsumed_tail
            if engine.eof or (not piece and len(out) < PIECE):
                break
        if engine.eof:
            return engine.unused_data
    raise BrokenCoding("the compressed body breaks off")


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Every member one after the other; what is behind the last is nobody's business."""
    head = _GZIP
    while head.startswith(_GZIP):
        rest = yield from _inflated(pieces, 16 + zlib.MAX_WBITS)
        head, pieces = _peek(chain((rest,), pieces), len(_GZIP))


def _undeflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """As RFC 9110 wants it (zlib), and as half the servers send it (raw)."""
    head, pieces = _peek(pieces, 2)
    zlib_wrapped = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    yield from _inflated(pieces, zlib.MAX_WBITS if zlib_wrapped else -zlib.MAX_WBITS)


class _Source:
    """Pieces as a file that zstandard can read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = (
            (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        )
        return taken


def _unzstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    head, pieces = _peek(pieces, 18)  # the longest frame header
    size = 0
    try:
        promised = zstandard.frame_content_size(head)
        source = cast("IO[bytes]", _Source(pieces))
        engine = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        reader = engine.stream_reader(source, read_size=PIECE, read_across_frames=True)
        while out := reader.read(PIECE):
            size += len(out)
            yield out
    except zstandard.ZstdError as error:
        raise BrokenCoding(f"the compressed body is broken ({error})") from error
    # The library ends in silence where a frame does; its header often says what was to come.
    if size < promised:
        raise BrokenCoding("the compressed body breaks off")


def _unbrotlied(pieces: Iterator[bytes]) -> Iterator[bytes]:
    engine = BROTLI.Decompressor()
    for piece in pieces:
        while not engine.is_finished():
            try:
                out = engine.process(piece, output_buffer_limit=PIECE)
            except BROTLI.error as error:
                raise BrokenCoding(f"the compressed body is broken ({error})") from error
            if out:
                yield out
            piece = b""
            if engine.can_accept_more_data():
                break
        if engine.is_finished():
            return
    raise BrokenCoding("the compressed body breaks off")


_DECODERS: dict[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _undeflated,
    "zstd": _unzstd,
}
if BROTLI:
    _DECODERS["br"] = _unbrotlied
