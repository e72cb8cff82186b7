"""A mail server on loopback that does what a test tells it to, one thread a connection."""

from __future__ import annotations

import base64
import email
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Got:
    """One letter as it was handed over."""

    sender: str
    to: str
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=default)

    def part(self, kind: str) -> str:
        found = self.mail.get_body((kind,))
        assert found is not None
        return str(found.get_content())


@dataclass(kw_only=True)
class Mailbox:
    """What came, and how to answer. `answers`: by the first word of a command, or an address."""

    host: str = "127.0.0.1"
    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # commands, in order
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: int = 0  # connections that were
    connections: int = 0
    tls: ssl.SSLContext | None = None  # with it STARTTLS is offered
    drip: float = 0.0  # seconds between two bytes of a greeting that never ends
    hangs_up_after: int = 0  # letters
    takes: float = 0.0  # seconds until it says that it took a letter; less than 0: it hangs up

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"


@contextmanager
def a_mailbox(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """Have a mail server for a while."""
    box = Mailbox(host=host, tls=tls)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            box.connections += 1
            _Talk(box, self).run()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server((host, 0), Handler) as server:
        box.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


class _Talk:
    """One connection's conversation."""

    def __init__(self, box: Mailbox, handler: Any) -> None:
        self._box, self._handler = box, handler
        self._in, self._out = handler.rfile, handler.wfile
        self._sender = self._to = ""
        self._letters = 0

    def run(self) -> None:
        try:
            self._run()
        except OSError:
            pass
        finally:
            if isinstance(self._handler.connection, ssl.SSLSocket):
                self._in.close()
                self._out.close()
                self._handler.connection.close()

    def _run(self) -> None:
        while self._box.drip:
            self._out.write(b"2")
            time.sleep(self._box.drip)
        self._say("220 here")
        while line := self._in.readline():
            text = line.decode().strip()
            self._box.said.append(text)
            if not self._answer(text, text.split(" ")[0].upper()):
                return

    def _answer(self, text: str, word: str) -> bool:
        told = self._box.answers.get(word)
        if told is not None:
            self._say(told)
        elif word == "EHLO":
            encrypted = isinstance(self._handler.connection, ssl.SSLSocket)
            more = ["250-STARTTLS"] if self._box.tls and not encrypted else ["250-AUTH PLAIN"]
            self._say("\r\n".join(["250-here", *more, "250 8BITMIME"]))
        elif word == "STARTTLS":
            self._say("220 go on")
            assert self._box.tls is not None
            sock = self._box.tls.wrap_socket(self._handler.connection, server_side=True)
            self._handler.connection = sock
            self._in, self._out = sock.makefile("rb"), sock.makefile("wb", buffering=0)
            self._box.encrypted += 1
        elif word == "AUTH":
            _, user, password = base64.b64decode(text.split(" ")[2]).decode().split("\0")
            self._box.logins.append((user, password))
            self._say("235 welcome")
        elif word == "MAIL":
            self._sender = text[10:].split(">")[0].strip("<")
            self._say("250 ok")
        elif word == "RCPT":
            self._to = text[8:].split(">")[0].strip("<")
            self._say(self._box.answers.get(self._to, "250 ok"))
        elif word == "DATA":
            return self._data()
        elif word == "QUIT":
            self._say("221 bye")
            return False
        else:
            self._say("250 ok")
        return True

    def _data(self) -> bool:
        self._say("354 go on")
        lines = []
        while (line := self._in.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self._box.got.append(Got(sender=self._sender, to=self._to, raw=b"".join(lines)))
        if self._box.takes < 0:
            return False
        time.sleep(self._box.takes)
        self._say(self._box.answers.get("TAKEN", "250 taken"))
        self._letters += 1
        return self._letters != self._box.hangs_up_after

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\r\n".encode())
