"""Subscribers of our hub on loopback: their callbacks do what a test tells them to.

Our site lies at a public https address; the hub's door is asked on loopback, and callbacks at
`NAME.reader.example` are found there.
"""

from __future__ import annotations

import hmac
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from aggregator.flow.courier import Courier
from aggregator.flow.hub import clean
from aggregator.flow.kit import Kit
from aggregator.model.hub import HubFigures, Subscription
from aggregator.model.settings import Net, Site
from aggregator.net.fetcher import HttpFetcher
from aggregator.ports import Fetcher
from aggregator.store.engine import open_store
from aggregator.web.app import make_app
from tests.flow.newsroom import Newsroom, Told, topic
from tests.web.desk import Answer, served

SITE = "https://desk.lane.org"
ATOM = f"{SITE}/topics/grain.atom"
PATIENCE = 20.0


@dataclass(frozen=True, kw_only=True)
class Called:
    """One call at a callback."""

    method: str
    target: str  # path and query as they came
    headers: dict[str, str]  # names in lower case
    body: bytes = b""

    @property
    def said(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def is_signed_with(self, secret: str) -> bool:
        made = hmac.new(secret.encode(), self.body, "sha256").hexdigest()
        return self.headers.get("x-hub-signature") == f"sha256={made}"


@dataclass(kw_only=True)
class Readers:
    """Callbacks by path. Each confirms what it is asked and takes what it gets, unless told."""

    port: int
    calls: list[Called] = field(default_factory=list)
    echoes: dict[str, str] = field(default_factory=dict)  # by path: what is said in its place
    status: dict[str, int] = field(default_factory=dict)  # by path: of answers to bodies
    asked_status: dict[str, int] = field(default_factory=dict)  # by path: of answers to questions
    refused_modes: set[str] = field(default_factory=set)  # that are confirmed nowhere

    def url(self, path: str, name: str = "a") -> str:
        return f"http://{name}.reader.example:{self.port}{path}"

    def questions(self, path: str = "") -> list[Called]:
        return self._calls("GET", path)

    def bodies(self, path: str = "") -> list[Called]:
        return self._calls("POST", path)

    def _calls(self, method: str, path: str) -> list[Called]:
        return [
            each
            for each in list(self.calls)
            if each.method == method and (not path or urlsplit(each.target).path == path)
        ]


@contextmanager
def readers(*, keep: bool = False) -> Iterator[Readers]:
    """Have some for a while, all on one socket; with `keep` connections stay open."""
    here: list[Readers] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keep else "HTTP/1.0"

        def do_GET(self) -> None:
            call = self._called()
            path = urlsplit(self.path).path
            echo = here[0].echoes.get(path, call.said.get("hub.challenge", ""))
            refused = call.said.get("hub.mode") in here[0].refused_modes
            self._say(404 if refused else here[0].asked_status.get(path, 200), echo.encode())

        def do_POST(self) -> None:
            self._called()
            self._say(here[0].status.get(urlsplit(self.path).path, 204), b"")

        def _called(self) -> Called:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Called(method=self.command, target=self.path, headers=headers, body=body)
            here[0].calls.append(call)
            return call

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status in (301, 307):
                self.send_header("Location", here[0].url("/elsewhere"))
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    here.append(Readers(port=int(server.server_address[1])))
    thread.start()
    try:
        yield here[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def a_dead_server() -> Iterator[int]:
    """Have a port at which connections are made and nobody ever answers, at all of 127/8."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")  # this machine's
        listener.bind(("0.0.0.0", 0))
        listener.listen(4096)
        yield int(listener.getsockname()[1])


SOMEBODY = "193.99.144.80"  # who asks where a test does not say


class HubDesk:
    """Our side: a newsroom with the topic `grain`, its site, and the courier at work."""

    def __init__(self, newsroom: Newsroom, courier: Courier, fetcher: Fetcher, port: int) -> None:
        self.newsroom, self.courier, self._fetcher, self._port = newsroom, courier, fetcher, port
        self._told = 0

    @property
    def kit(self) -> Kit:
        """The newsroom's kit with a real net, which its polls do without."""
        return replace(self.newsroom.kit, fetcher=self._fetcher, strangers=self._fetcher)

    def tell(self, title: str) -> None:
        """Have one more item published in the topic."""
        self._told += 1
        self.newsroom.hears("wire", Told(guid=str(self._told), title=title, text=f"On {title}."))

    def ask(self, asker: str = SOMEBODY, **form: str) -> Answer:
        """Send a request to the hub as it stands; field names without `hub.`"""
        body = urlencode({f"hub.{name}": value for name, value in form.items()})
        return self.send(body, asker=asker)

    def send(
        self, body: str, kind: str = "application/x-www-form-urlencoded", asker: str = SOMEBODY
    ) -> Answer:
        """Send a form; `asker` is the address that the proxy in front asks for."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        headers = {"Content-Type": kind, **({"X-Forwarded-For": asker} if asker else {})}
        try:
            connection.request("POST", "/hub", body.encode(), headers)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, got, answer.read())
        finally:
            connection.close()

    def subscribe(self, callback: str, topic: str = ATOM, **more: str) -> None:
        """Subscribe, and see it confirmed."""
        answer = self.ask(mode="subscribe", topic=topic, callback=callback, **more)
        assert answer.status == 202, answer.text
        self.work()
        assert self.subscription(callback, topic) is not None

    def subscription(self, callback: str, topic: str = ATOM) -> Subscription | None:
        with self.newsroom.kit.store.read() as tx:
            return tx.hub.subscription(topic.removeprefix(f"{SITE}/"), callback)

    @property
    def figures(self) -> HubFigures:
        with self.newsroom.kit.store.read() as tx:
            return tx.hub.figures(self.newsroom.now)

    def look(self) -> None:
        self.courier.look(self.kit)

    def work(self) -> None:
        """Do what is due now, to the end."""
        self.look()
        until("the courier is done", lambda: self.courier.is_idle)

    def later(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.newsroom.now += seconds
        clean(self.kit)
        self.work()


def until(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)


@contextmanager
def a_hub_desk(folder: Path, *, allow: bool = True, **site: object) -> Iterator[HubDesk]:
    store = open_store(folder / "news.db")
    newsroom, courier = Newsroom(store), Courier()
    net = Net(workers=2, spacing=0.0, allow=("127.0.0.0/8",))
    callbacks = net.allow if allow else ()
    fetcher = HttpFetcher(replace(net, allow=callbacks), "aggregator-tests", resolve=_on_loopback)
    proxies = ("127.0.0.1",)
    said = Site(**{"title": "Desk", "url": SITE, "proxies": proxies, **site})  # type: ignore[arg-type]
    settings = replace(newsroom.kit.settings, site=said, net=net)
    newsroom.kit = replace(newsroom.kit, settings=settings, base=SITE)
    newsroom.follow(["wire"], [topic(match="grain")])
    try:
        with served(make_app(lambda: newsroom.kit)) as web:
            yield HubDesk(newsroom, courier, fetcher, web.port)
    finally:
        newsroom.kit.closing.set()
        courier.close()
        fetcher.close()
        store.close()


def _on_loopback(host: str, port: int) -> Sequence[str]:
    """Find `dead7.example` at a machine of its own, and everybody else at one."""
    number = host.removeprefix("dead").partition(".")[0]
    if host.startswith("dead") and number.isdigit():
        return [f"127.1.{int(number) // 250}.{int(number) % 250 + 1}"]
    return ["127.0.0.1"]
