"""The short way answers as the long way does, and leaves to it what is not plain."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from aggregator.flow.audience import Counter
from aggregator.flow.kit import Kit
from aggregator.model.topic import Mode
from aggregator.web import wire
from aggregator.web.answers import Answer
from aggregator.web.app import make_app
from aggregator.web.conditions import Headers
from aggregator.web.feeds import FeedDoor
from aggregator.web.rate import Buckets
from aggregator.web.wire import QuickProtocol, plain_request
from tests.makers import a_topic_spec
from tests.web.desk import Desk, Served, a_desk

ATOM = "/topics/global-lane.atom"


class Watched(FeedDoor):
    """A door that counts which way was gone."""

    quick = long = 0

    def at_once(self, method: str, path: str, peer: str, headers: Headers) -> Answer | None:
        found = super().at_once(method, path, peer, headers)
        self.quick += found is not None
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.long += 1
        await super().__call__(scope, receive, send)


@contextmanager
def serving(app: FeedDoor, *, keep_alive: int = 5) -> Iterator[Served]:
    config = uvicorn.Config(
        app,
        http=QuickProtocol,
        proxy_headers=False,
        log_config=None,
        lifespan="off",
        timeout_keep_alive=keep_alive,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Served(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="module")
def kit() -> Iterator[Kit]:
    with a_desk() as desk:
        fill(desk)
        site = replace(desk.kit.settings.site, proxies=("127.0.0.1",))
        yield replace(desk.kit, settings=replace(desk.kit.settings, site=site))


def fill(desk: Desk) -> None:
    wire, lane = desk.feed(), desk.topic(a_topic_spec(mode=Mode.AUTO))
    for _ in range(3):
        desk.tell(wire, lane)
    desk.publish()


@pytest.fixture
def door(kit: Kit) -> Watched:
    return Watched(make_app(lambda: kit), lambda: kit, Counter(), Buckets(at_once=20))


@pytest.fixture
def web(door: Watched) -> Iterator[Served]:
    with serving(door) as here:
        here.ask(ATOM)  # into memory
        yield here


def talk(port: int, *parts: bytes, until: int = 1) -> bytes:
    """Send these parts; return what came until so many answers' heads, or the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(0.1 if len(parts) > 1 else 0)  # or the parts may come as one
        heard = b""
        while heard.count(b"HTTP/1.1 ") < until or not heard.endswith((b"</feed>\n", b"\r\n\r\n")):
            more = line.recv(65536)
            if not more:
                break
            heard += more
    return heard


def plain(path: str = ATOM, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accepted", ["identity", "gzip", "br", "zstd"])
def test_both_ways_give_the_same_answer(
    door: Watched, web: Served, method: str, accepted: str
) -> None:
    for more in ({}, {"If_None_Match": web.ask(ATOM, Accept_Encoding=accepted).headers["etag"]}):
        quick, long = door.quick, door.long
        short = web.ask(ATOM, method, Accept_Encoding=accepted, **more)
        assert (door.quick, door.long) == (quick + 1, long)
        far = web.ask(ATOM, method, Accept_Encoding=accepted, Connection="close", **more)
        assert (door.quick, door.long) == (quick + 1, long + 1)
        del far.headers["connection"]
        for answer in (short, far):
            assert answer.headers.pop("date")
            answer.headers.pop("server", None)
        assert short == far
        assert short.status == (304 if more else 200)


def test_a_connection_answers_one_after_another(door: Watched, web: Served) -> None:
    heard = talk(web.port, plain(method="HEAD"), until=1)
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as line:
        for _ in range(3):
            line.sendall(plain(method="HEAD"))
            assert line.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        line.sendall(plain("/healthz"))
        assert b"ok\n" in line.recv(65536)
        line.sendall(plain(method="HEAD"))  # uvicorn has it now
        assert line.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert door.quick >= 4


@pytest.mark.parametrize(
    "parts",
    [
        (plain(method="HEAD") * 2,),  # two at once
        (plain(method="HEAD")[:20], plain(method="HEAD")[20:]),  # one in two pieces
        (plain(ATOM, "Connection: close"),),
        (plain(ATOM, "Content-Length: 3") + b"abc",),
        (plain(ATOM, "X: 1", "X: 2", method="HEAD"),),
        (plain(ATOM + "?x=1", method="HEAD"),),
    ],
)
def test_what_is_not_plain_is_answered_by_uvicorn(
    door: Watched, web: Served, parts: tuple[bytes, ...]
) -> None:
    quick = door.quick
    heard = talk(web.port, *parts)
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert door.quick == quick


def test_what_follows_half_a_request_is_part_of_it(door: Watched, web: Served) -> None:
    """A whole request inside a body is the body: no second answer, none of the short way."""
    quick = door.quick
    inside = plain()
    head = plain("/push/x", f"Content-Length: {len(inside)}", "Connection: close", method="POST")
    heard = talk(web.port, head, inside, until=2)
    assert heard.count(b"HTTP/1.1 ") == 1
    assert door.quick == quick


def test_who_asks_too_often_is_told_when_to_come_again(web: Served) -> None:
    who = {"X_Forwarded_For": "193.99.144.80"}
    statuses = [web.ask(ATOM, "HEAD", **who).status for _ in range(30)]
    assert statuses[:20] == [200] * 20
    assert 429 in statuses
    refused = web.ask(ATOM, **who)
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["cache-control"] == "no-store"
    assert web.ask("/healthz", **who).status == 429
    assert web.ask(ATOM, X_Forwarded_For="193.99.144.81").status == 200


def test_a_silent_connection_is_ended(kit: Kit) -> None:
    with serving(make_app(lambda: kit), keep_alive=1) as web:
        with socket.create_connection(("127.0.0.1", web.port), timeout=10) as line:
            assert line.recv(10) == b""
        web.ask(ATOM)
        with socket.create_connection(("127.0.0.1", web.port), timeout=10) as line:
            line.sendall(plain(method="HEAD"))
            assert line.recv(65536).startswith(b"HTTP/1.1 200")
            assert line.recv(10) == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"GET /topics/a HTTP/1.0\r\nHost: x\r\n\r\n",
        b"POST /topics/a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get /topics/a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET topics/a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x/topics/a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET  /topics/a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nA: x\r\n\r\n",  # no host
        b"GET /topics/a HTTP/1.1\r\n\r\n",
        b"GET /topics/a HTTP/1.1\nHost: x\n\n",
        b"GET /topics/a HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\rA: y\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nA: \xff\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
        b"GET /feeds/secret/a.atom HTTP/1.1\r\nHost: x\r\n\r\n",  # no secret is kept
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eDp5\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\n\r\n\r\n",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\n\r\nmore",
        b"GET /topics/a HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 4096 + b"\r\n\r\n",
    ],
)
def test_an_odd_request_is_not_plain(data: bytes) -> None:
    assert plain_request(data) is None


