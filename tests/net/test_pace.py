"""Pace: no request comes to a host sooner than its spacing, wherever redirects lead."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from aggregator.model.exchange import Failed, Fetched, Outcome, Request
from aggregator.net.pace import Pace
from tests.net.conftest import MakeFetcher
from tests.net.origin import Talk, an_origin, answer

SPACING = 0.3
NEARLY = 0.9 * SPACING  # what lies between two requests when they arrive, give or take the road


class Times:
    """When each path was asked for, by the monotonic clock."""

    def __init__(self) -> None:
        self.at: list[tuple[str, float]] = []

    def __call__(self, talk: Talk) -> None:
        self.at.append((talk.path, time.monotonic()))
        if talk.path.startswith("/to"):
            talk.say(answer(b"", "302 Found", Location=talk.path.removeprefix("/to")))
        else:
            talk.say(answer())

    def gaps(self) -> list[float]:
        times = sorted(at for _, at in self.at)
        return [later - earlier for earlier, later in pairwise(times)]


def test_a_redirect_waits_for_its_hosts_spacing(fetcher_for: MakeFetcher) -> None:
    times = Times()
    with an_origin(times) as origin:
        outcome = fetcher_for(origin, spacing=SPACING).fetch(Request(url=origin.url("/to/to/a")))
    assert isinstance(outcome, Fetched)
    assert len(times.at) == 3
    assert min(times.gaps()) >= NEARLY


def test_several_requests_of_one_turn_keep_their_distance(fetcher_for: MakeFetcher) -> None:
    times = Times()
    with an_origin(times) as origin:
        fetcher = fetcher_for(origin, spacing=SPACING)
        for path in ("/feed", "/feed?page=2", "/feed?page=3"):
            assert isinstance(fetcher.fetch(Request(url=origin.url(path))), Fetched)
    assert min(times.gaps()) >= NEARLY


def test_redirects_of_many_hosts_to_one_come_there_one_by_one(fetcher_for: MakeFetcher) -> None:
    times = Times()
    with an_origin(times) as one, an_origin(lambda talk: talk.say(away)) as many:
        away = answer(b"", "302 Found", Location=one.url("/a"))
        names = [f"host{n}.example" for n in range(4)]
        fetcher = fetcher_for(many, one, spacing=SPACING, resolve=lambda host, port: ["127.0.0.1"])
        outcomes: list[Outcome] = []

        def ask(name: str) -> None:
            outcomes.append(fetcher.fetch(Request(url=many.url(host=name))))

        threads = [threading.Thread(target=ask, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert len(times.at) == 4
    assert min(times.gaps()) >= NEARLY


def test_a_turn_that_comes_too_late_is_left_to_others_and_says_so(
    fetcher_for: MakeFetcher,
) -> None:
    with an_origin(lambda talk: talk.say(answer())) as one, an_origin(Times()) as other:
        away = answer(b"", "302 Found", Location=one.url("/a"))
        with an_origin(lambda talk: talk.say(away)) as many:
            fetcher = fetcher_for(
                many, one, other, spacing=30.0, resolve=lambda host, port: ["127.0.0.1"]
            )
            fetcher.fetch(Request(url=one.url()))
            outcome = fetcher.fetch(Request(url=many.url(host="far.example")))
    assert isinstance(outcome, Failed)
    assert (outcome.host, outcome.retry_after, outcome.status) == ("127.0.0.1", 30.0, 302)
    assert "keep busy" in outcome.problem
    assert len(one.requests) == 1


def test_a_host_that_sends_us_on_to_itself_is_asked_however_long_its_spacing(
    fetcher_for: MakeFetcher,
) -> None:
    times = Times()
    with an_origin(times) as origin:
        fetcher = fetcher_for(origin, spacing=300.0, timeout=1.0)
        outcome = fetcher.fetch(Request(url=origin.url("/to/a")))
    assert isinstance(outcome, Fetched)
    assert times.gaps()[0] >= 0.4


def test_closing_ends_the_wait_for_a_turn(fetcher_for: MakeFetcher) -> None:
    with an_origin(Times()) as origin:
        fetcher = fetcher_for(origin, spacing=300.0, timeout=300.0)
        outcomes: list[Outcome] = []
        thread = threading.Thread(
            target=lambda: outcomes.append(fetcher.fetch(Request(url=origin.url("/to/a"))))
        )
        thread.start()
        assert origin.asked.wait(10)
        fetcher.close()
        thread.join(10)
    assert isinstance(outcomes[0], Failed)
    assert "we are closing" in outcomes[0].problem
    assert len(origin.requests) == 1


def test_turns_follow_one_another_and_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    pace = Pace(2.0)
    assert [pace.turn("a", 5.0, insist=False) for _ in range(4)] == [0.0, 2.0, 4.0, None]
    assert pace.turn("a", 5.0) == 5.0, "whoever insists comes when patience is over"
    assert pace.turn("b", 0.0) == 0.0
    pace.asked("c")
    assert pace.turn("c", 5.0) == 2.0


def test_what_is_over_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace(1.0)
    for number in range(20_000):
        now[0] += 0.001
        pace.asked(f"host{number}")
    pace.pause("patient", 3600.0)
    now[0] += 10
    for number in range(5000):
        pace.asked(f"other{number}")
        pace.pause(f"other{number}", 0.0)
    assert len(pace._next) < 10_000
    assert len(pace._pauses) < 5000
    assert pace.paused("patient") == 3590.0
