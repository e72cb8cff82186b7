"""Forged addresses: asked for, redirected to, or posted to, none of them is ever connected to."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, Post, Request
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from tests.net.conftest import AGENT, MakeFetcher
from tests.net.origin import Talk, an_origin, answer
from tests.net.shared import shared_tool

Places = list[tuple[str, int]]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Places:
    """Where sockets were connected to, in order."""
    places: Places = []

    class Noted(socket.socket):
        def connect(self, address: tuple[str, int]) -> None:  # type: ignore[override]
            places.append(address)
            super().connect(address)

    monkeypatch.setattr("aggregator.net.dialing.socket.socket", Noted)
    return places


@pytest.fixture
def forged(tmp_path: Path) -> list[str]:
    shared_tool("make_bad_inputs").write(tmp_path, {"lists"})
    urls = (tmp_path / "lists" / "ssrf_urls.txt").read_text(encoding="utf-8").split()
    assert len(urls) > 50
    return urls


def loopback(host: str, port: int) -> Sequence[str]:
    """A resolver in the attacker's hand."""
    return ["127.0.0.1"]


@pytest.fixture
def fetcher() -> Iterator[HttpFetcher]:
    made = HttpFetcher(Net(), AGENT, resolve=loopback)
    yield made
    made.close()


@pytest.mark.corpus
def test_every_forged_url_is_refused_without_a_connection(
    forged: list[str], fetcher: HttpFetcher, connected: Places
) -> None:
    for url in forged:
        outcome = fetcher.fetch(Request(url=url))
        assert isinstance(outcome, Failed), url
        assert outcome.fault is Fault.BLOCKED, (url, outcome)
        assert outcome.hops == ()
    assert connected == []


@pytest.mark.corpus
def test_no_form_is_sent_to_a_forged_url(
    forged: list[str], fetcher: HttpFetcher, connected: Places
) -> None:
    for url in forged:
        outcome = fetcher.post(Post(url=url, form=(("hub.mode", "subscribe"),)))
        assert isinstance(outcome, Failed), url
        assert outcome.fault is Fault.BLOCKED, (url, outcome)
    assert connected == []


@pytest.mark.corpus
def test_no_redirect_leads_to_a_forged_url(
    forged: list[str], fetcher_for: MakeFetcher, connected: Places
) -> None:
    def handler(talk: Talk) -> None:
        location = forged[int(talk.path.removeprefix("/"))].encode().decode("latin-1")
        talk.say(answer(b"", "302 Found", Location=location))

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin, resolve=loopback)
        for number, url in enumerate(forged):
            outcome = fetcher.fetch(Request(url=origin.url(f"/{number}")))
            assert isinstance(outcome, Failed), url
            assert outcome.fault is Fault.BLOCKED, (url, outcome)
            assert len(outcome.hops) == 1
    assert set(connected) == {("127.0.0.1", origin.port)}


def test_we_connect_to_the_address_that_was_checked_however_often_it_changes(
    fetcher_for: MakeFetcher, connected: Places
) -> None:
    """Rebinding: public when it is judged, ours when it is connected to. Here 127.0.0.1 is let
    through and everything else is not, so a second look-up would be seen or refused."""
    answers = iter([["127.0.0.1"], ["127.0.0.3"], ["127.0.0.1"], ["10.0.0.1"]])
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return next(answers)

    def once(talk: Talk) -> None:
        talk.say(answer(Connection="close"))

    with an_origin(once) as origin:
        fetcher = fetcher_for(origin, resolve=rebinding)
        outcomes = [fetcher.fetch(Request(url=origin.url(host="feeds.example"))) for _ in range(4)]
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Fetched, Failed, Fetched, Failed]
    assert looked_up == ["feeds.example"] * 4, "once for each connection, never kept beyond it"
    assert connected == [("127.0.0.1", origin.port)] * 2
    assert len(origin.requests) == 2


@pytest.mark.parametrize(
    "location",
    [
        "http://[::ffff:127.0.0.1]:{other}/",
        "http://[::ffff:7f00:1]:{other}/x",
        "http://0177.0.0.1:{other}/",
        "http://2130706433:{other}/",
        "http://127.1:{other}/",
        "http://public.example@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@public.example/",
        "http://public.example:22/",
        "http://public.example:25/",
        "http://public.example:6379/",
        "http://localhost:{other}/",
        "http://①②⑦.⓪.⓪.①:{other}/",
        "gopher://public.example:{port}/",
    ],
)
def test_tricks_of_spelling_open_nothing_that_is_not_allowed(
    location: str, fetcher_for: MakeFetcher, connected: Places
) -> None:
    def handler(talk: Talk) -> None:
        there = location.format(port=origin.port, other=other.port)
        talk.say(answer(b"", "302 Found", Location=there.encode().decode("latin-1")))

    with an_origin(lambda talk: talk.say(answer())) as other, an_origin(handler) as origin:
        outcome = fetcher_for(origin, resolve=loopback).fetch(Request(url=origin.url()))
    assert other.connections == 0
    assert set(connected) == {("127.0.0.1", origin.port)}
    assert isinstance(outcome, Failed), outcome
    assert outcome.fault is Fault.BLOCKED
