"""RSS 2.0 (rssboard.org/rss-specification), through feedgen."""

from __future__ import annotations

from functools import lru_cache

from aggregator import __version__
from aggregator.core.outgoing import escaped
from aggregator.formats.feedgen_ext import RssHead, RssItem, new_entry, new_feed, written
from aggregator.formats.writing import (
    FRAGMENTS_KEPT,
    GENERATOR,
    Format,
    mailbox,
    spelled,
    text_of,
    write,
)
from aggregator.model.publication import Edition, PublishedItem

SPECIFICATION = "https://www.rssboard.org/rss-specification"

CLOSING = b"</channel></rss>"


def render_rss(edition: Edition) -> bytes:
    """Return the edition as an RSS document: the same edition, the same bytes.

    The description is the summary where there is one, content:encoded what a reader shows.
    """
    return write(FORMAT, edition)[0]


def _head(edition: Edition) -> bytes:
    feed = new_feed(RssHead(edition), title=edition.title, page=edition.page_url)
    own = {"href": edition.address("rss"), "rel": "self", "type": "application/rss+xml"}
    page = {"href": edition.page_url, "rel": "alternate"}
    feed.link([own, page], replace=True)  # feedgen takes the last one for the channel's link
    if edition.about:
        feed.description(edition.about)
    if edition.lang:
        feed.language(edition.lang)
    if mail := mailbox(edition.contact):
        feed.managingEditor(f"{mail} ({edition.site_title})")
        feed.webMaster(f"{mail} ({edition.site_title})")
    feed.docs(SPECIFICATION)
    feed.generator(f"{GENERATOR} {__version__}")
    return spelled(feed.rss_str(), head=True).removesuffix(CLOSING)


@lru_cache(maxsize=FRAGMENTS_KEPT)
def _item(item: PublishedItem) -> bytes:
    entry = new_entry(RssItem(item))
    entry.title(item.title)
    entry.link({"href": item.url, "rel": "alternate"})
    entry.guid(item.uri, permalink=item.uri_is_url)
    entry.content(item.html, type="html")
    if item.summary:
        entry.summary(escaped(item.summary), type="html")
    if item.tags:
        entry.category([{"term": tag} for tag in item.tags])
    if item.enclosures:  # RSS holds one; a length that is not known is written as 0
        first = item.enclosures[0]
        entry.enclosure(first.url, first.length or 0, first.type)
    return spelled(written(entry.rss_entry()))


def _uri_of(fragment: bytes) -> str:
    return text_of(fragment, b"guid")


FORMAT = Format(
    content_type="application/rss+xml; charset=utf-8",
    head=_head,
    fragment=_item,
    uri_of=_uri_of,
    opening=b"<item",
    closing=CLOSING,
)
