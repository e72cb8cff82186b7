"""Every benchmark runs, and ends in one line of JSON with what DESIGN §6 promises; no figures."""

from __future__ import annotations

import json
import os
import pstats
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.start import ENTRIES, serving

ROOT = Path(__file__).parent.parent
PHASES = ("full", "unchanged", "changed")


def last_line(*arguments: str, code: int = 0) -> dict[str, Any]:
    """Run a benchmark as people do and return its last line."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == code, done.stderr
    *shown, last = done.stdout.splitlines()
    assert len(shown) > 1, "a table stands before the last line"
    found = json.loads(last)
    assert isinstance(found, dict)
    return found


def shared() -> Path:
    place = os.environ.get("AGGREGATOR_SHARED")
    assert place, "AGGREGATOR_SHARED must name the folder of corpus and tools"
    return Path(place)


def test_start_tells_help_and_doctor_beside_the_floor() -> None:
    told = last_line("benchmarks.start", "--runs", "1", "--slack", "1000")
    assert {"help_ms", "doctor_ms", "floor_ms", "click_ms", "ratio"} <= told.keys()
    assert told["help_ms"] > 0
    assert told["doctor_ms"] > 0
    assert (told["help_limit_ms"], told["doctor_limit_ms"]) == (200, 1000)


def test_start_fails_above_its_limits() -> None:
    told = last_line("benchmarks.start", "--runs", "1", "--slack", "0", code=1)
    assert told["slack"] == 0


@pytest.mark.corpus
def test_poll_tells_every_phase_and_finds_every_entry() -> None:
    shared()
    told = last_line("benchmarks.poll", "--make", "10", "--seed", "3")
    assert told["seed"] == 3
    for phase in PHASES:
        names = {"cpu_s_per_1000", "wall_s_per_1000", "peak_mb", "readers_cpu_s_per_1000"}
        assert names <= told[phase].keys()
        assert told[phase]["failed"] == 0
        assert told[phase]["right"] is True
    assert told["full"]["new_entries"] > 100
    assert 1 <= told["changed"]["new_entries"] <= 3


@pytest.mark.corpus
def test_poll_measures_the_peer_in_the_same_run() -> None:
    pytest.importorskip("reader", reason="the peer is in the extra `bench`")
    shared()
    told = last_line("benchmarks.poll", "--make", "4", "--peer", "reader", "--latency")
    for phase in (*PHASES, "latency"):
        assert told[phase]["ratio"] > 0
        assert told[phase]["peer"]["new_entries"] == told[phase]["new_entries"]
        assert told[phase]["peer"]["peak_mb"] > 0


@pytest.mark.corpus
def test_poll_measures_the_floor_and_several_sizes_in_one_run() -> None:
    shared()
    told = last_line("benchmarks.poll", "--make", "4", "8", "--floor")
    assert told["sizes"].keys() == {"4", "8"}
    for phase in PHASES:
        assert told[phase] == told["sizes"]["8"][phase]
        assert told[phase]["ratio_to_floor"] > 0
        assert told[phase]["floor"]["new_entries"] == told[phase]["expected_entries"]
        assert f"{phase}: peak MB with 8 / 4 feeds" in told["targets"]


@pytest.mark.corpus
def test_poll_tells_distant_origins_beside_what_manners_ask_for() -> None:
    shared()
    told = last_line("benchmarks.poll", "--make", "8", "--latency")
    assert told["latency"]["feeds_per_s"] > 0
    assert told["spaced"]["lawful_least_s"] == 0.1
    assert told["shared"]["lawful_least_s"] == 3.1
    for phase in ("latency", "spaced", "shared"):
        assert told[phase]["right"] is True
        assert told[phase]["workers"] == 128
    assert told["shared"]["wall_s"] >= 3


@pytest.mark.corpus
def test_poll_loses_nothing_of_others_where_some_fail_and_some_trickle() -> None:
    shared()
    told = last_line(
        "benchmarks.poll", "--make", "30", "--errors", ".2", "--slow", ".1", "--timeout", "2"
    )
    assert told["clean"]["failed"] == told["clean_again"]["failed"] == 0
    assert told["clean"]["right"] is told["hurt"]["right"] is told["hurt_again"]["right"] is True
    assert 2 < told["hurt"]["failed"] < 15
    assert told["hurt"]["expected_entries"] < told["clean"]["expected_entries"]
    assert "30: hurt, wall s beyond clean" in told["targets"]


@pytest.mark.corpus
def test_poll_fails_when_it_is_strict_and_a_target_is_missed() -> None:
    shared()
    told = last_line("benchmarks.poll", "--make", "1", "--latency", "--strict", code=1)
    assert told["targets"]["1: latency, feeds/s"]["met"] is False  # of one feed, after 100 ms


@pytest.mark.corpus
def test_poll_writes_a_profile_that_pstats_reads(tmp_path: Path) -> None:
    shared()
    last_line("benchmarks.poll", "--make", "2", "--profile", str(tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == {f"2-{phase}.prof" for phase in PHASES}
    called = pstats.Stats(str(tmp_path / "2-full.prof")).get_stats_profile().func_profiles
    assert {"fetch_one", "keep_group"} <= called.keys()  # of a worker, of the writer


def test_poll_takes_a_list_of_addresses(tmp_path: Path) -> None:
    with serving() as port:
        urls = tmp_path / "urls.txt"
        urls.write_text("".join(f"http://127.0.0.1:{port}/{number}\n" for number in range(3)))
        told = last_line("benchmarks.poll", str(urls))
    assert told["full"]["new_entries"] == 3 * ENTRIES
    assert told["unchanged"]["new_entries"] == 0
    assert "changed" not in told


def test_request_tells_what_ours_costs_beside_what_lies_under_it() -> None:
    told = last_line("benchmarks.request", "--requests", "20", "--rounds", "1")
    for answered in ("304", "200"):
        assert told[answered]["ms"].keys() == {"urllib3", "prepared", "stock", "ours"}
        assert told[answered]["ratio"]["urllib3"] == 1
        assert told[answered]["ratio"]["ours"] > 0


def test_https_tells_what_a_first_contact_costs_beside_stock_requests() -> None:
    told = last_line("benchmarks.https", "--hosts", "3")
    assert told["hosts"] == 3
    for name in ("ours", "stock", "urllib3"):
        assert told[name]["cpu_ms"] > 0
        assert told[name]["mb"] >= 0
    assert told["ratio"] > 0


def test_poll_asks_nobody_outside_the_loopback(tmp_path: Path) -> None:
    urls = tmp_path / "urls.txt"
    urls.write_text("http://127.0.0.1:9/a\nhttps://news.example.org/feed\n")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.poll", str(urls)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "https://news.example.org/feed" in done.stderr
    assert done.stdout == ""


@pytest.mark.corpus
def test_read_tells_speed_and_disagreements() -> None:
    told = last_line("benchmarks.read", str(shared() / "corpus" / "feeds"), "--limit", "3")
    names = {"docs", "entries", "fast_share", "mb_s", "ratio_to_feedparser", "ratio_to_lxml"}
    assert names <= told.keys()
    assert isinstance(told["disagreements"], dict)
    assert told["docs"] == 3


@pytest.mark.corpus
def test_rhythm_tells_polls_and_delays_of_auto_beside_a_fixed_hour() -> None:
    told = last_line("benchmarks.rhythm", str(shared() / "corpus" / "feeds"), "--seed", "7")
    assert told["feeds"] > 100
    assert told["ratio"] < 0.5
    kinds = told["kinds"]
    assert kinds["dated column"]["delay_auto"] < kinds["a day or more"]["delay_auto"]
    assert told == {**kinds["all"], "kinds": kinds, "seed": 7}