@given(st.binary(max_size=120))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    for asked in (data, b"GET /topics/a HTTP/1.1\r\nHost: x\r\n" + data):
        found = plain_request(asked)
        assert found is None or asked.endswith(b"\r\n\r\n")


def connected(web: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=10)


def ended(connection: socket.socket, *, patience: float = 10.0) -> bool:
    """Whether the server ends a connection that we say nothing more on."""
    connection.settimeout(patience)
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "asked",
    [
        b"GET /topics/global-lane.atom HTTP/1.1\r\n\r\n",
        b"GET /topics/global-lane.atom HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01 what is this\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_not_written_down(
    web: Served, asked: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(web) as line:
        line.sendall(asked)
        assert line.recv(65_536).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert ended(line)
    assert not caplog.records


def test_an_old_client_need_not_name_a_host(web: Served) -> None:
    assert talk(web.port, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_head_without_end_is_cut_off(kit: Kit) -> None:
    with (
        serving(make_app(lambda: kit)) as web,
        socket.create_connection(("127.0.0.1", web.port)) as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        with suppress(ConnectionError):
            for _ in range(40):
                line.sendall(b"a" * 4096)
                time.sleep(0.005)
        assert ended(line)


def test_a_request_that_never_comes_whole_is_waited_for_so_long(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_PATIENCE", 0.1)
    monkeypatch.setattr(wire, "BODY_PATIENCE", 0.1)
    with serving(make_app(lambda: kit), keep_alive=1) as web:
        for half in (
            b"GET /",
            b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: ",
            b"POST /hub HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhub",
        ):
            with connected(web) as line:
                line.sendall(half)
                assert ended(line), half


def test_who_takes_nothing_of_an_answer_is_cut_off(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "STALLED", 0.1)
    asked = f"GET {ATOM} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with serving(make_app(lambda: kit), keep_alive=1) as web, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", web.port))
        line.settimeout(30.0)
        with pytest.raises(ConnectionError):
            for _ in range(1_000_000):
                line.sendall(asked)


def test_who_is_slow_but_takes_it_gets_all_of_it(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_PATIENCE", 3.0)
    with serving(make_app(lambda: kit), keep_alive=1) as web, connected(web) as line:
        for piece in (b"GET / HTTP/1.1\r\n", b"Host: x\r\n", b"Connection: close\r\n\r\n"):
            line.sendall(piece)
            time.sleep(0.6)
        said = b""
        while more := line.recv(65_536):
            said += more
    assert said.startswith(b"HTTP/1.1 200") and said.rstrip().endswith(b"</html>")
