"""Deadlines and closing: whatever a server does, it does not do it for longer than we say."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, Outcome, Request
from aggregator.net.deadline import End, Ended, Watchdog
from aggregator.net.fetcher import HttpFetcher
from tests.net.conftest import MakeFetcher
from tests.net.origin import RSS, Origin, Talk, an_origin, answer, raw_origin

SOON = 0.5
HANG = 10 * SOON  # a guard against hanging, not a promise of speed


def slow_body(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    talk.drip(b"<" * 1000)


def slow_body_without_length(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    talk.drip(RSS * 10)


def slow_chunks(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    talk.drip(b"1\r\nx\r\n" * 1000)


def slow_gzip(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    talk.drip(b"\x1f\x8b\x08" + bytes(1000))


def slow_headers(talk: Talk) -> None:
    talk.drip(b"HTTP/1.1 200 OK\r\nX-Pad: " + b"a" * 1000)


def slow_error_page(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n")
    talk.drip(b"<" * 1000)


def silence(talk: Talk) -> None:
    talk.stopping.wait()


def endless_continue(talk: Talk) -> None:
    while not talk.stopping.wait(0.001):
        talk.say(b"HTTP/1.1 100 Continue\r\n\r\n")


def endless_redirects(talk: Talk) -> None:
    talk.stopping.wait(0.2)
    talk.say(answer(b"", "302 Found", Location=talk.path + "x"))


def assert_ended(outcome: Outcome, words: str = f"no complete answer within {SOON} s") -> None:
    assert isinstance(outcome, Failed), outcome
    assert outcome.fault is Fault.NETWORK
    assert outcome.problem.startswith(words)
    assert outcome.ms < HANG * 1000


@pytest.mark.parametrize(
    "handler",
    [
        slow_body,
        slow_body_without_length,
        slow_chunks,
        slow_gzip,
        slow_headers,
        silence,
        endless_continue,
        endless_redirects,
    ],
)
def test_whatever_is_slow_is_ended_at_the_deadline(
    handler: Callable[[Talk], None], fetcher_for: MakeFetcher
) -> None:
    with an_origin(handler) as origin:
        assert_ended(fetcher_for(origin, timeout=SOON).fetch(Request(url=origin.url())))


def test_an_error_page_that_never_ends_does_not_hide_its_status(fetcher_for: MakeFetcher) -> None:
    with an_origin(slow_error_page) as origin:
        outcome = fetcher_for(origin, timeout=SOON).fetch(Request(url=origin.url()))
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.status) == (Fault.STATUS, 404)
    assert outcome.ms < HANG * 1000


def test_a_slow_body_on_a_kept_connection_is_ended_too(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        if len(origin.requests) == 1:
            talk.say(answer())
        else:
            slow_body(talk)

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin, timeout=SOON)
        assert isinstance(fetcher.fetch(Request(url=origin.url())), Fetched)
        assert_ended(fetcher.fetch(Request(url=origin.url())))
    assert origin.connections == 1


def test_a_tls_handshake_that_never_comes_is_ended_at_the_deadline(
    fetcher_for: MakeFetcher,
) -> None:
    def mute(connection: socket.socket, origin: Origin, stopping: threading.Event) -> None:
        stopping.wait()

    def dripping(connection: socket.socket, origin: Origin, stopping: threading.Event) -> None:
        connection.recv(4096)
        for byte in b"\x16\x03\x03\x3f\xff" + bytes(1000):
            connection.sendall(bytes([byte]))
            stopping.wait(0.05)

    for serve in (mute, dripping):
        with raw_origin(serve) as origin:
            fetcher = fetcher_for(origin, timeout=SOON)
            assert_ended(fetcher.fetch(Request(url=origin.url(scheme="https"))))


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port that takes no more connections and refuses none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for sock in waiting:
                sock.setblocking(False)
                with suppress(BlockingIOError):
                    sock.connect(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for sock in waiting:
                sock.close()


def test_a_connection_that_never_comes_is_ended_at_the_deadline(fetcher_for: MakeFetcher) -> None:
    with full_backlog() as port:
        outcome = fetcher_for(Origin(port), timeout=SOON).fetch(Request(url=Origin(port).url()))
    assert_ended(outcome)
    assert isinstance(outcome, Failed)
    assert "connecting to 127.0.0.1" in outcome.problem


def test_a_name_server_that_never_answers_is_left_at_the_deadline(
    fetcher_for: MakeFetcher,
) -> None:
    over = threading.Event()

    def never(host: str, port: int) -> Sequence[str]:
        over.wait()
        raise OSError

    outcome = fetcher_for(timeout=SOON, resolve=never).fetch(Request(url="http://feeds.example/"))
    over.set()
    assert_ended(outcome)
    assert isinstance(outcome, Failed)
    assert "looking up feeds.example" in outcome.problem


def under_way(fetcher: HttpFetcher, url: str) -> tuple[threading.Thread, list[Outcome]]:
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(fetcher.fetch(Request(url=url))))
    thread.start()
    return thread, outcomes


@pytest.mark.parametrize("handler", [silence, slow_body, slow_headers, endless_continue])
def test_closing_ends_what_is_under_way(
    handler: Callable[[Talk], None], fetcher_for: MakeFetcher
) -> None:
    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin, timeout=300)
        threads = [under_way(fetcher, origin.url()) for _ in range(4)]
        assert origin.asked.wait(HANG)
        fetcher.close()
        for thread, outcomes in threads:
            thread.join(HANG)
            assert_ended(outcomes[0], "not asked, or not to the end: we are closing")


def test_closing_ends_connecting_and_looking_up(fetcher_for: MakeFetcher) -> None:
    over, asked = threading.Event(), threading.Event()

    def never(host: str, port: int) -> Sequence[str]:
        asked.set()
        over.wait()
        raise OSError

    with full_backlog() as port:
        fetcher = fetcher_for(Origin(port), timeout=300, resolve=never)
        threads = [
            under_way(fetcher, "http://feeds.example/"),
            under_way(fetcher, Origin(port).url()),
        ]
        assert asked.wait(HANG)
        fetcher.close()
        for thread, outcomes in threads:
            thread.join(HANG)
            assert_ended(outcomes[0], "not asked, or not to the end")
    over.set()


def test_a_closed_fetcher_refuses_and_can_be_closed_again(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher = fetcher_for(origin)
        assert isinstance(fetcher.fetch(Request(url=origin.url())), Fetched)
        fetcher.close()
        fetcher.close()
        assert_ended(fetcher.fetch(Request(url=origin.url())), "not asked")
    assert len(origin.requests) == 1


def test_a_deadline_ends_nothing_but_its_own_exchange(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        if talk.path == "/slow":
            silence(talk)
        talk.stopping.wait(0.02)
        talk.say(answer())

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin, timeout=SOON)
        thread, outcomes = under_way(fetcher, origin.url("/slow"))
        until = time.monotonic() + 2 * SOON
        while time.monotonic() < until:
            assert isinstance(fetcher.fetch(Request(url=origin.url("/quick"))), Fetched)
        thread.join(HANG)
    assert_ended(outcomes[0])


def test_a_short_deadline_is_not_held_up_by_a_long_one() -> None:
    watchdog = Watchdog()
    long, short = watchdog.begin(300), watchdog.begin(0.05)
    woken = threading.Event()
    short.hold(woken.set)
    assert woken.wait(HANG)
    assert (short.ended, long.ended) == (End.DEADLINE, None)
    with pytest.raises(Ended):
        short.hold(woken.set)
    with pytest.raises(Ended):
        short.remaining()
    assert 0 < long.remaining() <= 300
    for exchange in (short, long):
        watchdog.over(exchange)
    watchdog.close()
