"""Who asks, and how often they may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web import rate
from aggregator.web.rate import NOBODY, Askers, Buckets, Gate, bucket_of

READER, OTHER = "193.99.144.80", "193.99.144.81"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_then_so_many_a_second() -> None:
    clock = Clock()
    buckets = Buckets(a_second=2, at_once=10, seconds=clock)
    assert [buckets.wait(READER) for _ in range(10)] == [0.0] * 10
    assert buckets.wait(READER) == pytest.approx(0.5)
    assert buckets.wait(OTHER) == 0.0
    clock.now += 0.5
    assert buckets.wait(READER) == 0.0
    assert buckets.wait(READER) > 0


def test_who_waits_as_told_is_answered() -> None:
    clock = Clock()
    buckets = Buckets(a_second=1, at_once=3, seconds=clock)
    for _ in range(50):
        refused = buckets.wait(READER)
        clock.now += refused
        assert not refused or buckets.wait(READER) == 0.0


@given(st.lists(st.floats(0, 3), max_size=60))
def test_no_more_is_answered_than_a_bucket_holds(pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(a_second=2, at_once=5, seconds=clock)
    answered = 0
    for pause in pauses:
        clock.now += pause
        answered += buckets.wait(READER) == 0
    assert answered <= 5 + 2 * sum(pauses) + 1e-3


def test_a_polite_reader_of_every_topic_never_meets_the_limit() -> None:
    """200 topics at once every five minutes, all day, in each process anew."""
    clock = Clock()
    buckets = Buckets(seconds=clock)
    for _ in range(288):
        assert all(buckets.wait(READER) == 0 for _ in range(200))
        clock.now += 300


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MOST", 10)
    buckets = Buckets(seconds=Clock())
    for number in range(1000):
        buckets.wait(str(number))
    assert len(buckets._young) + len(buckets._old) <= 20


def test_a_bucket_outlives_the_turn_of_generations() -> None:
    clock = Clock()
    buckets = Buckets(a_second=1, at_once=10, seconds=clock)
    clock.now += 9.9
    for _ in range(10):
        buckets.wait(READER)
    clock.now += 0.2  # the next generation begins
    assert buckets.wait(READER) > 0


def _behind(forwarded: str) -> dict[bytes, bytes]:
    return {b"x-forwarded-for": forwarded.encode()}


def test_only_a_named_proxy_is_believed() -> None:
    askers = Askers(["127.0.0.1", "10.0.0.0/8"])
    assert askers.who("127.0.0.1", _behind(READER)) == READER
    assert askers.who("10.1.2.3", _behind(f"1.1.1.1, {READER}, 10.0.0.7")) == READER
    assert askers.who(OTHER, _behind(READER)) == OTHER
    assert askers.who("::ffff:127.0.0.1", _behind(READER)) == READER
    assert askers.who("127.0.0.1", _behind(f"{READER}:5555")) == READER


@pytest.mark.parametrize("forwarded", ["", "unknown", "10.0.0.7", "192.168.1.5", ",", "\xff"])
def test_who_cannot_be_told_is_not_limited(forwarded: str) -> None:
    assert Askers(["127.0.0.1"]).who("127.0.0.1", _behind(forwarded)) == NOBODY
    gate = Gate(lambda: ("127.0.0.1",), Buckets(at_once=1))
    assert [gate.enter("127.0.0.1", _behind(forwarded))[1] for _ in range(5)] == [0.0] * 5


def test_a_proxy_that_nobody_named_may_stand_for_everybody() -> None:
    gate = Gate(tuple, Buckets(at_once=1))
    assert [gate.enter("172.17.0.1", _behind(READER))[1] for _ in range(5)] == [0.0] * 5


def test_proxies_of_a_new_feeds_yaml_are_believed_at_once() -> None:
    proxies: tuple[str, ...] = ()
    gate = Gate(lambda: proxies, Buckets())
    assert gate.enter("127.0.0.1", _behind(READER))[0] == "127.0.0.1"
    proxies = ("127.0.0.1",)
    assert gate.enter("127.0.0.1", _behind(READER))[0] == READER


def test_one_household_has_one_bucket() -> None:
    assert bucket_of("2a00:1450:4001::1") == bucket_of("2a00:1450:4001::ffff")
    assert bucket_of("2a00:1450:4001::1") != bucket_of("2a00:1450:4001:1::1")
