"""A poll keeps entries and validators together, or neither; and asks nobody too often."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event, get_ident
from typing import Any

import pytest

from aggregator.core import drafting, intake
from aggregator.core.identity import Keyed
from aggregator.errors import NotFound, StoreBusy, StoreFull
from aggregator.flow import poll, turn
from aggregator.flow.absorb import absorb, prepare
from aggregator.flow.kit import books
from aggregator.flow.poll import Orders, chosen, due_now, poll_round
from aggregator.flow.polled import Absorbed, Polled
from aggregator.flow.turn import Ground, drafted, fetch_one, keep_group, read_at_once
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Caching, NotModified, Outcome, Request
from aggregator.model.feed import Claim, FeedStatus, PollState
from aggregator.model.settings import Net
from aggregator.store.engine import SqliteStore
from tests.flow.newsroom import (
    DAY,
    HOUR,
    Newsroom,
    Told,
    answer,
    failing_once,
    feed,
    rss,
    topic,
    url_of,
)
from tests.readers import Refusing


def state_of(newsroom: Newsroom, name: str) -> PollState:
    with newsroom.kit.store.read() as tx:
        found = tx.feeds.find(name)
        assert found is not None
        return tx.feeds.state(found.id)


def asked(newsroom: Newsroom, name: str) -> int:
    return sum(request.url == url_of(name) for request in newsroom.net.asked)


def test_a_write_that_fails_once_loses_no_entry(newsroom: Newsroom, store: SqliteStore) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.serves("wire", Told(guid="1"), Told(guid="2", title="More grain"), etag='"v1"')
    newsroom.serves("post", Told(guid="3", title="Grain at the Post"), etag='"p1"')
    claim_goes_well = iter([None, StoreFull("no space is left")])

    def second_commit_fails() -> None:
        error = next(claim_goes_well, None)
        if error is not None:
            raise error

    store.before_commit = second_commit_fails
    report = newsroom.poll("wire")
    store.before_commit = None

    assert (report.failed, report.new) == (1, 0)
    assert "no space is left" in report.problems[0][1]
    assert newsroom.entries() == ()
    lost = state_of(newsroom, "wire")
    assert (lost.etag, lost.body_hash, lost.last_ok_at) == (None, None, None)
    assert lost.next_poll_at == newsroom.now + HOUR, "its publisher is not asked each minute"

    newsroom.now += HOUR
    report = newsroom.poll()
    assert (report.new, report.not_modified) == (3, 0)
    assert state_of(newsroom, "wire").etag == '"v1"'
    newsroom.now += HOUR
    assert newsroom.poll().not_modified == 2
    assert len(newsroom.entries()) == 3


def test_when_even_handing_back_fails_the_lease_ends_by_itself(
    newsroom: Newsroom, store: SqliteStore
) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"), etag='"v1"')
    commits = iter([None])

    def only_the_claim_goes_well() -> None:
        if next(commits, StoreFull("no space is left")) is not None:
            raise StoreFull("no space is left")

    store.before_commit = only_the_claim_goes_well
    report = newsroom.poll()
    store.before_commit = None
    assert report.failed == 1
    assert newsroom.poll().polled == 0

    newsroom.now += 601
    assert newsroom.poll().new == 1


def test_keys_that_are_written_alike_open_two_stories(newsroom: Newsroom) -> None:
    """A guid may be what stands in for the guid of another entry: its address, or both joined."""
    newsroom.follow(["wire", "post"], [topic()])
    page = "https://wire.example/a"
    alike = rss("wire", [Told(guid=page, url="https://wire.example/b"), Told(guid="-", url=page)])
    newsroom.net.answers[url_of("wire")] = answer(
        "wire", alike.replace(b'<guid isPermaLink="false">-</guid>', b"")
    )
    newsroom.serves("post", Told(guid="2"))
    assert newsroom.poll().new == 3

    joined = [Told(guid="g"), Told(guid="g", url=page), Told(guid=f"g|{page}")]
    newsroom.serves("wire", *joined)
    newsroom.now += DAY
    assert newsroom.poll("wire").new == 3


def test_what_the_store_refuses_of_one_feed_takes_no_other_along(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.serves("wire", Told(guid="1"), Told(guid="2"))
    newsroom.serves("post", Told(guid="3"))
    monkeypatch.setattr(intake, "public_id_of", lambda url, key: url)  # one for all of a feed
    report = newsroom.poll()
    assert (report.new, report.failed) == (1, 1)
    problem = state_of(newsroom, "wire").problem
    assert problem is not None
    assert "UNIQUE" in problem
    assert [newsroom.feed_name(each) for each in newsroom.entries()] == ["post"]


def test_a_bad_entry_takes_no_other_feed_of_its_group_along(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    newsroom.serves("post", Told(guid="2", title="Grain that breaks us"))
    newsroom.serves("herald", Told(guid="3"))

    def break_on_post(kit: object, tx: object, polled: object, *rest: object) -> object:
        if polled.claim.feed.spec.name == "post" and polled.parsed is not None:  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug of ours")
        return absorb(kit, tx, polled, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(turn, "absorb", break_on_post)
    report = newsroom.poll()

    assert (report.new, report.failed) == (2, 1)
    assert {newsroom.feed_name(each) for each in newsroom.entries()} == {"wire", "herald"}
    problem = state_of(newsroom, "post").problem
    assert problem is not None
    assert "a bug of ours" in problem
    assert state_of(newsroom, "post").body_hash is None

    monkeypatch.undo()
    newsroom.now += DAY
    assert newsroom.poll().new == 1


def test_a_bad_entry_takes_no_other_entry_of_its_feed_along(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"), etag='"v0"')
    newsroom.poll()
    newsroom.now += DAY
    newsroom.serves(
        "wire",
        Told(guid="1"),
        Told(guid="2", title="Grain that breaks us"),
        Told(guid="3"),
        etag='"v1"',
    )
    cleans = drafting.clean_text_of

    def break_on_one(parsed: object, *rest: object, **named: object) -> object:
        if parsed.guid == "2":  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug of ours")
        return cleans(parsed, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(drafting, "clean_text_of", break_on_one)
    report = newsroom.poll()

    assert report.new == 1
    assert [each.guid for each in newsroom.entries()] == ["1", "3"]
    problem = state_of(newsroom, "wire").problem
    assert problem is not None
    assert "a bug of ours" in problem

    monkeypatch.undo()
    newsroom.now += DAY
    assert newsroom.poll().new == 1, "its validators must not have been ahead of it"


def test_the_same_bytes_are_not_read_again(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    assert newsroom.poll("wire").new == 1
    report = newsroom.poll("wire")
    assert (report.fetched, report.new, report.revised) == (1, 0, 0)
    assert newsroom.reader.read_urls == [url_of("wire")]


def test_only_what_is_new_or_revised_is_cleaned(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned: list[str] = []

    def draft(each: Keyed, *args: Any, **more: Any) -> drafting.Draft:
        cleaned.append(str(each.entry.guid))
        return drafting.draft(each, *args, **more)

    monkeypatch.setattr("aggregator.flow.absorb.draft", draft)
    newsroom.follow(["wire"])
    one, two = Told(guid="1", title="Grain"), Told(guid="2", title="More grain")
    newsroom.hears("wire", one, two)
    newsroom.hears("wire", one, replace(two, title="Much more grain"), Told(guid="3"))
    assert sorted(cleaned) == ["1", "2", "2", "3"]


def test_a_body_that_is_no_feed_leaves_no_validators(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"), etag='"v1"')
    good, newsroom.kit = newsroom.kit.reader, replace(newsroom.kit, reader=Refusing())
    report = newsroom.poll("wire")
    assert (report.fetched, report.failed) == (0, 1)
    state = state_of(newsroom, "wire")
    assert (state.etag, state.body_hash, state.problem) == (None, None, "this is no feed")

    newsroom.kit = replace(newsroom.kit, reader=good)
    assert newsroom.poll("wire").new == 1


def test_a_malformed_feed_keeps_what_parsed_and_says_what_was_wrong(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    body = b"<rss version='2.0'><channel><title>W</title><item><title>Grain &oops; ships</title>"
    newsroom.net.answers[url_of("wire")] = answer("wire", body + b"</item></channel></rss>")
    report = newsroom.poll("wire")
    assert (report.new, report.failed) == (1, 0)
    problem = state_of(newsroom, "wire").problem
    assert problem is not None
    assert problem.startswith("not well-formed")

    newsroom.net.answers[url_of("wire")] = NotModified(
        etag=None, last_modified=None, caching=Caching()
    )
    newsroom.poll("wire")
    assert state_of(newsroom, "wire").problem == problem, "it is still the same document"
    newsroom.fails("wire", 503)
    newsroom.poll("wire")
    newsroom.net.answers[url_of("wire")] = NotModified(
        etag=None, last_modified=None, caching=Caching()
    )
    newsroom.poll("wire")
    assert state_of(newsroom, "wire").problem is None, "the 503 is over"


def test_a_feed_that_is_gone_is_never_asked_again(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.fails("wire", 410)
    assert newsroom.poll().failed == 1
    for _ in range(3):
        newsroom.now += 400 * DAY
        assert newsroom.poll().polled == 0
    with newsroom.kit.store.read() as tx:
        assert chosen(tx, []) == ()
        assert due_now(tx, newsroom.now) == ()
        with pytest.raises(NotFound, match="410"):
            chosen(tx, ["wire"])
        gone = tx.feeds.find("wire")
    assert gone is not None
    assert gone.status is FeedStatus.GONE
    orders = Orders(owner="test", feed_ids=(gone.id,), patience=0.0)
    assert poll_round(newsroom.kit, orders).polled == 0
    assert asked(newsroom, "wire") == 1


def test_a_feed_that_is_gone_stays_so_when_the_file_is_taken_in_again(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.fails("wire", 410)
    newsroom.poll()
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.now += DAY
    newsroom.poll()
    assert asked(newsroom, "wire") == 1


def test_retry_after_pauses_the_whole_host(newsroom: Newsroom) -> None:
    other = replace(feed("other"), url="https://wire.example/other.xml")
    newsroom.follow(["wire", other, "post"], [topic()])
    newsroom.fails("wire", 429, retry_after=2 * HOUR)
    newsroom.poll("wire")
    assert newsroom.poll("other").polled == 0, "not even when it is asked for by name"
    assert newsroom.poll("other").waiting == 1
    assert newsroom.poll("post").polled == 1, "other hosts go on"
    newsroom.now += 2 * HOUR + 1
    assert newsroom.poll("other").polled == 1


def test_retry_after_behind_a_redirect_pauses_the_host_that_said_it(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.fails("wire", 503, retry_after=2 * HOUR, host="post.example")
    newsroom.poll("wire")
    assert newsroom.poll("post").waiting == 1


def test_a_failing_feed_is_asked_ever_less_often(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.fails("wire", 500)
    waits = []
    for _ in range(8):
        assert newsroom.poll().failed == 1
        due = state_of(newsroom, "wire").next_poll_at
        assert due is not None
        waits.append(due - newsroom.now)
        newsroom.now = due
    assert waits == sorted(waits)
    assert waits[-1] == DAY
    newsroom.serves("wire", Told(guid="1"))
    newsroom.poll()
    assert state_of(newsroom, "wire").failures == 0


def test_a_publishers_ttl_holds_when_nothing_has_changed_too(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"), etag='"v1"', ttl=360)
    for _ in range(3):
        newsroom.poll()
        due = state_of(newsroom, "wire").next_poll_at
        assert due is not None
        assert due - newsroom.now >= 6 * HOUR
        newsroom.now = due


def test_a_host_is_asked_at_its_spacing(newsroom: Newsroom) -> None:
    feeds = [replace(feed(f"f{n}"), url=f"https://wire.example/{n}.xml") for n in range(3)]
    newsroom.follow(feeds, [topic()], net=Net(workers=4, spacing=10.0))
    for n in range(3):
        assert newsroom.poll().polled == 1, f"round {n}"
        newsroom.now += 10
    assert newsroom.poll().polled == 0


def test_turns_that_drag_keep_no_other_from_its_turn(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "SLOW", 0.1)
    newsroom.follow(["slow", "slower", "wire"], net=Net(workers=2, spacing=0.0))
    fetch, polled = newsroom.net.fetch, Event()

    def drag(request: Request) -> Outcome:
        if request.url == url_of("wire"):
            polled.set()
        assert polled.wait(20), "the two others have the two workers"
        return fetch(request)

    monkeypatch.setattr(newsroom.net, "fetch", drag)
    for name in ("slow", "slower", "wire"):
        newsroom.serves(name, Told(guid=name))
    report = newsroom.poll()
    assert (report.polled, report.failed) == (3, 0)


def test_one_thread_reads_drafts_and_keeps(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others only wait: threads that all want to run hold each other up."""
    names = [f"wire{number}" for number in range(8)]
    newsroom.follow(names, net=Net(workers=len(names), spacing=0.0))
    for name in names:
        newsroom.serves(name, Told(guid=name))
    at_work: list[tuple[str, int]] = []

    def noted(name: str, act: Any) -> Any:
        def noting(*args: Any, **more: Any) -> Any:
            at_work.append((name, get_ident()))
            return act(*args, **more)

        return noting

    monkeypatch.setattr(newsroom.reader, "read_at_once", noted("read", newsroom.reader.read))
    monkeypatch.setattr(turn, "prepare", noted("draft", prepare))
    monkeypatch.setattr(turn, "absorb", noted("keep", absorb))
    assert newsroom.poll().new == len(names)
    assert {name for name, _ in at_work} == {"read", "draft", "keep"}
    assert {thread for _, thread in at_work} == {get_ident()}


