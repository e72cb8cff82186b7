"""Manners that only show from the other side: whole polls, seen by the server that is polled."""

from __future__ import annotations

import gzip
from dataclasses import replace
from email.utils import formatdate

from aggregator.flow.health import SUBSCRIBERS
from aggregator.model.feed import PollState
from aggregator.model.settings import Net
from tests.checklist.conftest import Wire
from tests.flow.newsroom import Told, feed, rss
from tests.makers import NOON
from tests.net.conftest import AGENT
from tests.net.origin import answer

ETAG, MODIFIED = 'W/"a b"', "Sunday, 01-Nov-26 12:00:00 GMT"
FEED = rss("wire", [Told(guid="1"), Told(guid="2", title="More grain")])
UNCHANGED = answer(b"", "304 Not Modified")
USUAL = {"host", "user-agent", "accept", "accept-encoding"}
CONDITIONS = {"if-none-match", "if-modified-since", "a-im"}


def whole(body: bytes = FEED, status: str = "200 OK", **headers: str) -> bytes:
    return answer(body, status, Content_Type="application/rss+xml", **headers)


def state(wire: Wire) -> PollState:
    with wire.kit.store.read() as tx:
        found = tx.feeds.find("wire")
        assert found is not None
        return tx.feeds.state(found.id)


def titles(wire: Wire) -> list[str]:
    return [each.text.title for each in wire.entries() if each.withdrawn_at is None]


def test_validators_are_stored_and_sent_back_byte_for_byte(wire: Wire) -> None:
    first, second = wire.hear(whole(ETag=ETAG, Last_Modified=MODIFIED), UNCHANGED)
    assert not CONDITIONS & first.headers.keys()
    sent = second.head.split(b"\r\n")
    assert b"If-None-Match: " + ETAG.encode() in sent
    assert b"If-Modified-Since: " + MODIFIED.encode() in sent


def test_no_date_but_the_servers_own_is_ever_sent_as_a_condition(wire: Wire) -> None:
    dated = whole(ETag='"1"', Date=formatdate(NOON, usegmt=True), Expires=MODIFIED)
    bare = whole(rss("wire", [Told(guid="3")]), Date=formatdate(NOON, usegmt=True))
    _, with_etag, with_nothing = wire.hear(dated, bare, bare)
    assert "if-modified-since" not in with_etag.headers
    assert with_etag.headers["if-none-match"] == '"1"'
    assert not CONDITIONS & with_nothing.headers.keys()


def test_a_304_is_a_success_that_touches_no_entry(wire: Wire) -> None:
    wire.hear(whole(ETag='"1"'))
    before = wire.entries()
    wire.hear(answer(b"", "503 Busy"))
    assert state(wire).failures == 1
    wire.hear(UNCHANGED)
    assert (state(wire).failures, state(wire).problem) == (0, None)
    assert wire.entries() == before


def test_what_a_304_says_of_validators_is_sent_from_then_on(wire: Wire) -> None:
    fresh = answer(b"", "304 Not Modified", ETag='"2"', Last_Modified=MODIFIED)
    *_, last = wire.hear(whole(ETag='"1"'), fresh, UNCHANGED)
    assert last.headers["if-none-match"] == '"2"'
    assert last.headers["if-modified-since"] == MODIFIED


def test_what_an_older_reader_read_is_asked_for_without_conditions(wire: Wire) -> None:
    wire.hear(whole(ETag='"1"'))
    with wire.kit.store.write() as tx:
        (claim,) = tx.feeds.claim_due(
            wire.now, limit=1, lease=60, owner="test", per_host=1, spacing=0
        )
        tx.feeds.settle(claim, replace(claim.state, read_by="0"))
    again, conditional = wire.hear(whole(ETag='"1"'), UNCHANGED)
    assert not CONDITIONS & again.headers.keys()
    assert wire.reader.read_urls == [again_url(wire)] * 2, "the same bytes, read by another reader"
    assert conditional.headers["if-none-match"] == '"1"'


def again_url(wire: Wire) -> str:
    return wire.origin.url("/feed.xml")


