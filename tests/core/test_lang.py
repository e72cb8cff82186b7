"""An entry's language: its own word, else its feed's, else a guess that is sure enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.lang import guessed, language
from aggregator.model.entry import Text
from tests.makers import a_feed

TEXT = Text(url=None, title="Der Getreidekorridor ist wieder offen", summary="", content="")


def must_not_be_asked(text: str) -> tuple[str, float] | None:
    raise AssertionError(text)


@pytest.mark.parametrize(("own", "feeds"), [("de", None), (None, "de"), ("de-AT", "en")])
def test_nobody_guesses_what_somebody_says(own: str | None, feeds: str | None) -> None:
    feed = replace(a_feed(), lang=feeds)
    assert guessed(replace(TEXT, lang=own), feed, "", must_not_be_asked) is None


def test_a_guess_must_be_sure_and_have_something_to_go_by() -> None:
    feed = replace(a_feed(), lang=None)
    assert guessed(TEXT, feed, "", lambda _: ("de", 0.97)) == ("de", 0.97)
    assert guessed(TEXT, feed, "", lambda _: ("de", 0.4)) is None
    assert guessed(TEXT, feed, "", lambda _: None) is None
    assert guessed(TEXT, feed, "", None) is None
    assert guessed(replace(TEXT, title="Offen"), feed, "", must_not_be_asked) is None


def test_every_language_says_why() -> None:
    feed = replace(a_feed(), lang="en")
    assert language(replace(TEXT, lang="de"), feed).because == "the entry says so"
    assert language(TEXT, feed).because == f"feed {feed.spec.name} says so"
    guess = language(replace(TEXT, lang="de", lang_guess=0.97), feed)
    assert (guess.tag, guess.because) == ("de", "guessed by its words, 97% sure")
    assert language(TEXT, replace(feed, lang=None)).tag is None
