"""What feedgen lacks or writes wrong, put right through its extension hooks.

feedgen 1.0 drops rel, type and length of entry links, drops an author without an e-mail address
from RSS, knows nothing of an item's source but a link, and formats RSS dates by flipping the
locale of the whole process. It takes any object with `extend_ns`, `extend_atom` and `extend_rss`
for an extension and hands it the lxml elements it has built. Atom's elements have bare names
there: feedgen writes `xmlns` as if it were an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.core.urls import safe_link
from aggregator.formats.writing import moment, neighbours, rfc822
from aggregator.model.entry import Enclosure
from aggregator.model.publication import Credit, Edition, PublishedItem

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
HISTORY = "http://purl.org/syndication/history/1.0"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

Element = etree._Element

_DECLARED = {"dc": DC, "media": MEDIA}
_IN_SCOPE = {**_DECLARED, "atom": ATOM, "content": CONTENT}  # feedgen declares the others for RSS


class _Unsaid(datetime):
    """A date that feedgen takes for none: it leaves out the element, and the locale alone."""

    def __bool__(self) -> bool:
        return False


class Parts:
    """An extension that adds nothing but the fixed prefixes; the others say what they add."""

    def extend_ns(self) -> dict[str, str]:
        """Return the prefixes every document declares, so that fragments fit any head."""
        return dict(_DECLARED)

    def extend_atom(self, element: Element) -> Element:
        """Return the feed or entry element, set right."""
        return element

    def extend_rss(self, element: Element) -> Element:
        """Return the rss or item element, set right."""
        return element


class AtomHead(Parts):
    """A feed's hub and archives."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition

    def extend_atom(self, element: Element) -> Element:
        """Add the links that feedgen has no word for."""
        for relation, address in neighbours(self.edition, "atom"):
            etree.SubElement(element, "link", {"rel": relation, "href": address})
        _archive(element, self.edition)
        return element


class RssHead(Parts):
    """A channel's date, hub and archives."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition

    def extend_rss(self, element: Element) -> Element:
        """Add to the channel what feedgen has no word for, or writes with the process's locale."""
        channel = element[0]
        etree.SubElement(channel, "lastBuildDate").text = rfc822(self.edition.updated)
        for relation, address in neighbours(self.edition, "rss"):
            etree.SubElement(channel, f"{{{ATOM}}}link", {"rel": relation, "href": address})
        _archive(channel, self.edition)
        return element


class AtomEntry(Parts):
    """An entry's links, language, picture and source (RFC 4287, sections 4.2.7 and 4.2.11)."""

    def __init__(self, item: PublishedItem) -> None:
        self.item = item

    def extend_atom(self, element: Element) -> Element:
        """Write the links anew and add what feedgen has no word for."""
        item = self.item
        if item.lang:
            element.set(XML_LANG, item.lang)
        for link in element.findall("link"):
            element.remove(link)
        for attributes in _links(item):
            etree.SubElement(element, "link", attributes)
        if item.image:
            etree.SubElement(element, f"{{{MEDIA}}}thumbnail", {"url": item.image})
        _source(etree.SubElement(element, "source"), item.credits[0])
        return element


class RssItem(Parts):
    """An item's dates, author, language, rights, further files, picture and source."""

    def __init__(self, item: PublishedItem) -> None:
        self.item = item

    def extend_rss(self, element: Element) -> Element:
        """Add what feedgen has no word for, or writes with the process's locale."""
        item, lead = self.item, self.item.credits[0]
        etree.SubElement(element, "pubDate").text = rfc822(item.published)
        if lead.feed_url:
            etree.SubElement(element, "source", {"url": lead.feed_url}).text = lead.feed_title
        for name, value in (
            (f"{{{DC}}}creator", item.author),
            (f"{{{DC}}}language", item.lang),
            (f"{{{DC}}}rights", item.licence),
            (f"{{{ATOM}}}updated", moment(item.updated).isoformat()),
        ):
            if value:
                etree.SubElement(element, name).text = value
        for further in item.enclosures[1:]:  # RSS holds one
            etree.SubElement(element, f"{{{MEDIA}}}content", _media(further))
        if item.image:
            etree.SubElement(element, f"{{{MEDIA}}}thumbnail", {"url": item.image})
        return element


def new_feed(head: Parts, *, title: str, page: str) -> FeedGenerator:
    """Return a feedgen feed with our extension, a title, an id and a page; it has no date."""
    feed = FeedGenerator()
    feed.register_extension("ours", lambda: head, None)
    feed.id(page)
    feed.title(title)
    feed.description(title)
    feed.updated(_Unsaid(1970, 1, 1, tzinfo=UTC))
    feed.link({"href": page, "rel": "alternate", "type": "text/html"})
    return feed


def new_entry(parts: Parts) -> FeedEntry:
    """Return a feedgen entry with our extension."""
    entry = FeedEntry()
    entry.register_extension("ours", lambda: parts)
    return entry


def written(element: Element) -> bytes:
    """Return an entry or item as it stands in a document: its prefixes are declared by the head."""
    name = str(element.tag).encode()
    head = etree.Element("head", nsmap=_IN_SCOPE)
    head.append(element)
    document = etree.tostring(head, encoding="UTF-8", xml_declaration=False)
    return bytes(document[document.index(b"<" + name) : document.rindex(b"</head>")])


def _media(file: Enclosure) -> dict[str, str]:
    """Return a file's attributes in Media RSS, which wants no size that is not known."""
    said = {"url": file.url, "type": file.type or ""}
    return {**said, "fileSize": str(file.length)} if file.length else said


def _archive(element: Element, edition: Edition) -> None:
    """Mark an archive as one (RFC 5005, section 4)."""
    if edition.is_archive:
        etree.SubElement(element, f"{{{HISTORY}}}archive", nsmap={"fh": HISTORY})


def _links(item: PublishedItem) -> Iterator[dict[str, str]]:
    yield {"rel": "alternate", "type": "text/html", "href": item.url}
    for each in item.enclosures:
        length = {} if each.length is None else {"length": str(each.length)}
        yield {"rel": "enclosure", "type": each.type or "", "href": each.url, **length}
    lead, *others = item.credits
    told = {item.url}
    for other in (*others, *item.reports):
        if other.url not in told:
            told.add(other.url)
            yield {"rel": "related", "type": "text/html", "href": other.url, "title": other.title}
    if lead.origin and lead.origin_url:
        yield {"rel": "via", "href": lead.origin_url, "title": lead.origin}
    if item.licence and " " not in item.licence and (licence := safe_link(item.licence)):
        yield {"rel": "license", "href": licence}  # RFC 4946


def _source(element: Element, lead: Credit) -> None:
    if lead.feed_url:
        etree.SubElement(element, "id").text = lead.feed_url
    etree.SubElement(element, "title").text = lead.feed_title
    etree.SubElement(element, "updated").text = moment(lead.updated).isoformat()
    if lead.feed_url:
        etree.SubElement(element, "link", {"rel": "self", "href": lead.feed_url})
    if lead.site_url:
        site = {"rel": "alternate", "type": "text/html", "href": lead.site_url}
        etree.SubElement(element, "link", site)
