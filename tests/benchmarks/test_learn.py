"""The benchmark of what topics learn tells what it promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
F1 = ("f1_10", "f1_50", "f1_200")


def told(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.learn", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def made(file: Path, key: str) -> None:
    chance = Random(3)
    with file.open("w") as lines:
        for number in range(360):
            topic = ("grain", "rail", "moon")[number % 3]
            title = f"{topic} {' '.join(chance.choice('abcdefgh') * 5 for _ in range(4))}"
            lines.write(json.dumps({"id": number, "title": title, key: topic}) + "\n")


@pytest.mark.parametrize("key", ["story", "topic"])
def test_learn_tells_f1_and_words_beside_a_floor(key: str, tmp_path: Path) -> None:
    made(tmp_path / "news.jsonl", key)
    lines = told(str(tmp_path / "news.jsonl"), "--least", "100", "--seed", "5")
    last: dict[str, Any] = json.loads(lines[-1])
    assert set(F1) <= last.keys() and set(F1) == last["floor"].keys() == last["logistic"].keys()
    assert (last["topics"], last["entries"], last["seed"]) == (3, 360, 5)
    assert last["f1_10"] <= last["f1_200"] == 1
    published = last["publish_200"]
    assert published["topics"] == 3
    assert min(published["precision"], published["recall"]) > 0.9
    after = [line for line in lines if line.startswith("  after 200: F1 1.00")]
    assert {line.split()[4] for line in after} == {"+grain", "+rail", "+moon"}


def test_the_same_seed_draws_the_same_decisions(tmp_path: Path) -> None:
    made(tmp_path / "news.jsonl", "story")
    first, again = (told(str(tmp_path / "news.jsonl"), "--least", "100")[:-1] for _ in range(2))
    assert first == again


@pytest.mark.corpus
def test_topics_are_learnt_soon_on_the_shared_file() -> None:
    place = os.environ.get("AGGREGATOR_SHARED")
    assert place, "AGGREGATOR_SHARED must name the folder of corpus and tools"
    last = json.loads(told(str(Path(place) / "data" / "stories.jsonl"))[-1])
    ours, floor = [last[name] for name in F1], [last["floor"][name] for name in F1]
    assert all(one > other for one, other in zip(ours, floor, strict=True))
    assert ours == sorted(ours)
    assert ours[1] >= 0.85
    assert last["publish_200"]["precision"] >= 0.95
