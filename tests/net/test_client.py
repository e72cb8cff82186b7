"""Connections: made to the checked address and no other, under the name that was asked for."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, Request
from aggregator.net.address import Guard
from aggregator.net.client import Client, tls_context
from tests.net.conftest import MakeFetcher
from tests.net.origin import Origin, Talk, an_origin, answer, raw_origin


def test_a_name_that_stands_for_a_private_address_is_refused(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher = fetcher_for(resolve=lambda host, port: ["127.0.0.1"])
        outcome = fetcher.fetch(Request(url=origin.url(host="feeds.example")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.BLOCKED
    assert "feeds.example is 127.0.0.1" in outcome.problem
    assert origin.connections == 0


@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"]])
def test_one_private_address_among_public_ones_is_enough_to_refuse(
    addresses: list[str], fetcher_for: MakeFetcher
) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        fetcher = fetcher_for(resolve=lambda host, port: addresses)
        outcome = fetcher.fetch(Request(url=origin.url(host="feeds.example")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.BLOCKED


def test_a_name_is_looked_up_once_and_rebinding_it_changes_nothing(
    fetcher_for: MakeFetcher,
) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        looked_up: list[str] = []

        def rebinding(host: str, port: int) -> Sequence[str]:
            looked_up.append(host)
            return ["127.0.0.1"] if len(looked_up) == 1 else ["127.0.0.2"]

        fetcher = fetcher_for(origin, resolve=rebinding)
        url = origin.url(host="feeds.example")
        first = fetcher.fetch(Request(url=url))
        kept = fetcher.fetch(Request(url=url))
        moved = fetcher.fetch(Request(url=origin.url(host="other.example")))
    assert isinstance(first, Fetched)
    assert isinstance(kept, Fetched)
    assert isinstance(moved, Failed)
    assert moved.fault is Fault.BLOCKED
    assert looked_up == ["feeds.example", "other.example"]
    assert origin.last.headers["host"] == f"feeds.example:{origin.port}"


def test_the_next_address_is_tried_when_one_refuses(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        answers = {"one.example": ["127.0.0.2", "127.0.0.1"], "two.example": ["127.0.0.2"]}
        fetcher = fetcher_for(allow=("127.0.0.0/8",), resolve=lambda host, port: answers[host])
        one = fetcher.fetch(Request(url=origin.url(host="one.example")))
        two = fetcher.fetch(Request(url=origin.url(host="two.example")))
    assert isinstance(one, Fetched)
    assert isinstance(two, Failed)
    assert two.problem == f"two.example port {origin.port} refused the connection"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "the name feeds.example is not known (DNS)"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "no name server answers for feeds.example (DNS)"),
        (UnicodeError("label too long"), "looking up the name feeds.example failed"),
        (None, "the name feeds.example has no address (DNS)"),
    ],
)
def test_a_name_without_an_address_is_a_network_failure_in_words(
    error: Exception | None, words: str, fetcher_for: MakeFetcher
) -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        if error is not None:
            raise error
        return []

    outcome = fetcher_for(resolve=unknown).fetch(Request(url="http://feeds.example/"))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.NETWORK
    assert outcome.problem.startswith(words)


def test_tls_names_the_host_that_was_asked_for(fetcher_for: MakeFetcher) -> None:
    hellos: list[bytes] = []

    def listen(connection: socket.socket, origin: Origin, stopping: threading.Event) -> None:
        hellos.append(connection.recv(65536))

    with raw_origin(listen) as origin:
        fetcher = fetcher_for(origin, resolve=lambda host, port: ["127.0.0.1"])
        outcome = fetcher.fetch(Request(url=origin.url(host="feeds.example", scheme="https")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.NETWORK
    assert b"feeds.example" in hellos[0]


def test_a_server_that_speaks_no_tls_is_a_network_failure_in_words(
    fetcher_for: MakeFetcher,
) -> None:
    def plain(connection: socket.socket, origin: Origin, stopping: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(answer(b"x", "400 Bad Request"))
        connection.recv(65536)

    with raw_origin(plain) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url(scheme="https")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.NETWORK
    assert "TLS" in outcome.problem


def test_one_tls_context_serves_every_host_and_is_left_alone(
    fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, wrapped = tls_context(), []

    def reread(*args: object, **kwargs: object) -> None:
        raise AssertionError("the bundle of authorities was read again")

    class Stop(ConnectionResetError):
        pass

    def wrap(self: ssl.SSLContext, sock: socket.socket, **kwargs: object) -> ssl.SSLSocket:
        wrapped.append(self)
        raise Stop

    for name in ("load_verify_locations", "load_default_certs", "set_alpn_protocols"):
        monkeypatch.setattr(ssl.SSLContext, name, reread)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    with an_origin(lambda talk: None) as origin:
        fetcher = fetcher_for(origin, resolve=lambda host, port: ["127.0.0.1"])
        for host in ("one.example", "two.example"):
            fetcher.fetch(Request(url=origin.url(host=host, scheme="https")))
    assert wrapped == [context, context]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_kept_connections_are_bounded() -> None:
    gate = threading.Barrier(6)

    def together(talk: Talk) -> None:
        gate.wait(10)
        talk.say(answer())

    with an_origin(together) as origin:
        guard = Guard([origin.place])
        client = Client(guard, hosts=4, per_host=2)
        target = guard.target(origin.url())

        def ask() -> None:
            with client.exchange(10), client.get(target, {}) as response:
                assert response.raw.read(decode_content=False)

        for _ in range(2):
            threads = [threading.Thread(target=ask) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        client.close()
    assert origin.connections == 6 + 4


def test_places_whose_connections_are_kept_are_bounded() -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        guard = Guard([origin.place])
        client = Client(guard, resolve=lambda host, port: ["127.0.0.1"], hosts=3)

        def ask(number: int) -> int:
            target = guard.target(origin.url(host=f"host{number}.example"))
            with client.exchange(10), client.get(target, {}) as response:
                assert response.raw.read(decode_content=False)
            return origin.connections

        assert [ask(number) for number in range(6)] == [1, 2, 3, 4, 5, 6]
        assert [ask(number) for number in (5, 4, 3)] == [6, 6, 6], "kept"
        assert [ask(number) for number in (0, 3)] == [7, 7], "given up, and kept on"
        client.close()


def test_a_connection_in_use_outlives_its_place_among_those_kept() -> None:
    with an_origin(lambda talk: talk.say(answer(talk.path.encode()))) as origin:
        guard = Guard([origin.place])
        client = Client(guard, resolve=lambda host, port: ["127.0.0.1"], hosts=1)
        one, other = (guard.target(origin.url(f"/{n}", f"host{n}.example")) for n in (1, 2))
        with client.exchange(10), client.get(one, {}) as first:
            with client.get(other, {}) as second:
                assert second.raw.read(decode_content=False) == b"/2"
            assert first.raw.read(decode_content=False) == b"/1"
        client.close()
