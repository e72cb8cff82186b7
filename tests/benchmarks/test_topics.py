"""The benchmark of standing queries asks a second opinion, and ends in what DESIGN §6 promises."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from aggregator.core.query import parse_query
from aggregator.core.rules import Subject
from benchmarks.topics import a_topic, an_entry, as_fts, compared, made, main, reversed_fts, said_by


def test_both_opinions_on_made_up_topics_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--entries", "60", "--topics", "20", "200", "--seed", "7"]) == 0
    *shown, last = capsys.readouterr().out.splitlines()
    told = json.loads(last)
    assert len(shown) > 2
    assert (told["topics"], told["seed"], told["differences"]) == (200, 7, 0)
    assert [row["topics"] for row in told["sizes"]] == [20, 200]
    assert {"us", "fts5_reversed_us", "ratio", "asked", "in"} <= told.keys()
    assert told["in"] > 0


def test_one_seed_makes_the_same_topics() -> None:
    def topics() -> list[str]:
        chance = random.Random(3)
        said = said_by(list(made(50, chance)))
        return [a_topic(said, chance) for _ in range(50)]

    assert topics() == topics()


def test_a_difference_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Subject(title="grain corridor")
    assert compared([entry], ["grain", "moon"])["differences"] == 0
    monkeypatch.setattr("benchmarks.topics.as_fts", lambda node: "corridor")
    assert compared([Subject(title="grain corridor")], ["grain", "moon"])["differences"] > 0


def test_fts5_is_asked_of_the_whole_rule() -> None:
    entry = an_entry("Grain corridor", "Ships wait", "The Wire", random.Random(1))
    asked = ('feed:"the wire" grain NOT "ships sail"', "title:ships", "corr* (moon OR wait)")
    words = [as_fts(parse_query(text)) for text in asked]
    assert reversed_fts(entry, words)[0] == [0, 2]


def test_a_file_without_words_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text('{"title": "a"}\n')
    with pytest.raises(SystemExit):
        main([str(tmp_path / "none.jsonl")])
