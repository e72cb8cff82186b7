"""Trust in single feeds, and embargoes: when something is out, and who lets it."""

from __future__ import annotations

import pytest

from aggregator.flow.curate import undo
from aggregator.flow.explain import explain
from aggregator.model.topic import Mode, PublishSpec, SourceTrust, Verb
from tests.flow.newsroom import HOUR, LONG, Newsroom, Told, topic

MINUTE = 60


def trusting(**levels: int | None) -> PublishSpec:
    sources = tuple(SourceTrust(feed=name, delay=delay) for name, delay in levels.items())
    return PublishSpec(sources=sources)


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    """A topic under review that trusts the wire at once and the post after a quarter of an hour."""
    levels = trusting(wire=0, post=15 * MINUTE)
    newsroom.follow(["wire", "post", "herald"], [topic(mode=Mode.REVIEW, publish=levels)])
    return newsroom


def later(newsroom: Newsroom, seconds: int) -> list[str]:
    newsroom.now += seconds
    newsroom.publish()
    return newsroom.titles()


def state(newsroom: Newsroom, title: str) -> str | None:
    verdict = newsroom.verdict(title)
    return None if verdict is None else verdict[0]


def test_a_trusted_feed_is_out_at_once_where_others_wait_for_an_editor(desk: Newsroom) -> None:
    desk.hears("wire", Told(guid="1", title="Grain at once"))
    desk.hears("herald", Told(guid="2", title="Grain to be read first", text="Another."))
    assert desk.titles() == ["Grain at once"]
    assert state(desk, "Grain to be read first") == "new"


def test_a_feed_that_is_trusted_after_a_while_waits_that_long(desk: Newsroom) -> None:
    desk.hears("post", Told(guid="1", title="Grain"))
    assert desk.titles() == []
    assert later(desk, 15 * MINUTE - 1) == []
    assert later(desk, 1) == ["Grain"]


def test_an_editor_can_stop_what_waits_to_be_out(desk: Newsroom) -> None:
    desk.hears("post", Told(guid="1", title="Grain"))
    desk.act(Verb.REJECT, "Grain")
    assert later(desk, HOUR) == []


def test_a_feed_to_be_reviewed_waits_in_a_topic_that_publishes_at_once(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(publish=trusting(wire=None))])
    newsroom.hears("wire", Told(guid="1", title="Grain to be read first"))
    newsroom.hears("post", Told(guid="2", title="Grain", text="Another."))
    assert newsroom.titles() == ["Grain"]
    assert state(newsroom, "Grain to be read first") == "new"
    newsroom.act(Verb.APPROVE, "Grain to be read first")
    assert "Grain to be read first" in newsroom.titles()


def test_a_story_goes_by_the_most_trusted_and_never_by_one_to_be_reviewed(desk: Newsroom) -> None:
    desk.hears("herald", Told(guid="1", title="Grain, by the herald", text=LONG))
    desk.now += HOUR
    desk.hears("post", Told(guid="2", title="Grain, by the post", text=LONG))
    assert desk.titles() == []
    desk.hears("wire", Told(guid="3", title="Grain, by the wire", text=LONG))
    (shown,) = desk.shown()
    assert shown.title != "Grain, by the herald"
    assert shown.credits("Post", "Herald", "Wire") or shown.credits("Wire", "Herald", "Post")


def test_a_changed_level_is_asked_of_what_waits(desk: Newsroom) -> None:
    desk.hears("herald", Told(guid="1", title="Grain"))
    desk.follow(["wire", "post", "herald"], [topic(mode=Mode.REVIEW, publish=trusting(herald=0))])
    assert later(desk, 1) == ["Grain"]


def embargo(newsroom: Newsroom, seconds: int) -> None:
    newsroom.act(Verb.APPROVE, "Grain", visible_from=str(int(newsroom.now) + seconds))


@pytest.fixture
def waiting(newsroom: Newsroom) -> Newsroom:
    newsroom.follow(["wire"], [topic(mode=Mode.REVIEW)])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    return newsroom


def test_an_embargo_ends_by_itself_at_its_time(waiting: Newsroom) -> None:
    embargo(waiting, 2 * HOUR)
    assert waiting.titles() == []
    told = explain(waiting.kit, str(waiting.entry("Grain").id), "grain")
    said = {step.because for step in told.steps}
    assert "an editor's embargo: it will be out on 2026-11-22 14:00 UTC (in 2 h)" in said
    with waiting.kit.store.read() as tx:
        assert tx.publications.next_dirty_at() == waiting.now + 2 * HOUR
    assert later(waiting, 2 * HOUR - 1) == []
    assert later(waiting, 1) == ["Grain"]


def test_a_revision_does_not_end_an_embargo(waiting: Newsroom) -> None:
    embargo(waiting, 2 * HOUR)
    waiting.now += HOUR
    waiting.hears("wire", Told(guid="1", title="Grain", text="Now ten ships."))
    assert waiting.titles() == []


def test_a_later_approval_moves_or_ends_an_embargo(waiting: Newsroom) -> None:
    embargo(waiting, 2 * HOUR)
    embargo(waiting, 3 * HOUR)
    assert later(waiting, 2 * HOUR) == []
    waiting.act(Verb.APPROVE, "Grain")
    assert waiting.titles() == ["Grain"]


def test_an_embargo_can_be_rejected_and_undone(waiting: Newsroom) -> None:
    embargo(waiting, HOUR)
    waiting.act(Verb.REJECT, "Grain")
    assert later(waiting, HOUR) == []
    undo(waiting.kit, None, actor="ida")
    assert later(waiting, 0) == ["Grain"]


def test_an_undone_embargo_leaves_the_story_to_the_rule(waiting: Newsroom) -> None:
    embargo(waiting, HOUR)
    undo(waiting.kit, None, actor="ida")
    assert later(waiting, HOUR) == []
    assert state(waiting, "Grain") == "new"


def test_what_was_embargoed_comes_as_the_newest_when_it_is_out(waiting: Newsroom) -> None:
    embargo(waiting, 2 * HOUR)
    waiting.now += HOUR
    waiting.hears("wire", Told(guid="2", title="Later grain", text="Another."))
    waiting.act(Verb.APPROVE, "Later grain")
    assert later(waiting, HOUR) == ["Grain", "Later grain"]
