"""Editors' acts: each is one appended decision, the topic follows, and any can be undone."""

from __future__ import annotations

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow.curate import Act, act, undo
from aggregator.model.topic import Mode, Verb
from tests.flow.newsroom import HOUR, LONG, Newsroom, Told, topic


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    """Give a newsroom with two stories in a topic that waits for an editor."""
    newsroom.follow(["wire", "post"], [topic(mode=Mode.REVIEW)])
    newsroom.hears(
        "wire", Told(guid="1", title="Grain", text=LONG), Told(guid="2", title="Corn grain")
    )
    return newsroom


def verbs(newsroom: Newsroom) -> list[str]:
    return [str(each.verb) for each in newsroom.decisions()]


def take_back(newsroom: Newsroom, number: int | None = None) -> int:
    """Undo and publish; return the number of the undo."""
    _, done = undo(newsroom.kit, number, actor="ida")
    newsroom.publish()
    return done.id


def test_review_waits_and_approval_publishes(desk: Newsroom) -> None:
    assert desk.titles() == []
    verdict = desk.verdict("Grain")
    assert verdict is not None
    assert verdict[0] == "new"
    desk.act(Verb.APPROVE, "Grain")
    assert desk.titles() == ["Grain"]
    assert verbs(desk) == ["approve"]


def test_a_rejected_story_stays_out_and_in_the_store(desk: Newsroom) -> None:
    desk.act(Verb.APPROVE, "Grain")
    desk.act(Verb.REJECT, "Grain")
    assert desk.titles() == []
    desk.hears("wire", Told(guid="1", title="Grain", text="Revised grain."))
    assert desk.titles() == [], "a revision does not bring it back"
    desk.hears("post", Told(guid="p", title="Post on grain", url="https://wire.example/1"))
    assert desk.titles() == [], "nor does another teller"
    assert desk.entry("Grain").withdrawn_at is None


def test_a_held_story_waits_in_a_topic_that_publishes_at_once(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.act(Verb.HOLD, "Grain")
    assert newsroom.titles() == []
    newsroom.hears("wire", Told(guid="1", title="Grain", text="Grain, revised."))
    assert newsroom.titles() == []


def test_an_editors_headline_stands_over_every_poll(desk: Newsroom) -> None:
    desk.act(Verb.APPROVE, "Grain")
    desk.act(Verb.EDIT, "Grain", title="Grain, at last", summary="Nine ships.")
    desk.hears("wire", Told(guid="1", title="Grain, again", text="The publisher's new words."))
    (shown,) = desk.shown()
    assert shown.title == "Grain, at last"
    assert "Nine ships." in shown.html
    assert "publisher" not in shown.html
    desk.act(Verb.EDIT, "Grain, again", title="", summary="")
    assert desk.titles() == ["Grain, again"], "an empty headline gives the publisher's back"


def test_a_note_is_shown_and_updates_the_item(desk: Newsroom) -> None:
    desk.act(Verb.APPROVE, "Grain")
    (before,) = desk.shown()
    desk.now += HOUR
    desk.act(Verb.NOTE, "Grain", note="We asked the port.")
    (after,) = desk.shown()
    assert "We asked the port." in after.html
    assert after.updated > before.updated
    desk.act(Verb.NOTE, "Grain", note="")
    assert "We asked the port." not in desk.shown()[0].html


def test_a_pin_changes_no_feed(desk: Newsroom) -> None:
    desk.act(Verb.APPROVE, "Grain")
    desk.act(Verb.APPROVE, "Corn grain")
    before = desk.documents("grain")
    desk.act(Verb.PIN, "Grain")
    assert desk.documents("grain") == before
    with desk.kit.store.read() as tx:
        found = tx.topics.find("grain")
        assert found is not None
        assert [each.lead.entry.text.title for each in tx.publications.pinned(found.id, desk.now)]
    desk.act(Verb.UNPIN, "Grain")
    with desk.kit.store.read() as tx:
        assert tx.publications.pinned(found.id, desk.now) == ()


def test_each_act_appends_one_decision_and_none_changes(desk: Newsroom) -> None:
    acts = [Verb.APPROVE, Verb.PIN, Verb.REJECT, Verb.HOLD, Verb.UNPIN]
    seen: list[object] = []
    for count, verb in enumerate(acts, start=1):
        desk.act(verb, "Grain")
        now = desk.decisions()
        assert len(now) == count
        assert now[: count - 1] == seen
        seen = list(now)


@pytest.mark.parametrize(
    ("verb", "payload"),
    [
        (Verb.REJECT, {}),
        (Verb.HOLD, {}),
        (Verb.PIN, {}),
        (Verb.EDIT, {"title": "Another headline"}),
        (Verb.NOTE, {"note": "A note."}),
    ],
)
def test_an_undone_act_leaves_the_feed_as_it_was(
    desk: Newsroom, verb: Verb, payload: dict[str, str]
) -> None:
    desk.act(Verb.APPROVE, "Grain")
    before, verdict = desk.shown(), desk.verdict("Grain")
    decision = desk.act(verb, "Grain", **payload)
    changed = desk.shown()

    first = take_back(desk, decision.id)
    assert [(x.uri, x.title, x.html) for x in desk.shown()] == [
        (x.uri, x.title, x.html) for x in before
    ]
    assert desk.verdict("Grain") == verdict

    second = take_back(desk, first)
    assert [x.title for x in desk.shown()] == [x.title for x in changed]
    take_back(desk, second)
    assert [x.title for x in desk.shown()] == [x.title for x in before]
    assert verbs(desk) == ["approve", str(verb), "undo", "undo", "undo"]


def test_an_undone_approval_takes_the_story_out(desk: Newsroom) -> None:
    desk.act(Verb.APPROVE, "Grain")
    (before,) = desk.shown()
    take_back(desk)
    assert desk.titles() == []
    verdict = desk.verdict("Grain")
    assert verdict is not None
    assert verdict[0] == "new"
    desk.act(Verb.APPROVE, "Grain")
    assert desk.shown()[0].uri == before.uri


def test_an_undone_approval_of_what_no_rule_admits_leaves_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="wheat")])
    newsroom.hears("wire", Told(guid="1", title="Barley", text="Barley."))
    newsroom.act(Verb.APPROVE, "Barley")
    assert newsroom.titles() == ["Barley"]
    take_back(newsroom)
    assert newsroom.titles() == []
    assert newsroom.verdict("Barley") is None


