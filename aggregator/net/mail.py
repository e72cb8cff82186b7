"""Letters to a mail server (RFC 5321): one connection for a round, a deadline that holds."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote, urlsplit

from aggregator.errors import UsageError
from aggregator.model.letter import Trouble, Unsent
from aggregator.net.deadline import End, Ended, Exchange, Watchdog, shut

SECONDS = 30.0  # to hand over one letter
TAKING = 600.0  # more for a server to say that it took one (RFC 5321, section 4.5.3.2.6)
MOST_A_CONNECTION = 100  # letters; some servers hang up after so many

_PORTS = {"smtp": 25, "smtps": 465}
_SUBMISSION = 587
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_DOT = re.compile(rb"^\.", re.MULTILINE)
# What a refusal is about that stands behind an address: the address itself (RFC 3463, X.1 and
# X.2.1), not the server's mood or rules.
_OF_ADDRESS = re.compile(r"5\.(?:1\.|2\.1\b)")
_WITH_REASON = re.compile(r"5\.\d")
_NO_BOX = frozenset({550, 551, 553})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters are handed over. `login` is never told."""

    host: str
    port: int
    tls: bool  # from the first byte
    login: tuple[str, str] | None = None

    def without_login(self, said: str) -> str:
        """Return words of a server without the password, should it repeat it."""
        return said.replace(self.login[1], "…") if self.login and self.login[1] else said

    @property
    def is_here(self) -> bool:
        """Whether it is this machine itself, on which nothing has to be encrypted."""
        return self.host in _HERE


