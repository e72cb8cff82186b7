"""What a poll means for the feed itself: moves, twins, what its publisher takes back."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest

from aggregator.flow import archives, turn
from aggregator.flow.curate import undo, withdraw
from aggregator.flow.poll import Orders, poll_round
from aggregator.flow.polled import Absorbed
from aggregator.flow.upkeep import TAKEN_BACK
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Fetched, Outcome, Request
from aggregator.model.feed import Feed, FeedStatus, PollState
from tests.flow.newsroom import Newsroom, Told, answer, feed, fetched, topic, url_of

NEW = "https://new.example/feed.xml"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
HISTORY = "http://purl.org/syndication/history/1.0"


def state_of(newsroom: Newsroom, name: str) -> PollState:
    with newsroom.kit.store.read() as tx:
        return tx.feeds.state(feed_of(newsroom, name).id)


def feed_of(newsroom: Newsroom, name: str) -> Feed:
    with newsroom.kit.store.read() as tx:
        found = tx.feeds.find(name)
    assert found is not None
    return found


def redirects(newsroom: Newsroom, name: str, to: str, *items: Told) -> None:
    """Let the outlet's address redirect for good, and the new one answer."""
    newsroom.net.answers[url_of(name)] = replace(fetched(name, *items), url=to, moved_to=to)
    newsroom.net.answers[to] = replace(fetched(name, *items), url=to)