def test_a_restart_asks_for_nothing_that_is_not_due(wire: Wire) -> None:
    wire.hear(whole(ETag='"1"'))
    due = state(wire).next_poll_at
    assert due is not None
    wire.now = due - 60
    for _ in range(2):
        wire.restart()
        assert wire.poll().polled == 0
    assert state(wire).next_poll_at == due
    assert len(wire.origin.requests) == 1
    wire.now = due + 1
    assert wire.poll().polled == 1


def test_gzip_is_asked_for_and_read(wire: Wire) -> None:

    (talk,) = wire.hear(whole(gzip.compress(FEED), Content_Encoding="gzip"))
    assert "gzip" in talk.headers["accept-encoding"]
    assert titles(wire) == ["Grain corridor reopens", "More grain"]


def test_a_poll_is_one_request_whatever_the_answer(wire: Wire) -> None:
    refusals = ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"]
    refusals += ["406 Not Acceptable", "429 Too Many Requests", "500 Oops", "503 Busy"]
    answers = [whole(), *(answer(b"no", status) for status in refusals), whole(b"no feed at all")]
    talks = wire.hear(*answers)
    assert len(talks) == len(answers)
    (agent,) = {talk.headers["user-agent"] for talk in talks}
    assert agent.startswith(AGENT.removesuffix(")"))


def test_every_poll_says_who_asks_where_to_read_of_us_and_for_how_many(wire: Wire) -> None:
    with wire.kit.store.write() as tx:
        tx.meta.set(SUBSCRIBERS, "12")
    (talk,) = wire.hear(whole())
    assert talk.headers["user-agent"] == f"{AGENT.removesuffix(')')}; 12 subscribers)"


def test_nothing_but_the_feed_is_asked_for_and_just_as_it_is_written(wire: Wire) -> None:
    page = rss("wire", [Told(guid="3", url=wire.origin.url("/article"))]).replace(
        b"</language>",
        b"</language><image><url>" + wire.origin.url("/favicon.ico").encode() + b"</url></image>",
    )
    talks = wire.hear(whole(page), whole(FEED), answer(b"", "403 Forbidden"), path="/feed.xml?a=1")
    assert [talk.path for talk in talks] == ["/feed.xml?a=1"] * 3


def test_robots_txt_is_not_asked_for_where_an_editor_named_a_feed(wire: Wire) -> None:
    talks = wire.hear(whole(), UNCHANGED)
    assert "/robots.txt" not in {talk.path for talk in talks}
    assert len(talks) == 2


def test_a_request_carries_what_it_must_and_nothing_else(wire: Wire) -> None:
    luring = whole(
        ETag='"1"',
        Last_Modified=MODIFIED,
        Set_Cookie="id=7; Path=/",
        Accept_CH="Sec-CH-UA",
        Refresh="0; url=/other",
    )
    first, second = wire.hear(luring, luring)
    assert first.headers.keys() == USUAL
    assert second.headers.keys() == USUAL | CONDITIONS
    assert second.headers["accept"].startswith("application/atom+xml, application/rss+xml")


def test_a_delta_is_asked_for_and_what_it_leaves_out_is_not_missing(wire: Wire) -> None:
    delta = rss("wire", [Told(guid="3", title="Grain, part three")]).replace(
        b"<channel>",
        b'<channel><fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>',
    )
    partly = whole(delta, "226 IM Used", IM="feed", ETag='"2"')
    first, second, third = wire.hear(whole(ETag='"1"'), partly, UNCHANGED)
    assert "a-im" not in first.headers, "without a condition there is nothing to leave out"
    assert second.headers["a-im"] == "feed"
    assert titles(wire) == ["Grain corridor reopens", "More grain", "Grain, part three"]
    assert third.headers["if-none-match"] == '"2"'


def test_one_connection_and_a_second_between_two_requests_are_what_a_host_gets_by_default(
    wire: Wire,
) -> None:
    assert (Net().per_host, Net().spacing) == (1, 1.0)
    names = ["one", "two", "three"]
    feeds = [replace(feed(name), url=wire.origin.url(f"/{name}")) for name in names]
    wire.answers[:] = [whole() for _ in names]
    wire.follow(feeds, net=Net())
    for asked in (1, 2, 3):
        assert wire.poll().polled == 1
        assert wire.poll().polled == 0, "not before the second is over"
        assert len(wire.origin.requests) == asked
        wire.now += 1.0
