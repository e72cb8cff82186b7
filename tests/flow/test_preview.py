"""A preview says what a rule would do to the feed, and is right when the rule is applied."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.near_misses import near_misses
from aggregator.core.query import parse_query
from aggregator.core.swings import swing, swing_of_late
from aggregator.flow.preview import contracts, preview, warnings
from aggregator.model.topic import Expect, Mode, PublishSpec, Tell, TopicSpec, Verb
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told, topic
from tests.makers import NOON

CROPS = [
    Told(guid="1", title="Grain", text=".", at=NOON - DAY),
    Told(guid="2", title="Wheat", text=".", at=NOON - 2 * DAY),
    Told(guid="3", title="Wheat and grain", text=".", at=NOON - 3 * DAY),
    Told(guid="4", title="Rye sport", text="grain", at=NOON - DAY),
]


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    newsroom.follow(["wire"], [topic(match="title:grain")])
    newsroom.hears("wire", *CROPS)
    return newsroom


@pytest.mark.parametrize("match", ["wheat", "*", "nothing", "title:grain", "grain -sport", "rye"])
@pytest.mark.parametrize(
    "said",
    [{}, {"tell": Tell.STORIES}, {"publish": PublishSpec(per_source=(3, DAY))}],
    ids=["plain", "stories", "quota"],
)
def test_what_it_promises_comes_true(desk: Newsroom, match: str, said: dict[str, object]) -> None:
    desk.follow(["wire"], [topic("grain", "title:grain", **said)])
    desk.act(Verb.REJECT, "Grain")
    desk.act(Verb.APPROVE, "Wheat and grain")
    before, version = set(desk.titles()), desk.kit.store.version()
    seen = preview(desk.kit, "grain", match=match)
    assert desk.kit.store.version() == version
    desk.follow(["wire"], [topic("grain", match, **said)])
    desk.publish()
    after = set(desk.titles())
    assert {each.title for each in seen.gained} == after - before
    assert {each.title for each in seen.lost} == before - after


def test_a_topic_under_review_gains_at_the_desk_alone(desk: Newsroom) -> None:
    desk.follow(["wire"], [topic("calm", "rye", mode=Mode.REVIEW)])
    seen = preview(desk.kit, "calm", match="wheat")
    assert (seen.gained, seen.lost) == ((), ())
    assert sorted((c.title, c.before, c.after) for c in seen.changes) == [
        ("Rye sport", "new", None),
        ("Wheat", None, "new"),
        ("Wheat and grain", None, "new"),
    ]


def test_near_misses_name_the_clause_they_fail_by(desk: Newsroom) -> None:
    missed = {each.title: each for each in preview(desk.kit, "grain", match="grain -sport").misses}
    assert missed["Rye sport"].clause == "NOT sport"
    missed = {each.title: each for each in preview(desk.kit, "grain", match='"grain rye"').misses}
    assert {"Grain", "Rye sport"} <= set(missed)
    assert missed["Grain"].because == 'no "grain rye" in title or summary'
    missed = {each.title: each for each in preview(desk.kit, "grain").misses}
    assert list(missed) == ["Rye sport"]


def test_wider_queries_leave_out_what_the_rule_has() -> None:
    for query, _ in near_misses(parse_query('a AND (b OR "c d") AND NOT tag:e')):
        assert "NOT" in repr(query).upper()
    assert near_misses(parse_query("tag:x")) == ()


def test_a_swing_is_told_and_a_change_is_not(desk: Newsroom) -> None:
    assert preview(desk.kit, "grain", match="oats").warning == (
        "matches nothing of 4 entries; it had 2"
    )
    assert preview(desk.kit, "grain", match="wheat").warning is None
    assert swing(3, 95, 100) == "matches 95 of 100 entries; it had 3"
    assert swing(90, 95, 100) is None
    assert swing(0, 0, 100) is None


def test_contracts_and_warnings_are_of_the_file_that_is_checked(desk: Newsroom) -> None:
    expect = Expect(inside=("https://wire.example/2",))
    spec = topic(match="oats", expect=expect)
    settings = desk.kit.settings
    kit = replace(desk.kit, settings=replace(settings, topics=(spec,)))
    (broken,) = contracts(kit)
    assert not broken.holds
    assert warnings(kit) == ("topic grain matches nothing of 4 entries; it had 2",)
    assert warnings(desk.kit) == ()


@pytest.mark.parametrize(
    "wanted",
    [
        topic("grain", "wheat"),
        topic("grain", "title:grain", mode=Mode.AUTO, tell=Tell.STORIES),
        topic("grain", "port", mode=Mode.AUTO, tell=Tell.COPIES),
    ],
    ids=["rule", "told as stories", "told apart"],
)
@pytest.mark.parametrize("tell", list(Tell))
def test_a_topic_of_the_file_is_tried_before_it_is_taken_in(
    newsroom: Newsroom, wanted: TopicSpec, tell: Tell
) -> None:
    outlets = ["wire", "post"]
    newsroom.follow(outlets, [topic("grain", "title:grain OR port", tell=tell)])
    newsroom.hears("wire", Told(guid="1", title="Grain ships leave Odesa port after long talks"))
    report = "Odesa port: grain ships leave after talks that were long"
    newsroom.hears("post", Told(guid="2", title=report, text="It was seen from the harbour wall."))
    newsroom.hears("wire", Told(guid="3", title="Wheat", text="."))
    before, version = set(newsroom.titles()), newsroom.kit.store.version()
    seen = preview(newsroom.kit, "grain", spec=wanted)
    assert newsroom.kit.store.version() == version
    newsroom.follow(outlets, [wanted])
    newsroom.publish()
    after = set(newsroom.titles())
    assert {each.title for each in seen.gained} == after - before
    assert {each.title for each in seen.lost} == before - after


def test_near_misses_are_of_each_clause_in_turn(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    many = [Told(guid=f"a{n}", title=f"Grain {n}", text=".") for n in range(12)]
    few = [Told(guid=f"b{n}", title=f"Wheat {n}", text=".") for n in range(2)]
    newsroom.hears("wire", *many, *few)
    missed = preview(newsroom.kit, "grain", match="grain wheat").misses
    assert len(missed) == 10
    assert {each.clause for each in missed} == {"grain", "wheat"}


def test_contracts_go_by_the_vocabulary_of_the_file(desk: Newsroom) -> None:
    expect = Expect(inside=("https://wire.example/2",), outside=("https://wire.example/1",))
    spec = topic("crops", "tag:crop", expect=expect)
    settings = replace(desk.kit.settings, topics=(spec,), tags={"crop": ("wheat",)})
    kept = contracts(replace(desk.kit, settings=settings))
    assert [(each.holds, each.because) for each in kept] == [
        (True, "tag crop"),
        (True, "no tag crop"),
    ]
    settings = replace(settings, tags={"crop": ("grain",)})
    assert not any(each.holds for each in contracts(replace(desk.kit, settings=settings)))


def test_a_rule_that_fell_silent_is_told_by_check_and_by_a_trial(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    old = [
        Told(guid=f"a{n}", title=f"Grain {n}", text=".", at=NOON - 5 * DAY - n * HOUR)
        for n in range(30)
    ]
    late = [
        Told(guid=f"b{n}", title=f"Wheat {n}", text=".", at=NOON - DAY - n * HOUR)
        for n in range(20)
    ]
    newsroom.hears("wire", *old)
    assert warnings(newsroom.kit) == ()
    newsroom.hears("wire", *old, *late)
    silent = "matches nothing of the 20 entries of the last 3 days; before it had 30 of 30"
    assert warnings(newsroom.kit) == (f"topic grain {silent}",)
    assert preview(newsroom.kit, "grain").warning == silent
    assert swing_of_late(3, (20, 20), (30, 300)) == (
        "matches 20 of the 20 entries of the last 3 days; before it had 30 of 300"
    )
    assert swing_of_late(3, (20, 20), (0, 300)) is None, "a new one has no days before"
    assert swing_of_late(3, (0, 0), (0, 0)) is None
