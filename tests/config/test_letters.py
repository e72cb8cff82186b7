"""Letters and webhooks as the file says them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load_settings, read_settings, shown
from aggregator.errors import ConfigError
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Every, HookSpec
from tests.config.makers import HERE, problems_of

BOX = "letters: {smtp: env:SMTP_URL, from: Lane Desk <letters@lane.org>}\n"
TOPIC = "topics:\n  - {{slug: lane, title: Lane, match: x, {more}}}\n"


def test_letters_go_out_at_seven_unless_the_file_says_otherwise() -> None:
    box = LetterBox(smtp="env:SMTP_URL", sender="Lane Desk <letters@lane.org>")
    assert read_settings(BOX, HERE).letters == box
    assert (box.at, box.zone) == (7 * 3600, "UTC")
    said = BOX.replace("}", ", at: '23:45', zone: Europe/Vienna}")
    letters = read_settings(said, HERE).letters
    assert letters is not None and (letters.at, letters.zone) == (85_500, "Europe/Vienna")
    assert read_settings("version: 1\n", HERE).letters is None


def test_a_topic_says_how_often_and_whom_it_tells() -> None:
    more = (
        "letters: [weekly, daily, weekly], webhooks: [{url: 'https://a.example/', secret: file:s}]"
    )
    (topic,) = read_settings(BOX + TOPIC.format(more=more), HERE).topics
    assert topic.letters == (Every.WEEKLY, Every.DAILY)
    assert topic.webhooks == (HookSpec(url="https://a.example/", secret="file:/srv/news/s"),)


def test_what_is_shown_reads_the_same() -> None:
    more = "letters: [daily], webhooks: [{url: 'https://a.example/', secret: env:HOOK}]"
    text = BOX.replace("}", ", at: '06:05', zone: Asia/Kathmandu}") + TOPIC.format(more=more)
    settings = read_settings(text, HERE)
    again = read_settings(shown(settings), HERE)
    assert (again.letters, again.topics) == (settings.letters, settings.topics)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("letters: {from: a@lane.org}", "smtp"),
        ("letters: {smtp: 'smtp://ida:hunter2@h', from: a@lane.org}", "secret"),
        ("letters: {smtp: env:S, from: Lane Desk}", "sender"),
        ("letters: {smtp: env:S, from: 'a@lane.org, b@lane.org'}", "sender"),
        ("letters: {smtp: env:S, from: a@lane.org, at: 7}", "07:00"),
        ("letters: {smtp: env:S, from: a@lane.org, at: '24:00'}", "07:00"),
        ("letters: {smtp: env:S, from: a@lane.org, zone: Mars/Base}", "Mars/Base"),
        ("letters: {smtp: env:S, from: a@lane.org, zone: ../../etc/passwd}", "zone"),
        (TOPIC.format(more="letters: [daily]"), "how letters go out"),
        (BOX + TOPIC.format(more="letters: [hourly]"), "daily"),
        (TOPIC.format(more="webhooks: [{url: 'https://a.example/'}]"), "secret"),
        (TOPIC.format(more="webhooks: [{url: 'https://a.example/', secret: abc}]"), "secret"),
        (
            TOPIC.format(
                more="webhooks: [{url: 'https://a.example/', secret: env:A},"
                " {url: 'https://a.example/', secret: env:B}]"
            ),
            "twice",
        ),
    ],
)
def test_anything_else_is_refused(text: str, word: str) -> None:
    (problem,) = problems_of(text)
    assert word in f"{problem.problem} {problem.hint}"
    assert "hunter2" not in str(problem)


def test_secrets_that_are_not_set_are_told_where_they_are_asked_for(tmp_path: Path) -> None:
    more = "letters: [daily], webhooks: [{url: 'https://a.example/', secret: env:HOOK}]"
    file = tmp_path / "feeds.yaml"
    file.write_text(BOX + TOPIC.format(more=more))
    assert load_settings(file, environ={"SMTP_URL": "x", "HOOK": "y"}).letters
    with pytest.raises(ConfigError) as refused:
        load_settings(file, environ={})
    assert ":1:17: SMTP_URL is not set" in str(refused.value)
    assert "HOOK is not set" in str(refused.value)
