"""Bytes follow from content alone; what is seen later wakes the publisher by itself."""

from __future__ import annotations

import pytest

from aggregator.flow.publish import publish
from aggregator.model.topic import PublishSpec, Verb
from tests.flow.newsroom import DAY, HOUR, LONG, Newsroom, Told, topic


def test_rendering_twice_two_seconds_apart_gives_the_same_bytes(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"), Told(guid="2", title="More grain"))
    before = [newsroom.document("grain", ending) for ending in ("atom", "rss", "json")]
    newsroom.now += 2
    (done,) = publish(newsroom.kit, ["grain"])
    after = [newsroom.document("grain", ending) for ending in ("atom", "rss", "json")]
    assert done.changed == ()
    assert after == before, "Last-Modified too is when these bytes were first kept"


def test_a_first_publication_is_dated_as_its_publisher_dates_it(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", at=int(newsroom.now) - 5 * HOUR))
    (item,) = newsroom.shown()
    assert item.updated == item.published


def test_an_empty_topic_is_dated_by_its_creation(newsroom: Newsroom) -> None:
    newsroom.follow([], [topic()])
    newsroom.publish()
    before = newsroom.documents("grain")
    newsroom.now += DAY
    publish(newsroom.kit)
    assert newsroom.documents("grain") == before


def test_editing_an_unrelated_story_leaves_a_topics_etag(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(), topic("wheat", "wheat")])
    newsroom.hears("wire", Told(guid="1", title="Grain"), Told(guid="2", title="Wheat", text="."))
    grain, wheat = newsroom.document("grain").etag, newsroom.document("wheat").etag
    newsroom.act(Verb.EDIT, "Wheat", "wheat", title="Wheat, by an editor")
    assert newsroom.document("grain").etag == grain
    assert newsroom.document("wheat").etag != wheat


def test_a_delay_shows_an_item_later_and_wakes_the_publisher(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(delay=600))])
    newsroom.hears("wire", Told(guid="1"))
    assert newsroom.titles() == []
    with newsroom.kit.store.read() as tx:
        assert tx.publications.next_dirty_at() == newsroom.now + 600

    newsroom.now += 599
    assert newsroom.publish() == []
    newsroom.now += 1
    assert len(newsroom.publish()) == 3
    assert newsroom.titles() == ["Grain corridor reopens"]
    with newsroom.kit.store.read() as tx:
        assert tx.publications.next_dirty_at() is None


def test_a_delay_is_not_begun_anew_by_a_revision(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(delay=600))])
    newsroom.hears("wire", Told(guid="1"))
    newsroom.now += 500
    newsroom.hears("wire", Told(guid="1", text="Now ten ships."))
    newsroom.now += 100
    newsroom.publish()
    assert newsroom.titles() == ["Grain corridor reopens"]


def test_an_approval_can_be_taken_back_before_it_is_out(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="nothing", publish=PublishSpec(delay=600))])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.act(Verb.APPROVE, "Grain")
    assert newsroom.titles() == []
    newsroom.now += 601
    newsroom.publish()
    assert newsroom.titles() == ["Grain"]


def test_a_prolific_source_is_held_at_its_quota_and_told_why(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(publish=PublishSpec(per_source=(2, DAY)))])
    many = [
        Told(guid=str(n), title=f"Grain {n}", at=int(newsroom.now) - n * HOUR) for n in range(4)
    ]
    newsroom.hears("wire", *many)
    newsroom.hears("post", Told(guid="p", title="Grain at the Post"))

    assert set(newsroom.titles()) == {"Grain at the Post", "Grain 2", "Grain 3"}
    for held in ("Grain 0", "Grain 1"):
        verdict = newsroom.verdict(held)
        assert verdict is not None
        assert verdict[0] == "held"
        assert "wire has had its 2 in a day" in verdict[1]

    newsroom.act(Verb.APPROVE, "Grain 0")
    assert "Grain 0" in newsroom.titles(), "an editor's word stands over a quota"


def test_a_quota_is_one_for_each_period(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(per_source=(1, DAY)))])
    newsroom.hears("wire", Told(guid="1", title="Grain 1"))
    newsroom.hears("wire", Told(guid="1", title="Grain 1"), Told(guid="2", title="Grain 2"))
    assert newsroom.titles() == ["Grain 1"]
    newsroom.now += DAY + 1
    newsroom.hears("wire", Told(guid="3", title="Grain 3", at=int(newsroom.now)))
    assert newsroom.titles() == ["Grain 3", "Grain 1"]


def test_a_feed_holds_no_more_items_than_it_wants(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    for n in range(4):
        newsroom.now += HOUR
        newsroom.hears("wire", Told(guid=str(n), title=f"Grain {n}", at=int(newsroom.now)))
    assert newsroom.titles() == ["Grain 3", "Grain 2"]


def test_items_stand_in_the_order_we_first_published_them(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain 1", at=int(newsroom.now) - HOUR))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="2", title="Old grain, told late", at=int(newsroom.now) - DAY))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="1", title="Grain 1, revised"))
    assert newsroom.titles() == ["Old grain, told late", "Grain 1, revised"]


def test_a_mark_set_while_composing_is_not_lost(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    with newsroom.kit.store.write() as tx:
        found = tx.topics.find("grain")
        assert found is not None
        tx.publications.mark_dirty(found.id, newsroom.now + 5)
    newsroom.publish()
    with newsroom.kit.store.read() as tx:
        assert tx.publications.next_dirty_at() == newsroom.now + 5


def test_a_source_that_joins_is_credited_and_pushed_to_nobody(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[str] = []
    monkeypatch.setattr(
        "aggregator.flow.publish.announce", lambda tx, kit, changed: pushed.extend(changed)
    )
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.hears("wire", Told(guid="1", text=LONG))
    assert "topics/grain.atom" in pushed
    pushed.clear()
    newsroom.now += HOUR
    newsroom.hears("post", Told(guid="2", text=LONG))
    (shown,) = newsroom.shown()
    assert shown.credits("Wire", "Post")
    assert pushed == []
    newsroom.hears("wire", Told(guid="1", text=LONG), Told(guid="3", title="More grain"))
    assert set(pushed) == {f"topics/grain.{ending}" for ending in ("atom", "rss", "json")}
