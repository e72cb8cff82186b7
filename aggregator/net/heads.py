"""Heads of answers, read the short way where they are plain; any other is left to `http.client`.

The standard library reads header fields with its mail parser, which costs more than all the rest
of a 304. What is not plainly an HTTP/1.1 answer of known length is not touched here.
"""

from __future__ import annotations

import re
from http.client import HTTPMessage, HTTPResponse
from typing import Any

_PLAIN = re.compile(
    # Status 2xx to 5xx; up to 99 fields in a line each, none folded; nothing but printable bytes.
    rb"HTTP/1\.1 ([2-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)\r\n"
    rb"((?:[!#-'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n){0,99})\r\n"
)
_NO_BODY = frozenset({204, 304})


class Fields(HTTPMessage):
    """Header fields that stand as they came; values without the blanks around them."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__()
        self._fields = fields
        for name, value in fields:
            self.set_raw(name, value)

    def items(self) -> list[tuple[str, str]]:
        """Return the fields in order, each as often as it came."""
        return list(self._fields)


class Answer(HTTPResponse):
    """An answer whose head is read at one go, when it came at one go and is plain."""

    fp: Any  # a BufferedReader

    def begin(self) -> None:
        """Read status and fields, and decide how long the body is (RFC 9112, section 6.3)."""
        if not self._begin_plainly():
            super().begin()

    def _begin_plainly(self) -> bool:
        """Do so for a plain head of known length; False, and nothing is read, for any other."""
        plain = _PLAIN.match(self.fp.peek())
        if plain is None:
            return False
        lines = plain[3].decode("latin-1").split("\r\n")[:-1]
        parts = [line.partition(":") for line in lines]
        fields = [(name, value.strip(" \t")) for name, _, value in parts]
        by_name = {name.lower(): value for name, value in fields}
        length = 0 if int(plain[1]) in _NO_BODY else _length(by_name)
        if length is None or len(by_name) < len(fields):
            return False  # fields that came twice may be those that matter
        self.fp.read(plain.end())
        self.code = self.status = int(plain[1])
        self.version, self.reason = 11, plain[2].decode("latin-1").strip()
        self.headers = self.msg = Fields(fields)
        self.chunked, self.length = False, length
        self.will_close = "close" in by_name.get("connection", "").lower()
        return True


def _length(by_name: dict[str, str]) -> int | None:
    text = by_name.get("content-length", "")
    if "transfer-encoding" in by_name or not text.isascii() or not text.isdigit():
        return None
    return int(text) if len(text) < 16 else None
