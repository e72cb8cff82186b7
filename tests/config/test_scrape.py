"""CSS selectors in feeds.yaml: what is wrong with one is pointed at, letter for letter."""

from __future__ import annotations

import pytest

from aggregator.config import read_settings
from tests.config.makers import HERE, problems_of

PAGE = "feeds:\n  - url: https://town.example/news\n    scrape:\n      items: {}\n      link: {}\n"


@pytest.mark.parametrize(
    ("items", "link", "place", "problem"),
    [
        ("article[", "a", "4:22", "no CSS selector: expected ident"),
        ("'li >'", "a", "4:19", "no CSS selector: expected selector, got its end"),
        ("li", "a::attr(href)", "5:14", "'::' selects nothing"),
        ("li", "'h2 a @'", "5:19", "no CSS selector"),
        ("li@id", "a", "4:16", "items are elements"),
        ("svg|li", "a", "4:16", "no namespaces"),
    ],
)
def test_a_selector_nobody_can_read_is_pointed_at(
    items: str, link: str, place: str, problem: str
) -> None:
    (found,) = problems_of(PAGE.format(items, link))
    assert f"{found.line}:{found.column}" == place
    assert problem in found.problem
    caret = str(found).splitlines()[2]
    assert caret.index("^") == 4 + found.column - 1


def test_every_bad_selector_is_told_at_once() -> None:
    assert len(problems_of(PAGE.format("'['", "']'"))) == 2


def test_selectors_that_can_be_read_stand_as_they_were_written() -> None:
    settings = read_settings(PAGE.format("article.card", "'h2 > a@data-to'"), HERE)
    assert settings.feeds[0].scrape == {"items": "article.card", "link": "h2 > a@data-to"}
    assert str(settings.feeds[0].shown) == "link"
