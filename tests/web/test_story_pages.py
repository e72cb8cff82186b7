"""A story's page is there wherever one of its reports is out, and tells of none before its time."""

from __future__ import annotations

from aggregator.model.topic import Verb
from aggregator.store.engine import open_store
from aggregator.web.telling import StoryPage, story_page
from tests.flow.newsroom import HOUR, Newsroom, topic
from tests.flow.test_archives import SEA, SEA_AGAIN


def page(newsroom: Newsroom) -> object:
    """Return what stands at the address of the one story."""
    with newsroom.kit.store.read() as tx:
        (view,) = tx.stories.newest(limit=5)[:1]
        return story_page(tx, newsroom.kit, view.story.public_id, newsroom.now)


def told(newsroom: Newsroom) -> list[str]:
    found = page(newsroom)
    assert isinstance(found, StoryPage), found
    return [each.outlet for each in found.tellings]


def a_newsroom(match: str) -> Newsroom:
    newsroom = Newsroom(open_store(":memory:"))
    newsroom.follow(["wire", "post"], [topic(match=match)])
    newsroom.hears("wire", SEA)
    newsroom.now += HOUR
    newsroom.hears("post", SEA_AGAIN)
    return newsroom


def test_a_story_has_a_page_though_the_report_that_heads_it_is_in_no_topic() -> None:
    newsroom = a_newsroom("feed:post")
    assert newsroom.titles() == [SEA_AGAIN.title]
    assert sorted(told(newsroom)) == ["Post", "Wire"]


def test_a_report_is_named_nowhere_before_its_time() -> None:
    newsroom = a_newsroom("feed:wire")
    assert "Post" in told(newsroom)
    assert b"post.example" in newsroom.document("grain").body
    newsroom.act(Verb.APPROVE, SEA_AGAIN.title, visible_from=str(int(newsroom.now) + HOUR))
    newsroom.publish()
    assert told(newsroom) == ["Wire"]
    for body in newsroom.documents("grain"):
        assert b"post.example" not in body
    newsroom.now += HOUR
    newsroom.publish()
    assert sorted(told(newsroom)) == ["Post", "Wire"]
    assert SEA_AGAIN.title in newsroom.titles()


def test_the_headline_of_no_report_is_repeated_that_a_topic_does_not_publish() -> None:
    newsroom = a_newsroom("*")
    found = page(newsroom)
    assert isinstance(found, StoryPage)
    assert SEA_AGAIN.title in {each.title for telling in found.tellings for each in telling.reports}
    newsroom.act(Verb.REJECT, SEA_AGAIN.title)
    newsroom.publish()
    found = page(newsroom)
    assert isinstance(found, StoryPage)
    titles = {each.title for telling in found.tellings for each in telling.reports}
    assert titles == {SEA.title, "another report"}
    assert sorted(told(newsroom)) == ["Post", "Wire"]
