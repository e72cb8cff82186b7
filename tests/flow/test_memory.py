"""What the index of stories knows when something of what it decided was not kept."""

from __future__ import annotations

import random

import pytest

from aggregator.core.cluster import StoryIndex
from aggregator.errors import StoreFull
from aggregator.flow import absorb as absorbing
from aggregator.flow.memory import StoryMemory
from aggregator.store.engine import SqliteStore
from tests.flow.newsroom import HOUR, Newsroom, Told
from tests.makers import NOON

FEEDS = ("wire", "post", "herald")
FERRY = (
    "Ferry Hestia burns off Corfu",
    "Corfu: ferry Hestia burns, 214 saved",
    "Hestia ferry burns near Corfu",
)
BANK = ("Norway raises its key rate to 4.5 percent", "Norway: key rate raised to 4.5 percent")


def told(guid: str, title: str, at: int = NOON - HOUR) -> Told:
    return Told(guid=guid, title=title, text=title, at=at)


def stories(newsroom: Newsroom) -> list[set[str]]:
    found: dict[int, set[str]] = {}
    with newsroom.kit.store.read() as tx:
        for entry in newsroom.entries():
            story = tx.stories.articles_of([entry.article_id])[entry.article_id]
            found.setdefault(story, set()).add(entry.text.title)
    return list(found.values())


def index_of(newsroom: Newsroom) -> StoryIndex:
    with newsroom.kit.store.write() as tx:
        settings = newsroom.kit.settings
        return newsroom.kit.stories.stories(tx, settings, int(newsroom.now)).index()


def places(newsroom: Newsroom, index: StoryIndex) -> list[tuple[int, int] | None]:
    with newsroom.kit.store.read() as tx:
        last = tx.reports.mark().article
    return [index.where(number) for number in range(1, last + 3)]


def as_rows_have_it(newsroom: Newsroom) -> StoryIndex:
    with newsroom.kit.store.write() as tx:
        return StoryMemory().stories(tx, newsroom.kit.settings, int(newsroom.now)).index()


@pytest.fixture
def followed(newsroom: Newsroom) -> Newsroom:
    newsroom.follow(FEEDS)
    newsroom.hears("wire", told("1", FERRY[0]), told("2", BANK[0]))
    return newsroom


def test_a_poll_that_cannot_be_absorbed_leaves_no_trace_in_the_index(
    followed: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = index_of(followed)
    held = len(before)
    with monkeypatch.context() as patch:
        patch.setattr(absorbing, "want_pages", _fail)
        report = followed.hears("post", told("3", FERRY[1]), told("4", "Grain ships leave Odesa"))
    assert report.problems and len(followed.entries()) == 2
    index = index_of(followed)
    assert index is before and len(index) == held  # forgotten one by one, not built anew
    followed.now += HOUR
    followed.hears("post", told("3", FERRY[1]), told("4", "Grain ships leave Odesa"))
    assert {frozenset(each) for each in stories(followed)} == {
        frozenset(FERRY[:2]),
        frozenset(BANK[:1]),
        frozenset({"Grain ships leave Odesa"}),
    }
    assert places(followed, index_of(followed)) == places(followed, as_rows_have_it(followed))


def test_a_transaction_that_is_not_kept_leaves_no_trace_in_the_index(
    followed: Newsroom, store: SqliteStore
) -> None:
    commits = iter([None, StoreFull("no space is left")])  # of the claim, of the group

    def the_second_fails() -> None:
        if (error := next(commits, None)) is not None:
            raise error

    before = index_of(followed)
    store.before_commit = the_second_fails
    report = followed.hears("post", told("3", FERRY[1]), told("4", "Grain ships leave Odesa"))
    store.before_commit = None
    assert report.problems and len(followed.entries()) == 2
    assert index_of(followed) is before
    assert places(followed, index_of(followed)) == places(followed, as_rows_have_it(followed))


def _fail(*_: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("seed", range(5))
def test_an_index_with_failures_in_between_is_that_of_the_rows(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    words = [f"word{number}" for number in range(60)]
    newsroom.follow([f"feed{number}" for number in range(6)])
    for turn in range(30):
        name = f"feed{chance.randrange(6)}"
        items = [
            told(f"{turn}-{place}", " ".join(chance.choices(words, k=6))) for place in range(3)
        ]
        with monkeypatch.context() as patch:
            if chance.random() < 0.3:
                patch.setattr(absorbing, "want_pages", _fail)
            newsroom.now += HOUR // 30
            newsroom.hears(name, *items)
    index, again = index_of(newsroom), as_rows_have_it(newsroom)
    assert places(newsroom, index) == places(newsroom, again)
    assert max(len(index.story(head)) for head in range(1, 60)) > 3


def test_the_index_is_not_built_for_entries_older_than_the_window(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.follow(FEEDS)
    old = NOON - 100 * HOUR
    with monkeypatch.context() as patch:
        patch.setattr(StoryIndex, "__init__", _fail)
        report = newsroom.hears("wire", told("1", FERRY[0], old), told("2", BANK[0], old))
    assert (report.new, report.problems) == (2, [])
    newsroom.hears("post", told("3", FERRY[1]))
    assert index_of(newsroom).where(3) == (3, 3)


def test_an_index_built_at_start_goes_by_what_articles_were_placed_by(followed: Newsroom) -> None:
    followed.hears("post", told("3", FERRY[1]))
    with followed.kit.store.read() as tx:
        reports = [*tx.reports.since(0)]
    assert [each.title for each in reports] == [""] * 3
    assert all(each.terms and each.lang == "en" for each in reports)
    assert places(followed, index_of(followed)) == places(followed, as_rows_have_it(followed))


def test_what_articles_were_placed_by_is_forgotten_with_the_window(followed: Newsroom) -> None:
    with followed.kit.store.write() as tx:
        assert tx.reports.forget(NOON - 2 * HOUR, 10) == 0
        assert tx.reports.forget(NOON, 1) == 1
        assert tx.reports.forget(NOON, 10) == 1
        (one, other) = tx.reports.since(0)  # there, as long as the articles are
    assert {one.title, other.title} == {FERRY[0], BANK[0]}
