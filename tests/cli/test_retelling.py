from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.near import from_file
from benchmarks.stories import reports
from tests.cli.conftest import Aggregator


@pytest.fixture
def polled(aggregator: Aggregator) -> Aggregator:
    aggregator("-q", "run", "--once")
    return aggregator


def test_stories_are_merged_split_and_led_at_the_terminal(polled: Aggregator) -> None:
    merged = json.loads(polled("--json", "stories", "merge", "s1", "s2", "--reason", "one").out)
    (story,) = merged["stories"]
    assert (merged["verb"], story["id"], story["entries"]) == ("merge", "s1", [1, 2])
    led = json.loads(polled("--json", "stories", "lead", "s2", "2").out)
    assert led["stories"][0]["lead"] == 2
    said = polled("stories", "split", "s1", "2")
    assert said.code == 0
    assert said.out.startswith(
        "decision 3: split of s1: now s1 Horoscope for sailors (1 entry); s2"
    )
    log = polled("log").out
    assert "s1 s2: entry 1 2" in log and "one" in log
    assert polled("undo").out.startswith("decision 4: took back decision 3 (split by ada)")


def test_a_merger_says_what_it_does_where(polled: Aggregator) -> None:
    polled("approve", "1", "desk-choice")
    said = polled("stories", "merge", "s1", "s2").err
    assert "still an item for each article in" in said and "tell: copies" in said
    assert "desk-choice" in said


def test_what_is_no_story_or_not_in_it_is_refused(polled: Aggregator) -> None:
    assert polled("stories", "merge", "s1").code == 2
    assert "is no entry of s1" in polled("stories", "split", "s1", "2").err
    assert polled("stories", "lead", "s99", "1").code == 4


def test_verdicts_are_lines_that_benchmarks_read(polled: Aggregator, tmp_path: Path) -> None:
    polled("stories", "merge", "s1", "s2")
    polled("stories", "split", "s1", "2")
    (line,) = polled("stories", "pairs").out.splitlines()
    pair = json.loads(line)
    assert (pair["one"]["id"], pair["other"]["id"], pair["together"]) == (1, 2, False)
    file = tmp_path / "labelled.jsonl"
    file.write_text(polled("stories", "pairs", "--entries").out)
    assert {each.story for each in reports(file)} == {"e1", "e2"}
    assert len(list(from_file(file))) == 2
