"""feeds.yaml and the store: what leaves is retired, what changes is followed, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.flow.refile import refile_changed
from aggregator.flow.sync import sync
from aggregator.model.exchange import Caching
from aggregator.model.feed import Feed, FeedStatus, Origin
from aggregator.model.topic import TopicStatus, Verb
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told, feed, fetched, topic, url_of


def feeds(newsroom: Newsroom) -> dict[str, Feed]:
    with newsroom.kit.store.read() as tx:
        return {each.spec.name: each for each in tx.feeds.all()}


def test_a_feed_that_leaves_the_file_is_retired_and_comes_back(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    number = feeds(newsroom)["wire"].id
    newsroom.follow(["post"], [topic()])
    assert feeds(newsroom)["wire"].status is FeedStatus.RETIRED
    newsroom.now += DAY
    asked = len(newsroom.net.asked)
    newsroom.poll()
    assert len(newsroom.net.asked) == asked + 1
    newsroom.publish()
    assert newsroom.titles() == ["Grain"], "what it gave stays"

    newsroom.follow(["wire", "post"], [topic()])
    assert feeds(newsroom)["wire"].status is FeedStatus.ACTIVE
    assert feeds(newsroom)["wire"].id == number
    assert newsroom.poll().new == 0, "and is known when it is back"


def test_a_topic_that_leaves_the_file_is_retired_and_comes_back(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(), topic("wheat", "wheat")])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    before = newsroom.documents("grain")
    newsroom.follow(["wire"], [topic("wheat", "wheat")])
    newsroom.hears("wire", Told(guid="2", title="New grain"))
    assert newsroom.documents("grain") == before, "its last bytes stay"
    with newsroom.kit.store.read() as tx:
        gone = tx.topics.find("grain")
    assert gone is not None
    assert gone.status is TopicStatus.RETIRED

    newsroom.follow(["wire"], [topic(), topic("wheat", "wheat")])
    newsroom.publish()
    assert set(newsroom.titles()) == {"Grain", "New grain"}, "what came meanwhile is filed"


def test_a_changed_rule_refiles_history(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="grain")])
    newsroom.hears(
        "wire", Told(guid="1", title="Grain", text="."), Told(guid="2", title="Wheat", text=".")
    )
    assert newsroom.titles() == ["Grain"]
    newsroom.follow(["wire"], [topic(match="wheat")])
    newsroom.publish()
    assert newsroom.titles() == ["Wheat"]
    newsroom.follow(["wire"], [topic(match="wheat OR grain")])
    newsroom.publish()
    assert set(newsroom.titles()) == {"Wheat", "Grain"}


def test_a_changed_rule_leaves_editors_words_alone(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="grain")])
    newsroom.hears(
        "wire", Told(guid="1", title="Grain", text="."), Told(guid="2", title="Wheat", text=".")
    )
    newsroom.act(Verb.APPROVE, "Grain")
    newsroom.act(Verb.REJECT, "Wheat")
    newsroom.follow(["wire"], [topic(match="wheat")])
    newsroom.publish()
    assert newsroom.titles() == ["Grain"]


def test_a_new_topic_is_filled_from_history(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [])
    newsroom.hears("wire", Told(guid="1", title="Grain"), Told(guid="2", title="More grain"))
    newsroom.follow(["wire"], [topic()])
    newsroom.publish()
    assert set(newsroom.titles()) == {"Grain", "More grain"}


def test_nothing_changed_changes_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    before = newsroom.kit.store.version()
    with newsroom.kit.store.write() as tx:
        assert not sync(tx, newsroom.kit.settings, newsroom.now)
    assert refile_changed(newsroom.kit) == 0
    assert newsroom.kit.store.version() == before
    assert newsroom.publish() == []


def test_a_feed_at_a_new_address_is_the_same_feed(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1", title="Grain"), etag='"v1"')
    newsroom.poll()
    number = feeds(newsroom)["wire"].id
    moved = replace(feed("wire"), url="https://new.example/feed.xml")
    newsroom.follow([moved], [topic()])

    assert set(feeds(newsroom)) == {"wire"}
    assert feeds(newsroom)["wire"].id == number
    assert feeds(newsroom)["wire"].spec.url == moved.url
    newsroom.now += HOUR
    newsroom.poll()
    assert newsroom.net.asked[-1].url == moved.url
    assert newsroom.net.asked[-1].etag is None, "another address has other validators"


def test_two_feeds_may_swap_their_names(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    before = feeds(newsroom)
    newsroom.follow(
        [replace(feed("wire"), name="post"), replace(feed("post"), name="wire")], [topic()]
    )
    after = feeds(newsroom)
    assert after["post"].id == before["wire"].id
    assert after["wire"].id == before["post"].id


def test_a_name_may_pass_to_another_feed(newsroom: Newsroom) -> None:
    """The first keeps its address under a new name; the old name goes to a newcomer."""
    newsroom.follow(["wire"], [topic()])
    newsroom.follow(
        [replace(feed("wire"), name="old-wire"), replace(feed("post"), name="wire")], []
    )
    assert feeds(newsroom)["wire"].spec.url == "https://post.example/feed.xml"
    assert feeds(newsroom)["old-wire"].spec.url == "https://wire.example/feed.xml"


def test_the_name_of_a_retired_feed_is_free_again(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.follow([], [topic()])
    newsroom.follow([replace(feed("wire"), url="https://new.example/feed.xml")], [topic()])
    assert feeds(newsroom)["wire"].spec.url == "https://new.example/feed.xml"
    assert feeds(newsroom)["wire"].status is FeedStatus.ACTIVE


def test_what_the_desk_made_is_left_alone_until_the_file_names_it(newsroom: Newsroom) -> None:
    with newsroom.kit.store.write() as tx:
        tx.feeds.add(feed("desk-made"), origin=Origin.DESK, now=newsroom.now)
    newsroom.follow(["wire"], [topic()])
    assert feeds(newsroom)["desk-made"].status is FeedStatus.ACTIVE
    newsroom.follow(["wire", "desk-made"], [topic()])
    assert feeds(newsroom)["desk-made"].origin is Origin.FILE
    newsroom.follow(["wire"], [topic()])
    assert feeds(newsroom)["desk-made"].status is FeedStatus.RETIRED


def test_a_refiling_that_is_cut_begins_again(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aggregator.flow import refile

    newsroom.follow(["wire"], [])
    newsroom.hears("wire", *(Told(guid=str(n), title=f"Grain {n}") for n in range(6)))
    monkeypatch.setattr(refile, "PAGE", 2)
    pages = iter(range(2))
    files = refile._refile_page

    def cut(*given: object) -> object:
        if next(pages, None) is None:
            raise KeyboardInterrupt
        return files(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(refile, "_refile_page", cut)
    with pytest.raises(KeyboardInterrupt):
        newsroom.follow(["wire"], [topic()])
    monkeypatch.setattr(refile, "_refile_page", files)
    newsroom.follow(["wire"], [topic()])
    newsroom.publish()
    assert len(newsroom.titles()) == 6


def due_in(newsroom: Newsroom, name: str = "wire") -> float:
    with newsroom.kit.store.read() as tx:
        at = tx.feeds.state(feeds(newsroom)[name].id).next_poll_at
    assert at is not None
    return at - newsroom.now


def test_a_shorter_every_takes_effect_at_once(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire", every=6 * HOUR)])
    newsroom.hears("wire", Told(guid="1"))
    newsroom.now += HOUR
    newsroom.follow([feed("wire", every=2 * HOUR)])
    assert due_in(newsroom) == HOUR
    newsroom.follow([feed("wire", every=HOUR // 2)])
    assert due_in(newsroom) <= 0
    newsroom.follow([feed("wire", every=9 * HOUR)])
    assert due_in(newsroom) <= 0, "a longer one holds from the next poll on"


def test_a_shorter_every_does_not_ask_sooner_than_the_publisher_allows(
    newsroom: Newsroom,
) -> None:
    newsroom.follow([feed("wire", every=6 * HOUR), feed("post", every=6 * HOUR)])
    newsroom.serves("wire", Told(guid="1"), ttl=3 * 60)
    told = fetched("post", Told(guid="2"))
    newsroom.net.answers[url_of("post")] = replace(told, caching=Caching(fresh_for=4 * HOUR))
    newsroom.poll("wire", "post")
    newsroom.follow([feed("wire", every=HOUR), feed("post", every=HOUR)])
    assert due_in(newsroom) == 3 * HOUR
    assert due_in(newsroom, "post") == 4 * HOUR


def test_a_shorter_every_leaves_a_feed_alone_that_fails_or_is_pushed(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire", every=6 * HOUR), feed("post", every=6 * HOUR)])
    newsroom.hears("wire", Told(guid="1"))
    newsroom.fails("post", 503)
    newsroom.poll("post")
    with newsroom.kit.store.write() as tx:
        tx.pushes.rest(feeds(newsroom)["wire"].id, newsroom.now + DAY)
    before = due_in(newsroom), due_in(newsroom, "post")
    newsroom.follow([feed("wire", every=HOUR), feed("post", every=HOUR)])
    assert (due_in(newsroom), due_in(newsroom, "post")) == before
