"""What strangers wrote is shown at a terminal, never obeyed by it; nothing is cut off there."""

from __future__ import annotations

import json
import re
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


@pytest.mark.parametrize("width", [70, 80, 120])
def test_running_text_is_broken_over_lines_and_never_cut_at_the_edge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    url = "http://lists.example/a-blogroll.opml"
    Screen(color=False).rows(
        ("name", "status", "last success", "problem", "url"),
        [("n" * 24, "active", "4 min ago", None, url)],
    )
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= width
    edge = lines[0].index("url")
    assert "".join(line[edge:].strip() for line in lines[1:]) == url


def test_json_holds_the_very_words_and_none_of_them_raw(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Screen(json=True).document({"title": TITLE, "place": "Łódź"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"title": TITLE, "place": "Łódź"}
    assert "Łódź" in out
    assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}
