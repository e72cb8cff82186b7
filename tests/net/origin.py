"""A server on loopback that says, byte for byte, what a test tells it to say."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

RSS = b"<rss version='2.0'><channel><title>t</title></channel></rss>"


@dataclass
class Talk:
    """One request, and the connection to answer it on."""

    connection: socket.socket
    path: str
    headers: dict[str, str]  # names in lower case
    head: bytes
    stopping: threading.Event
    body: bytes = b""

    def say(self, data: bytes) -> None:
        self.connection.sendall(data)

    def drip(self, data: bytes) -> None:
        """Say it so slowly that nobody waits for the end."""
        for byte in data:
            self.say(bytes([byte]))
            if self.stopping.wait(0.05):
                return


class HangUp(Exception):
    """Raised by a handler to close the connection."""


Handler = Callable[[Talk], None]


@dataclass
class Origin:
    port: int
    requests: list[Talk] = field(default_factory=list)
    connections: int = 0
    asked: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/feed", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def last(self) -> Talk:
        return self.requests[-1]


def answer(body: bytes = RSS, status: str = "200 OK", **headers: str) -> bytes:
    """A whole response; `Content_Type="…"` becomes a Content-Type header."""
    fields = {"Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


@contextmanager
def raw_origin(serve: Callable[[socket.socket, Origin, threading.Event], None]) -> Iterator[Origin]:
    """Serve each connection with `serve`, in a thread of its own."""
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        origin = Origin(listener.getsockname()[1])
        open_ones: list[socket.socket] = []
        threads: list[threading.Thread] = []

        def run(connection: socket.socket) -> None:
            with connection, suppress(OSError, HangUp):
                serve(connection, origin, stopping)

        def accept() -> None:
            while not stopping.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                origin.connections += 1
                open_ones.append(connection)
                thread = threading.Thread(target=run, args=(connection,))
                threads.append(thread)
                thread.start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield origin
        finally:
            stopping.set()
            for sock in [listener, *open_ones]:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in [acceptor, *threads]:
                thread.join()


@contextmanager
def an_origin(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[Origin]:
    """Serve HTTP requests, kept connections too, by calling `handler` for each."""

    def serve(connection: socket.socket, origin: Origin, stopping: threading.Event) -> None:
        if tls is None:
            talk_over(connection, origin, stopping)
        else:
            with tls.wrap_socket(connection, server_side=True) as secure:
                talk_over(secure, origin, stopping)

    def talk_over(connection: socket.socket, origin: Origin, stopping: threading.Event) -> None:
        buffered = b""
        while True:
            while b"\r\n\r\n" not in buffered:
                piece = connection.recv(65536)
                if not piece:
                    return
                buffered += piece
            head, _, buffered = buffered.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in lines)}
            length = int(headers.get("content-length", 0))
            while len(buffered) < length:
                piece = connection.recv(65536)
                if not piece:
                    return
                buffered += piece
            body, buffered = buffered[:length], buffered[length:]
            talk = Talk(connection, first.split(" ")[1], headers, head, stopping, body)
            origin.requests.append(talk)
            origin.asked.set()
            handler(talk)

    with raw_origin(serve) as origin:
        yield origin
