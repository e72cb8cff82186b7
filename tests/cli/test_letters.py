from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.flow.letters import ask, confirm
from aggregator.model.topic import Every
from tests.cli.conftest import Aggregator
from tests.net.mailbox import Mailbox, a_mailbox

IDA = "ida@reader.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with a_mailbox() as made:
        yield made


@pytest.fixture
def lane(desk: Path, aggregator: Aggregator, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk with a published topic that has letters."""
    monkeypatch.setenv("SMTP_URL", box.url)
    said = desk.read_text().replace("title: Lane,", "title: Lane, letters: [daily],")
    desk.write_text(said + "letters: {smtp: env:SMTP_URL, from: desk@news.example.org}\n")
    aggregator("poll", "--all")
    assert aggregator("publish").code == 0
    return desk


def join(desk: Path) -> None:
    """Have Ida asked, and say yes."""
    from aggregator.config import load_settings
    from aggregator.system import open_kit

    with open_kit(load_settings(desk)) as kit:
        ask(kit, "lane", IDA, Every.DAILY)
        with kit.store.read() as tx:
            (reader,) = tx.letters.all()
        assert confirm(kit, reader.secret) is not None


def test_a_dry_run_shows_the_letter_and_sends_nothing(
    lane: Path, aggregator: Aggregator, box: Mailbox
) -> None:
    said = aggregator("letters", "send", "lane", "--dry-run")
    assert said.code == 0, said.err
    assert said.out.startswith("Subject: Lane: Grain corridor reopens\n")
    assert "https://wire.example/1" in said.out and "/letters/lane/unsubscribe/" in said.out
    told = json.loads(aggregator("--json", "letters", "send", "lane", "--dry-run").out)
    assert told.keys() == {"subject", "text", "html"} and "<h1>" in told["html"]
    assert box.connections == 0


def test_readers_are_listed_sent_to_and_forgotten(
    lane: Path, aggregator: Aggregator, box: Mailbox
) -> None:
    join(lane)
    (told,) = json.loads(aggregator("--json", "letters", "list", "--topic", "lane").out)
    assert (told["topic"], told["address"], told["every"]) == ("lane", IDA, "daily")
    said = aggregator("letters", "send", "lane")
    assert said.out == "1 letters sent, 0 in vain\n", said.err
    assert [got.to for got in box.got] == [IDA]
    assert aggregator("letters", "send", "lane").out == "0 letters sent, 0 in vain\n"
    assert aggregator("letters", "remove", IDA).code == 0
    assert json.loads(aggregator("--json", "letters", "list", "--all").out) == []
    assert aggregator("letters", "remove", IDA).code == 4


def test_a_mail_server_that_is_not_there_is_told(
    lane: Path, aggregator: Aggregator, box: Mailbox
) -> None:
    join(lane)
    box.answers["MAIL"] = "421 not today"
    said = aggregator("letters", "send", "lane")
    assert said.code == 1 and "not today" in said.err and box.got == []


def test_a_topic_without_letters_is_refused(lane: Path, aggregator: Aggregator) -> None:
    said = aggregator("letters", "send", "desk-choice", "--dry-run")
    assert said.code == 2 and "letters: [daily]" in said.err
    assert aggregator("letters", "send", "nowhere").code == 4
