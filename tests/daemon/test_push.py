"""From a publisher's push to our published feed: the whole daemon, hub and publisher on sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import pytest

from aggregator.daemon import service
from aggregator.daemon.service import Service
from aggregator.model.settings import Net, Site
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import open_store
from aggregator.web import shelf
from tests.flow.newsroom import Newsroom, topic
from tests.makers import a_feed_spec
from tests.web.hub import SITE, Document, Hub, a_hub, atom, link

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the same jobs look more often, so that nobody waits for these tests."""
    for name in ("POLL_EVERY", "PUBLISH_EVERY", "PUSH_EVERY", "CLOCK_EVERY"):
        monkeypatch.setattr(service, name, 0.1)
    monkeypatch.setattr(shelf, "LOOK_EVERY", 0.05)


@contextmanager
def a_daemon(folder: Path, hub: Hub) -> Iterator[int]:
    """Run the whole daemon on a feed that names this hub; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        hub.ours = int(probe.getsockname()[1])
    with closing(open_store(folder / "news.db")) as store:
        newsroom = Newsroom(store)
        newsroom.now = time.time()
        net = Net(workers=2, spacing=0.0, allow=(f"127.0.0.1:{hub.port}",))
        settings = replace(newsroom.kit.settings, site=Site(title="Desk", url=SITE), net=net)
        fetcher = HttpFetcher(net, "aggregator-tests")
        newsroom.kit = replace(newsroom.kit, settings=settings, fetcher=fetcher, base=SITE)
        feed = a_feed_spec(name="wire", url=hub.url("/feed"))
        newsroom.follow([feed], [topic("all", match="wire")])
        made, ready = Service(newsroom.kit), Event()
        thread = Thread(target=made.run, args=("127.0.0.1", hub.ours), kwargs={"ready": ready.set})
        thread.start()
        try:
            assert ready.wait(PATIENCE)
            yield hub.ours
        finally:
            made.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive()


def until(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def published(port: int) -> bytes:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/topics/all.atom")
        return connection.getresponse().read()


def test_a_push_is_published_without_any_poll(tmp_path: Path) -> None:
    with a_hub() as hub:
        own = hub.url("/feed")
        headers = (link(hub=hub.url("/hub"), self=own),)
        hub.documents["/feed"] = Document(body=atom("First wire"), headers=headers)
        with a_daemon(tmp_path, hub) as port:
            until("the first entry is published", lambda: b"First wire" in published(port))
            until("the hub has our word", lambda: hub.readers)
            (answer,) = hub.distribute(own, atom("Second wire", "First wire"))
            assert answer.status == 202
            until("the push is published", lambda: b"Second wire" in published(port))
        assert hub.fetched == ["/feed"], "polled once, when it was new to us"
