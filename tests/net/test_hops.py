"""Hops: every request that was sent stands on its outcome, so that a ledger can be kept."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from urllib3.connection import HTTPConnection

from aggregator.model.exchange import Failed, Fetched, Hop, NotModified, Request
from tests.net.conftest import MakeFetcher
from tests.net.origin import RSS, HangUp, Talk, an_origin, answer

HOST = "127.0.0.1"


def test_every_redirect_is_a_hop_with_what_it_weighed(fetcher_for: MakeFetcher) -> None:
    with (
        an_origin(lambda talk: talk.say(answer())) as other,
        an_origin(
            lambda talk: talk.say(
                answer(b"over there", "302 Found", Location=other.url(host="localhost"))
            )
        ) as origin,
    ):
        fetcher = fetcher_for(origin, other, allow=(f"localhost:{other.port}",))
        outcome = fetcher.fetch(Request(url=origin.url()))
    assert isinstance(outcome, Fetched)
    assert outcome.hops == (
        Hop(host=HOST, status=302, bytes=10),
        Hop(host="localhost", status=200, bytes=len(RSS)),
    )


def test_bytes_are_those_of_the_wire_and_not_of_what_they_unpack_to(
    fetcher_for: MakeFetcher,
) -> None:
    chunks = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    packed = gzip.compress(RSS * 100)
    answers = iter([answer(packed, Content_Encoding="gzip"), chunks])
    with an_origin(lambda talk: talk.say(next(answers))) as origin:
        fetcher = fetcher_for(origin)
        outcomes = [fetcher.fetch(Request(url=origin.url())) for _ in range(2)]
    assert [outcome.hops[0].bytes for outcome in outcomes] == [len(packed), 5]


def test_a_304_is_a_hop_that_weighs_nothing(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(b"", "304 Not Modified"))) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url(), etag='"x"'))
    assert isinstance(outcome, NotModified)
    assert outcome.hops == (Hop(host=HOST, status=304),)


def hang_up(talk: Talk) -> None:
    raise HangUp


def break_off(talk: Talk) -> None:
    talk.say(answer(b"<rss>", Content_Length="5000"))
    raise HangUp


def drip(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    talk.drip(b"<" * 5000)


def endless(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\n\r\n" + b"<" * 300_000)
    raise HangUp


@pytest.mark.parametrize(
    ("handler", "status", "least"),
    [
        (lambda talk: talk.say(answer(b"gone away", "404 Not Found")), 404, 9),
        (lambda talk: talk.say(answer(b"", "302 Found", Location="file:///etc/passwd")), 302, 0),
        (hang_up, None, 0),
        (break_off, 200, 5),
        (drip, 200, 2),
        (endless, 200, 100_000),
    ],
)
def test_a_request_that_failed_was_sent_all_the_same(
    handler: Callable[[Talk], None],
    status: int | None,
    least: int,
    fetcher_for: MakeFetcher,
) -> None:
    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin, max_body=100_000, timeout=1.0)
        outcome = fetcher.fetch(Request(url=origin.url()))
    assert isinstance(outcome, Failed)
    (hop,) = outcome.hops
    assert (hop.host, hop.status) == (HOST, status)
    assert hop.bytes >= least


def test_what_was_never_sent_is_no_hop(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        pass
    fetcher = fetcher_for(origin, resolve=lambda host, port: ["10.0.0.1"])
    urls = [origin.url(), "ftp://feeds.example/", "http://private.example/"]
    assert [fetcher.fetch(Request(url=url)).hops for url in urls] == [(), (), ()]
    fetcher.close()
    assert fetcher.fetch(Request(url=origin.url())).hops == ()


def test_an_answer_to_a_request_that_was_not_taken_whole_is_a_hop(
    fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = HTTPConnection.request

    def broken_off(self: HTTPConnection, *args: Any, **kwargs: Any) -> None:
        whole(self, *args, **kwargs)
        raise BrokenPipeError  # the server had answered, and read no more

    monkeypatch.setattr(HTTPConnection, "request", broken_off)
    with an_origin(lambda talk: talk.say(answer(b"", "403 Forbidden"))) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url()))
    assert outcome.hops == (Hop(host=HOST, status=403),)
