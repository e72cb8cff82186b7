"""Two processes absorb news into one store at once, as one would."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from tests.corpus.river import end
from tests.faults.absorbing import (
    EVENTS,
    FEEDS,
    OPENED,
    absorb,
    newsroom_on,
    polls_in,
    polls_of,
    told_together,
)

pytestmark = pytest.mark.faults

PLACES = (
    "SELECT id, public_id, lead_entry_id, size, first_at, last_at, cluster_id, story_id,"
    " merged_into, because FROM articles ORDER BY id"
)


def absorbed_by_two(store: Path, kind: str) -> None:
    """Let two processes poll half of the feeds each, at the same time."""
    with newsroom_on(store):
        pass
    command = [sys.executable, "-m", "tests.faults.absorbing", str(store), kind]
    both = [
        subprocess.Popen(
            [*command, str(first), "2"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in range(2)
    ]
    try:
        for each in both:
            assert each.stdout is not None
            assert each.stdout.readline().strip() == OPENED, each.communicate()[1]
        for each in both:
            assert each.stdin is not None
            each.stdin.write("begin\n")
            each.stdin.flush()
        for each in both:
            _, told = each.communicate(timeout=100)
            assert each.returncode == 0, told
    finally:
        for each in both:
            end(each)


def absorbed_by_one(store: Path, kind: str, polls: list[tuple[int, int]]) -> None:
    with newsroom_on(store) as newsroom:
        absorb(newsroom, kind, polls)


def places(store: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store)) as conn:
        return conn.execute(PLACES).fetchall()


def turns(store: Path) -> int:
    """How often the one process kept a poll after the other."""
    owners = [feed % 2 for feed, _ in polls_in(store)]
    return sum(one != other for one, other in pairwise(owners))


def test_two_processes_absorbing_the_same_entries_end_with_the_stories_of_one(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    absorbed_by_one(one, "clear", polls_of(0, 1))
    absorbed_by_two(two, "clear")
    assert turns(two) > FEEDS
    articles, stories = told_together(one)
    assert told_together(two) == (articles, stories)
    assert len(stories) == EVENTS  # each opened once: none is doubled
    assert EVENTS < len(articles) < 1000  # reports, and copies among them


def test_each_process_decides_as_one_that_had_decided_all_before(tmp_path: Path) -> None:
    two, again = tmp_path / "two.db", tmp_path / "again.db"
    absorbed_by_two(two, "muddled")
    assert turns(two) > FEEDS
    absorbed_by_one(again, "muddled", polls_in(two))
    assert places(two) == places(again)
    _, stories = told_together(two)
    assert any(len(each) > 20 for each in stories)
    assert len(stories) > 20
