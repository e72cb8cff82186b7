"""What documents say of themselves, kept to or kept within bounds: from bytes to the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from aggregator.formats.reading import read_document
from tests.checklist.conftest import Wire
from tests.checklist.test_over_the_wire import state, whole
from tests.flow.newsroom import DAY, HOUR, Told, rss
from tests.makers import NOON

RSS = rss("wire", [Told(guid="1")])
SY = b'<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


def due_after(wire: Wire, body: bytes, **headers: str) -> float:
    """Poll this document at Sunday noon, GMT; return in how many seconds it is due again."""
    wire.hear(whole(body, ETag='"1"', **headers))
    due = state(wire).next_poll_at
    assert due is not None
    return due - NOON


def saying(words: bytes) -> bytes:
    return RSS.replace(b"<item>", words + b"<item>", 1)


def test_max_age_is_kept_to_and_silence_is_an_hour(wire: Wire) -> None:
    assert HOUR <= due_after(wire, RSS) < 2 * HOUR


@pytest.mark.parametrize("said", ["max-age=18000", "public, max-age=18000, must-revalidate"])
def test_no_poll_before_max_age_is_over(wire: Wire, said: str) -> None:
    assert due_after(wire, RSS, Cache_Control=said) >= 5 * HOUR


@pytest.mark.parametrize("said", ["no-cache", "no-store, max-age=0", "max-age=0, must-revalidate"])
def test_no_word_of_caching_brings_us_sooner_than_silence(wire: Wire, said: str) -> None:
    assert due_after(wire, RSS, Cache_Control=said) >= HOUR


@pytest.mark.parametrize("hours", [range(13, 18), range(12, 18)])
def test_skipped_hours_of_a_document_are_left_out_in_gmt(wire: Wire, hours: range) -> None:
    skipped = b"".join(b"<hour>%d</hour>" % hour for hour in hours)
    due = due_after(wire, saying(b"<skipHours>%b</skipHours>" % skipped))
    assert due >= 6 * HOUR
    assert datetime.fromtimestamp(NOON + due, UTC).hour not in hours


def test_skipped_days_of_a_document_are_left_out(wire: Wire) -> None:
    days = b"<skipDays><day>Sunday</day><day>Monday</day></skipDays>"
    due = due_after(wire, saying(days))
    assert datetime.fromtimestamp(NOON + due, UTC).strftime("%A") == "Tuesday"


@pytest.mark.parametrize(
    ("period", "frequency", "least"),
    [("daily", 1, DAY), ("daily", 4, 6 * HOUR), ("weekly", 7, DAY), ("hourly", 1, HOUR)],
)
def test_an_update_period_is_a_minimum(wire: Wire, period: str, frequency: int, least: int) -> None:
    said = f"<sy:updatePeriod>{period}</sy:updatePeriod>"
    said += f"<sy:updateFrequency>{frequency}</sy:updateFrequency>"
    body = saying(said.encode()).replace(b"<rss", SY, 1)
    assert due_after(wire, body) >= least


def test_a_ttl_is_a_minimum_and_no_maximum(wire: Wire) -> None:
    assert due_after(wire, rss("wire", [Told(guid="1")], ttl=300)) >= 5 * HOUR
    rare = [Told(guid=str(n), at=NOON - 30 * DAY * n) for n in range(1, 9)]
    wire.now = NOON
    wire.answers[:] = [whole(rss("wire", rare, ttl=60), ETag='"2"')]
    wire.poll("wire")
    due = state(wire).next_poll_at
    assert due is not None
    assert due - NOON >= 12 * HOUR


def test_dates_that_cannot_be_are_kept_within_what_we_saw(wire: Wire) -> None:
    far = Told(guid="far", title="Far", at=NOON + 400 * DAY)
    absurd = (
        rss("wire", [far, Told(guid="old", title="Old")])
        .replace(b"<pubDate>", b"<pubDate>Fri, 31 Dec 9999 23:59:59 GMT</pubDate><x>", 1)
        .replace(b"</pubDate></item>", b"</x></item>", 1)
    )
    wire.hear(whole(absurd))
    assert {each.text.title for each in wire.entries()} == {"Far", "Old"}
    for each in wire.entries():
        assert each.text.published_at is None or each.text.published_at <= NOON


def test_a_json_feed_may_number_its_items_and_say_what_nobody_knows() -> None:
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Wire",
        "_blue_shed": {"about": "https://blueshed.example/"},
        "next_url": "https://wire.example/feed.json?page=2",
        "items": [
            {"id": 7, "content_text": "seven", "_x": [1, {"deep": None}]},
            {"id": 7.5, "content_text": "seven and a half"},
            {"id": "8", "content_text": "eight", "unknown": True},
        ],
    }
    read = read_document(json.dumps(said).encode(), "https://wire.example/feed.json", None)
    assert [each.guid for each in read.entries] == ["7", "7.5", "8"]
    assert read.problem is None
    assert read.more_url == "https://wire.example/feed.json?page=2"
