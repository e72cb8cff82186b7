"""Redirects: followed by hand, judged at every step, remembered only where permanent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, NotModified, Request
from tests.net.conftest import MakeFetcher
from tests.net.origin import Handler, Talk, an_origin, answer


def leading(way: Mapping[str, tuple[int, str]]) -> Handler:
    """Redirect where `way` says (path to status and Location), answer everything else."""

    def handler(talk: Talk) -> None:
        if talk.path in way:
            status, location = way[talk.path]
            talk.say(answer(b"see there", f"{status} Elsewhere", Location=location))
        else:
            talk.say(answer(talk.path.encode()))

    return handler


@pytest.mark.parametrize(
    ("way", "moved_to"),
    [
        ({"/a": (301, "/b")}, "/b"),
        ({"/a": (308, "/b")}, "/b"),
        ({"/a": (302, "/b")}, None),
        ({"/a": (303, "/b")}, None),
        ({"/a": (307, "/b")}, None),
        ({"/a": (301, "/b"), "/b": (308, "/c")}, "/c"),
        ({"/a": (301, "/b"), "/b": (302, "/c")}, "/b"),
        ({"/a": (302, "/b"), "/b": (301, "/c")}, None),
        ({"/a": (301, "/b"), "/b": (302, "/c"), "/c": (301, "/d")}, "/b"),
    ],
)
def test_only_the_permanent_beginning_of_a_chain_is_a_move(
    way: dict[str, tuple[int, str]], moved_to: str | None, fetcher_for: MakeFetcher
) -> None:
    with an_origin(leading(way)) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url("/a")))
    assert isinstance(outcome, Fetched)
    assert outcome.moved_to == (None if moved_to is None else origin.url(moved_to))
    assert outcome.url == origin.url(outcome.body.decode())
    assert origin.connections == 1


def test_a_304_behind_a_redirect_tells_of_the_move(fetcher_for: MakeFetcher) -> None:
    def handler(talk: Talk) -> None:
        moved = answer(b"", "301 Moved", Location="/b")
        talk.say(moved if talk.path == "/a" else answer(b"", "304 Not Modified"))

    with an_origin(handler) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url("/a"), etag='"x"'))
    assert isinstance(outcome, NotModified)
    assert outcome.moved_to == origin.url("/b")
    assert [talk.headers["if-none-match"] for talk in origin.requests] == ['"x"', '"x"']


@pytest.mark.parametrize("count", [5, 6])
def test_five_redirects_are_followed_and_six_are_not(count: int, fetcher_for: MakeFetcher) -> None:
    way = {f"/{n}": (302, f"/{n + 1}") for n in range(count)}
    with an_origin(leading(way)) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url("/0")))
    if count == 5:
        assert isinstance(outcome, Fetched)
    else:
        assert isinstance(outcome, Failed)
        assert outcome.fault is Fault.BLOCKED
        assert "more than 5 redirects" in outcome.problem
    assert len(origin.requests) == 6


def test_a_circle_is_noticed_when_it_closes(fetcher_for: MakeFetcher) -> None:
    with an_origin(leading({"/a": (301, "/b"), "/b": (302, "/a#again")})) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url("/a")))
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.status) == (Fault.BLOCKED, 302)
    assert "circle" in outcome.problem
    assert len(origin.requests) == 2


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "//10.0.0.1/",
        "http://127.0.0.1:22/",
        "http://user:secret@127.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "/\\evil.example",
        "http://[::1",
    ],
)
def test_a_redirect_to_where_we_may_not_go_is_refused(
    location: str, fetcher_for: MakeFetcher
) -> None:
    with an_origin(leading({"/a": (302, location)})) as origin:
        outcome = fetcher_for(origin).fetch(Request(url=origin.url("/a")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.BLOCKED
    assert "redirect" in outcome.problem
    assert "secret" not in outcome.problem
    assert len(origin.requests) == 1


def test_another_port_of_an_allowed_host_is_reached_by_no_redirect(
    fetcher_for: MakeFetcher,
) -> None:
    with (
        an_origin(lambda talk: talk.say(answer())) as hidden,
        an_origin(leading({"/a": (302, hidden.url())})) as origin,
    ):
        outcome = fetcher_for(origin).fetch(Request(url=origin.url("/a")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.BLOCKED
    assert hidden.connections == 0


def test_a_login_goes_to_its_own_place_and_no_further(fetcher_for: MakeFetcher) -> None:
    with (
        an_origin(lambda talk: talk.say(answer())) as other,
        an_origin(leading({"/a": (301, "/b"), "/b": (302, other.url("/c"))})) as origin,
    ):
        request = Request(url=origin.url("/a"), authorization="Bearer s3cret")
        outcome = fetcher_for(origin, other).fetch(request)
    assert isinstance(outcome, Fetched)
    assert [talk.headers.get("authorization") for talk in origin.requests] == ["Bearer s3cret"] * 2
    assert "authorization" not in other.last.headers


def test_a_login_does_not_follow_to_another_name_of_the_same_port(
    fetcher_for: MakeFetcher,
) -> None:
    with an_origin(lambda talk: talk.say(next(answers))) as origin:
        answers = iter(
            [
                answer(b"", "302 Found", Location=f"http://other.example:{origin.port}/"),
                answer(),
            ]
        )
        fetcher = fetcher_for(origin, resolve=lambda host, port: ["127.0.0.1"])
        fetcher.fetch(Request(url=origin.url(host="feeds.example"), authorization="Bearer s3cret"))
    assert [talk.headers["host"] for talk in origin.requests] == [
        f"feeds.example:{origin.port}",
        f"other.example:{origin.port}",
    ]
    assert "authorization" not in origin.last.headers


def test_a_redirect_in_utf_8_is_understood(fetcher_for: MakeFetcher) -> None:
    way = {"/a": (302, "/b\u00fccher".encode().decode("latin-1"))}
    with an_origin(leading(way)) as origin:
        fetcher_for(origin).fetch(Request(url=origin.url("/a")))
    assert origin.last.path == "/b%C3%BCcher"


def test_gone_behind_a_temporary_redirect_is_not_the_end_of_the_feed(
    fetcher_for: MakeFetcher,
) -> None:
    def handler(talk: Talk) -> None:
        ways = {
            "/moved": answer(b"", "301 Moved", Location="/gone"),
            "/away": answer(b"", "302 Found", Location="/gone"),
        }
        talk.say(ways.get(talk.path, answer(b"", "410 Gone")))

    with an_origin(handler) as origin:
        fetcher = fetcher_for(origin)
        moved = fetcher.fetch(Request(url=origin.url("/moved")))
        away = fetcher.fetch(Request(url=origin.url("/away")))
    assert isinstance(moved, Failed)
    assert isinstance(away, Failed)
    assert (moved.fault, away.fault) == (Fault.GONE, Fault.STATUS)
    assert away.status == 410


@pytest.mark.parametrize(("status", "moves"), [(301, True), (302, False)])
def test_what_another_feed_polls_is_not_asked_for_twice(
    status: int, moves: bool, fetcher_for: MakeFetcher
) -> None:
    with an_origin(leading({"/a": (status, "/b")})) as origin:
        wire = origin.url("/b")
        request = Request(url=origin.url("/a"), taken=lambda url: "wire" if url == wire else None)
        outcome = fetcher_for(origin).fetch(request)
    assert isinstance(outcome, Failed)
    assert outcome.problem == f"redirects to {wire}, which is polled as feed 'wire'"
    assert outcome.moved_to == (wire if moves else None)
    assert [hop.status for hop in outcome.hops] == [status]
