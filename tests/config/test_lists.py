"""`lists:` in feeds.yaml."""

from __future__ import annotations

import pytest

from aggregator.config import read_settings, shown
from aggregator.model.feed import Rights
from aggregator.model.lists import ListSpec
from tests.config.makers import HERE, problems_of

TEXT = """
defaults: {rights: link}
lists:
  - https://a.example/roll.opml
  - {url: "https://b.example/roll.opml", name: roll, tags: [blogs], every: 12h, trust: 0.9,
     rights: full}
"""


def test_lists_arrive_with_their_defaults() -> None:
    assert read_settings(TEXT, HERE).lists == (
        ListSpec(url="https://a.example/roll.opml", name="a-example-roll-opml", rights=Rights.LINK),
        ListSpec(
            url="https://b.example/roll.opml",
            name="roll",
            tags=("blogs",),
            every=12 * 3600,
            trust=0.9,
            rights=Rights.FULL,
            rights_written=True,
        ),
    )


def test_lists_are_shown_so_that_they_can_be_read_again() -> None:
    once = read_settings(TEXT, HERE)
    assert read_settings(shown(once), HERE).lists == once.lists


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lists: ['https://a.example/', 'https://a.example/']", "this list"),
        (
            "lists: [{url: 'https://a.example/', name: x}, {url: 'https://b.example/', name: x}]",
            "a list of this name",
        ),
        ("lists: [{url: 'https://a.example/', every: 10m}]", "10m is out of bounds"),
        ("lists: [{url: 'https://a.example/', every: auto}]", "'auto' is no time span"),
        ("lists: [{url: 'ftp://a.example/'}]", "an address begins with http"),
        ("lists: [{name: x}]", "url"),
        ("lists: [{url: 'https://a.example/', scrape: x}]", "scrape"),
    ],
)
def test_a_slip_in_a_list_is_told(text: str, said: str) -> None:
    assert said in " ".join(one.problem for one in problems_of(text))
