"""Who pushes our changes, as the file says it."""

from __future__ import annotations

import pytest

from aggregator.config import read_settings, shown
from aggregator.model.settings import Site
from tests.config.makers import HERE, problems_of


def site(text: str) -> Site:
    return read_settings(f"version: 1\nsite: {{{text}}}\n", HERE).site


def test_our_own_hub_pushes_unless_the_file_says_otherwise() -> None:
    assert site("title: Desk").hub == "own"
    assert site("hub: none").hub == "none"
    assert site("hub: 'https://hub.example/'").hub == "https://hub.example/"


def test_servers_to_ping_are_named_once_each() -> None:
    one = "https://cloud.example/ping"
    assert site(f"pings: ['{one}', '{one}']").pings == (one,)


def test_what_is_shown_reads_the_same() -> None:
    text = "site: {hub: 'https://hub.example/', pings: ['https://cloud.example/ping']}\n"
    settings = read_settings(text, HERE)
    assert read_settings(shown(settings), HERE).site == settings.site


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hub: mine", "address"),
        ("hub: ftp://hub.example/", "http"),
        ("pings: [nowhere]", "address"),
        (f"pings: [{', '.join(['https://a.example/'] * 9)}]", "8"),
    ],
)
def test_anything_else_is_refused(text: str, word: str) -> None:
    (problem,) = problems_of(f"version: 1\nsite:\n  {text}\n")
    assert word in f"{problem.problem} {problem.hint}"
