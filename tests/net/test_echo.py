"""What our hub sends: questions to callbacks, bodies with headers of their own, short deadlines."""

from __future__ import annotations

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, Post, Request, Wanted
from tests.net.conftest import MakeFetcher
from tests.net.origin import Talk, an_origin, answer


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted"])
def test_any_2xx_may_carry_an_echo(status: str, fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(b"echo", status))) as origin:
        request = Request(url=origin.url("/cb?a=b%20c&hub.x=1"), wanted=Wanted.WORD)
        outcome = fetcher_for(origin).fetch(request)
    assert isinstance(outcome, Fetched) and outcome.body == b"echo"
    assert origin.last.path == "/cb?a=b%20c&hub.x=1"
    assert not {"if-none-match", "authorization", "cookie"} & origin.last.headers.keys()


def test_an_echo_is_not_followed_elsewhere(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(b"", "302 Found", Location="/next"))) as origin:
        request = Request(url=origin.url("/cb"), wanted=Wanted.WORD)
        outcome = fetcher_for(origin).fetch(request)
    assert isinstance(outcome, Failed) and outcome.status == 302
    assert [talk.path for talk in origin.requests] == ["/cb"]


def test_no_echo_is_long(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer(b"x" * 9000))) as origin:
        request = Request(url=origin.url("/cb"), wanted=Wanted.WORD)
        outcome = fetcher_for(origin).fetch(request)
    assert isinstance(outcome, Failed) and outcome.fault is Fault.TOO_LARGE


def test_a_body_goes_out_as_it_is_under_its_own_headers(fetcher_for: MakeFetcher) -> None:
    body = b"\x00<feed/>\xff"
    headers = (("Content-Type", "application/atom+xml"), ("X-Hub-Signature", "sha256=00"))
    with an_origin(lambda talk: talk.say(answer(b"", "204 No Content"))) as origin:
        post = Post(url=origin.url("/cb?a=1"), body=body, headers=headers)
        outcome = fetcher_for(origin).post(post)
    assert isinstance(outcome, Fetched)
    assert origin.last.body == body and origin.last.path == "/cb?a=1"
    assert origin.last.headers["content-type"] == "application/atom+xml"
    assert origin.last.headers["x-hub-signature"] == "sha256=00"


def test_no_header_of_a_body_breaks_a_line(fetcher_for: MakeFetcher) -> None:
    with an_origin(lambda talk: talk.say(answer())) as origin:
        headers = (("Link", "<x>\r\nX-Injected: 1"),)
        outcome = fetcher_for(origin).post(Post(url=origin.url(), body=b"", headers=headers))
    assert isinstance(outcome, Failed) and outcome.fault is Fault.BLOCKED
    assert not origin.requests


@pytest.mark.parametrize("what", ["question", "body"])
def test_a_deadline_of_its_own_holds(what: str, fetcher_for: MakeFetcher) -> None:
    def never(talk: Talk) -> None:
        talk.stopping.wait(30)

    with an_origin(never) as origin:
        fetcher = fetcher_for(origin, timeout=30.0)
        if what == "body":
            outcome = fetcher.post(Post(url=origin.url(), body=b"x", timeout=0.2))
        else:
            outcome = fetcher.fetch(Request(url=origin.url(), wanted=Wanted.WORD, timeout=0.2))
    assert isinstance(outcome, Failed) and outcome.fault is Fault.NETWORK
    assert "within 0.2 s" in outcome.problem
