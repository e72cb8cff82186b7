"""A topic keeps what it has under another slug; one that is removed is gone, and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow.renaming import remove
from aggregator.model.publication import Former
from aggregator.model.topic import PublishSpec, TopicSpec
from tests.flow.newsroom import Newsroom, Told, topic
from tests.flow.test_archives import tell

GRAIN = topic(publish=PublishSpec(items=2))


@pytest.fixture
def told(newsroom: Newsroom) -> Newsroom:
    newsroom.follow(["wire"], [GRAIN])
    for n in range(1, 6):
        tell(newsroom, n)
    return newsroom


def renamed(slug: str, *former: str) -> TopicSpec:
    return replace(GRAIN, slug=slug, former=former)


def paths(newsroom: Newsroom) -> set[str]:
    with newsroom.kit.store.read() as tx:
        return set(tx.publications.paths())


def former(newsroom: Newsroom, slug: str) -> Former | None:
    with newsroom.kit.store.read() as tx:
        return tx.publications.former(slug)


def test_a_renamed_topic_keeps_items_archives_and_the_feeds_id(told: Newsroom) -> None:
    before, shown = paths(told), told.shown()
    feed_id = told.document("grain").body.split(b"</id>")[0].split(b"<id>")[1]
    told.follow(["wire"], [renamed("harvest", "grain")])
    told.publish()
    assert paths(told) == {path.replace("grain", "harvest") for path in before}
    assert told.shown("harvest") == shown
    assert b"<id>" + feed_id + b"</id>" in told.document("harvest").body
    assert b"/topics/harvest.atom" in told.document("harvest").body


def test_old_addresses_lead_to_the_new_one_however_often_it_moves(told: Newsroom) -> None:
    told.follow(["wire"], [renamed("harvest", "grain")])
    told.follow(["wire"], [renamed("crops", "harvest", "grain")])
    now = told.kit.clock()
    for slug in ("grain", "harvest"):
        assert former(told, slug) == Former(slug=slug, now="crops", at=int(now))
    assert former(told, "crops") is None
    assert former(told, "never") is None


def test_a_slug_that_another_topic_takes_leads_there(told: Newsroom) -> None:
    told.follow(["wire"], [renamed("harvest", "grain")])
    told.follow(["wire"], [renamed("harvest"), topic("grain", "ships")])
    assert former(told, "grain") is None
    told.publish()
    assert told.titles("grain") == []


def test_what_the_file_still_defines_is_not_removed(told: Newsroom) -> None:
    with pytest.raises(UsageError, match=r"feeds\.yaml defines topic grain"):
        remove(told.kit, "grain")
    with pytest.raises(NotFound):
        remove(told.kit, "never")


def test_a_removed_topic_is_gone_for_good(told: Newsroom) -> None:
    told.follow(["wire"], [topic("ships", "ship")])
    remove(told.kit, "grain")
    told.publish()
    assert not [path for path in paths(told) if "grain" in path]
    assert former(told, "grain") == Former(slug="grain", now=None, at=int(told.now))
    with told.kit.store.read() as tx:
        assert tx.topics.find("grain") is None
        assert [each.spec.slug for each in tx.topics.all()] == ["ships"]
        assert [each.topic.spec.slug for each in tx.topics.summaries(told.now)] == ["ships"]
        assert all(not view.topics for view in tx.stories.newest(limit=10))
    tell(told, 6)
    assert not [path for path in paths(told) if "grain" in path]


def test_its_slug_can_be_given_again_to_an_empty_topic(told: Newsroom) -> None:
    told.follow(["wire"], [])
    remove(told.kit, "grain")
    told.follow(["wire"], [topic("grain", "nothing")])
    told.publish()
    assert told.titles() == []
    assert former(told, "grain") is None


def test_the_former_slugs_of_a_removed_topic_are_gone_with_it(told: Newsroom) -> None:
    told.follow(["wire"], [renamed("harvest", "grain")])
    told.follow(["wire"], [])
    remove(told.kit, "harvest")
    gone = former(told, "grain")
    assert gone is not None and gone.now is None


def test_a_topic_that_was_retired_comes_back_under_its_new_slug(told: Newsroom) -> None:
    told.follow(["wire"], [])
    told.publish()
    told.follow(["wire"], [renamed("harvest", "grain")])
    told.hears("wire", Told(guid="9", title="Grain 9", text="Once more.", at=int(told.now)))
    assert told.titles("harvest") == ["Grain 9", "Grain 5"]
