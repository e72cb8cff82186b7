"""A topic keeps what it has under another slug; one that is removed is gone, and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow.renaming import remove, taken_over
from aggregator.model.ids import TopicId
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
        assert former(told, slug) == Former(
            slug=slug, now="crops", at=int(now), topic_id=TopicId(1)
        )
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
    gone = Former(slug="grain", now=None, at=int(told.now), topic_id=TopicId(1))
    assert former(told, "grain") == gone
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


def feed_id(newsroom: Newsroom, slug: str) -> bytes:
    return newsroom.document(slug).body.split(b"</id>")[0].split(b"<id>")[1]


def test_a_topic_that_takes_a_former_slug_has_a_feed_id_of_its_own(told: Newsroom) -> None:
    first = feed_id(told, "grain")
    told.follow(["wire"], [renamed("corn", "grain")])
    told.follow(["wire"], [renamed("corn"), topic("grain", "ships")])
    told.publish()
    assert feed_id(told, "corn") == first
    second = feed_id(told, "grain")
    assert second == first + b"~2"
    told.follow(["wire"], [renamed("corn"), renamed("oats", "grain")])
    told.follow(["wire"], [renamed("corn"), renamed("oats"), topic("grain", "ships")])
    told.publish()
    ids = {feed_id(told, slug) for slug in ("corn", "oats", "grain")}
    assert ids == {first, second, first + b"~3"}


def test_the_slug_of_a_removed_topic_makes_no_feed_id_again(told: Newsroom) -> None:
    first = feed_id(told, "grain")
    seen = {first}
    for _ in range(2):
        told.follow(["wire"], [])
        remove(told.kit, "grain")
        told.follow(["wire"], [topic("grain", "ships")])
        told.publish()
        seen.add(feed_id(told, "grain"))
    assert seen == {first, first + b"~2", first + b"~3"}


def warned(newsroom: Newsroom) -> tuple[str, ...]:
    with newsroom.kit.store.read() as tx:
        return taken_over(tx, newsroom.kit.settings.topics)


def test_a_former_slug_that_is_used_again_is_worth_a_warning(told: Newsroom) -> None:
    told.follow(["wire"], [renamed("corn", "grain")])
    assert warned(told) == ()
    told.follow(["wire"], [renamed("corn"), topic("grain", "ships")])
    (warning,) = warned(told)
    assert "'grain' was the address of 'corn': readers of the old address will get" in warning
    told.follow(["wire"], [renamed("corn"), renamed("oats", "grain")])
    assert warned(told) == ()


def test_a_topic_that_gets_its_old_slug_back_takes_nobodys(told: Newsroom) -> None:
    told.follow(["wire"], [renamed("corn", "grain")])
    settings = replace(told.kit.settings, topics=(renamed("grain", "corn"),))
    told.kit = replace(told.kit, settings=settings)
    assert warned(told) == ()
    told.follow(["wire"], [renamed("grain", "corn")])
    assert warned(told) == ()


def test_a_former_slug_that_comes_too_late_is_told_with_what_to_do(
    told: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    told.follow(["wire"], [renamed("corn")])
    told.follow(["wire"], [renamed("corn", "grain")])
    told.publish()
    assert told.titles("corn") == ["Grain 5", "Grain 4"], "what its rule finds in the store"
    assert "topic corn: `former: [grain]` came too late" in caplog.text
    assert "`aggregator topics remove grain`" in caplog.text
    remove(told.kit, "grain")
    moved = former(told, "grain")
    assert moved is not None and moved.now == "corn"
    caplog.clear()
    told.follow(["wire"], [renamed("corn", "grain", "wheat")])
    assert "too late" not in caplog.text


def test_removing_before_naming_the_former_slug_comes_to_the_same(told: Newsroom) -> None:
    told.follow(["wire"], [renamed("corn")])
    remove(told.kit, "grain")
    told.follow(["wire"], [renamed("corn", "grain")])
    moved = former(told, "grain")
    assert moved is not None and moved.now == "corn"