def test_no_more_bodies_wait_than_there_are_workers(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long they wait for those before them: that they are slow makes no room for more."""
    names = [f"wire{number}" for number in range(10)]
    newsroom.follow(names, net=Net(workers=2, spacing=0.0))
    for name in names:
        newsroom.serves(name, Told(guid=name))
    waiting: list[int] = []
    drafted = 0

    def slowly(*args: Any) -> Polled:
        nonlocal drafted
        time.sleep(0.04)
        waiting.append(len(newsroom.net.asked) - drafted)
        drafted += 1
        return prepare(*args)

    monkeypatch.setattr(poll, "SLOW", 0.02)
    monkeypatch.setattr(turn, "prepare", slowly)
    assert newsroom.poll().polled == len(names)
    assert max(waiting) == 2, "the one at the desk, and the next"


def test_a_document_that_takes_long_to_read_holds_up_no_other(newsroom: Newsroom) -> None:
    """A hostile one keeps a child process busy until that is ended; nobody waits for that."""
    slow, quick = [f"slow{n}" for n in range(4)], [f"quick{n}" for n in range(4)]
    newsroom.follow([*slow, *quick], net=Net(workers=5, spacing=0.0))
    for name in (*slow, *quick):
        newsroom.serves(name, Told(guid=name))
    done = Event()
    read = newsroom.reader.read

    def at_once(body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | None:
        return None if "slow" in url else read(body, url=url, content_type=content_type)

    def patiently(body: bytes, **more: Any) -> ParsedFeed:
        assert done.wait(10)
        return read(body, **more)

    def on_turn(turned: Absorbed) -> None:
        left.discard(turned.feed.spec.name)
        if left == set(slow):
            done.set()

    left = {*slow, *quick}
    newsroom.reader.read_at_once = at_once  # type: ignore[method-assign]
    newsroom.reader.read = patiently  # type: ignore[method-assign]
    report = poll_round(newsroom.kit, Orders(owner="test", patience=0.0), on_turn=on_turn)
    assert (report.new, left) == (len(slow) + len(quick), set())


def test_of_all_feeds_those_in_trouble_are_asked_first(newsroom: Newsroom) -> None:
    """One that drags until its deadline again holds up the end of the round the least."""
    newsroom.follow(["wire", "dead", "lane"])
    newsroom.serves("wire", Told(guid="1"))
    newsroom.serves("lane", Told(guid="2"))
    newsroom.poll()
    with newsroom.kit.store.read() as tx:
        feeds = [tx.feeds.get(feed_id) for feed_id in chosen(tx, ())]
    names = [feed.spec.name for feed in feeds if feed is not None]
    assert names == ["dead", "wire", "lane"]


def test_a_lost_workers_feed_is_polled_when_its_lease_ends(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    with newsroom.kit.store.write() as tx:
        (claim,) = tx.feeds.claim_due(
            newsroom.now, limit=1, lease=600, owner="lost", per_host=1, spacing=0
        )
    assert newsroom.poll().polled == 0
    newsroom.now += 601
    assert newsroom.poll().new == 1
    with newsroom.kit.store.write() as tx:
        assert not tx.feeds.settle(claim, claim.state), "the late worker must write nothing"


def test_a_paused_feed_is_not_polled(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    with newsroom.kit.store.write() as tx:
        found = tx.feeds.find("wire")
        assert found is not None
        tx.feeds.set_status(found.id, FeedStatus.PAUSED, now=newsroom.now)
    newsroom.now += DAY
    assert newsroom.poll().polled == 0
    assert asked(newsroom, "wire") == 0


def test_a_stop_before_the_round_polls_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    stop = Event()
    stop.set()
    assert newsroom.poll(stop=stop).polled == 0
    assert asked(newsroom, "wire") == 0


def test_a_claim_that_cannot_be_written_is_told_and_loses_nothing(
    newsroom: Newsroom, store: SqliteStore
) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    store.before_commit = failing_once(StoreBusy("another process writes"))
    with pytest.raises(StoreBusy):
        newsroom.poll()
    assert newsroom.poll().new == 1


@pytest.mark.parametrize("leap", [365 * DAY, -365 * DAY, 2 * HOUR, -2 * HOUR])
def test_a_leaping_clock_makes_no_storm_and_no_stall(newsroom: Newsroom, leap: int) -> None:
    names = [f"f{n}" for n in range(6)]
    newsroom.follow(names, [topic()])
    for name in names:
        newsroom.serves(name, Told(guid=name), etag='"v1"')
    newsroom.poll()

    newsroom.now += leap
    newsroom.net.asked.clear()
    newsroom.restart()
    for _ in range(5):
        newsroom.poll()
    assert all(asked(newsroom, name) <= 1 for name in names), "at most one poll each"

    for name in names:
        due = state_of(newsroom, name).next_poll_at
        assert due is not None
        assert 0 < due - newsroom.now <= DAY
    newsroom.now += DAY
    newsroom.poll()
    assert all(asked(newsroom, name) >= 1 for name in names), "none waits for the old clock"


def test_a_leap_leaves_the_order_of_entries(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="First grain"))
    newsroom.now -= 365 * DAY
    newsroom.restart()
    newsroom.hears(
        "wire", Told(guid="2", title="Second grain"), Told(guid="1", title="First grain")
    )
    newsroom.now += 365 * DAY
    newsroom.hears("wire", Told(guid="3", title="Third grain"))
    with newsroom.kit.store.read() as tx:
        assert [each.guid for each in reversed(tx.entries.newest(limit=9))] == ["1", "2", "3"]


def test_a_worker_that_was_overtaken_writes_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"), etag='"v1"')
    late = claimed(newsroom)
    with newsroom.kit.store.read() as tx:
        judged_by = books(tx, newsroom.kit.settings)
    came = fetch_one(newsroom.kit, late, Ground(books=judged_by, subscribers=1))
    polled = drafted(newsroom.kit, read_at_once(newsroom.kit, came), judged_by)
    claimed(newsroom)

    (done,) = keep_group(newsroom.kit, [polled])

    assert done.overtaken
    assert newsroom.entries() == ()
    assert state_of(newsroom, "wire").etag is None


def claimed(newsroom: Newsroom) -> Claim:
    """Take the wire's lease, whoever holds it."""
    with newsroom.kit.store.write() as tx:
        tx.feeds.release_leases()
        (claim,) = tx.feeds.claim_due(
            newsroom.now, limit=1, lease=600, owner="worker", per_host=1, spacing=0
        )
    return claim
