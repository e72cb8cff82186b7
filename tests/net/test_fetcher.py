"""One conditional request: what is sent, and what each answer means."""

from __future__ import annotations

import gzip
import socket
import struct
import threading

import pytest

from aggregator.errors import UsageError
from aggregator.model.exchange import (
    Caching,
    Failed,
    Fault,
    Fetched,
    NotModified,
    Outcome,
    Request,
)
from aggregator.model.settings import Net
from aggregator.net import connection
from aggregator.net.fetcher import HttpFetcher
from tests.net.conftest import AGENT, MakeFetcher
from tests.net.origin import RSS, HangUp, Talk, an_origin, answer

MODIFIED = "Sun, 01 Nov 2026 12:00:00 GMT"


def fetched(outcome: Outcome) -> Fetched:
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


def test_a_whole_answer_is_fetched_with_all_it_says(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        talk.say(
            answer(
                Content_Type="application/rss+xml; charset=utf-8",
                ETag='W/"a b"',
                Last_Modified=MODIFIED,
                Cache_Control="max-age=3600",
                Age="600",
            )
        )

    with an_origin(handler) as origin:
        outcome = fetched(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert outcome.url == origin.url()
    assert (outcome.status, outcome.body) == (200, RSS)
    assert outcome.content_type == "application/rss+xml; charset=utf-8"
    assert (outcome.etag, outcome.last_modified) == ('W/"a b"', MODIFIED)
    assert outcome.caching == Caching(fresh_for=3000.0)
    assert outcome.moved_to is None
    assert outcome.wire_bytes == len(RSS)


def test_a_first_request_says_who_we_are_and_asks_for_no_condition(
    fetcher_for: MakeFetcher,
) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher_for(origin).fetch(Request(url=origin.url("/feed?a=1")))
        headers = origin.last.headers
    assert origin.last.path == "/feed?a=1"
    assert headers["host"] == origin.place
    assert headers["user-agent"] == AGENT
    assert "application/atom+xml" in headers["accept"]
    assert "gzip, deflate" in headers["accept-encoding"]
    never = {"if-none-match", "if-modified-since", "cookie", "referer", "authorization"}
    assert not (never | {"cache-control", "pragma"}) & headers.keys()


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "abc def", '"\xe9\x80"', '"unterminated'])
def test_validators_go_back_byte_for_byte(etag: str, fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        known = "if-none-match" in talk.headers
        talk.say(
            answer(b"", "304 Not Modified")
            if known
            else answer(ETag=etag, Last_Modified="Sonntag, irgendwann")
        )

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin)
        first = fetched(fetcher.fetch(Request(url=origin.url())))
        second = fetcher.fetch(
            Request(url=origin.url(), etag=first.etag, last_modified=first.last_modified)
        )
    assert isinstance(second, NotModified)
    assert b"If-None-Match: " + etag.encode("latin-1") in origin.last.head.split(b"\r\n")
    assert origin.last.headers["if-modified-since"] == "Sonntag, irgendwann"


def test_a_304_refreshes_validators_and_freshness(fetcher_for: MakeFetcher) -> None:
    fresh = answer(b"", "304 Not Modified", ETag='"new"', Cache_Control="max-age=60")
    with an_origin(lambda talk: talk.say(fresh)) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url(), etag='"old"'))
    assert isinstance(outcome, NotModified)
    assert (outcome.etag, outcome.last_modified) == ('"new"', None)
    assert outcome.caching.fresh_for == 60.0


def test_a_304_that_nobody_asked_for_is_a_failure(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(b"", "304 Not Modified"))) as origin:
        outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert (outcome.fault, outcome.status) == (Fault.STATUS, 304)


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\x00b", "\u20ac", ""])
def test_a_validator_that_is_no_header_value_is_never_sent(
    value: str, fetcher_for: MakeFetcher
) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher = fetcher_for(origin)
        fetched(fetcher.fetch(Request(url=origin.url(), etag=value, last_modified=value)))
    assert not {"if-none-match", "if-modified-since", "x-injected"} & origin.last.headers.keys()


