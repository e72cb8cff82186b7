"""Reports of one piece of news are told as one story; bonds win; the index can be built again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.cluster import Placement, StoryIndex
from aggregator.core.cluster_bonds import NO_BONDS, Bonds
from aggregator.core.text import tokens
from aggregator.model.grain import Grain

HOUR = 3600
WINDOW = 72 * HOUR
NOON = 1_795_262_400
QUAKE = (
    "Strong earthquake shakes Lombok, dozens hurt",
    "Earthquake on Lombok: dozens hurt as houses fall",
    "Dozens hurt in Lombok earthquake, villages cut off",
)
STRIKE = (
    "Rail strike stops trains across Portugal",
    "Portugal's trains stand still as rail strike begins",
)


def said(title: str, summary: str = "") -> tuple[str, str]:
    return " ".join(tokens(title)), " ".join(tokens(summary))


def placed(titles: Sequence[str], index: StoryIndex, first: int = 1) -> list[Placement]:
    return [
        index.place(number, said(title), "en", NOON + number)
        for number, title in enumerate(titles, start=first)
    ]


def drawn(seed: int, many: int) -> list[tuple[str, str]]:
    """Return texts of some affairs, each with its own words and many of everybody's."""
    chance = random.Random(seed)
    affairs = [[f"a{affair}w{word}" for word in range(9)] for affair in range(max(many // 5, 1))]
    common = [f"common{word}" for word in range(400)]
    found = []
    for _ in range(many):
        own = chance.choice(affairs)
        title = chance.sample(own, 2) + chance.sample(common, 5)
        summary = chance.sample(own, 2) + chance.sample(common, 5)
        found.append((" ".join(title), " ".join(summary)))
    return found


def rows_of(index: StoryIndex, articles: Sequence[int]) -> list[tuple[int, int] | None]:
    return [index.where(article) for article in articles]


def test_reports_of_one_event_are_one_story_and_others_are_not() -> None:
    index = StoryIndex(window=WINDOW)
    quake = placed(QUAKE, index)
    strike = placed(STRIKE, index, first=10)
    assert {each.story for each in quake} == {1}
    assert {each.story for each in strike} == {10}
    assert index.story(1) == (1, 2, 3)
    assert (quake[0].because, quake[0].score) == ("first", 0)
    assert quake[1].because.startswith("words: ")
    assert "lombok" in quake[1].because
    assert quake[1].score > 0.18


def test_one_shared_word_is_chance() -> None:
    index = StoryIndex(window=WINDOW)
    placed(["Zanzibar", "Zanzibar wins", "Zanzibar"], index)
    assert [index.where(number) for number in (1, 2, 3)] == [(1, 1), (2, 2), (3, 3)]


def test_articles_of_two_languages_never_meet() -> None:
    index = StoryIndex(window=WINDOW)
    index.place(1, said(QUAKE[0]), "en-GB", NOON)
    assert index.place(2, said(QUAKE[0]), "de", NOON).story == 2
    assert index.place(3, said(QUAKE[0]), "en", NOON).story == 1


def test_an_article_without_words_is_a_story_of_its_own() -> None:
    index = StoryIndex(window=WINDOW)
    assert [index.place(number, ("", ""), None, NOON).story for number in (1, 2)] == [1, 2]


def test_a_feed_needs_more_to_report_on_itself() -> None:
    titles = (
        "Worker perspective with Toy Vano: how drivers united",
        "Worker perspective with Willy Solis, a gig collective",
    )
    ours, theirs = StoryIndex(window=WINDOW), StoryIndex(window=WINDOW)
    for number, title in enumerate(titles, start=1):
        ours.place(number, said(title), "en", NOON, source=7)
        theirs.place(number, said(title), "en", NOON, source=number)
    assert theirs.where(2) == (1, 1)
    assert ours.where(2) == (2, 2)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from(Grain))
def test_every_article_is_in_exactly_one_cluster_and_story(seed: int, grain: Grain) -> None:
    index, texts = StoryIndex(window=WINDOW, grain=grain), drawn(seed, 40)
    story: dict[int, int] = {}
    for number, text in enumerate(texts, start=1):
        told = index.place(number, text, "en", NOON + number, source=number % 5)
        for join in told.joins:
            assert join.into < join.merged
            story |= {each: join.into for each, of in story.items() if of == join.merged}
        story[number] = told.story
    places = {number: index.where(number) for number in story}
    assert {number: place[1] for number, place in places.items() if place} == story
    assert sorted(each for head in {*story.values()} for each in index.story(head)) == [*story]
    clusters = {place for place in places.values() if place}
    assert len(clusters) == len({cluster for cluster, _ in clusters})


def test_a_coarser_grain_has_fewer_stories_of_the_same_clusters() -> None:
    texts, stories, clusters = drawn(4, 300), [], []
    for grain in Grain:
        index = StoryIndex(window=WINDOW, grain=grain)
        told = [index.place(number, text, "en", NOON) for number, text in enumerate(texts, 1)]
        clusters.append([each.cluster for each in told])
        stories.append({place[1] for n in range(1, 301) if (place := index.where(n))})
    assert clusters[0] == clusters[1] == clusters[2]
    assert len(stories[0]) >= len(stories[1]) >= len(stories[2])
    assert len(stories[0]) > len(stories[2])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32))
