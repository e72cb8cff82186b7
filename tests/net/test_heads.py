"""Heads of answers: the short way says what `http.client` says, or leaves it to it."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.heads import Answer


class Heard:
    """A socket from which these bytes came."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))


def told(kind: type[HTTPResponse], data: bytes) -> tuple[Any, ...]:
    """What a reader of answers makes of these bytes, and what it leaves for the next answer."""
    heard: Any = Heard(data)
    answer = kind(heard, method="GET")
    with answer:
        try:
            answer.begin()
        except (HTTPException, ValueError) as error:
            return (type(error),)
        fields = [(name, value.strip(" \t")) for name, value in answer.headers.items()]
        framing = (answer.chunked, answer.length, answer.will_close)
        body = answer.fp.read() if answer.fp else b""
        return answer.status, answer.reason, answer.version, fields, framing, body


def short_way(data: bytes) -> bool:
    heard: Any = Heard(data)
    with Answer(heard) as answer:
        return answer._begin_plainly()


PLAIN = [
    b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nDate: now\r\n\r\n',
    b"HTTP/1.1 304 \r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-LENGTH:3\r\nX-Y:\r\nA: \t b \t\r\n\r\nabcHTTP",
    b"HTTP/1.1 404 Nicht gefunden \xfc\r\nContent-Length: 3\r\nConnection: Close\r\n\r\nabc",
    b"HTTP/1.1 304 X\r\nContent-Length: 500\r\nLocation: /b\xc3\xbc\r\n\r\n",
]
ODD = [
    b"",
    b"\r\n\r\n",
    b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/2 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\nab",
    b"HTTP/1.1 304 X\r\nA: b\r\n folded\r\nC: d\r\n\r\n",
    b"HTTP/1.1 304 X\r\nA b: c\r\n\r\n",
    b"HTTP/1.1 304 X\r\nno colon\r\nC: d\r\n\r\n",
    b"HTTP/1.1 304 X\r\nA: b\nC: d\r\n\r\n",
    b"HTTP/1.1 304 X\nA: b\n\n",
    b"HTTP/1.1 304 X\r\nA: b\x00c\r\n\r\n",
    b"HTTP/1.1 304 X\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
    b'HTTP/1.1 304 X\r\nETag: "not whole"\r\n',
    b"HTTP/1.1 304 X\r\n" + b"X-Pad: 1\r\n" * 150 + b"\r\n",
    b"HTTP/1.1 304 X\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
    b"SSH-2.0-nope\r\n\r\n",
]


@pytest.mark.parametrize("data", PLAIN)
def test_a_plain_head_is_read_the_short_way_as_the_library_reads_it(data: bytes) -> None:
    assert short_way(data)
    assert told(Answer, data) == told(HTTPResponse, data)


@pytest.mark.parametrize("data", ODD)
def test_a_head_that_is_not_plain_is_left_to_the_library(data: bytes) -> None:
    assert not short_way(data)
    assert told(Answer, data) == told(HTTPResponse, data)


NAMES = [
    *(b"ETag", b"Content-Length", b"content-length", b"Connection", b"Transfer-Encoding"),
    *(b"Link", b"X-Any", b"Bad Name", b" folded", b""),
]
FIELD = st.builds(
    lambda name, blank, value, end: name + b":" + blank + value + end,
    st.sampled_from(NAMES),
    st.sampled_from([b" ", b"", b"\t "]),
    st.sampled_from([b"0", b"5", b"close", b"Keep-Alive", b"chunked", b"x, y", b"\xc3\xbc", b""])
    | st.binary(max_size=9),
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b" \r\n"]),
)
HEAD = st.builds(
    lambda status, fields, end, rest: status + b"".join(fields) + end + rest,
    st.sampled_from(
        [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 304 X\r\n", b"HTTP/1.1 204 \r\n", b"HTTP/1.0 200 O\r\n"]
    ),
    st.lists(FIELD, max_size=5),
    st.sampled_from([b"\r\n", b"\r\n", b"\n", b""]),
    st.binary(max_size=12),
)


@given(HEAD | st.binary(max_size=200))
def test_no_head_is_read_otherwise_than_the_library_reads_it(data: bytes) -> None:
    assert told(Answer, data) == told(HTTPResponse, data)
