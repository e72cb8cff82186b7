"""A publisher and its hub on loopback, on one real socket: they do what a test tells them to.

Our own site lies at a public https address that nobody here can reach; the hub finds it on
loopback, as the front server of a real site would.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

SITE = "https://desk.lane.org"
CHALLENGE = "a challenge/with+signs & more"


@dataclass(frozen=True, kw_only=True)
class Document:
    """What the publisher serves at one address."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Called:
    """What our side answered to a call of the hub's."""

    status: int
    body: bytes


@dataclass(kw_only=True)
class Hub:
    """Both of them. `ours`: the port on which our site listens."""

    port: int
    ours: int = 0
    documents: dict[str, Document] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)  # paths, in order
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path, fields
    answers: dict[str, Document] = field(default_factory=dict)  # to forms, by path; else 202
    granted: int = 864000
    topic_said: str | None = None  # in place of the topic, when the hub verifies
    verified: list[Called] = field(default_factory=list)
    readers: dict[tuple[str, str], str] = field(default_factory=dict)  # topic, callback: secret

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def take_form(self, path: str, form: dict[str, str]) -> Document:
        """Take a request for a subscription; verify it at once, before it is even answered."""
        self.forms.append((path, form))
        refused = self.answers.get(path)
        if refused is not None:
            return refused
        topic, callback = form["hub.topic"], form["hub.callback"]
        if form["hub.mode"] == "unsubscribe":
            if self.verify("unsubscribe", topic, callback):
                self.readers.pop((topic, callback), None)
        elif self.verify("subscribe", topic, callback):
            self.readers[topic, callback] = form["hub.secret"]
        return Document(status=202)

    def verify(self, mode: str, topic: str, callback: str) -> bool:
        """Ask the subscriber whether it was them; True when they say so."""
        said = {"hub.mode": mode, "hub.topic": self.topic_said or topic}
        said |= {"hub.challenge": CHALLENGE, "hub.lease_seconds": str(self.granted)}
        answer = self.call(callback, said)
        self.verified.append(answer)
        return answer.status == 200 and answer.body.decode() == CHALLENGE

    def call(self, callback: str, said: dict[str, str]) -> Called:
        return self._send("GET", f"{self._path(callback)}?{urlencode(said)}", b"", {})

    def distribute(
        self,
        topic: str,
        body: bytes,
        *,
        method: str = "sha256",
        signature: str | None = "",
        **headers: str,
    ) -> list[Called]:
        """Bring a body to whoever subscribed; `signature` None: unsigned, "": the right one."""
        answers = []
        for (subscribed, callback), secret in list(self.readers.items()):
            if subscribed != topic:
                continue
            sent = {"Content-Type": "application/atom+xml"}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            made = hmac.new(secret.encode(), body, method).hexdigest()
            if signature is not None:
                sent["X-Hub-Signature"] = signature or f"{method}={made}"
            answers.append(self._send("POST", self._path(callback), body, sent))
        return answers

    @property
    def topics(self) -> list[str]:
        return [topic for topic, _ in self.readers]

    @property
    def callback(self) -> str:
        """The one callback there is."""
        ((_, callback),) = self.readers
        return callback

    def _path(self, callback: str) -> str:
        assert callback.startswith(f"{SITE}/"), callback
        return urlsplit(callback).path

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Called:
        connection = HTTPConnection("127.0.0.1", self.ours, timeout=10)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Called(status=answer.status, body=answer.read())
        finally:
            connection.close()


@contextmanager
def a_hub() -> Iterator[Hub]:
    """Have a publisher and a hub for a while."""
    here: list[Hub] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here[0].fetched.append(self.path)
            self._answer(here[0].documents.get(self.path, Document(status=404)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.headers["Content-Type"]
            assert kind == "application/x-www-form-urlencoded", kind
            form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            self._answer(here[0].take_form(self.path, form))

        def _answer(self, document: Document) -> None:
            self.send_response(document.status)
            for name, value in document.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(document.body)))
            self.end_headers()
            self.wfile.write(document.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    here.append(Hub(port=int(server.server_address[1])))
    thread.start()
    try:
        yield here[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def link(**rels: str) -> tuple[str, str]:
    """Return a Link header, a relation to an address each."""
    return ("Link", ", ".join(f'<{url}>; rel="{rel}"' for rel, url in rels.items()))


def atom(*titles: str, hub: str | None = None, self_url: str | None = None) -> bytes:
    """Return an Atom feed with these entries."""
    links = _links(hub, self_url)
    entries = "".join(
        f"<entry><id>tag:lane.org,2026:{title}</id><title>{title}</title>"
        f"<link href='https://lane.org/{title.replace(' ', '-')}'/>"
        "<updated>2026-11-22T11:00:00Z</updated><summary>Ships left the port.</summary></entry>"
        for title in titles
    )
    return (
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>The Wire</title>"
        f"<id>tag:lane.org,2026:wire</id><updated>2026-11-22T11:00:00Z</updated>{links}{entries}"
        "</feed>"
    ).encode()


def rss(*titles: str, hub: str | None = None, self_url: str | None = None) -> bytes:
    """Return an RSS feed with these entries, its links in Atom's namespace."""
    links = _links(hub, self_url).replace("<link", "<atom:link")
    items = "".join(
        f"<item><guid isPermaLink='false'>{title}</guid><title>{title}</title>"
        f"<link>https://lane.org/{title.replace(' ', '-')}</link>"
        "<pubDate>Sun, 22 Nov 2026 11:00:00 GMT</pubDate></item>"
        for title in titles
    )
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'>"
        "<channel><title>The Wire</title><link>https://lane.org/</link>"
        f"<description>Wire</description>{links}{items}</channel></rss>"
    ).encode()


def page(*titles: str, hub: str, self_url: str) -> bytes:
    """Return a web page with these posts, its links in its head; one in its body is bait."""
    posts = "".join(f"<li class=post><a href='/{each}'>{each}</a></li>" for each in titles)
    return (
        f"<!doctype html><html><head><title>The Wire</title>{_links(hub, self_url)}</head><body>"
        f"<p><link rel='hub' href='/bait'></p><ul>{posts}</ul></body></html>"
    ).encode()


def _links(hub: str | None, self_url: str | None) -> str:
    told = (("hub", hub), ("self", self_url))
    return "".join(f"<link rel='{rel}' href='{url}'/>" for rel, url in told if url)