def test_articles_that_must_be_apart_never_meet(seed: int) -> None:
    chance, index, many = random.Random(seed), StoryIndex(window=WINDOW), 40
    forbidden = {(chance.randrange(1, many), chance.randrange(1, many)) for _ in range(12)}
    forbidden = {(min(pair), max(pair)) for pair in forbidden if pair[0] != pair[1]}
    for number, text in enumerate(drawn(seed, many), start=1):
        apart = frozenset(one for one, other in forbidden if other == number)
        index.place(number, text, "en", NOON, bonds=Bonds(apart=apart))
    for one, other in forbidden:
        first, second = index.where(one), index.where(other)
        assert first
        assert second
        assert first[1] != second[1]


def test_articles_that_must_be_together_are_whatever_they_say() -> None:
    index = StoryIndex(window=WINDOW)
    placed([QUAKE[0], STRIKE[0]], index)
    told = index.place(3, said("Ministers resign"), "en", NOON, bonds=Bonds(together={1, 2}))
    assert {index.where(number)[1] for number in (1, 2, 3) if index.where(number)} == {1}  # type: ignore[index]
    assert (told.because, told.score, told.cluster, told.story) == ("an editor's merge", 1, 1, 1)
    assert [(join.into, join.merged) for join in told.joins] == [(1, 2)]


def test_the_next_best_is_taken_where_the_best_is_forbidden() -> None:
    index = StoryIndex(window=WINDOW)
    placed([QUAKE[0]], index)
    index.place(2, said(QUAKE[1]), "en", NOON, bonds=Bonds(apart={1}))
    told = index.place(3, said(QUAKE[0]), "en", NOON, bonds=Bonds(apart={1}))
    assert told.story == 2


COLUMN = "Global Lane: {} and {} in the column of the day about world affairs, calmly told"


def test_twenty_instalments_with_one_boilerplate_are_twenty_stories() -> None:
    index = StoryIndex(window=40 * 24 * HOUR)
    for day in range(1, 21):
        bonds = Bonds(instalments=(("Global Lane", f"2026-11-{day:02}"),))
        text = said(COLUMN.format("Ada", "Ben"), COLUMN.format("Ada", "Ben"))
        assert index.place(day, text, "en", NOON + day * 24 * HOUR, bonds=bonds).story == day


def test_one_instalment_in_three_outlets_is_one_story() -> None:
    index = StoryIndex(window=WINDOW)
    bonds = Bonds(instalments=(("Global Lane", "2026-11-20"),))
    titles = ("Global Lane", "The calm column of Friday", COLUMN.format("Ada", "Ben"))
    told = [
        index.place(number, said(title), "en", NOON, source=number, bonds=bonds)
        for number, title in enumerate(titles, start=1)
    ]
    assert [each.story for each in told] == [1, 1, 1]
    assert told[2].because == "same instalment: Global Lane, 2026-11-20"


def test_what_is_expired_is_forgotten() -> None:
    index = StoryIndex(window=WINDOW)
    placed([*QUAKE, *STRIKE], index)
    assert index.expire(NOON + 4) == 3
    assert [number in index for number in range(1, 6)] == [False, False, False, True, True]
    assert index.where(1) is None
    assert index.story(1) == ()
    assert index.place(9, said(QUAKE[0]), "en", NOON + 9).story == 9


def test_time_goes_on_with_what_is_placed() -> None:
    index = StoryIndex(window=WINDOW)
    placed(QUAKE, index)
    assert index.place(9, said(QUAKE[0]), "en", NOON + WINDOW + 2 * HOUR).story == 9
    assert len(index) == 1