def mail_server(said: str) -> MailServer:
    """Return the server of smtp://USER:PASSWORD@HOST:PORT, or of smtps://….

    Without a port smtp: means 587 where there is a login, else 25. Raises `UsageError`, which
    never tells what was said: a password may be in it.

    >>> mail_server("smtp://ida:s%40fe@mail.example").port, mail_server("smtps://mail.example").tls
    (587, True)
    """
    wrong = UsageError("letters: smtp: write smtp://USER:PASSWORD@HOST:PORT, or smtps://…")
    try:
        parts = urlsplit(said.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query:
        raise wrong
    login = None
    if parts.username is not None:
        login = (unquote(parts.username), unquote(parts.password or ""))
    usual = _SUBMISSION if login and parts.scheme == "smtp" else _PORTS[parts.scheme]
    return MailServer(host=host, port=port or usual, tls=parts.scheme == "smtps", login=login)


class SmtpPostman:
    """`Postman` by SMTP.

    STARTTLS is used wherever it is offered, and needed for a login; certificates are checked. A
    server on this machine is spoken to as it is. `trusts` stands in for the system's store of
    certificates.
    """

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        taking: float = TAKING,
        trusts: ssl.SSLContext | None = None,
    ) -> None:
        self._seconds, self._taking, self._trusts = seconds, taking, trusts
        self._watchdog = Watchdog()
        self._open: _Session | None = None
        self._server = ""
        self._sent = 0

    def send(self, server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        """Hand over one letter; None: it was taken. Raises `UsageError` for no such server."""
        where = mail_server(server)
        try:
            exchange = self._watchdog.begin(self._seconds)
        except Ended:
            return Unsent(trouble=Trouble.SERVER, problem="no letters are sent any more")
        try:
            session = self._session(server, where, exchange, sender)
            session.hand_over(letter, sender=sender, to=to, taking=self._taking)
            self._sent += 1
            return None
        except (OSError, smtplib.SMTPException, Ended) as error:
            return self._unsent(error, exchange, where)
        finally:
            self._watchdog.over(exchange)

    def rest(self) -> None:
        """Hang up until the next letter."""
        session, self._open = self._open, None
        if session is None:
            return
        try:
            exchange = self._watchdog.begin(min(5.0, self._seconds))
        except Ended:
            session.close()
            return
        try:
            session.held_by(exchange)
            session.quit()
        except (OSError, smtplib.SMTPException, Ended):
            session.close()
        finally:
            self._watchdog.over(exchange)

    def close(self) -> None:
        """End what is under way and take nothing more."""
        self._watchdog.close()
        session, self._open = self._open, None
        if session is not None:
            session.close()

    def _session(self, server: str, where: MailServer, exchange: Exchange, sender: str) -> _Session:
        """Return the open connection, or another one where it has done enough."""
        if self._open is not None and not self._fits(self._open, server, exchange):
            self._hang_up()
        if self._open is None:
            self._sent, self._server = 0, server
            name = sender.rpartition("@")[2]
            self._open = _Session(where, name, exchange, self._trusts)
            self._open.begin()
        return self._open

    def _fits(self, session: _Session, server: str, exchange: Exchange) -> bool:
        """Return whether another letter may go this way; whether anybody is there is asked now,
        for of a letter that is cut off nobody knows whether it was taken."""
        if self._server != server or self._sent >= MOST_A_CONNECTION:
            return False
        return session.lives(exchange)

    def _unsent(self, error: Exception, exchange: Exchange, where: MailServer) -> Unsent:
        """Return what a failure means; the connection lives on only where the server said so."""
        answered = isinstance(error, (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused))
        if self._open is not None and self._open.is_out and not answered:
            problem = f"{where.host} did not say whether it took the letter"
            unsent = Unsent(trouble=Trouble.UNCLEAR, problem=problem)
        elif exchange.ended is End.DEADLINE:
            problem = f"{where.host} took longer than {self._seconds:g} s"
            unsent = Unsent(trouble=Trouble.SERVER, problem=problem)
        else:
            unsent = _meaning(error, where)
            unsent = replace(unsent, problem=where.without_login(unsent.problem))
        if unsent.trouble in (Trouble.SERVER, Trouble.UNCLEAR):
            self._hang_up()
        return unsent

    def _hang_up(self) -> None:
        session, self._open = self._open, None
        if session is not None:
            session.close()


class _Session(smtplib.SMTP):
    """A connection that the watchdog can end, whatever it waits for."""

    def __init__(
        self, server: MailServer, name: str, exchange: Exchange, trusts: ssl.SSLContext | None
    ) -> None:
        self._where, self._trusts, self._exchange = server, trusts, exchange
        self.is_out = False  # whether a letter's last byte is on its way and nothing is answered
        super().__init__(local_hostname=name, timeout=exchange.remaining())

    def held_by(self, exchange: Exchange) -> None:
        """Have another letter's deadline hold for what comes."""
        self._exchange = exchange
        if self.sock is not None:
            self.sock.settimeout(exchange.remaining())
            exchange.hold(partial(shut, self.sock))

    def hand_over(self, letter: bytes, *, sender: str, to: str, taking: float) -> None:
        """Send one letter. Raises `OSError`, `SMTPException` or `Ended`.

        Once it is out whole the server has `taking` seconds more to say that it took it: who
        hangs up before sends a letter twice that was taken all the time (RFC 1047).
        """
        self.ehlo_or_helo_if_needed()
        size = [f"size={len(letter)}"] if self.has_extn("size") else []
        code, said = self.mail(sender, size)
        if code != 250:
            self._back(code)
            raise smtplib.SMTPSenderRefused(code, said, sender)
        code, said = self.rcpt(to)
        if code not in (250, 251):
            self._back(code)
            raise smtplib.SMTPRecipientsRefused({to: (code, said)})
        code, said = self.docmd("data")
        if code == 354:
            self.send(_dotted(letter))
            self.is_out = True
            self._exchange.deadline = time.monotonic() + taking
            self.held_by(self._exchange)
            code, said = self.getreply()
            self.is_out = False
        if code != 250:
            self._back(code)
            raise smtplib.SMTPDataError(code, said)

    def _back(self, code: int) -> None:
        """Have the server forget a letter it did not want."""
        if code != 421:  # it hangs up by itself
            self.rset()

    def lives(self, exchange: Exchange) -> bool:
        """Return whether the server still answers, which it may not after each letter."""
        try:
            self.held_by(exchange)
            return self.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def begin(self) -> None:
        """Connect, encrypt, log in. Raises `OSError`, `SMTPException` or `Ended`."""
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        where = self._where
        sock = socket.create_connection((where.host, where.port), self._exchange.remaining())
        self.sock = self._wrapped(sock) if where.tls else sock
        self.held_by(self._exchange)
        code, said = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        self.ehlo_or_helo_if_needed()
        if not where.tls and not where.is_here and self.has_extn("starttls"):
            self._host = where.host  # by which `starttls` checks the certificate
            self.starttls(context=self._context())
            self.held_by(self._exchange)
            self.ehlo_or_helo_if_needed()
        elif where.login and not where.tls and not where.is_here:
            raise smtplib.SMTPNotSupportedError("it offers no STARTTLS, and a login needs it")
        if where.login is not None:
            self.login(*where.login)

    def _wrapped(self, sock: socket.socket) -> ssl.SSLSocket:
        try:
            return self._context().wrap_socket(sock, server_hostname=self._where.host)
        except BaseException:
            sock.close()
            raise

    def _context(self) -> ssl.SSLContext:
        return self._trusts or ssl.create_default_context()


def _meaning(error: Exception, where: MailServer) -> Unsent:
    """Return whose fault a failure is, by what the server answered (RFC 5321, section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, said),) = error.recipients.values()
        told = _told(code, said)
        return Unsent(trouble=_whose(code, told), problem=told)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        problem = f"{where.host} does not take the login ({error.smtp_code})"
        return Unsent(trouble=Trouble.SERVER, problem=problem)
    if isinstance(error, smtplib.SMTPDataError):
        told = _told(error.smtp_code, error.smtp_error)
        return Unsent(trouble=_whose(error.smtp_code), problem=told)
    if isinstance(error, smtplib.SMTPResponseException):
        told = _told(error.smtp_code, error.smtp_error)
        return Unsent(trouble=Trouble.SERVER, problem=f"{where.host}: {told}")
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Unsent(trouble=Trouble.SERVER, problem=f"{where.host}:{where.port}: {why}")


def _dotted(letter: bytes) -> bytes:
    """Return a letter as it goes over the wire, its end included (RFC 5321, section 4.5.2)."""
    end = b"" if letter.endswith(b"\r\n") else b"\r\n"
    return _DOT.sub(b"..", letter) + end + b".\r\n"


def _whose(code: int, of_address: str = "") -> Trouble:
    """Return whose fault an answer is; `of_address` is what was said of an address.

    A server that takes nothing from us, or for nobody, refuses addresses too: who is given up for
    that would be everybody.
    """
    if code == 421 or code in (530, 535, 538):  # it hangs up; it wants a login
        return Trouble.SERVER
    if not of_address or code < 500:
        return Trouble.LATER
    if _WITH_REASON.search(of_address):
        return Trouble.ADDRESS if _OF_ADDRESS.search(of_address) else Trouble.LATER
    nobody = code in _NO_BOX and "relay" not in of_address.lower()
    return Trouble.ADDRESS if nobody else Trouble.LATER


def _told(code: int, said: bytes | str) -> str:
    text = said if isinstance(said, str) else said.decode("utf-8", "replace")
    return f"{code} {' '.join(text.split())}"[:200]