def test_a_login_with_a_line_break_is_not_sent_and_not_repeated(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        request = Request(url=origin.url(), authorization="Bearer s3cret\r\nX-Injected: 1")
        outcome = failed(fetcher_for(origin).fetch(request))
    assert outcome.fault is Fault.BLOCKED
    assert "s3cret" not in outcome.problem
    assert not origin.requests


def test_a_user_agent_that_cannot_be_sent_is_refused_at_once() -> None:
    with pytest.raises(UsageError):
        HttpFetcher(Net(), "aggregator\r\nX-Injected: 1")


def test_subscribers_are_told_in_the_user_agent(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher_for(origin).fetch(Request(url=origin.url(), subscribers=12))
    told = "aggregator/0.1.0 (+https://news.lane.org/bot; 12 subscribers)"
    assert origin.last.headers["user-agent"] == told


def test_cookies_are_not_kept(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(Set_Cookie="id=1; Path=/"))) as origin:
        fetcher = fetcher_for(origin)
        for _ in range(2):
            fetched(fetcher.fetch(Request(url=origin.url())))
    assert len(origin.requests) == 2
    assert "cookie" not in origin.last.headers


def test_the_environment_is_not_asked_for_proxies(
    fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    with an_origin(lambda talk: talk.say(answer())) as origin:
        assert fetched(fetcher_for(origin).fetch(Request(url=origin.url()))).body == RSS
    assert len(origin.requests) == 1


def test_a_feed_delta_is_fetched_as_what_it_is(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(status="226 IM Used", IM="feed"))) as origin:
        outcome = fetched(fetcher_for(origin).fetch(Request(url=origin.url(), etag='"x"')))
    assert outcome.status == 226
    assert origin.last.headers["a-im"] == "feed"


def test_410_is_gone(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(b"", "410 Gone"))) as origin:
        outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert (outcome.fault, outcome.status) == (Fault.GONE, 410)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("204 No Content", "nothing to read"),
        ("206 Partial Content", "a part"),
        ("300 Multiple Choices", "300: "),
        ("301 Moved Permanently", "does not say where to"),
        ("401 Unauthorized", "login"),
        ("403 Forbidden", "refuses"),
        ("404 Not Found", "nothing at this address"),
        ("429 Too Many Requests", "less often"),
        ("500 Internal Server Error", "fault"),
        ("503 Service Unavailable", "out of service"),
        ("599 Whatever", "599: no success"),
    ],
)
def test_a_status_that_is_no_success_is_put_into_words(
    status: str, words: str, fetcher_for: MakeFetcher
) -> None:
    body = b"" if status.startswith("204") else b"an error page"
    with an_origin(lambda talk: talk.say(answer(body, status, Retry_After="120"))) as origin:
        outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert (outcome.fault, outcome.status) == (Fault.STATUS, int(status[:3]))
    assert words in outcome.problem
    assert outcome.retry_after == 120.0


def test_a_redirect_is_no_way_around_a_hosts_retry_after(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        if talk.path == "/busy":
            talk.say(answer(b"", "503 Service Unavailable", Retry_After="3600"))
        else:
            talk.say(answer(b"", "302 Found", Location=f"http://127.0.0.1:{port}/busy"))

    with an_origin(handler) as origin:
        port = origin.port
        fetcher = fetcher_for(origin)
        first = failed(fetcher.fetch(Request(url=f"http://localhost:{port}/moved")))
        again = failed(fetcher.fetch(Request(url=f"http://localhost:{port}/moved")))
        asked = [talk.path for talk in origin.requests]
    assert (first.host, first.retry_after) == ("127.0.0.1", 3600.0)
    assert asked == ["/moved", "/busy", "/moved"]
    assert again.host == "127.0.0.1" and again.retry_after and 3590 < again.retry_after <= 3600
    assert "asked to be left alone" in again.problem


def test_a_retry_after_date_counts_from_the_servers_own_clock(fetcher_for: MakeFetcher) -> None:
    slow_down = answer(
        b"",
        "429 Too Many Requests",
        Date="Sun, 01 Nov 2020 12:00:00 GMT",
        Retry_After="Tue, 01 Dec 2020 12:00:00 GMT",
    )
    with an_origin(lambda talk: talk.say(slow_down)) as origin:
        outcome = failed(fetcher_for(origin, wall=lambda: 0.0).fetch(Request(url=origin.url())))
    assert outcome.retry_after == 30 * 86400.0


def test_a_retry_after_date_without_a_date_counts_from_the_wall(fetcher_for: MakeFetcher) -> None:
    slow_down = answer(b"", "503 Busy", Retry_After="Thu, 01 Jan 1970 00:02:00 GMT")
    with an_origin(lambda talk: talk.say(slow_down)) as origin:
        with_wall = fetcher_for(origin, wall=lambda: 30.0).fetch(Request(url=origin.url()))
        without = fetcher_for(origin).fetch(Request(url=origin.url()))
    assert failed(with_wall).retry_after == 90.0
    assert failed(without).retry_after is None


def test_connections_are_kept_also_after_a_304_and_an_error(fetcher_for: MakeFetcher) -> None:
    answers = iter(
        [
            answer(ETag='"1"'),
            answer(b"", "304 Not Modified"),
            answer(b"not here", "404 Not Found"),
            answer(),
        ]
    )
    with an_origin(lambda talk: talk.say(next(answers))) as origin:
        fetcher = fetcher_for(origin)
        for _ in range(4):
            fetcher.fetch(Request(url=origin.url(), etag='"1"'))
    assert len(origin.requests) == 4
    assert origin.connections == 1


@pytest.mark.parametrize("reset", [False, True])
def test_a_kept_connection_that_dies_is_a_failure_asked_once(
    reset: bool, fetcher_for: MakeFetcher
) -> None:
    """Whether the server read the request nobody can tell: one poll is one request."""

    def handler(talk: Talk) -> None:
        if len(origin.requests) == 2:
            if reset:
                at_once = struct.pack("ii", 1, 0)
                talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            raise HangUp
        talk.say(answer())

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin)
        fetched(fetcher.fetch(Request(url=origin.url())))
        outcome = failed(fetcher.fetch(Request(url=origin.url())))
        assert outcome.fault is Fault.NETWORK
        assert (len(origin.requests), origin.connections) == (2, 1)
        fetched(fetcher.fetch(Request(url=origin.url())))


