"""Forms sent to hubs: once, to where they are meant for, and taken when the status says so."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, Hop, Outcome, Post
from tests.net.conftest import AGENT, MakeFetcher
from tests.net.origin import Handler, HangUp, Origin, Talk, an_origin, answer

FORM = (
    ("hub.mode", "subscribe"),
    ("hub.topic", "https://news.example/feed?a=1&b=é"),
    ("hub.secret", "a b+c"),
)


def saying(said: bytes) -> Handler:
    """A hub that answers every form so."""
    return lambda talk: talk.say(said)


def posted(hub: Handler, make: MakeFetcher) -> tuple[Outcome, Origin]:
    with an_origin(hub) as origin:
        return make(origin, timeout=0.5).post(Post(url=origin.url("/hub"), form=FORM)), origin


def test_a_form_arrives_whole_and_in_order(fetcher_for: MakeFetcher) -> None:
    hub = saying(answer(b"accepted", "202 Accepted", Content_Type="text/plain"))
    outcome, origin = posted(hub, fetcher_for)
    assert isinstance(outcome, Fetched)
    assert (outcome.status, outcome.body) == (202, b"accepted")
    assert outcome.hops == (Hop(host="127.0.0.1", status=202, bytes=8),)
    assert parse_qsl(origin.last.body.decode("ascii")) == list(FORM)
    assert origin.last.head.startswith(b"POST /hub HTTP/1.1\r\n")
    assert origin.last.headers["content-type"] == "application/x-www-form-urlencoded"
    assert origin.last.headers["user-agent"] == AGENT
    assert not {"cookie", "referer", "authorization"} & origin.last.headers.keys()


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
def test_any_2xx_is_a_success(status: str, fetcher_for: MakeFetcher) -> None:
    outcome, _ = posted(saying(answer(b"", status)), fetcher_for)
    assert isinstance(outcome, Fetched)
    assert outcome.status == int(status[:3])


@pytest.mark.parametrize(
    "said",
    [
        answer(b"x" * 200_000, "202 Accepted"),
        answer(b"cut", "202 Accepted", Content_Length="50"),
        answer(b"no gzip", "202 Accepted", Content_Encoding="gzip"),
        b"HTTP/1.1 202 Accepted\r\n\r\nno end",
    ],
)
def test_the_status_has_said_it_whatever_the_body_does(
    said: bytes, fetcher_for: MakeFetcher
) -> None:
    outcome, _ = posted(saying(said), fetcher_for)
    assert isinstance(outcome, Fetched)
    assert outcome.status == 202
    assert len(outcome.body) <= 65536


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, fetcher_for: MakeFetcher) -> None:
    outcome, origin = posted(saying(answer(b"", f"{status} There", Location="/b")), fetcher_for)
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.status) == (Fault.STATUS, status)
    assert outcome.location == origin.url("/b"), "told, for the caller to decide"
    assert len(origin.requests) == 1


def test_a_refusal_is_told_with_its_patience(fetcher_for: MakeFetcher) -> None:
    hub = saying(answer(b"", "429 Too Many Requests", Retry_After="60"))
    outcome, _ = posted(hub, fetcher_for)
    assert isinstance(outcome, Failed)
    assert (outcome.status, outcome.retry_after, outcome.host) == (429, 60.0, "127.0.0.1")


def test_a_form_is_never_sent_twice(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        if len(origin.requests) == 2:
            raise HangUp
        talk.say(answer(b"", "202 Accepted"))

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin)
        outcomes = [fetcher.post(Post(url=origin.url(), form=FORM)) for _ in range(2)]
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].fault is Fault.NETWORK
    assert len(origin.requests) == 2


def test_a_hub_that_says_nothing_is_left_at_the_deadline(fetcher_for: MakeFetcher) -> None:
    def silent(talk: Talk) -> None:
        talk.stopping.wait()

    outcome, _ = posted(silent, fetcher_for)
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.NETWORK
    assert outcome.problem.startswith("no complete answer within 0.5 s")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://hub.internal/",
        "ftp://hub.example/",
        "http://u:p@hub.example/",
    ],
)
def test_a_hub_at_an_address_that_is_not_public_is_not_asked(
    url: str, fetcher_for: MakeFetcher
) -> None:
    fetcher = fetcher_for(resolve=lambda host, port: ["10.0.0.1"])
    outcome = fetcher.post(Post(url=url, form=FORM))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.BLOCKED
    assert outcome.hops == ()