def test_a_permanent_redirect_is_followed_for_good_when_three_polls_agree(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire"], [topic()])
    redirects(newsroom, "wire", NEW, Told(guid="1"))
    for _ in range(2):
        newsroom.poll("wire")
        assert feed_of(newsroom, "wire").spec.url == url_of("wire")
    newsroom.poll("wire")
    moved = feed_of(newsroom, "wire")
    assert (moved.spec.url, moved.moved_from) == (NEW, url_of("wire"))

    newsroom.net.asked.clear()
    assert newsroom.poll("wire").new == 0, "its entries are known at the new address"
    assert [each.url for each in newsroom.net.asked] == [NEW]


def test_the_file_may_go_on_naming_the_address_that_redirects(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    redirects(newsroom, "wire", NEW, Told(guid="1"))
    for _ in range(3):
        newsroom.poll("wire")
    before = feed_of(newsroom, "wire")
    newsroom.follow(["wire", "post"], [topic()])
    assert feed_of(newsroom, "wire") == before
    assert feed_of(newsroom, url_of("wire")) == before

    newsroom.follow([replace(feed("wire"), url=NEW), "post"], [topic()])
    assert feed_of(newsroom, "wire").id == before.id
    newsroom.follow([replace(feed("wire"), url="https://third.example/f"), "post"], [topic()])
    third = feed_of(newsroom, "wire")
    assert (third.id, third.spec.url, third.moved_from) == (
        before.id,
        "https://third.example/f",
        None,
    )


@pytest.mark.parametrize("stays", [True, False], ids=["both", "the new one"])
def test_who_redirects_to_an_address_is_not_what_editors_write_there_later(
    newsroom: Newsroom, stays: bool
) -> None:
    newsroom.follow(["wire"], [topic()])
    redirects(newsroom, "wire", url_of("post"), Told(guid="1", title="Grain of the wire"))
    for _ in range(3):
        newsroom.poll("wire")
    assert feed_of(newsroom, "wire").spec.url == url_of("post")

    newsroom.follow(["post", *(["wire"] if stays else [])], [topic()])
    wire, post = feed_of(newsroom, "wire"), feed_of(newsroom, "post")
    assert (wire.spec.url, post.spec.url) == (url_of("wire"), url_of("post"))
    assert newsroom.feed_name(newsroom.entry("Grain of the wire")) == "wire"
    assert wire.status is (FeedStatus.ACTIVE if stays else FeedStatus.RETIRED)


def test_a_feed_that_redirects_for_good_into_another_of_ours_is_paused_and_told(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.serves("post", Told(guid="1"))
    redirects(newsroom, "wire", url_of("post"), Told(guid="1"))
    for _ in range(3):
        newsroom.poll("wire")
    twin = feed_of(newsroom, "wire")
    assert (twin.spec.url, twin.status) == (url_of("wire"), FeedStatus.PAUSED)
    assert state_of(newsroom, "wire").notice == (
        "redirects for good to https://post.example/feed.xml, which is feed 'post': "
        "paused, one of the two can go"
    )

    with newsroom.kit.store.write() as tx:
        tx.feeds.set_status(twin.id, FeedStatus.ACTIVE, now=newsroom.now)
    newsroom.serves("wire", Told(guid="1"))
    newsroom.poll("wire")
    assert state_of(newsroom, "wire").notice is None, "it is its own again"


def test_a_poll_is_told_which_addresses_other_feeds_are_polled_at(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    newsroom.poll("wire")
    taken = newsroom.net.asked[-1].taken
    assert taken is not None
    assert taken(url_of("post")) == "post"
    assert taken(url_of("wire")) is None
    assert taken("https://nobody.example/feed") is None


def test_a_login_follows_to_no_other_host(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire", auth=True)], [topic()])
    redirects(newsroom, "wire", NEW, Told(guid="1"))
    for _ in range(4):
        newsroom.poll("wire")
    assert feed_of(newsroom, "wire").spec.url == url_of("wire")
    assert all(request.url != NEW for request in newsroom.net.asked)
    assert "its login was given for another host" in (state_of(newsroom, "wire").notice or "")


@pytest.mark.parametrize("to", ["http://wire.example/feed", "https://wire.example:8443/feed"])
def test_a_login_is_not_sent_without_tls_nor_to_another_port(newsroom: Newsroom, to: str) -> None:
    newsroom.follow([feed("wire", auth=True)], [topic()])
    redirects(newsroom, "wire", to, Told(guid="1"))
    for _ in range(4):
        newsroom.poll("wire")
    assert feed_of(newsroom, "wire").spec.url == url_of("wire")
    assert "another port, or for TLS" in (state_of(newsroom, "wire").notice or "")

    newsroom.follow([feed("wire", auth=True), feed("post", auth=True)], [topic()])
    older = to.replace("wire.", "post.")
    newsroom.net.answers[url_of("post")] = atom(
        "3", more=f'<link rel="prev-archive" href="{older}"/>'
    )
    newsroom.poll("post")
    assert all(request.url not in (to, older) for request in newsroom.net.asked)


def test_a_login_follows_to_tls(newsroom: Newsroom) -> None:
    plain = "http://wire.example/feed.xml"
    newsroom.follow([replace(feed("wire", auth=True), url=plain)], [topic()])
    newsroom.net.answers[plain] = replace(fetched("wire"), moved_to=url_of("wire"))
    for _ in range(3):
        newsroom.poll("wire")
    assert feed_of(newsroom, "wire").spec.url == url_of("wire")


def test_a_redirect_into_a_feed_that_is_polled_no_more_pauses_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.follow(["wire"], [topic()])
    redirects(newsroom, "wire", url_of("post"), Told(guid="1"))
    for _ in range(4):
        newsroom.poll("wire")
    assert feed_of(newsroom, "wire").status is FeedStatus.ACTIVE
    assert "which is feed 'post', not polled there" in (state_of(newsroom, "wire").notice or "")


def test_a_move_to_what_is_too_long_for_an_address_is_none(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    redirects(newsroom, "wire", f"https://new.example/{'a' * 20_000}", Told(guid="1"))
    for _ in range(4):
        newsroom.poll("wire")
    assert feed_of(newsroom, "wire").spec.url == url_of("wire")


def atom(*ids: str, more: str = "") -> Fetched:
    entries = "".join(
        f"<entry><id>https://wire.example/{each}</id><title>Grain {each}</title>"
        f'<link href="https://wire.example/{each}"/><updated>2026-11-01T00:00:00Z</updated></entry>'
        for each in ids
    )
    head = '<feed xmlns="http://www.w3.org/2005/Atom"><id>x:1</id><title>Wire</title>'
    return answer(
        "wire", f"{head}<updated>2026-11-01T00:00:00Z</updated>{more}{entries}</feed>".encode()
    )


def test_an_entry_its_publisher_deletes_leaves_our_feeds(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.net.answers[url_of("wire")] = atom("1", "2")
    newsroom.poll("wire")
    newsroom.publish()
    assert sorted(newsroom.titles()) == ["Grain 1", "Grain 2"]

    gone = f'<x:deleted-entry xmlns:x="{TOMBSTONES}" ref="https://wire.example/1"/>'
    newsroom.net.answers[url_of("wire")] = atom("2", more=gone)
    newsroom.poll("wire")
    newsroom.publish()
    assert newsroom.titles() == ["Grain 2"]
    assert newsroom.entry("Grain 1").withdrawn_at is not None, "it is kept, and not shown"


def test_a_tombstone_counts_only_for_entries_of_its_own_feed(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.serves("post", Told(guid="https://wire.example/1", title="Grain of post"))
    newsroom.poll("post")
    gone = f'<x:deleted-entry xmlns:x="{TOMBSTONES}" ref="https://wire.example/1"/>'
    newsroom.net.answers[url_of("wire")] = atom("2", more=gone)
    newsroom.poll("wire")
    newsroom.publish()
    assert sorted(newsroom.titles()) == ["Grain 2", "Grain of post"]


def test_what_leaves_a_complete_feed_goes_and_comes_back_with_it(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    complete = f'<fh:complete xmlns:fh="{HISTORY}"/>'
    newsroom.net.answers[url_of("wire")] = atom("1", "2", more=complete)
    newsroom.poll("wire")
    newsroom.net.answers[url_of("wire")] = atom("2", more=complete)
    newsroom.poll("wire")
    newsroom.publish()
    assert newsroom.titles() == ["Grain 2"]

    newsroom.net.answers[url_of("wire")] = atom("1", "2", "3", more=complete)
    newsroom.poll("wire")
    newsroom.publish()
    assert sorted(newsroom.titles()) == ["Grain 1", "Grain 2", "Grain 3"]


def test_what_leaves_an_ordinary_feed_stays(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.net.answers[url_of("wire")] = atom("1", "2")
    newsroom.poll("wire")
    newsroom.net.answers[url_of("wire")] = atom("2")
    newsroom.poll("wire")
    newsroom.publish()
    assert len(newsroom.titles()) == 2


def test_a_partial_answer_takes_nothing_back(newsroom: Newsroom) -> None:
    """A 226 holds only what is new (RFC 3229), also where the feed calls itself complete."""
    newsroom.follow(["wire"], [topic()])
    complete = f'<fh:complete xmlns:fh="{HISTORY}"/>'
    newsroom.net.answers[url_of("wire")] = atom("1", "2", more=complete)
    newsroom.poll("wire")
    newsroom.net.answers[url_of("wire")] = replace(atom("3", more=complete), status=226)
    newsroom.poll("wire")
    newsroom.publish()
    assert len(newsroom.titles()) == 3


def test_a_broken_complete_feed_takes_nothing_back(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    complete = f'<fh:complete xmlns:fh="{HISTORY}"/>'
    newsroom.net.answers[url_of("wire")] = atom("1", "2", more=complete)
    newsroom.poll("wire")
    whole = atom("2", more=complete)
    newsroom.net.answers[url_of("wire")] = replace(whole, body=whole.body[:-20])
    newsroom.poll("wire")
    newsroom.publish()
    assert len(newsroom.titles()) == 2


def test_editors_withdrawals_are_no_business_of_a_publishers(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    complete = f'<fh:complete xmlns:fh="{HISTORY}"/>'
    newsroom.net.answers[url_of("wire")] = atom("1", "2", more=complete)
    newsroom.poll("wire")
    withdraw(newsroom.kit, str(newsroom.entry("Grain 1").id), reason="asked to", actor="ida")
    newsroom.net.answers[url_of("wire")] = atom("2", more=complete)
    newsroom.poll("wire")
    newsroom.net.answers[url_of("wire")] = atom("1", "2", "3", more=complete)
    newsroom.poll("wire")
    newsroom.publish()
    assert sorted(newsroom.titles()) == ["Grain 2", "Grain 3"]
    with newsroom.kit.store.read() as tx:
        assert tx.entries.taken_back(feed_of(newsroom, "wire").id, TAKEN_BACK) == ()


def test_what_editors_keep_out_comes_back_by_no_publishers_word(newsroom: Newsroom) -> None:
    """It had been taken back by its publisher when the editors withdrew it."""
    newsroom.follow(["wire"], [topic()])
    complete = f'<fh:complete xmlns:fh="{HISTORY}"/>'
    newsroom.net.answers[url_of("wire")] = atom("1", "2", more=complete)
    newsroom.poll("wire")
    newsroom.net.answers[url_of("wire")] = atom("2", more=complete)
    newsroom.poll("wire")
    entry = newsroom.entry("Grain 1")
    decision, _ = withdraw(newsroom.kit, str(entry.id), reason="court order", actor="ida")

    newsroom.net.answers[url_of("wire")] = atom("1", "2", "3", more=complete)
    newsroom.poll("wire")
    newsroom.publish()
    assert sorted(newsroom.titles()) == ["Grain 2", "Grain 3"]

    undo(newsroom.kit, decision.id, actor="ida")
    newsroom.publish()
    assert sorted(newsroom.titles()) == ["Grain 1", "Grain 2", "Grain 3"]


def test_entries_under_new_ids_have_not_left_a_complete_feed(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    complete = f'<fh:complete xmlns:fh="{HISTORY}"/>'
    served = atom("1", "2", "3", "4", more=complete)
    newsroom.net.answers[url_of("wire")] = served
    newsroom.poll("wire")
    renamed = served.body.replace(b"<id>https://wire.example/", b"<id>tag:wire.example,2026:")
    newsroom.net.answers[url_of("wire")] = replace(served, body=renamed)
    assert newsroom.poll("wire").new == 0
    newsroom.publish()
    assert len(newsroom.titles()) == 4


def test_others_are_kept_while_archives_are_asked_for(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire", "lane"], [topic()])
    older = "https://wire.example/archive/1"
    newsroom.net.answers[url_of("wire")] = atom(
        "2", more=f'<link rel="prev-archive" href="{older}"/>'
    )
    newsroom.net.answers[older] = atom("1")
    newsroom.serves("lane", Told(guid="3"))
    kept, real = Event(), newsroom.net.fetch

    def fetch(request: Request) -> Outcome:
        if request.url == older:
            assert kept.wait(10)
        return real(request)

    def on_turn(turned: Absorbed) -> None:
        if turned.feed.spec.name == "lane":
            kept.set()

    monkeypatch.setattr(newsroom.net, "fetch", fetch)
    report = poll_round(newsroom.kit, Orders(owner="test", patience=0.0), on_turn=on_turn)
    assert (report.polled, report.new) == (2, 3)


def test_archives_are_not_walked_beyond_what_we_are_ready_to_hold(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire"], [topic()])
    older = "https://wire.example/archive/1"
    newsroom.net.answers[url_of("wire")] = atom(
        "2", more=f'<link rel="prev-archive" href="{older}"/>'
    )
    newsroom.net.answers[older] = atom("1")
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    assert newsroom.poll("wire").new == 1


def test_archives_are_walked_once_when_a_feed_is_new(newsroom: Newsroom) -> None:
    older = "https://wire.example/archive/1"
    newsroom.follow(["wire"], [topic()])
    newsroom.net.answers[url_of("wire")] = atom(
        "3", more=f'<link rel="prev-archive" href="{older}"/>'
    )
    newsroom.net.answers[older] = atom(
        "2", "3", more='<link rel="prev-archive" href="https://wire.example/archive/0"/>'
    )
    newsroom.net.answers["https://wire.example/archive/0"] = atom("1")
    assert newsroom.poll("wire").new == 3
    assert len(newsroom.net.asked) == 3

    newsroom.net.answers[url_of("wire")] = atom(
        "3", "4", more=f'<link rel="prev-archive" href="{older}"/>'
    )
    assert newsroom.poll("wire").new == 1
    assert len(newsroom.net.asked) == 4


def test_a_walk_through_archives_is_bounded_and_stays_on_the_feeds_host(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])

    def page(number: int, to: str) -> Fetched:
        return atom(str(number), more=f'<link rel="prev-archive" href="{to}"/>')

    newsroom.net.answers[url_of("wire")] = page(0, "https://wire.example/a/1")
    for number in range(1, 100):
        newsroom.net.answers[f"https://wire.example/a/{number}"] = page(
            number, f"https://wire.example/a/{number + 1}"
        )
    assert newsroom.poll("wire").new == 11

    newsroom.follow(["wire", "post"], [topic()])
    newsroom.net.answers[url_of("post")] = page(1, "https://elsewhere.example/a/1")
    newsroom.poll("post")
    assert all("elsewhere" not in request.url for request in newsroom.net.asked)


def test_a_document_the_fast_reader_misreads_is_read_by_feedparser_from_then_on(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.kit = replace(newsroom.kit, jitter=lambda: 0.999)  # this document is sampled
    newsroom.serves("wire", Told(guid="1"))
    asked = read_twice(newsroom, monkeypatch)
    newsroom.poll("wire")
    assert asked == [False, True]
    assert state_of(newsroom, "wire").tolerant
    assert newsroom.entries()[0].text.title == "read by feedparser"

    newsroom.kit = replace(newsroom.kit, jitter=lambda: 0.0)
    newsroom.serves("wire", Told(guid="1"), Told(guid="2"))
    newsroom.poll("wire")
    assert asked == [False, True, True]


def read_twice(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Let the two readers differ; returns by which each reading was to be done."""
    asked: list[bool] = []
    real = newsroom.reader.read

    def read(
        body: bytes, *, url: str, content_type: str | None, tolerant: bool = False, **_: object
    ) -> ParsedFeed:
        asked.append(tolerant)
        parsed = real(body, url=url, content_type=content_type)
        title = "read by feedparser" if tolerant else "read fast"
        entries = tuple(replace(each, title=title) for each in parsed.entries)
        return replace(parsed, entries=entries, reader="tolerant" if tolerant else "fast")

    monkeypatch.setattr(newsroom.reader, "read", read)
    return asked


def test_a_new_version_of_the_readers_reads_the_same_bytes_anew(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"), etag='"v1"')
    newsroom.poll("wire")
    newsroom.poll("wire")
    assert [each.etag for each in newsroom.net.asked] == [None, '"v1"']
    monkeypatch.setattr(turn, "READERS", "another")
    newsroom.poll("wire")
    assert newsroom.net.asked[-1].etag is None
    assert len(newsroom.reader.read_urls) == 2
