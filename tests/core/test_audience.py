"""What readers say of themselves, and what counts of them come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.audience import BROWSER, UNNAMED, agent_of, freshness, readership
from aggregator.model.audience import Agent, Passage, Reading


@pytest.mark.parametrize(
    ("said", "name", "subscribers"),
    [
        (
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 312 subscribers; like FeedFetcher)",
            "Feedly",
            312,
        ),
        ("Feedbin feed-id:123 - 4 subscribers", "Feedbin", 4),
        (
            "NewsBlur Feed Fetcher - 8 subscribers - http://www.newsblur.com/site/1/x",
            "NewsBlur Feed Fetcher",
            8,
        ),
        ("Inoreader/1.0 (+http://www.inoreader.com/feed; 25 subscribers; )", "Inoreader", 25),
        (
            "Mozilla/5.0 (compatible; theoldreader.com; 1 subscriber; feed-id=abc)",
            "theoldreader.com",
            1,
        ),
        ("NetNewsWire (RSS Reader; https://netnewswire.com/)", "NetNewsWire", 0),
        ("Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)", "Miniflux", 0),
        ("newsboat/2.37 (Linux x86_64)", "newsboat", 0),
        ("Reeder 5.3", "Reeder", 0),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", BROWSER, 0),
        ("", UNNAMED, 0),
        ("///", UNNAMED, 0),
        ("Liar/1 (999999999 subscribers)", "Liar", 0),
        ("<script>alert(1)</script>", "script alert", 0),
    ],
)
def test_a_reader_is_known_by_its_name_and_what_it_tells(
    said: str, name: str, subscribers: int
) -> None:
    assert agent_of(said) == Agent(name=name, subscribers=subscribers)


@given(st.text(max_size=300))
def test_whatever_is_said_there_is_a_name(said: str) -> None:
    found = agent_of(said)
    assert 0 < len(found.name) <= 40
    assert not set(found.name) & set('<>"\n\t')
    assert found.subscribers >= 0


def a_reading(
    agent: str, *, day: str = "2026-11-22", requests: int = 10, told: int = 0, addresses: int = 1
) -> Reading:
    return Reading(
        day=day,
        path="topics/lane",
        agent=agent,
        requests=requests,
        not_modified=requests // 2,
        bytes=1000 * requests,
        subscribers=told,
        addresses=addresses,
    )


def test_a_reader_stands_for_whom_it_tells_and_else_for_its_addresses() -> None:
    told = readership([a_reading("Feedly", told=312, addresses=5), a_reading("newsboat")])
    assert told.subscribers == 313
    assert [(each.name, each.subscribers) for each in told.readers] == [
        ("Feedly", 312),
        ("newsboat", 1),
    ]
    assert (told.requests, told.bytes, told.share_not_modified) == (20, 20_000, 0.5)


def test_subscribers_are_those_of_the_fullest_day_and_a_readers_those_of_its_last() -> None:
    told = readership(
        [
            a_reading("Feedly", told=10, day="2026-11-20"),
            a_reading("Feedly", told=9, day="2026-11-21"),
        ]
    )
    assert told.subscribers == 10
    assert told.days == (("2026-11-20", 10, 10), ("2026-11-21", 9, 10))
    assert [(each.subscribers, each.requests) for each in told.readers] == [(9, 20)]


def test_nobody_is_nobody() -> None:
    told = readership([])
    assert (told.subscribers, told.share_not_modified, told.readers) == (0, 0.0, ())


def a_passage(*, published: int | None = 0, seen: int = 60, pushed: float | None = None) -> Passage:
    return Passage(
        published_at=published, seen_at=seen, approved_at=100, in_feed_at=110, pushed_at=pushed
    )


def test_freshness_is_told_leg_by_leg() -> None:
    passages = [a_passage(seen=each) for each in range(10, 101, 10)]
    legs = {each.name: each for each in freshness([*passages, a_passage(pushed=112.5)])}
    assert (legs["published to seen"].items, legs["published to seen"].p50) == (11, 60)
    assert legs["published to seen"].p90 == 90
    assert legs["approved to in feed"].p50 == 10
    assert (legs["in feed to pushed"].items, legs["in feed to pushed"].p90) == (1, 2.5)
    assert legs["published to in feed"].p50 == 110


def test_a_place_not_come_by_counts_for_nothing_and_one_out_of_order_for_none() -> None:
    legs = {each.name: each for each in freshness([a_passage(published=None, seen=500)])}
    assert (legs["published to seen"].items, legs["published to seen"].p50) == (0, None)
    assert legs["seen to approved"].p50 == 0
