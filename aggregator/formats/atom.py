"""Atom 1.0 (RFC 4287), through feedgen."""

from __future__ import annotations

from functools import lru_cache

from aggregator import __version__
from aggregator.core.outgoing import escaped
from aggregator.formats.feedgen_ext import AtomEntry, Parts, new_feed
from aggregator.formats.writing import (
    FRAGMENTS_KEPT,
    GENERATOR,
    Format,
    author_of,
    cut,
    mailbox,
    moment,
    write,
)
from aggregator.model.publication import Edition, PublishedItem

CLOSING = b"</feed>"


def render_atom(edition: Edition) -> bytes:
    """Return the edition as an Atom document: the same edition, the same bytes."""
    return write(FORMAT, edition)[0]


def _head(edition: Edition) -> bytes:
    feed = new_feed(Parts(), title=edition.title, page=edition.page_url)
    feed.id(edition.uri)
    feed.updated(moment(edition.updated))
    feed.link({"href": f"{edition.base_url}.atom", "rel": "self", "type": "application/atom+xml"})
    if edition.about:
        feed.subtitle(edition.about)
    if edition.lang:
        feed.language(edition.lang)
    person = {"name": edition.site_title, "email": mailbox(edition.contact)}
    feed.author({key: value for key, value in person.items() if value})
    feed.generator(GENERATOR, version=__version__)
    return bytes(feed.atom_str()).removesuffix(CLOSING)


@lru_cache(maxsize=FRAGMENTS_KEPT)
def _entry(item: PublishedItem) -> bytes:
    feed = new_feed(Parts(), lambda: AtomEntry(item), title="-", page=item.url)
    feed.updated(moment(item.updated))
    entry = feed.add_entry()
    entry.id(item.uri)
    entry.title(item.title)
    entry.updated(moment(item.updated))
    entry.published(moment(item.published))
    name, address = author_of(item)
    entry.author({"name": name, "uri": address} if address else {"name": name})
    entry.content(item.html, type="html")
    if item.summary:
        entry.summary(escaped(item.summary), type="html")
    if item.tags:
        entry.category([{"term": tag} for tag in item.tags])
    if item.licence:
        entry.rights(item.licence)
    return cut(feed.atom_str(), b"entry")


FORMAT = Format(
    content_type="application/atom+xml; charset=utf-8",
    head=_head,
    fragment=_entry,
    closing=CLOSING,
)
