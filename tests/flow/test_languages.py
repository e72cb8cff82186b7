"""A language that nobody states is guessed, and kept as a guess."""

from __future__ import annotations

from dataclasses import replace

from aggregator.core.lang import language
from aggregator.model.exchange import Fetched
from tests.flow.newsroom import Newsroom, Told, url_of


def served(newsroom: Newsroom, *, states: bool) -> None:
    newsroom.serves("wire", Told(guid="1"))
    answer = newsroom.net.answers[url_of("wire")]
    assert isinstance(answer, Fetched)
    if not states:
        body = answer.body.replace(b"<language>en</language>", b"")
        newsroom.net.answers[url_of("wire")] = replace(answer, body=body)


def test_a_guess_is_kept_with_how_sure_it_is(newsroom: Newsroom) -> None:
    newsroom.kit = replace(newsroom.kit, guess=lambda text: ("en", 0.9))
    newsroom.follow(["wire"])
    served(newsroom, states=False)
    newsroom.poll("wire")
    (entry,) = newsroom.entries()
    assert (entry.text.lang, entry.text.lang_guess) == ("en", 0.9)
    with newsroom.kit.store.read() as tx:
        (feed,) = tx.feeds.all()
    assert language(entry.text, feed).because == "guessed by its words, 90% sure"


def test_a_feed_that_states_its_language_is_taken_at_its_word(newsroom: Newsroom) -> None:
    def never(text: str) -> tuple[str, float]:
        raise AssertionError(text)

    newsroom.kit = replace(newsroom.kit, guess=never)
    newsroom.follow(["wire"])
    served(newsroom, states=True)
    assert newsroom.poll("wire").new == 1
    (entry,) = newsroom.entries()
    assert entry.text.lang is None
