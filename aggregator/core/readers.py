"""Links by which people take a feed into the reader they have."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

WEB_READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F{}"),
    ("Inoreader", "https://www.inoreader.com/?add_feed={}"),
    ("NewsBlur", "https://www.newsblur.com/?url={}"),
    ("Feedbin", "https://feedbin.com/?subscribe={}"),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url={}"),
)
"""Readers on the web, each with the address at which it takes a feed's, percent-encoded."""

APPS = "NetNewsWire and other apps"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLink:
    """A reader, and the address that has it take the feed."""

    name: str
    url: str


def reader_links(feed_url: str) -> tuple[ReaderLink, ...]:
    """Return links that add this feed: by an app on the device first, then by readers on the web.

    Readers on the web are left out where they could not reach the feed.

    >>> [link.url for link in reader_links("https://news.example.org/a.atom")][:2]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['feed:https://news.example.org/a.atom',
     'https://feedly.com/i/subscription/feed%2Fhttps%3A%2F%2Fnews.example.org%2Fa.atom']
    >>> len(reader_links("http://127.0.0.1:8000/a.atom"))
    1
    """
    app = ReaderLink(name=APPS, url=f"feed:{feed_url}")
    if not _can_be_reached(feed_url):
        return (app,)
    asked = quote(feed_url, safe="")
    return (app, *(ReaderLink(name=name, url=url.format(asked)) for name, url in WEB_READERS))


def _can_be_reached(url: str) -> bool:
    """Whether somebody on another network may find what this address names."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".localhost", ".local", ".internal"))
