"""`topics audience`: who reads, as people and as programs are told it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from aggregator.model.audience import Reading
from aggregator.store.engine import open_store
from aggregator.system import clock
from tests.cli.conftest import Aggregator


def _read_by(desk: Path) -> None:
    day = datetime.fromtimestamp(clock(), UTC).date().isoformat()
    store = open_store(desk.with_name("desk.db"))
    reading = Reading(
        day=day,
        path="topics/lane",
        agent="Feedly",
        requests=4,
        not_modified=3,
        bytes=2_000_000,
        subscribers=312,
        addresses=1,
    )
    with store.write() as tx:
        tx.audience.add([reading])
    store.close()


def test_people_are_told_readers_and_freshness(aggregator: Aggregator, desk: Path) -> None:
    assert aggregator("-q", "poll", "wire").code == 0
    assert aggregator("-q", "publish").code == 0
    _read_by(desk)
    said = aggregator("topics", "audience", "lane")
    assert said.code == 0
    assert "312 subscribers" in said.out + said.err
    assert "4 polls, 75% of them 304, 2.0 MB sent" in said.out + said.err
    assert "seen to approved: half within 0 s" in said.out + said.err
    assert "Feedly\t312\t4" in said.out


def test_programs_are_told_one_document(aggregator: Aggregator, desk: Path) -> None:
    assert aggregator("-q", "poll", "wire").code == 0
    _read_by(desk)
    told = json.loads(aggregator("--json", "topics", "audience", "lane", "--days", "7").out)
    assert (told["slug"], told["days"], told["share_304"]) == ("lane", 7, 0.75)
    assert told["readership"]["readers"] == [{"name": "Feedly", "subscribers": 312, "requests": 4}]
    legs = {each["name"] for each in told["freshness"]}
    assert legs >= {"published to seen", "in feed to pushed"}


def test_a_topic_nobody_reads_and_one_there_is_not(aggregator: Aggregator) -> None:
    assert aggregator("-q", "poll", "wire").code == 0
    assert "0 subscribers" in (said := aggregator("topics", "audience", "lane")).out + said.err
    assert aggregator("topics", "audience", "nowhere").code == 4
