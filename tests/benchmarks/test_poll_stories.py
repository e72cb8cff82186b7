"""`benchmarks.poll` with entries inside the window of stories."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.origins import clock_of, make_tree
from benchmarks.poll import parsed
from benchmarks.poll_told import Phase, targets
from tests.test_benchmarks import ROOT, last_line, shared

MADE_AT = 1_790_000_000  # as make_origin.py says


def measured(**figures: float) -> dict[str, float]:
    return {"cpu_s": 1.0, "peak_mb": 80.0, "in_window": 2048, **figures}


def test_the_targets_of_entries_inside_the_window_are_their_own() -> None:
    phases = [
        Phase(name=name, by={"ours": measured(), "reader": measured(cpu_s=2.0)})
        for name in ("full", "changed")
    ]
    limits = {each.what: each.limit for each in targets({5: phases}, deadline=20, stories=True)}
    assert limits == {
        "5: full, CPU ours/peer": 2 / 3,
        "5: changed, CPU ours/peer": 1 / 4,
        "5: full, peak MB": 92,
        "5: changed, peak MB": 92,
    }
    limits = {each.what: each.limit for each in targets({5: phases}, deadline=20)}
    assert limits["5: full, CPU ours/peer"] == 1 / 7
    assert limits["5: full, peak MB"] == 90


def test_a_given_origin_must_say_what_time_it_is(tmp_path: Path) -> None:
    urls = tmp_path / "urls.txt"
    urls.write_text("http://127.0.0.1:9/a.rss\n")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.poll", str(urls), "--stories"],
        cwd=ROOT,
        env=os.environ.copy(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "give --now T" in done.stderr
    assert parsed([str(urls), "--stories", "--now", "5"]).now == 5


@pytest.mark.corpus
def test_the_clock_of_a_tree_is_that_of_its_entries(tmp_path: Path) -> None:
    shared()
    make_tree(tmp_path / "tree", 3, 7)
    assert clock_of(tmp_path / "tree") == MADE_AT


@pytest.mark.corpus
def test_poll_brings_entries_inside_the_window() -> None:
    shared()
    told = last_line("benchmarks.poll", "--make", "10", "--seed", "3", "--stories")
    assert told["stories"] is True
    full, changed = told["full"], told["changed"]
    assert full["right"] and changed["right"]
    assert 20 < full["in_window"] < full["new_entries"] / 2
    all_inside = last_line("benchmarks.poll", "--make", "10", "--seed", "3", "--now", "1700000000")
    assert all_inside["full"]["in_window"] == all_inside["full"]["new_entries"]
    assert all_inside["changed"]["right"]
    outside = last_line("benchmarks.poll", "--make", "10", "--seed", "3")
    assert outside["full"]["in_window"] == 0