def test_undo_without_a_number_takes_back_the_last_that_holds(desk: Newsroom) -> None:
    desk.act(Verb.APPROVE, "Grain")
    desk.act(Verb.APPROVE, "Corn grain")
    take_back(desk)
    assert desk.titles() == ["Grain"]
    take_back(desk)
    assert desk.titles() == []
    with pytest.raises(NotFound, match="nothing to undo"):
        undo(desk.kit, None, actor="ida")


def test_a_decision_is_undone_once(desk: Newsroom) -> None:
    decision = desk.act(Verb.APPROVE, "Grain")
    take_back(desk, decision.id)
    with pytest.raises(UsageError, match="undone already"):
        undo(desk.kit, decision.id, actor="ida")
    with pytest.raises(NotFound):
        undo(desk.kit, 99, actor="ida")
    assert verbs(desk) == ["approve", "undo"]


def test_decisions_follow_their_entries_into_a_merged_story(newsroom: Newsroom) -> None:
    """Rejected by one of its tellings, a story stays rejected when found to be another's."""
    newsroom.follow(["wire", "post", "herald"], [topic()])
    page = "https://herald.example/1"
    newsroom.hears("wire", Told(guid="1", url=page, title="Wire on grain", text="Grain."))
    newsroom.hears("post", Told(guid="2", title="Post on grain", text=LONG))
    newsroom.act(Verb.REJECT, "Post on grain")
    newsroom.hears("herald", Told(guid="3", url=page, text=LONG, title="Herald on grain"))
    assert newsroom.titles() == []


def test_a_name_that_is_none_appends_nothing(desk: Newsroom) -> None:
    for entry, slug in (("999", "grain"), ("s999", "grain"), ("1", "nope")):
        with pytest.raises(NotFound):
            act(desk.kit, Act(verb=Verb.APPROVE, entry=entry, topic=slug, actor="ida"))
    assert desk.decisions() == []


def test_a_story_answers_to_its_numbers_and_its_public_id(desk: Newsroom) -> None:
    entry = desk.entry("Grain")
    with desk.kit.store.read() as tx:
        view = tx.stories.view(entry.article_id)
    assert view is not None
    for handle in (f"s{entry.article_id}", view.story.public_id):
        done = act(desk.kit, Act(verb=Verb.PIN, entry=handle, topic="grain", actor="ida"))
        assert done.entry_id == entry.id


def test_a_topic_that_turns_to_review_keeps_what_it_published(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.follow(["wire"], [topic(mode=Mode.REVIEW)])
    newsroom.hears("wire", Told(guid="2", title="Corn grain"))
    assert newsroom.titles() == ["Grain"]
    assert newsroom.verdict("Corn grain", "grain") is not None


def test_a_topic_that_turns_to_auto_publishes_what_waited(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(mode=Mode.REVIEW)])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.follow(["wire"], [topic()])
    newsroom.publish()
    assert newsroom.titles() == ["Grain"]
