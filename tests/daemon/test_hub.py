"""From a source's new entry to our hub's subscriber: the whole daemon, all of it on sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

import pytest

from aggregator.daemon import service
from aggregator.daemon.service import Service
from aggregator.model.settings import Net, Site
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import open_store
from aggregator.system import new_strangers
from tests.flow.newsroom import Newsroom, topic
from tests.makers import a_feed_spec
from tests.web.hub import SITE, Document, Hub, a_hub, atom, link
from tests.web.subscriber import Readers, readers

PATIENCE = 20.0
TOPIC = f"{SITE}/topics/all.json"


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the same jobs look more often, so that nobody waits for these tests."""
    for name in ("POLL_EVERY", "PUBLISH_EVERY", "PUSH_EVERY", "HUB_EVERY", "CLOCK_EVERY"):
        monkeypatch.setattr(service, name, 0.1)


@contextmanager
def a_daemon(folder: Path, source: Hub, callbacks: Readers) -> Iterator[int]:
    """Run the whole daemon on the source's feed; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        source.ours = int(probe.getsockname()[1])
    with closing(open_store(folder / "news.db")) as store:
        newsroom = Newsroom(store)
        newsroom.now = time.time()
        allow, called = (f"127.0.0.1:{each.port}" for each in (source, callbacks))
        net = Net(workers=2, spacing=0.0, allow=(allow,), callbacks=(called,))
        settings = replace(newsroom.kit.settings, site=Site(title="Desk", url=SITE), net=net)
        fetcher = HttpFetcher(net, "aggregator-tests")
        newsroom.kit = replace(
            newsroom.kit,
            settings=settings,
            fetcher=fetcher,
            strangers=new_strangers(settings),
            base=SITE,
        )
        feed = a_feed_spec(name="wire", url=source.url("/feed"))
        newsroom.follow([feed], [topic("all", match="wire")])
        made, ready = Service(newsroom.kit), Event()
        thread = Thread(
            target=made.run, args=("127.0.0.1", source.ours), kwargs={"ready": ready.set}
        )
        thread.start()
        try:
            assert ready.wait(PATIENCE)
            yield source.ours
        finally:
            made.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive()


def until(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def asked(port: int, method: str, path: str, **form: str) -> tuple[int, str | None]:
    """Ask our site; return status and Link header."""
    body = urlencode({f"hub.{name}": text for name, text in form.items()})
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, body if form else None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Link"]


def test_a_push_to_us_is_pushed_on(tmp_path: Path) -> None:
    with a_hub() as source, readers() as callbacks:
        own = source.url("/feed")
        headers = (link(hub=source.url("/hub"), self=own),)
        source.documents["/feed"] = Document(body=atom("First wire"), headers=headers)
        with a_daemon(tmp_path, source, callbacks) as port:
            until("it is published", lambda: asked(port, "GET", "/topics/all.json")[0] == 200)
            _, found = asked(port, "GET", "/topics/all.json")
            assert found == f'<{SITE}/hub>; rel="hub", <{TOPIC}>; rel="self"'
            callback = f"http://127.0.0.1:{callbacks.port}/callback"
            form = {"mode": "subscribe", "topic": TOPIC, "callback": callback}
            assert asked(port, "POST", "/hub", **form)[0] == 202
            until("we are asked", lambda: callbacks.questions("/callback"))
            until("the source's hub has our word", lambda: source.readers)
            (answer,) = source.distribute(own, atom("Second wire", "First wire"))
            assert answer.status == 202
            until("the subscriber has it", lambda: callbacks.bodies("/callback"))
            assert b"Second wire" in callbacks.bodies("/callback")[-1].body
