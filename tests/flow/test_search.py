"""Searches reach as far as they say, and are told newest published first."""

from __future__ import annotations

import pytest

from aggregator.core.query import parse_query
from aggregator.errors import QueryError, StoreSlow
from aggregator.flow.search import Bounds, search, within_reach
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told, topic
from tests.makers import NOON


def titles(newsroom: Newsroom, query: str, *, limit: int = 50) -> list[str]:
    found = search(newsroom.kit, query, limit=limit)
    return [view.entry.text.title for view in found.entries]


def test_what_was_published_last_comes_first_whenever_it_came(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    now = int(newsroom.now)
    newsroom.hears("wire", Told(guid="1", title="Grain new", at=now - HOUR))
    newsroom.hears("wire", Told(guid="2", title="Grain old", at=now - DAY))
    assert titles(newsroom, "grain") == ["Grain new", "Grain old"]
    assert titles(newsroom, "grain", limit=1) == ["Grain new"]


def test_an_entry_is_found_by_the_topics_that_admit_it(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="grain"), topic("all", "*")])
    newsroom.hears("wire", Told(guid="1", title="Grain"), Told(guid="2", title="Oats", text="."))
    assert titles(newsroom, "topic:grain") == ["Grain"]
    assert titles(newsroom, "topic:All -topic:grain") == ["Oats"]
    assert titles(newsroom, "topic:other") == []


def test_bodies_alone_are_asked_of_a_week_and_it_is_said(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    now = int(newsroom.now)
    newsroom.hears(
        "wire",
        Told(guid="1", title="Grain", text="Pilots wait.", at=now - DAY),
        Told(guid="2", title="Old grain", text="Pilots wait.", at=now - 9 * DAY),
    )
    found = search(newsroom.kit, "body:pilots")
    assert [view.entry.text.title for view in found.entries] == ["Grain"]
    assert len(found.notes) == 1
    assert "add a word" in found.notes[0]
    for query in ("body:pilots title:grain", "body:pilots age<30d", "body:pilots feed:wire"):
        wider = search(newsroom.kit, query)
        assert len(wider.entries) == 2, query
        assert wider.notes == ()


@pytest.mark.parametrize(
    ("query", "bounded"),
    [
        ("grain", False),
        ("body:grain", True),
        ("NOT body:grain", True),
        ("body:/grain/ NOT moon", True),
        ("body:grain OR moon", True),
        ("body:grain (moon OR tag:a)", False),
        ("body:grain before:2026-01-01", True),
        ("body:grain after:2020-01-01", False),
        ("words:>9", False),
    ],
)
def test_only_what_would_read_every_body_is_bounded(query: str, bounded: bool) -> None:
    node = parse_query(query)
    within, notes = within_reach(node, NOON)
    assert (within != node, bool(notes)) == (bounded, bounded)


def test_a_search_that_cannot_be_asked_says_where(newsroom: Newsroom) -> None:
    with pytest.raises(QueryError, match="at character 7: no field called 'titel:'"):
        search(newsroom.kit, "grain titel:corridor")


@pytest.mark.parametrize(
    ("query", "reach"),
    [
        ("body:pilots", 1),
        ("body:pilots after:1970-01-01", 1),
        ("body:pilots (lang:en OR /./)", 1),
        ("words:>0", 1),
        ("grain OR words:>0", 1),
        ("body:pilots grain", 2),
        ("body:pilots feed:wire", 2),
        ("words:>0 title:grain", 2),
        ("grain", 2),
    ],
)
def test_a_bounded_search_reads_old_bodies_of_few_entries_alone(
    newsroom: Newsroom, query: str, reach: int
) -> None:
    newsroom.follow(["wire"])
    now = int(newsroom.now)
    newsroom.hears(
        "wire",
        Told(guid="1", title="Grain", text="Pilots wait.", at=now - DAY),
        Told(guid="2", title="Old grain", text="Pilots wait.", at=now - 9 * DAY),
    )
    found = search(newsroom.kit, query, bounds=Bounds())
    assert len(found.entries) == reach
    assert bool(found.notes) == (reach == 1)


def test_a_bounded_search_is_of_a_few_words_and_patterns(newsroom: Newsroom) -> None:
    for query in ("x" * 1001, " ".join(f"/{n}/" for n in range(6))):
        with pytest.raises(QueryError, match="at most"):
            search(newsroom.kit, query, bounds=Bounds())
        search(newsroom.kit, query)


def test_a_search_that_takes_too_long_is_given_up(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    newsroom.hears("wire", *(Told(guid=f"{n}", title=f"Grain {n}") for n in range(30)))
    with pytest.raises(StoreSlow):
        search(newsroom.kit, "/grain/", bounds=Bounds(seconds=0.0))
    assert len(search(newsroom.kit, "/grain/", bounds=Bounds()).entries) == 30
