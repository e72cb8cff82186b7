"""A rule or vocabulary applied to history is one act: undone it leaves every row as it was."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow import backfill as filling
from aggregator.flow import refile, retag
from aggregator.flow.applied import FILE
from aggregator.flow.backfill import backfill, taker
from aggregator.flow.curate import undo
from aggregator.model.topic import Mode, PublishSpec, Tell, TopicSpec, Verb
from aggregator.system import bring_into_line
from tests.flow.newsroom import DAY, LONG, Newsroom, Told, feed, topic
from tests.makers import NOON
from tests.store.snapshot import GROWING, rows_of

CROPS = [
    Told(guid="1", title="Grain", text=".", at=NOON - DAY),
    Told(guid="2", title="Wheat", text=".", at=NOON - 2 * DAY),
    Told(guid="3", title="Wheat and grain", text=".", at=NOON - 3 * DAY),
    Told(guid="4", title="Rye", text=".", at=NOON - 40 * DAY),
    Told(guid="5", title="Barley", text=LONG, at=NOON - DAY),
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    newsroom.follow(["wire", "post"], topics("grain"))
    newsroom.hears("wire", *CROPS)
    newsroom.hears("post", Told(guid="6", title="Barley too", text=LONG, at=NOON))
    newsroom.act(Verb.REJECT, "Grain")
    newsroom.act(Verb.PIN, "Wheat and grain")
    return newsroom


def topics(match: str, **said: object) -> list[TopicSpec]:
    first = topic("grain", match, **said)
    return [first, topic("all", "*", mode=Mode.REVIEW)]


def follow(desk: Newsroom, match: str, **said: object) -> None:
    desk.follow(["wire", "post"], topics(match, **said))
    desk.publish()


def take_back(desk: Newsroom, number: int | None = None) -> int:
    _, done = undo(desk.kit, number, actor="ida")
    desk.publish()
    return done.id


def acts(desk: Newsroom) -> list[int]:
    return [each.id for each in desk.decisions() if each.actor == FILE]


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("wheat", {}),
        ("*", {}),
        ("nothing", {}),
        ("grain", {"mode": Mode.REVIEW}),
        ("wheat OR barley", {"tell": Tell.STORIES}),
        ("*", {"publish": PublishSpec(per_source=(1, DAY))}),
        ("rye OR wheat", {"publish": PublishSpec(items=2, delay=60)}),
    ],
)
def test_a_rule_of_the_file_is_undone_row_by_row_and_redone(
    desk: Newsroom, place: Path, match: str, said: dict[str, object]
) -> None:
    before, kept = rows_of(place), rows_of(place, without=())
    follow(desk, match, **said)
    (act,) = acts(desk)
    after = rows_of(place)
    assert after != before

    undone = take_back(desk, act)
    assert rows_of(place) == before
    grown = rows_of(place, without=())
    assert all(set(kept[name]) <= set(grown[name]) for name in ("decisions", "journal"))

    take_back(desk, undone)
    assert rows_of(place) == after


def test_a_vocabulary_is_applied_and_undone_row_by_row(desk: Newsroom, place: Path) -> None:
    desk.follow(["wire", "post"], topics("tag:crop OR grain"), tags={})
    desk.publish()
    before = rows_of(place)
    desk.follow(["wire", "post"], topics("tag:crop OR grain"), tags={"crop": ("wheat", "rye")})
    done = backfill(desk.kit, days=60, actor="ida")
    desk.publish()
    assert (done.asked, done.changed) == (6, 3)
    assert set(desk.titles()) == {"Wheat and grain", "Wheat", "Rye", "Barley"}
    assert (done.decision.verb, done.decision.actor) == (Verb.APPLY, "ida")
    assert done.decision.payload["entries"] == "6"
    after = rows_of(place)

    undone = take_back(desk)
    assert rows_of(place) == before
    take_back(desk, undone)
    assert rows_of(place) == after


def test_a_backfill_of_one_topic_leaves_the_others_alone(desk: Newsroom) -> None:
    both = [topic("one", "tag:crop"), topic("two", "tag:crop")]
    desk.follow(["wire", "post"], both)
    desk.follow(["wire", "post"], both, tags={"crop": ("wheat",)})
    backfill(desk.kit, ["one"], actor="ida")
    desk.publish()
    assert set(desk.titles("one")) == {"Wheat", "Wheat and grain"}
    assert desk.titles("two") == []
    with pytest.raises(NotFound):
        backfill(desk.kit, ["nope"], actor="ida")


def test_a_backfill_that_is_killed_is_undone_as_far_as_it_came(
    desk: Newsroom, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.follow(["wire", "post"], topics("grain"), tags={"crop": ("wheat", "rye", "barley")})
    desk.publish()
    before = rows_of(place)
    monkeypatch.setattr(filling, "PAGE", 2)
    real, pages = retag.retag_entries, iter(range(2))

    def cut(*given: object, **named: object) -> int:
        if next(pages, None) is None:
            raise KeyboardInterrupt
        return real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(filling, "retag_entries", cut)
    with pytest.raises(KeyboardInterrupt):
        backfill(desk.kit, days=60, actor="ida")
    assert rows_of(place) != before
    take_back(desk)
    assert rows_of(place) == before


def test_a_rule_that_is_killed_half_way_is_one_act_with_what_follows(
    desk: Newsroom, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(place)
    monkeypatch.setattr(refile, "PAGE", 2)
    real, pages = refile._refile_page, iter(range(1))

    def cut(*given: object) -> object:
        if next(pages, None) is None:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(refile, "_refile_page", cut)
    with pytest.raises(KeyboardInterrupt):
        follow(desk, "wheat OR barley")
    monkeypatch.setattr(refile, "_refile_page", real)
    follow(desk, "wheat OR barley")
    (act,) = acts(desk)
    assert "Wheat" in desk.titles()
    take_back(desk, act)
    assert rows_of(place) == before


def test_what_was_undone_is_not_applied_again_until_the_rule_changes(
    desk: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    follow(desk, "wheat")
    (act,) = acts(desk)
    undone = take_back(desk, act)
    shown = desk.titles()
    with caplog.at_level(logging.WARNING):
        follow(desk, "wheat", about="said anew")  # another line of the file, the same rule
    assert f"`aggregator undo {undone}` applies it" in caplog.text
    assert desk.titles() == shown
    with desk.kit.store.read() as tx:
        saved = tx.topics.find("grain")
    assert saved is not None
    assert (saved.spec.match, saved.spec.about) == ("grain", "said anew")
    assert acts(desk) == [act]

    follow(desk, "rye OR wheat", about="said anew")
    assert len(acts(desk)) == 2
    assert "Wheat" in desk.titles()


def test_a_rule_that_suddenly_holds_nothing_is_told(
    desk: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        follow(desk, "wheat")
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING):
        follow(desk, "oats")
    assert "topic grain matches nothing of 5 entries; it had 2" in caplog.text

    desk.follow(["wire", "post"], topics("tag:crop"), tags={"crop": ("wheat",)})
    assert backfill(desk.kit, actor="ida").warnings == ()
    desk.follow(["wire", "post"], topics("tag:crop"), tags={})
    assert backfill(desk.kit, actor="ida").warnings == (
        "topic grain matches nothing of 5 entries; it had 2",
    )


def test_what_came_and_was_decided_since_stands_after_an_undo(desk: Newsroom) -> None:
    follow(desk, "wheat")
    (act,) = acts(desk)
    desk.act(Verb.APPROVE, "Wheat")
    desk.hears("post", Told(guid="7", title="New wheat", text="a"), Told(guid="8", title="Grain b"))
    assert "New wheat" in desk.titles()
    take_back(desk, act)
    assert set(desk.titles()) == {"Wheat", "Wheat and grain", "Grain b", "Barley"}


def test_a_rule_and_what_came_with_another_rule_are_two_acts(desk: Newsroom, place: Path) -> None:
    follow(desk, "wheat")
    before = rows_of(place)
    follow(desk, "barley")
    first, second = acts(desk)
    assert first < second
    take_back(desk, second)
    assert rows_of(place) == before
    with pytest.raises(UsageError):
        undo(desk.kit, second, actor="ida")


def test_undo_without_a_number_passes_over_the_file(desk: Newsroom) -> None:
    follow(desk, "wheat OR grain")
    target, _ = undo(desk.kit, None, actor="ida")
    assert target.verb is Verb.PIN


def test_a_new_topic_and_a_new_title_are_no_acts(desk: Newsroom) -> None:
    desk.follow(["wire", feed("post")], [*topics("grain", title="Crops"), topic("rye", "rye")])
    assert acts(desk) == []


def test_changed_rules_and_a_backfill_are_one_act(desk: Newsroom, place: Path) -> None:
    """As `topics backfill` takes in the file: rule, vocabulary and older days, one undo."""
    before = rows_of(place)
    wanted = tuple(topics("tag:crop OR oats"))
    settings = replace(desk.kit.settings, topics=wanted, tags={"crop": ("wheat", "rye")})
    desk.kit = replace(desk.kit, settings=settings)
    who = taker(desk.kit, days=60, actor="ida")
    act = bring_into_line(desk.kit, who).applied
    assert act is not None
    done = backfill(desk.kit, days=60, actor="ida", begun=(act, who))
    desk.publish()
    assert set(desk.titles()) == {"Wheat and grain", "Wheat", "Rye"}
    assert (done.decision.id, done.decision.actor, done.changed) == (act, "ida", 6)
    assert done.warnings == (), "what it had between rule and vocabulary is nobody's loss"
    assert done.decision.payload["what"] == (
        "rule of grain; tags, series and rules of all topics, 60 days"
    )
    after = rows_of(place)

    undone = take_back(desk)
    assert rows_of(place) == before
    bring_into_line(desk.kit)
    assert desk.titles() == ["Barley", "Wheat and grain"], "it is left as the editor wants it"
    take_back(desk, undone)
    assert rows_of(place, without={*GROWING, "meta", "documents"}) == {
        name: rows for name, rows in after.items() if name not in ("meta", "documents")
    }


def test_a_rule_the_file_has_left_since_may_be_said_again(desk: Newsroom) -> None:
    follow(desk, "wheat")
    take_back(desk, acts(desk)[0])
    shown = desk.titles()
    follow(desk, "grain")
    assert desk.titles() == shown
    follow(desk, "wheat")
    assert len(acts(desk)) == 2
    assert "Wheat" in desk.titles()


def test_what_was_revised_since_goes_by_the_rule_of_before(desk: Newsroom) -> None:
    follow(desk, "wheat")
    desk.now += DAY
    revised = replace(CROPS[3], title="Rye and wheat")
    desk.hears("wire", *CROPS[:3], revised, CROPS[4])
    assert "Rye and wheat" in desk.titles()
    take_back(desk, acts(desk)[0])
    assert set(desk.titles()) == {"Barley", "Wheat and grain"}


def test_an_act_below_a_later_one_leaves_what_the_rule_says(desk: Newsroom) -> None:
    follow(desk, "wheat OR rye")
    backfill(desk.kit, days=60, actor="ida")
    desk.publish()
    assert "Rye" in desk.titles(), "it is older than a rule is asked of"
    take_back(desk, acts(desk)[0])
    assert set(desk.titles()) == {"Barley", "Wheat and grain"}


def test_nobody_takes_in_rules_for_a_topic_that_is_none(desk: Newsroom) -> None:
    with pytest.raises(NotFound):
        taker(desk.kit, ["nope"], actor="ida")
    assert taker(desk.kit, ["grain"], actor="ida").payload["entries"] == "5"