def test_a_story_goes_on_by_its_name_when_its_head_has_expired() -> None:
    index = StoryIndex(window=WINDOW)
    placed(QUAKE, index)
    index.expire(NOON + 3)
    assert index.where(3) == (1, 1)
    assert index.place(9, said(QUAKE[1]), "en", NOON + 9).story == 1


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_an_index_built_again_decides_like_the_one_that_placed(seed: int) -> None:
    texts, chance = drawn(seed, 60), random.Random(seed)
    first, again = StoryIndex(window=WINDOW), StoryIndex(window=WINDOW)
    bonds = [
        Bonds(apart={chance.randrange(1, 40)}) if chance.random() < 0.1 else NO_BONDS for _ in texts
    ]
    for number in range(1, 41):
        first.place(number, texts[number - 1], "en", NOON + number, bonds=bonds[number - 1])
    for number in range(1, 41):
        cluster, story = first.where(number) or (0, 0)
        again.learn(
            number,
            texts[number - 1],
            "en",
            NOON + number,
            cluster=cluster,
            story=story,
            bonds=bonds[number - 1],
        )
    for number in range(41, 61):
        text, bond = texts[number - 1], bonds[number - 1]
        one = first.place(number, text, "en", NOON + number, bonds=bond)
        other = again.place(number, text, "en", NOON + number, bonds=bond)
        assert one == other
    assert rows_of(first, range(1, 61)) == rows_of(again, range(1, 61))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_what_is_forgotten_leaves_no_trace(seed: int) -> None:
    texts, chance = drawn(seed, 40), random.Random(seed)
    index = StoryIndex(window=WINDOW)
    for number, text in enumerate(texts, start=1):
        index.place(number, text, "en", NOON + number, bonds=Bonds(apart={number + 9}))
    for number in chance.sample(range(1, 41), 40):
        index.forget(number)
    fresh = StoryIndex(window=WINDOW)
    for number, text in enumerate(texts, start=50):
        one = index.place(number, text, "en", NOON + number)
        assert one == fresh.place(number, text, "en", NOON + number)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_articles_follow_their_rows(seed: int) -> None:
    chance, index, many = random.Random(seed), StoryIndex(window=WINDOW), 30
    for number, text in enumerate(drawn(seed, many), start=1):
        index.place(number, text, "en", NOON + number)
    for number in chance.sample(range(1, many + 1), 10):
        index.move(number, cluster=number, story=number)
        assert index.where(number) == (number, number)
        target = chance.choice([each for each in range(1, many + 1) if each != number])
        cluster, story = index.where(target) or (0, 0)
        index.move(number, cluster=cluster, story=story)
        assert index.where(number) == (cluster, story)
        other, head = index.where(chance.randrange(1, many + 1)) or (0, 0)
        index.move(number, cluster=cluster, story=head)
        assert index.where(number) == (cluster, head)
        assert index.where(target) == (cluster, head)
        assert other
    heads = {place[1] for number in range(1, many + 1) if (place := index.where(number))}
    told = [each for head in heads for each in index.story(head)]
    assert sorted(told) == [*range(1, many + 1)]


def test_a_split_article_stays_split() -> None:
    index = StoryIndex(window=WINDOW)
    placed(QUAKE, index)
    index.move(3, cluster=3, story=3)
    index.rebind(3, Bonds(apart={1, 2}))
    told = index.place(4, said(QUAKE[0]), "en", NOON)
    where = [index.where(number) for number in (1, 3)]
    assert told.story in {1, 3}
    assert where == [(1, 1), (3, 3)]


PROGRAM = """
import sys
from tests.core.test_cluster import NOON, WINDOW, drawn
from aggregator.core.cluster import StoryIndex
index = StoryIndex(window=WINDOW)
for number, text in enumerate(drawn(5, 150), start=1):
    print(index.place(number, text, "en", NOON + number, source=number % 9))
"""


@pytest.mark.parametrize("other", ["1", "77"])
def test_the_hash_seed_of_a_process_changes_nothing(other: str) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", other)
    ]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == 150


def test_no_pair_of_what_is_apart_is_named_together() -> None:
    index = StoryIndex(window=WINDOW)
    placed(QUAKE, index)
    pairs = [*combinations(index.story(1), 2)]
    assert pairs == [(1, 2), (1, 3), (2, 3)]


def test_stories_kept_apart_are_told_by_any_two_of_theirs() -> None:
    index = StoryIndex(window=72 * 3600)
    for article, story in ((1, 1), (2, 1), (3, 3), (4, 3)):
        bonds = Bonds(apart={1}) if article == 3 else NO_BONDS
        said = ("ferry burns", "off corfu")
        index.learn(article, said, "en", 0, cluster=story, story=story, bonds=bonds)
    assert index.parted(2, 4)
    assert not index.parted(1, 2)
    assert not index.parted(1, 99)


def test_stories_stay_apart_when_those_that_were_cut_have_left_the_window() -> None:
    index = StoryIndex(window=WINDOW)
    for article, (story, day) in enumerate([(1, 0), (2, 0), (1, 2), (2, 2), (1, 4), (2, 4)], 1):
        bonds = Bonds(apart={1}) if article == 2 else NO_BONDS
        at = NOON + day * 24 * HOUR
        index.learn(article, said(QUAKE[0]), "en", at, cluster=story, story=story, bonds=bonds)
    assert 1 not in index and 2 not in index
    assert index.parted(3, 6)
    index.expire(NOON + 3 * 24 * HOUR)
    assert index.parted(5, 6)
    for number, title in enumerate(QUAKE * 3, 7):
        index.place(number, said(title), "en", NOON + 4 * 24 * HOUR + number, source=number)
    assert [index.where(5), index.where(6)] == [(1, 1), (2, 2)]
    for heir in {*index.heirs()}:
        index.rebind(heir, NO_BONDS)
    assert not index.parted(5, 6)
    assert not index.heirs()


def test_an_instalment_stays_one_when_an_editor_ties_it() -> None:
    index = StoryIndex(window=72 * 3600)
    for article, day in ((1, "2026-11-20"), (2, "2026-11-21")):
        bonds = Bonds(instalments=(("Lane", day),))
        said = ("global lane", "the world in one column")
        index.place(article, said, "en", 0, source=article, bonds=bonds)
    index.rebind(1, Bonds(apart={9}))
    index.rebind(1, NO_BONDS)
    assert index.parted(1, 2)
