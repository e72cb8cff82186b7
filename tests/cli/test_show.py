"""What strangers wrote is shown at a terminal, never obeyed by it."""

from __future__ import annotations

import json
import sys

import pytest

from aggregator.cli.show import Screen

TITLE = "gr\x1b]0;owned\x07ain \x9b31mred \u202etxt"


@pytest.fixture(params=[True, False], ids=["terminal", "pipe"])
def screen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: request.param)
    return Screen(color=False)


def test_no_words_of_others_reach_the_terminal_as_commands(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.rows(("title",), [(TITLE,)])
    screen.facts({"title": TITLE})
    screen.line(TITLE)
    screen.say(TITLE)
    screen.warn(TITLE)
    screen.fail(f"two\n    ^ lines {TITLE}")
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}
        assert "gr]0;owned" in text
    assert "two\n    ^ lines" in said.err


def test_json_holds_the_very_words_and_none_of_them_raw(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Screen(json=True).document({"title": TITLE, "place": "Łódź"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"title": TITLE, "place": "Łódź"}
    assert "Łódź" in out
    assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}
