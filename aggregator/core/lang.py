"""Which language an entry is in: by its own word, else its feed's, else by its letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aggregator.model.entry import Text
from aggregator.model.feed import Feed

SURE = 0.5  # below it two of five guesses were wrong, above it one in a hundred (titles alone)
LEAST = 20  # bytes of text to guess by; a letter of Chinese takes three and tells more
SAMPLE = 200  # characters that are looked at: twice as many change nothing in the corpus

Guess = Callable[[str], tuple[str, float] | None]
"""The likeliest language of a text and how sure that is, from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language tag as it was written, and why we take it to be that; None: not known."""

    tag: str | None
    because: str


def language(text: Text, feed: Feed) -> Language:
    """Return what an entry as kept is written in, with the because.

    >>> from aggregator.model.feed import FeedSpec, Origin
    >>> feed = Feed(id=1, spec=FeedSpec(url="", name="wire"), origin=Origin.FILE, lang="de")
    >>> language(Text(url=None, title="", summary="", content=""), feed)
    Language(tag='de', because='feed wire says so')
    """
    if text.lang is not None:
        sure = text.lang_guess
        because = "the entry says so" if sure is None else f"guessed by its words, {sure:.0%} sure"
        return Language(tag=text.lang, because=because)
    if feed.lang:
        return Language(tag=feed.lang, because=f"feed {feed.spec.name} says so")
    return Language(tag=None, because="neither the entry nor its feed says it")


def guessed(text: Text, feed: Feed, body: str, guess: Guess | None) -> tuple[str, float] | None:
    """Return a text's language where neither it nor its feed says one, and how sure that is.

    `body` is its plain text. None where somebody says it, where there is too little to go by, and
    where the guess is not sure.
    """
    if guess is None or text.lang is not None or feed.lang:
        return None
    sample = " ".join(f"{text.title} {body[:SAMPLE]}".split())[:SAMPLE]
    if len(sample.encode("utf-8", "replace")) < LEAST:
        return None
    found = guess(sample)
    return found if found is not None and found[1] >= SURE else None
