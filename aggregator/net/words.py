"""What went wrong on the network, in words an operator understands."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus

from urllib3.exceptions import IncompleteRead, InvalidChunkLength, ProtocolError

_CONNECTING = {
    errno.ECONNREFUSED: "refused the connection",
    errno.ECONNRESET: "broke the connection off while it was being made",
    errno.EHOSTUNREACH: "cannot be reached (no route)",
    errno.ENETUNREACH: "cannot be reached (no route)",
}

_STATUSES = {
    204: "the server says there is nothing to read",
    206: "the server sent a part, though the whole was asked for",
    304: "the server says nothing changed, though nothing was asked conditionally",
    401: "the server asks for a login (auth: of the feed)",
    403: "the server refuses to let us read this",
    404: "there is nothing at this address",
    406: "the server offers no form that we read",
    410: "the feed is gone for good, says the server",
    429: "the server asks us to come less often",
    451: "withheld for legal reasons",
    500: "the server has a fault",
    502: "the server behind this address does not answer",
    503: "the server is out of service for now",
    504: "the server behind this address does not answer in time",
}


def status_words(status: int) -> str:
    """Return what an HTTP status means for a poll.

    >>> status_words(404), status_words(418), status_words(599)
    ('404: there is nothing at this address', "418: I'm a Teapot", '599: no success')
    """
    try:
        words = _STATUSES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        words = "no success"
    return f"{status}: {words}"


def not_connected(error: OSError, host: str, port: int) -> str:
    """Say why no connection came about."""
    if isinstance(error, TimeoutError):
        return f"{host} port {port} does not answer (no connection in time)"
    words = _CONNECTING.get(error.errno or 0)
    return f"{host} port {port} {words or f'cannot be reached ({_plain(error)})'}"


def not_found(error: Exception, host: str) -> str:
    """Say why a name has no address."""
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return f"no name server answers for {host} (DNS)"
        return f"the name {host} is not known (DNS)"
    return f"looking up the name {host} failed (DNS: {_plain(error)})"


def broken_off(error: BaseException) -> str:
    """Say why an exchange broke off, by the first cause that is understood."""
    for cause in _causes(error):
        if words := _understood(cause):
            return words
    return f"the exchange failed ({_plain(error)})"


def _understood(cause: BaseException) -> str | None:
    match cause:
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not valid ({cause.verify_message})"
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "the server broke off the TLS connection"
        case ssl.SSLError():
            return f"no TLS connection came about ({cause.reason or _plain(cause)})"
        case http.client.RemoteDisconnected():
            return "the server closed the connection without an answer"
        case InvalidChunkLength():
            return "the answer is no valid HTTP (a chunk without a length)"
        case IncompleteRead() if isinstance(cause.partial, int):
            return f"the answer broke off after {cause.partial} bytes"
        case http.client.IncompleteRead():
            return "the answer broke off"
        case http.client.LineTooLong():
            return "the answer has a header line of more than 64 KB"
        case http.client.BadStatusLine():
            return "the answer is no HTTP"
        case ConnectionResetError() | BrokenPipeError():
            return "the server broke the connection off"
        case http.client.HTTPException() if "headers" in str(cause):
            return "the answer has more than 100 header lines"
        case ProtocolError() if "prematurely" in str(cause):
            return "the answer broke off"
        case _:
            return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give the error and all that it wraps, innermost first: that was there when it happened."""
    seen: list[BaseException] = []
    ahead: list[object] = [error]
    while ahead:
        one = ahead.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            ahead += [*one.args, getattr(one, "reason", None), one.__context__, one.__cause__]
    return reversed(seen)


def _plain(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or type(error).__name__
    return str(text)[:200]
