"""`feeds list`, `feeds show` and `stats`: how feeds and hosts fare, at a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.cli import feeds_telling
from tests.cli.conftest import Aggregator


@pytest.fixture
def polled(aggregator: Aggregator) -> Aggregator:
    aggregator("-q", "run", "--once")
    return aggregator


def listed(aggregator: Aggregator, *words: str) -> list[dict[str, Any]]:
    told = json.loads(aggregator("--json", "feeds", "list", *words).out)
    assert isinstance(told, list)
    return told


def names(aggregator: Aggregator, *words: str) -> list[str]:
    return [each["name"] for each in listed(aggregator, *words)]


def test_the_list_tells_how_each_feed_fares(polled: Aggregator) -> None:
    wire, lost = listed(polled)
    assert (wire["condition"], wire["entries"], wire["problem"]) == ("ok", 2, None)
    assert wire["last_ok"] == wire["last_new"] == wire["last_poll"]
    assert wire["next"] > wire["last_poll"]
    assert len(wire["days"]) == 30
    assert (lost["condition"], lost["entries"], lost["failures"]) == ("failing", 0, 1)
    assert "404" in lost["problem"]
    assert lost["last_ok"] is lost["last_new"] is lost["a_day"] is None


def test_a_pipe_gets_every_column(polled: Aggregator) -> None:
    head, *rows = polled("feeds", "list").out.splitlines()
    assert head.split("\t") == [
        "id",
        "name",
        "state",
        "entries",
        "brings",
        "last 30 days",
        "last new",
        "last success",
        "next",
        "problem",
    ]
    assert [row.split("\t")[2] for row in rows] == ["ok", "failing"]
    assert all(len(row.split("\t")[5]) == 30 for row in rows)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_terminal_gets_the_columns_it_has_room_for(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    some = feeds_telling._columns(True)
    assert {"id", "name", "state", "brings", "next", "problem"} <= set(some)
    assert ("last 30 days" in some) == (width == 200)
    assert feeds_telling._columns(False) == tuple(feeds_telling.COLUMNS)


def test_feeds_can_be_sorted_filtered_and_cut(polled: Aggregator) -> None:
    assert names(polled, "--sort", "problem") == ["lost", "wire"]
    assert names(polled, "--sort", "entries") == ["wire", "lost"]
    assert names(polled, "--sort", "new") == ["wire", "lost"]
    assert names(polled, "--failing") == ["lost"]
    assert names(polled, "--sort", "name", "--limit", "1") == ["lost"]
    polled("feeds", "pause", "wire")
    assert names(polled, "--status", "paused") == ["wire"]
    assert names(polled, "--status", "active") == ["lost"]
    assert names(polled, "--status", "gone") == []


@pytest.mark.parametrize("sort", feeds_telling.SORTS)
def test_every_order_lists_every_feed(polled: Aggregator, sort: str) -> None:
    assert sorted(names(polled, "--sort", sort)) == ["lost", "wire"]


def test_one_feed_is_shown_with_everything_known_of_it(polled: Aggregator) -> None:
    said = polled("feeds", "show", "wire").out
    facts = dict(line.split("\t", 1) for line in said.splitlines() if line.count("\t") == 1)
    assert (facts["state"], facts["entries"], facts["title"]) == ("ok", "2", "The Wire")
    assert len(facts["last 30 days"]) == 30
    assert facts["asked"].startswith("every ")
    assert {"rhythm", "brings", "unchanged", "next", "last success"} <= facts.keys()
    assert "at\tstatus\tms\tbytes\tseen\tnew\trevised\tproblem" in said


def test_a_program_gets_the_fields_of_the_list_and_more(polled: Aggregator) -> None:
    told = json.loads(polled("--json", "feeds", "show", "wire").out)
    (in_list,) = [each for each in listed(polled) if each["name"] == "wire"]
    assert told.items() >= in_list.items()
    assert {"rhythm", "asked", "every", "ttl", "rights", "private", "push"} <= told.keys()
    assert told["polls"][0]["status"] == 200


def test_a_feed_that_is_not_there_exits_with_4(polled: Aggregator) -> None:
    said = polled("feeds", "show", "nobody")
    assert said.code == 4
    assert "'nobody'" in said.err


def test_stats_tell_what_is_polled_of_whom_and_what_it_brings(polled: Aggregator) -> None:
    told = json.loads(polled("--json", "stats").out)
    assert told["feeds"] == {"failing": 1, "ok": 1}
    assert told["entries"] == 2
    assert {"requests", "not_modified", "failed", "bytes"} == told["asked"].keys()
    ((host, polls),) = [(each["host"], each["polls"]) for each in told["slowest"]]
    assert (host in {"localhost", "127.0.0.1", "::1"}, polls) == (True, 2)
    said = polled("stats").out
    assert "feeds\t1 failing, 1 ok" in said
    assert "slowest host\tlast polls\tmean ms" in said