@pytest.mark.parametrize(("rest", "connections"), [(10.0, 1), (0.0, 2)])
def test_a_connection_that_rested_for_long_is_not_used_again(
    rest: float, connections: int, fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_REST", rest)
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher = fetcher_for(origin)
        for _ in range(2):
            fetched(fetcher.fetch(Request(url=origin.url())))
    assert origin.connections == connections


def test_a_new_connection_that_dies_is_a_failure_asked_once(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        raise HangUp

    with an_origin(handler) as origin:
        outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert outcome.fault is Fault.NETWORK
    assert "without an answer" in outcome.problem
    assert len(origin.requests) == 1


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (b"SSH-2.0-nope\r\n\0\xff\r\n\r\n", "no HTTP"),
        (answer(Content_Length="5000"), "broke off after"),
        (answer(X_Big="A" * 70000), "64 KB"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Pad: 1\r\n" * 150 + b"\r\n", "100 header lines"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nnope\r\n",
            "no valid HTTP",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "broke off"),
    ],
)
def test_an_answer_that_is_broken_is_a_network_failure_in_words(
    response: bytes, words: str, fetcher_for: MakeFetcher
) -> None:
    def handler(talk: Talk) -> None:
        talk.say(response)
        raise HangUp

    with an_origin(handler) as origin:
        outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert outcome.fault is Fault.NETWORK
    assert words in outcome.problem


def test_a_refused_connection_says_who_refused(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        pass
    outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert outcome.fault is Fault.NETWORK
    assert outcome.problem == f"127.0.0.1 port {origin.port} refused the connection"


def test_a_body_in_chunks_is_one_body(fetcher_for: MakeFetcher) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, RSS[n : n + 1]) for n in range(len(RSS)))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with an_origin(lambda talk: talk.say(head + chunks + b"0\r\n\r\n")) as origin:
        outcome = fetched(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert outcome.body == RSS


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_cap_is_too_large(declared: bool, fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        length = "Content-Length: 2000\r\n" if declared else ""
        talk.say(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode() + b"x" * 2000)
        raise HangUp

    with an_origin(handler) as origin:
        outcome = failed(fetcher_for(origin, max_body=1999).fetch(Request(url=origin.url())))
        whole = fetcher_for(origin, max_body=2000).fetch(Request(url=origin.url()))
    assert outcome.fault is Fault.TOO_LARGE
    assert "max_body" in outcome.problem
    assert len(fetched(whole).body) == 2000


def test_wire_bytes_are_counted_before_decoding(fetcher_for: MakeFetcher) -> None:
    packed = gzip.compress(RSS * 50)
    with an_origin(lambda talk: talk.say(answer(packed, Content_Encoding="gzip"))) as origin:
        outcome = fetched(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert outcome.body == RSS * 50
    assert outcome.wire_bytes == len(packed)


def test_a_broken_coding_is_unreadable(fetcher_for: MakeFetcher) -> None:
    packed = gzip.compress(RSS)[:-8] + bytes(8)
    with an_origin(lambda talk: talk.say(answer(packed, Content_Encoding="gzip"))) as origin:
        outcome = failed(fetcher_for(origin).fetch(Request(url=origin.url())))
    assert (outcome.fault, outcome.status) == (Fault.UNREADABLE, 200)


def test_many_threads_share_one_fetcher(fetcher_for: MakeFetcher) -> None:
    def echo(talk: Talk) -> None:
        talk.say(answer(talk.path.encode()))

    bodies: dict[int, bytes] = {}
    with an_origin(echo) as origin:
        fetcher = fetcher_for(origin)

        def work(number: int) -> None:
            for turn in range(5):
                path = f"/{number}/{turn}"
                body = fetched(fetcher.fetch(Request(url=origin.url(path)))).body
                assert body == path.encode()
            bodies[number] = body

        threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == {number: f"/{number}/4".encode() for number in range(32)}
