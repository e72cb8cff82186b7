"""Whoever sends us may refuse an address, after the guard and before anything goes there."""

from __future__ import annotations

from contextlib import closing

from aggregator.model.exchange import Failed, Fault, Fetched, Post, Request, Wanted
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from tests.web.subscriber import readers

AGENT = "aggregator-tests"


def test_nothing_is_sent_to_an_address_that_is_refused_and_it_is_asked_each_time() -> None:
    asked: list[str] = []
    open_to_all = True

    def arriving(address: str) -> bool:
        asked.append(address)
        return open_to_all

    net = Net(spacing=0.0, allow=("127.0.0.0/8",))
    with readers() as server, closing(HttpFetcher(net, AGENT)) as fetcher:
        url = f"http://127.0.0.1:{server.port}/"
        get = Request(url=url, wanted=Wanted.WORD, arriving=arriving)
        assert isinstance(fetcher.fetch(get), Fetched)
        open_to_all = False
        for outcome in (
            fetcher.fetch(get),
            fetcher.post(Post(url=url, body=b"x", arriving=arriving)),
        ):
            assert isinstance(outcome, Failed) and outcome.fault is Fault.BLOCKED
            assert "not to be called now" in outcome.problem
        assert len(server.calls) == 1
        assert len(asked) >= 3 and set(asked) == {"127.0.0.1"}
        assert isinstance(fetcher.post(Post(url=url, body=b"x")), Fetched)


def test_a_kept_connection_is_no_way_around() -> None:
    net = Net(spacing=0.0, allow=("127.0.0.0/8",))
    refused: list[str] = []

    def arriving(address: str) -> bool:
        refused.append(address)
        return False

    with readers(keep=True) as server, closing(HttpFetcher(net, AGENT)) as fetcher:
        url = f"http://127.0.0.1:{server.port}/"
        assert isinstance(fetcher.fetch(Request(url=url, wanted=Wanted.WORD)), Fetched)
        get = Request(url=url, wanted=Wanted.WORD, arriving=arriving)
        assert isinstance(fetcher.fetch(get), Failed)
        assert len(server.calls) == 1 and refused == ["127.0.0.1"]
