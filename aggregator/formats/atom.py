"""Atom 1.0 (RFC 4287), through feedgen."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from aggregator import __version__
from aggregator.core.outgoing import escaped
from aggregator.core.text import clean_line
from aggregator.formats.feedgen_ext import AtomEntry, AtomHead, new_entry, new_feed, written
from aggregator.formats.writing import (
    FRAGMENTS_KEPT,
    GENERATOR,
    Format,
    author_of,
    mailbox,
    moment,
    spelled,
    text_of,
    write,
)
from aggregator.model.publication import Edition, PublishedItem, Tombstone

TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"

CLOSING = b"</feed>"


def render_atom(edition: Edition) -> bytes:
    """Return the edition as an Atom document: the same edition, the same bytes."""
    return write(FORMAT, edition)[0]


def _head(edition: Edition) -> bytes:
    feed = new_feed(AtomHead(edition), title=edition.title, page=edition.page_url)
    feed.id(edition.uri)
    feed.updated(moment(edition.updated))
    feed.link({"href": edition.address("atom"), "rel": "self", "type": "application/atom+xml"})
    if edition.about:
        feed.subtitle(edition.about)
    if edition.lang:
        feed.language(edition.lang)
    person = {"name": edition.site_title, "email": mailbox(edition.contact)}
    feed.author({key: value for key, value in person.items() if value})
    feed.generator(GENERATOR, version=__version__)
    return spelled(feed.atom_str(), head=True).removesuffix(CLOSING)


@lru_cache(maxsize=FRAGMENTS_KEPT)
def _entry(item: PublishedItem) -> bytes:
    entry = new_entry(AtomEntry(item))
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
    return spelled(written(entry.atom_entry()))


def _uri_of(fragment: bytes) -> str:
    return text_of(fragment, b"id")  # an entry's own comes before its source's


def _tombstone(stone: Tombstone) -> bytes:
    """Return a deleted entry (RFC 6721, section 3), whole in itself: heads need not know of it."""
    names = {"at": TOMBSTONES}
    said = {"ref": stone.uri, "when": moment(stone.at).isoformat()}
    element = etree.Element(f"{{{TOMBSTONES}}}deleted-entry", said, nsmap=names)
    if why := clean_line(stone.why, limit=500):
        etree.SubElement(element, f"{{{TOMBSTONES}}}comment").text = why
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False)


FORMAT = Format(
    content_type="application/atom+xml; charset=utf-8",
    head=_head,
    fragment=_entry,
    uri_of=_uri_of,
    opening=b"<entry",
    closing=CLOSING,
    tombstone=_tombstone,
)
