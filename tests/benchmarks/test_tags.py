"""`benchmarks.tags` compares ways that find the same, and ends with its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import tags


def test_every_way_is_measured_at_every_size(capsys: pytest.CaptureFixture[str]) -> None:
    tags.main(["--phrases", "100", "5000", "--seed", "7"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["seed"] == 7
    assert told["us"].keys() == told["sizes"].keys() == {"100", "5000"}
    ways = {"tag", "find", "index", "automaton", "words"}
    assert all(ways <= row.keys() for row in told["sizes"].values())
    assert all(row[way] > 0 for row in told["sizes"].values() for way in ways)


def test_entries_of_a_file_are_tagged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "texts.jsonl"
    texts = [
        {"title": f"one two w{n} x{n}", "summary": "grain", "text": f"y{n}"} for n in range(300)
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in texts))
    tags.main(["--phrases", "50", "--texts", str(path), "--seed", "1"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["entries"] == 300


def test_a_file_with_too_few_words_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"title": "one"}\n')
    with pytest.raises(SystemExit):
        tags.main(["--texts", str(path)])
