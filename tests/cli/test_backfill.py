"""`topics test` and `topics backfill` at the terminal, and what `check` says of rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Aggregator
from tests.store.snapshot import rows_of

YEARS = ("--days", "3650")


@pytest.fixture
def polled(aggregator: Aggregator) -> Aggregator:
    aggregator("-q", "run", "--once")
    return aggregator


def test_a_trial_tells_what_the_feed_gains_and_loses(polled: Aggregator) -> None:
    said = polled("topics", "test", "lane", *YEARS, "--match", "corridor OR horoscope")
    assert "the feed: +1 −0; otherwise at the desk: 0" in said.out + said.err
    assert "+ Horoscope for sailors" in said.out + said.err
    told = json.loads(
        polled("--json", "topics", "test", "lane", *YEARS, "--match", "corridor -ships").out
    )
    assert (told["gained"], told["lost"], told["found"]) == (0, 1, 0)
    assert [each["clause"] for each in told["misses"]] == ["NOT ships"]
    assert told["warning"] == "matches nothing of 2 entries; it had 1"


def test_a_backfill_is_one_decision_that_is_undone(polled: Aggregator, desk: Path) -> None:
    desk.write_text(desk.read_text() + "tags: {ship: [ships, sailors]}\n")
    told = json.loads(polled("--json", "topics", "backfill", *YEARS).out)
    assert (told["entries"], told["changed"]) == (2, 2)
    found = json.loads(polled("--json", "entries", "search", "tag:ship").out)
    assert len(found) == 2
    assert "tags, series and rules of all topics" in polled("log").out
    assert polled("undo", str(told["decision"])).code == 0
    assert json.loads(polled("--json", "entries", "search", "tag:ship").out) == []
    assert polled("topics", "backfill", "nope").code != 0


def test_check_asks_the_rules_of_the_file_and_warns_of_those_taken_back(
    polled: Aggregator, desk: Path
) -> None:
    wanted = "expect: {out: ['https://wire.example/1']}"
    desk.write_text(desk.read_text().replace("'tag:world'", f"'corridor', {wanted}"))
    said = polled("check")
    assert said.code == 2
    assert "https://wire.example/1 should be out" in said.err
    polled("publish")
    act = json.loads(polled("--json", "log").out)[0]["decision"]
    polled("undo", str(act))
    assert "was taken back" in polled("check").err
    assert "tag:world" in polled("topics", "show", "desk-choice").err


def rows_beside_documents(desk: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows that an undo restores: documents are composed anew, to the same bytes."""
    rows = rows_of(desk.parent / "desk.db")
    documents = rows.pop("documents")
    return rows | {"bodies": [row[:5] for row in documents]}  # without when, and further codings


def test_a_changed_file_is_applied_and_undone_row_by_row(polled: Aggregator, desk: Path) -> None:
    """Rule and vocabulary in one command are one act: a plain `undo` takes both back."""
    before = rows_beside_documents(desk)
    said = desk.read_text().replace("corridor NOT title:horoscope", "tag:ship")
    desk.write_text(said + "tags: {ship: [ships, sailors]}\n")
    assert "+1 −0" in polled("topics", "test", "lane", *YEARS, "--match", "horoscope OR ships").err
    assert rows_beside_documents(desk) == before, "a trial takes nothing in"

    told = json.loads(polled("--json", "topics", "backfill", *YEARS).out)
    assert (told["entries"], told["changed"], told["warnings"]) == (2, 2, [])
    assert json.loads(polled("--json", "topics", "list").out)[0]["published"] == 2
    assert len(json.loads(polled("--json", "log").out)) == 1
    assert json.loads(polled("--json", "undo").out)["undone"] == told["decision"]
    assert rows_beside_documents(desk) == before


def test_a_trial_is_of_the_rule_in_the_file(polled: Aggregator, desk: Path) -> None:
    desk.write_text(desk.read_text().replace("corridor NOT title:horoscope", "horoscope"))
    told = json.loads(polled("--json", "topics", "test", "lane", *YEARS).out)
    assert (told["match"], told["gained"], told["lost"]) == ("horoscope", 1, 1)
    assert json.loads(polled("--json", "log").out) == []
    desk.write_text(desk.read_text() + "  - {slug: stars, title: Stars, match: horoscope}\n")
    assert json.loads(polled("--json", "topics", "test", "stars", *YEARS).out)["found"] == 1
    assert json.loads(polled("--json", "log").out) == []
    assert polled("topics", "test", "moon").code == 4


def test_a_backfill_of_no_topic_takes_nothing_in(polled: Aggregator, desk: Path) -> None:
    desk.write_text(desk.read_text().replace("corridor NOT title:horoscope", "horoscope"))
    assert polled("topics", "backfill", "moon").code == 4
    assert json.loads(polled("--json", "log").out) == []
