"""Editors merge, split and choose the lead of stories; what they say holds, and can be undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow.curate import undo
from aggregator.flow.memory import StoryMemory
from aggregator.flow.retelling import lead, merge, pairs, split
from aggregator.model.story import StoryView
from aggregator.model.topic import Tell
from tests.flow.newsroom import HOUR, LONG, Newsroom, Told, topic
from tests.store.snapshot import GROWING, rows_of

SEA = Told(
    guid="1",
    title="Ferry Hestia burns off Corfu",
    text="Rescue boats reached the burning ferry Hestia off Corfu before dawn and took 214 "
    "passengers to Igoumenitsa, the Greek coast guard said.",
)
SEA_AGAIN = Told(
    guid="2",
    title="Corfu: burning ferry, 214 saved",
    text="All 214 passengers of the ferry Hestia, burning off Corfu since the night, are in "
    "Igoumenitsa; the coast guard calls it a rescue without example.",
)
SEA_ONCE_MORE = Told(
    guid="3",
    title="Burning ferry Hestia towed to Corfu",
    text="The ferry Hestia, whose 214 passengers the coast guard took to Igoumenitsa, still "
    "burning off Corfu, is under tow.",
)
BANK = Told(
    guid="4",
    title="Norway raises its key rate",
    text="The central bank of Norway raised its key rate by a quarter point to 4.5 percent today.",
)
FEEDS = ["wire", "post", "herald", "globe"]
PLACE_OF = {"wire": SEA, "post": SEA_AGAIN, "herald": BANK}


@pytest.fixture(params=[Tell.COPIES, Tell.STORIES])
def told(newsroom: Newsroom, request: pytest.FixtureRequest) -> Newsroom:
    """A desk with a ferry in two reports, and a bank."""
    newsroom.follow(FEEDS, [replace(topic(match="*"), tell=request.param)])
    for name, item in PLACE_OF.items():
        newsroom.hears(name, item)
    return newsroom


def stories(newsroom: Newsroom) -> set[frozenset[str]]:
    with newsroom.kit.store.read() as tx:
        return {
            frozenset(source.entry.text.title for source in view.sources)
            for view in tx.stories.newest(limit=100)
        }


def of(newsroom: Newsroom, title: str) -> StoryView:
    with newsroom.kit.store.read() as tx:
        view = tx.stories.view(newsroom.entry(title).article_id)
    assert view is not None
    return view


def handle(newsroom: Newsroom, title: str) -> str:
    return f"s{of(newsroom, title).story.id}"


def number(newsroom: Newsroom, title: str) -> str:
    return str(newsroom.entry(title).id)


def a_new_process(newsroom: Newsroom) -> None:
    newsroom.kit = replace(newsroom.kit, stories=StoryMemory())


def cut_the_ferry(newsroom: Newsroom) -> None:
    ferry, entry = handle(newsroom, SEA.title), number(newsroom, SEA_AGAIN.title)
    split(newsroom.kit, ferry, [entry], actor="ida", why="two ferries")
    newsroom.publish()


FERRY = frozenset({SEA.title, SEA_AGAIN.title})
APART = {frozenset({SEA.title}), frozenset({SEA_AGAIN.title}), frozenset({BANK.title})}


@pytest.mark.parametrize("anew", [False, True], ids=["this process", "a new process"])
def test_a_split_story_stays_split(told: Newsroom, anew: bool) -> None:
    assert FERRY in stories(told)
    cut_the_ferry(told)
    if anew:
        a_new_process(told)
    assert stories(told) == APART
    for name, item in PLACE_OF.items():
        told.hears(name, item)
    assert stories(told) == APART
    told.hears("globe", SEA_ONCE_MORE)
    for one, other in ((SEA, SEA_AGAIN), (SEA_AGAIN, SEA)):
        assert of(told, one.title).story.id != of(told, other.title).story.id
    assert len(stories(told)) == 3, "the third report is told in one of the two"


def test_what_was_split_is_an_item_of_its_own(told: Newsroom) -> None:
    cut_the_ferry(told)
    assert set(told.titles()) == {SEA.title, SEA_AGAIN.title, BANK.title}
    assert not any("More reports" in each.html for each in told.shown())


def test_merged_stories_are_one_and_stay_so(told: Newsroom) -> None:
    merge(told.kit, [handle(told, SEA.title), handle(told, BANK.title)], actor="ida")
    told.publish()
    whole = frozenset({SEA.title, SEA_AGAIN.title, BANK.title})
    assert stories(told) == {whole}
    a_new_process(told)
    told.hears("globe", SEA_ONCE_MORE)
    assert stories(told) == {whole | {SEA_ONCE_MORE.title}}


def test_what_was_split_can_be_merged_again(told: Newsroom) -> None:
    cut_the_ferry(told)
    merge(told.kit, [handle(told, SEA.title), handle(told, SEA_AGAIN.title)], actor="ida")
    told.hears("globe", SEA_ONCE_MORE)
    assert stories(told) == {FERRY | {SEA_ONCE_MORE.title}, frozenset({BANK.title})}
    assert all(each.together for each in pairs(told.kit))


def test_the_head_may_leave_its_story(told: Newsroom) -> None:
    public_id = of(told, SEA.title).story.public_id
    split(told.kit, handle(told, SEA.title), [number(told, SEA.title)], actor="ida")
    assert stories(told) == APART
    assert of(told, SEA.title).story.public_id == public_id
    told.hears("globe", SEA_ONCE_MORE)
    assert of(told, SEA.title).story.id != of(told, SEA_AGAIN.title).story.id


def copies(newsroom: Newsroom) -> None:
    """One text in three outlets."""
    newsroom.follow(FEEDS, [topic(match="*")])
    for name in FEEDS[:3]:
        newsroom.hears(name, Told(guid=name, title=f"Ships leave, {name}", text=LONG))


def test_a_copy_that_leaves_gets_an_article_of_its_own(newsroom: Newsroom) -> None:
    copies(newsroom)
    assert len(newsroom.shown()) == 1
    view = of(newsroom, "Ships leave, wire")
    split(newsroom.kit, f"s{view.story.id}", [number(newsroom, "Ships leave, post")], actor="ida")
    newsroom.publish()
    ours, rest = of(newsroom, "Ships leave, post"), of(newsroom, "Ships leave, wire")
    assert (ours.story.size, rest.story.size) == (1, 2)
    assert ours.story.public_id != rest.story.public_id
    assert set(newsroom.titles()) == {"Ships leave, wire", "Ships leave, post"}
    newsroom.hears("globe", Told(guid="globe", title="Ships leave, globe", text=LONG))
    assert of(newsroom, "Ships leave, post").story.id != of(newsroom, "Ships leave, wire").story.id
    assert len(newsroom.shown()) == 2


def test_undoing_such_a_split_takes_along_what_came_since(newsroom: Newsroom) -> None:
    copies(newsroom)
    view = of(newsroom, "Ships leave, wire")
    split(newsroom.kit, f"s{view.story.id}", [number(newsroom, "Ships leave, wire")], actor="ida")
    newsroom.publish()
    newsroom.hears("globe", Told(guid="globe", title="Ships leave, globe", text=LONG))
    _, done = undo(newsroom.kit, None, actor="ida")
    newsroom.publish()
    assert len(newsroom.shown()) == 1
    assert of(newsroom, "Ships leave, globe").story.size == 4
    undo(newsroom.kit, done.id, actor="ida")
    newsroom.publish()
    assert len(newsroom.shown()) == 2
    newsroom.hears("herald", Told(guid="later", title="Ships leave at last", text=LONG[:-60]))


@pytest.mark.parametrize("act", ["merge", "split", "head", "lead"])
def test_an_undo_leaves_every_row_as_it_was(told: Newsroom, act: str, tmp_path: Path) -> None:
    file = tmp_path / "news.db"
    told.publish()
    before, whole = rows_of(file, GROWING | {"topic_dirty"}), rows_of(file)
    _act(told, act)
    after = rows_of(file, GROWING | {"topic_dirty"})
    assert after != before
    _, done = undo(told.kit, None, actor="ida")
    assert rows_of(file, GROWING | {"topic_dirty"}) == before
    undo(told.kit, done.id, actor="ida")
    assert rows_of(file, GROWING | {"topic_dirty"}) == after
    undo(told.kit, None, actor="ida")
    told.publish()
    assert rows_of(file) == whole


def test_an_undone_split_of_copies_leaves_every_row_as_it_was(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    file = tmp_path / "news.db"
    copies(newsroom)
    before, shown = rows_of(file, GROWING | {"topic_dirty"}), newsroom.shown()
    view = of(newsroom, "Ships leave, wire")
    split(newsroom.kit, f"s{view.story.id}", [number(newsroom, "Ships leave, wire")], actor="ida")
    after = rows_of(file, GROWING | {"topic_dirty"})
    _, done = undo(newsroom.kit, None, actor="ida")
    assert rows_of(file, GROWING | {"topic_dirty"}) == before
    undo(newsroom.kit, done.id, actor="ida")
    assert rows_of(file, GROWING | {"topic_dirty"}) == after
    undo(newsroom.kit, None, actor="ida")
    newsroom.publish()
    assert newsroom.shown() == shown


def _act(told: Newsroom, act: str) -> None:
    ferry = handle(told, SEA.title)
    if act == "merge":
        merge(told.kit, [ferry, handle(told, BANK.title)], actor="ida")
    elif act == "lead":
        lead(told.kit, ferry, number(told, SEA_AGAIN.title), actor="ida")
    else:
        who = SEA if act == "head" else SEA_AGAIN
        split(told.kit, ferry, [number(told, who.title)], actor="ida")


@pytest.mark.parametrize("act", ["merge", "split", "head"])
def test_what_came_since_stays_whole_when_an_act_is_undone(told: Newsroom, act: str) -> None:
    _act(told, act)
    told.hears("globe", SEA_ONCE_MORE)
    undo(told.kit, None, actor="ida")
    told.publish()
    whole = FERRY | {SEA_ONCE_MORE.title}
    assert stories(told) == {whole, frozenset({BANK.title})}
    told.hears(
        "globe", replace(SEA_ONCE_MORE, guid="9", title="Hestia: the ferry burning off Corfu")
    )
    a_new_process(told)
    told.hears("wire", SEA)
    assert frozenset({BANK.title}) in stories(told)


def test_an_undone_split_is_joined_by_later_reports_again(told: Newsroom) -> None:
    cut_the_ferry(told)
    undo(told.kit, None, actor="ida")
    told.hears("globe", SEA_ONCE_MORE)
    assert FERRY | {SEA_ONCE_MORE.title} in stories(told)
    assert pairs(told.kit) == ()


def test_the_lead_an_editor_chose_is_shown(newsroom: Newsroom) -> None:
    newsroom.follow(FEEDS, [replace(topic(match="*"), tell=Tell.STORIES)])
    newsroom.hears("wire", SEA)
    newsroom.hears("post", SEA_AGAIN)
    (before,) = newsroom.shown()
    newsroom.now += HOUR
    lead(newsroom.kit, handle(newsroom, SEA.title), number(newsroom, SEA_AGAIN.title), actor="ida")
    newsroom.publish()
    (after,) = newsroom.shown()
    assert (before.title, after.title) == (SEA.title, SEA_AGAIN.title)
    assert after.uri == before.uri
    assert after.updated > before.updated
    assert of(newsroom, SEA.title).sources[0].entry.text.title == SEA_AGAIN.title
    newsroom.hears("globe", SEA_ONCE_MORE)
    assert newsroom.titles() == [SEA_AGAIN.title]
    undo(newsroom.kit, None, actor="ida")
    newsroom.publish()
    assert newsroom.titles() == [SEA.title]


def test_a_chosen_lead_never_shows_what_a_topic_leaves_out(newsroom: Newsroom) -> None:
    calm = replace(topic(match="NOT site:post.example"), tell=Tell.STORIES)
    newsroom.follow(FEEDS, [calm, topic("all", "*")])
    newsroom.hears("wire", SEA)
    newsroom.hears("post", SEA_AGAIN)
    lead(newsroom.kit, handle(newsroom, SEA.title), number(newsroom, SEA_AGAIN.title), actor="ida")
    newsroom.publish()
    assert newsroom.titles() == [SEA.title]


def test_verdicts_are_pairs_to_measure_by(told: Newsroom) -> None:
    cut_the_ferry(told)
    merge(told.kit, [handle(told, SEA.title), handle(told, BANK.title)], actor="ida")
    said = {
        (frozenset({each.one.text.title, each.other.text.title}), each.together)
        for each in pairs(told.kit)
    }
    assert said == {(FERRY, False), (frozenset({SEA.title, BANK.title}), True)}


def test_what_cannot_be_done_is_refused_with_the_reason(told: Newsroom) -> None:
    ferry, bank = handle(told, SEA.title), number(told, BANK.title)
    with pytest.raises(UsageError, match="nothing to merge"):
        merge(told.kit, [ferry, ferry], actor="ida")
    with pytest.raises(UsageError, match="is no entry of s1"):
        split(told.kit, ferry, [bank], actor="ida")
    with pytest.raises(UsageError, match="but not all"):
        split(told.kit, ferry, ["1", "2"], actor="ida")
    with pytest.raises(NotFound, match="no story answers to 's99'"):
        lead(told.kit, "s99", bank, actor="ida")
    assert told.decisions() == []


def test_of_two_splits_of_one_article_the_later_is_undone_first(newsroom: Newsroom) -> None:
    copies(newsroom)
    post, herald = (number(newsroom, f"Ships leave, {name}") for name in ("post", "herald"))
    first = split(newsroom.kit, "s1", [post, herald], actor="ida").decision
    split(newsroom.kit, post, [herald], actor="ida")
    with pytest.raises(UsageError, match="was split off since"):
        undo(newsroom.kit, first.id, actor="ida")
    undo(newsroom.kit, None, actor="ida")
    undo(newsroom.kit, first.id, actor="ida")
    assert of(newsroom, "Ships leave, wire").story.size == 3
