from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.naming import FEED_NAME, name_for, slugged


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://feeds.bbci.co.uk/news/world/rss.xml", "feeds-bbci-co-uk-news-world"),
        ("https://www.theguardian.com/world/rss", "theguardian-com-world"),
        ("https://example.org", "example-org"),
        ("https://example.org:443/feed/", "example-org"),
        ("http://127.0.0.1:8801/Metro%20Times.xml", "127-0-0-1-8801-metro-times"),
        ("https://[2001:db8::1]/rss", "2001-db8-1"),
        ("https://bücher.example/neu", "xn-bcher-kva-example-neu"),
        ("https://2130706433/", "feed-2130706433"),
        ("http://[broken/x", "http-broken-x"),
        ("", "feed"),
    ],
)
def test_a_name_is_the_host_and_the_words_of_the_path(url: str, name: str) -> None:
    assert name_for(url, set()) == name


def test_names_of_one_host_are_told_apart_by_what_differs() -> None:
    taken: set[str] = set()
    for url in (
        "https://example.org/rss.xml",
        "https://example.org/atom.xml",
        "https://example.org/atom.xml?desk=world",
        "https://example.org/atom.xml?desk=World",
    ):
        taken.add(name_for(url, taken))
    assert taken == {
        "example-org",
        "example-org-atom-xml",
        "example-org-atom-xml-desk-world",
        "example-org-atom-xml-desk-world-2",
    }


@given(st.text(max_size=120), st.sampled_from(["", "http://", "https://www.", "http://[::1]/"]))
def test_any_text_gives_a_name_that_may_be_used(tail: str, head: str) -> None:
    first = name_for(head + tail, set())
    second = name_for(head + tail, {first})
    assert FEED_NAME.fullmatch(first)
    assert FEED_NAME.fullmatch(second)
    assert first != second


@given(st.text(max_size=60))
def test_slugging_twice_changes_nothing_more(text: str) -> None:
    assert slugged(slugged(text)) == slugged(text)


def test_many_feeds_that_spell_alike_still_get_names_of_their_own() -> None:
    taken: set[str] = set()
    for number in range(500):
        taken.add(name_for(f"https://example.org/?{'-' * number}", taken))
    assert len(taken) == 500
    assert all(FEED_NAME.fullmatch(name) for name in taken)
