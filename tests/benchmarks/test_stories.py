"""The benchmark of stories tells what it promises, and holds what is asked on the shared file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
TITLES = ("Strong earthquake shakes Lombok", "Lombok: strong earthquake", "Rail strike in Portugal")
BODY = (
    "Houses fell and dozens of people were hurt when the earth shook on Lombok for a minute. " * 5
)


def last_line(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stories", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_stories_tells_ours_copies_and_peers(tmp_path: Path) -> None:
    file = tmp_path / "stories.jsonl"
    rows = [
        {"id": n, "title": title, "summary": body, "time": 9.5 + n, "lang": "en", "story": story}
        for n, (title, body, story) in enumerate(
            zip(TITLES, (BODY, BODY, ""), ("quake", "quake", "strike"), strict=True)
        )
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = last_line(str(file), "--grain", "fine")
    names = {"pair_p", "pair_r", "pair_f", "b3_p", "b3_r", "b3_f", "us"}
    assert {*names, "mb", *(f"copies_{name}" for name in names)} <= told.keys()
    assert told["grain"] == "fine"
    assert (told["pair_f"], told["b3_f"]) == (1, 1)
    assert (told["copies_pairs"], told["copies_pair_p"]) == (1, 1)
    assert names <= told["title_rule"].keys()
    assert names <= told["one_level"].keys()


@pytest.mark.corpus
@pytest.mark.parametrize(("grain", "pairs", "b3"), [("normal", 0.75, 0.73), ("coarse", 0.75, 0.77)])
def test_stories_holds_what_is_asked_of_titles_alone(grain: str, pairs: float, b3: float) -> None:
    place = os.environ.get("AGGREGATOR_SHARED")
    assert place, "AGGREGATOR_SHARED must name the folder of corpus and tools"
    told = last_line(str(Path(place) / "data" / "stories.jsonl"), "--grain", grain)
    assert told["pair_f"] >= pairs
    assert told["b3_f"] >= b3
    assert told["b3_f"] > max(told["title_rule"]["b3_f"], told["one_level"]["b3_f"])
    assert told["copies_pair_p"] >= 0.98
