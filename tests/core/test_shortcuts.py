"""Shortcuts and the pages of known services stand for the addresses of their feeds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.shortcuts import SERVICES, feed_address, shortcut
from aggregator.core.urls import is_web
from aggregator.errors import UsageError

CHANNEL = "UC" + "aB3-_" * 4 + "xy"
PLAYLIST = "PL" + "0123456789abcdefgh"
VIDEOS = "https://www.youtube.com/feeds/videos.xml"
HUB = "https://github.com/python/cpython"

SAID = {
    "github:python/cpython": f"{HUB}/releases.atom",
    "GitHub: python/cpython": f"{HUB}/releases.atom",
    "github:python/cpython.git": f"{HUB}/releases.atom",
    "github:python/cpython/releases": f"{HUB}/releases.atom",
    "github:python/cpython/tags": f"{HUB}/tags.atom",
    "github:python/cpython/commits": f"{HUB}/commits.atom",
    "github:python/cpython/commits/3.13": f"{HUB}/commits/3.13.atom",
    "github:python/cpython/commits/feature/x-1": f"{HUB}/commits/feature/x-1.atom",
    "github:python/cpython/discussions": f"{HUB}/discussions.atom",
    "github:python/cpython/wiki": f"{HUB}/wiki.atom",
    "github:gvanrossum": "https://github.com/gvanrossum.atom",
    f"youtube:{CHANNEL}": f"{VIDEOS}?channel_id={CHANNEL}",
    f"youtube:{PLAYLIST}": f"{VIDEOS}?playlist_id={PLAYLIST}",
    "youtube:@lane.desk": "https://www.youtube.com/@lane.desk",
    "mastodon:@ida@social.example": "https://social.example/@ida.rss",
    "mastodon:ida@social.example": "https://social.example/@ida.rss",
    "@ida@social.example": "https://social.example/@ida.rss",
    "mastodon:#grain@social.example": "https://social.example/tags/grain.rss",
    "reddit:r/news": "https://www.reddit.com/r/news/.rss",
    "reddit:/r/news/": "https://www.reddit.com/r/news/.rss",
    "reddit:r/news+worldnews/new": "https://www.reddit.com/r/news+worldnews/new/.rss",
    "reddit:u/ida_b": "https://www.reddit.com/user/ida_b/.rss",
    "reddit:user/ida_b": "https://www.reddit.com/user/ida_b/.rss",
    "feed:https://e.example/f": "https://e.example/f",
    "feed://e.example/f": "http://e.example/f",
}

PAGES = {
    f"{HUB}/releases": f"{HUB}/releases.atom",
    f"{HUB}/releases/tag/v3.13": f"{HUB}/releases.atom",
    f"{HUB}/tags": f"{HUB}/tags.atom",
    f"{HUB}/commits/main": f"{HUB}/commits/main.atom",
    f"{HUB}/tree/3.13": f"{HUB}/commits/3.13.atom",
    f"https://www.youtube.com/channel/{CHANNEL}": f"{VIDEOS}?channel_id={CHANNEL}",
    f"https://m.youtube.com/channel/{CHANNEL}/videos": f"{VIDEOS}?channel_id={CHANNEL}",
    f"https://youtube.com/playlist?list={PLAYLIST}": f"{VIDEOS}?playlist_id={PLAYLIST}",
    f"https://youtube.com/watch?v=abc&list={PLAYLIST}&t=1": f"{VIDEOS}?playlist_id={PLAYLIST}",
    "https://www.youtube.com/user/lane": f"{VIDEOS}?user=lane",
    "https://www.reddit.com/r/news/": "https://www.reddit.com/r/news/.rss",
    "https://old.reddit.com/r/news/top?t=week": "https://www.reddit.com/r/news/top/.rss",
    "reddit.com/r/news/comments/1ab2/the_title/": (
        "https://www.reddit.com/r/news/comments/1ab2/the_title/.rss"
    ),
    "https://www.reddit.com/user/ida/submitted/": "https://www.reddit.com/user/ida/.rss",
    "https://social.example/@ida": "https://social.example/@ida.rss",
    "http://127.0.0.1:3000/@ida/": "http://127.0.0.1:3000/@ida.rss",
    "https://medium.com/@ida": "https://medium.com/feed/@ida",
    "https://medium.com/@ida/a-story-1a2b": "https://medium.com/feed/@ida",
    "https://medium.com/lane-desk": "https://medium.com/feed/lane-desk",
    "https://medium.com/tag/grain": "https://medium.com/feed/tag/grain",
    "https://ida.medium.com/": "https://ida.medium.com/feed",
    "https://ida.wordpress.com/2026/11/22/grain/": "https://ida.wordpress.com/feed/",
    "ida.wordpress.com": "https://ida.wordpress.com/feed/",
    "https://ida.substack.com/p/grain": "https://ida.substack.com/feed",
    "http://ida.blogspot.com/": "https://ida.blogspot.com/feeds/posts/default",
    "https://ida.blogspot.co.uk/2026/11/grain.html": (
        "https://ida.blogspot.co.uk/feeds/posts/default"
    ),
    "https://ida.blogspot.com/search/label/Black%20Sea": (
        "https://ida.blogspot.com/feeds/posts/default/-/Black%20Sea"
    ),
}

ANY_PAGE = [
    "https://example.org/",
    "https://example.org/feed.xml",
    "example.org",
    "localhost:8000/feed",
    "news.intranet:8080/x",
    "wire",
    "",
    ":",
    "feed:",
    f"{HUB}/releases.atom",
    f"{HUB}/commits/main.atom",
    f"{HUB}/issues",
    "https://github.com/topics/rss",
    "https://github.com/python.atom",
    "https://www.youtube.com/@lane",
    "https://www.youtube.com/watch?v=abc",
    f"{VIDEOS}?channel_id={CHANNEL}",
    "https://www.reddit.com/r/news/.rss",
    "https://www.reddit.com/user/ida/.rss",
    "https://social.example/@ida.rss",
    "https://social.example/@ida/1234567",
    "https://www.tiktok.com/@ida",
    "https://substack.com/@ida",
    "https://medium.com/",
    "https://medium.com/feed/@ida",
    "https://medium.com/search?q=x",
    "https://ida.medium.com/feed",
    "https://ida.wordpress.com/feed/",
    "https://ida.wordpress.com/comments/feed/",
    "https://ida.wordpress.com/?feed=rss2",
    "https://www.wordpress.com/",
    "https://ida.substack.com/feed",
    "https://ida.blogspot.com/feeds/posts/default",
    "https://ida:secret@",
    "https://e.example/" + "x" * 9000,
]

MALFORMED = {
    "github:": "github:owner/repository",
    "github:a/b/c": "github:owner/repository",
    "github:python/cpython/issues": "of issues GitHub has no feed",
    "github:../../etc": "github:owner/repository",
    "youtube:lane": "youtube:@handle",
    "youtube:UCshort": "youtube:@handle",
    "youtube:@": "youtube:@handle",
    "mastodon:@ida": "mastodon:@user@host",
    "mastodon:@ida@nowhere": "mastodon:@user@host",
    "mastodon:@ida@a b.example": "mastodon:@user@host",
    "reddit:news": "reddit:r/name",
    "reddit:r/": "reddit:r/name",
    "reddit:r/news/../x": "reddit:r/name",
    "github:" + "x" * 600: "cannot be understood",
    "gitlab:owner/repository": "there are github:, youtube:, mastodon:, reddit:",
}


@pytest.mark.parametrize(("text", "address"), SAID.items())
def test_a_shortcut_stands_for_an_address(text: str, address: str) -> None:
    assert shortcut(text) == (address,)
    assert shortcut(f" {text} ") == (address,)


@pytest.mark.parametrize(("page", "address"), PAGES.items())
def test_a_page_of_a_known_service_tells_its_feed(page: str, address: str) -> None:
    assert shortcut(page) == (address,)


def test_a_repository_has_several_feeds_its_releases_first() -> None:
    several = tuple(f"{HUB}/{name}.atom" for name in ("releases", "tags", "commits"))
    assert shortcut(HUB) == shortcut(f"{HUB}/?tab=readme") == several


@pytest.mark.parametrize("text", ANY_PAGE)
def test_any_other_address_stands_for_itself(text: str) -> None:
    assert shortcut(text) == ()
    assert feed_address(text) is None


@pytest.mark.parametrize(("text", "said"), MALFORMED.items())
def test_a_malformed_shortcut_is_answered_with_how_to_write_it(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"shortcut|understood") as refused:
        shortcut(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_tried_here(name: str) -> None:
    assert any(text.lower().startswith(f"{name}:") for text in SAID)
    assert any(text.startswith(f"{name}:") for text in MALFORMED)


def test_what_only_its_page_tells_is_no_feeds_address() -> None:
    assert feed_address("github:python/cpython") == f"{HUB}/releases.atom"
    with pytest.raises(UsageError, match="has to be looked up"):
        feed_address("youtube:@lane")
    assert feed_address(HUB) is None, "a page's address is kept as it was given"


@given(st.sampled_from(sorted(SERVICES)), st.text(max_size=40))
def test_whatever_follows_the_colon_is_an_address_or_refused(service: str, rest: str) -> None:
    try:
        found = shortcut(f"{service}:{rest}")
    except UsageError:
        return
    assert found
    assert all(is_web(address) for address in found)


@given(st.sampled_from(sorted({**PAGES})), st.text(max_size=30))
def test_what_a_page_stands_for_is_no_page_itself(page: str, more: str) -> None:
    for address in shortcut(page + more):
        assert is_web(address)
        assert shortcut(address) == ()
