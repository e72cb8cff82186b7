"""What a feed's own elements say, and the way through a document to its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from lxml.etree import _Element

from aggregator.formats import signals
from aggregator.formats.fast_build import (
    author_named,
    entry_of,
    licence_of,
    line_of,
    link_of,
    rel_of,
)
from aggregator.formats.fast_names import Unsure, told_by
from aggregator.formats.fast_node import EntryNode, Node
from aggregator.formats.fast_parts import (
    author,
    ignored,
    ignored_tree,
    lang_of,
    leaf,
    passed,
    refused,
)
from aggregator.formats.fast_tables import FEED_PARTS, Kind, Part, Parts
from aggregator.formats.fast_walk import NESTED, Walk, declares_xlink
from aggregator.formats.fields import (
    MAX_ENTRIES,
    address,
    bounded_deleted,
    bounded_hubs,
    bounded_url,
    language,
    wait,
)
from aggregator.model.entry import ParsedEntry, ParsedFeed


class Found(Node):
    """What was found of a feed so far."""

    def __init__(self) -> None:
        self.entries: list[ParsedEntry] = []
        self.language: str | None = None
        self.icon: str | None = None
        self.logo: str | None = None
        self.ttl: str | None = None
        self.sy_period: str | None = None
        self.sy_frequency: str | None = None
        self.skip_hours: set[int] = set()
        self.skip_days: set[int] = set()
        self.complete = False
        self.deleted: list[str] = []
        self.outside = False  # RSS 1.0: the channel is closed, images and entries follow
        self.inherits = False  # an entry took its author from the feed
        self.inherited: str | None = None


def entry(walk: Walk, feed: Found, element: _Element) -> None:
    """Read one entry, from its first part to its last."""
    if walk.nested:
        raise Unsure(NESTED)
    if len(feed.entries) >= MAX_ENTRIES:
        raise Unsure("too many entries")
    node = EntryNode()
    walk.title_depth = -1
    before = walk.lang
    if element.keys():
        told = told_by(element)
        if "href" in told or "lastmod" in told:
            raise Unsure(NESTED)
        node.guid = told.get("rdf:about") or None
        walk.lang = lang_of(walk, told)
    walk.depth += 1
    read_parts(walk, node, element, walk.entry)
    walk.depth -= 1
    walk.lang = before
    walk.has_content = False
    read = entry_of(walk, node, feed.inherited if walk.atom else None)
    feed.entries.append(read)
    if walk.atom and (read.author is None or read.author == feed.inherited):
        feed.inherits = True


def read_parts(
    walk: Walk, node: Node, elements: Iterable[_Element], parts: Mapping[str, Callable[..., None]]
) -> None:
    """Read elements in turn; a base holds on after the part that set it when
    there was none before."""
    if not walk.based:
        for child in elements:
            parts[child.tag](walk, node, child)
        return
    outer = walk.base
    for child in elements:
        walk.enter(child)
        read = parts[child.tag]
        if len(child) and read is not entry:
            walk.within(child)
        read(walk, node, child)
        if outer:
            walk.base = outer


def feed_author(walk: Walk, feed: Found, element: _Element) -> None:
    """Take in an author, from whom Atom's entries without one have theirs."""
    author(walk, feed, element)
    if walk.atom:
        if feed.inherits:
            raise Unsure("the feed's author after its entries")
        feed.inherited = author_named(feed.authors)


def owner(walk: Walk, feed: Found, element: _Element) -> None:
    """Pass over a podcast's owner; feedparser takes its name for the author's."""
    if walk.atom:
        refused(walk, feed, element)
    for child in element:
        if walk.names.of(child.tag)[0] in {"itunes_name", "itunes_email", "name", "email"}:
            leaf(walk, feed, child)
        else:
            ignored_tree(walk, child)


def feed_category(walk: Walk, feed: Found, element: _Element) -> None:
    """Pass over a podcast's category and those inside."""
    for child in element.iterdescendants():
        if walk.names.of(child.tag)[0] != "itunes_category":
            raise Unsure(NESTED)


def feed_language(walk: Walk, feed: Found, element: _Element) -> None:
    """Take in the feed's language."""
    feed.language = walk.text(element)


def image(walk: Walk, feed: Found, element: _Element) -> None:
    """Take in the feed's picture; in RSS 1.0 it stands outside of the channel and is not kept."""
    walk.title_depth = -1
    for child in element:
        name, _ = walk.names.of(child.tag)
        if name not in {"url", "title", "link", "description", "width", "height"}:
            raise Unsure(NESTED)
        text = walk.address(child, resolve=name == "url")
        if name == "url" and not feed.outside:
            feed.image = text
        elif name == "title" and text:
            walk.title_depth = walk.depth + 1


def text_input(walk: Walk, feed: Found, element: _Element) -> None:
    """Pass over a search form."""
    walk.title_depth = -1
    for child in element:
        name, _ = walk.names.of(child.tag)
        if name not in {"title", "link", "description", "name"}:
            raise Unsure(NESTED)
        if walk.text(child) and name == "title":
            walk.title_depth = walk.depth + 1


def skip_hours(walk: Walk, feed: Found, element: _Element) -> None:
    """Take in the hours in which nobody need ask."""
    ignored(walk, feed, element)
    if not walk.nested:
        feed.skip_hours.update(signals.hours(element))


def skip_days(walk: Walk, feed: Found, element: _Element) -> None:
    """Take in the days on which nobody need ask."""
    ignored(walk, feed, element)
    if not walk.nested:
        feed.skip_days.update(signals.days(element))


def kept(name: str, *, address: bool = False) -> Part:
    """Return what keeps an element's text that feedparser does nothing with."""

    def keep(walk: Walk, feed: Found, element: _Element) -> None:
        if element.keys() or (walk.names.xlink and declares_xlink(element)):
            raise Unsure("attributes on an element that has none")
        setattr(feed, name, walk.address(element) if address else walk.text(element))

    return keep


def ordered(walk: Walk, feed: Found, element: _Element) -> None:
    """Pass over RSS 1.0's list of entries."""
    for each in element.iterdescendants():
        if walk.names.of(each.tag)[0] not in {"rdf_seq", "rdf_li", "rdf_bag", "rdf_alt"}:
            raise Unsure(NESTED)


_FEED: dict[str, Part] = {
    **FEED_PARTS,
    "author": feed_author,
    "dc_author": feed_author,
    "dc_creator": feed_author,
    "managingeditor": feed_author,
    "itunes_author": feed_author,
    "itunes_owner": owner,
    "category": leaf,
    "keywords": leaf,
    "dc_subject": leaf,
    "media_category": leaf,
    "media_keywords": leaf,
    "itunes_keywords": leaf,
    "itunes_category": feed_category,
    "language": feed_language,
    "dc_language": feed_language,
    "image": image,
    "textinput": text_input,
    "skiphours": skip_hours,
    "skipdays": skip_days,
    "items": ordered,
    "icon": kept("icon", address=True),
    "logo": kept("logo", address=True),
    "ttl": kept("ttl"),
    "sy_updateperiod": kept("sy_period"),
    "sy_updatefrequency": kept("sy_frequency"),
}


FEED = Kind(_FEED, passed)
AROUND = Kind({"item": entry, "image": image, "textinput": text_input})
"""RSS 1.0: what stands beside the channel."""


def read_feed(walk: Walk, root: _Element) -> ParsedFeed:
    """Read a whole document whose root is a feed's."""
    feed = Found()
    name, _ = walk.names.of(root.tag)
    told = _open(walk, root)
    if name != "rdf_rdf" and (lang := told.get("xml:lang", told.get("lang"))):
        feed.language = lang.replace("_", "-")
    if name == "feed":
        walk.depth = 2
        walk.feed = _feed_parts(walk, "entry")
        read_parts(walk, feed, root, walk.feed)
        return _parsed(walk, feed)
    channel = _channel(walk, root, alone=name == "rss")
    if channel is not None:
        outer, lang = walk.base, walk.lang
        if "href" in (told := _open(walk, channel)) or "lastmod" in told:
            raise Unsure(NESTED)
        walk.depth = 3
        walk.feed = _feed_parts(walk, "item")
        read_parts(walk, feed, channel, walk.feed)
        walk.base, walk.lang = outer or walk.base, lang
        walk.depth = 2
        feed.outside = True
        read_parts(walk, feed, islice(root, 1, None), Parts(AROUND, walk.names))
    return _parsed(walk, feed)


def _open(walk: Walk, element: _Element) -> dict[str, str]:
    """Take in the language and base of an element around entries; return its attributes."""
    told = told_by(element)
    walk.lang = lang_of(walk, told)
    if walk.based:
        walk.enter(element)
    return told


def _channel(walk: Walk, root: _Element, *, alone: bool) -> _Element | None:
    channel = next(iter(root), None)
    if channel is None:
        return None
    if walk.names.of(channel.tag)[0] != "channel" or (alone and len(root) > 1):
        raise Unsure("a root without a channel of its own")
    return channel


def _feed_parts(walk: Walk, name: str) -> Parts:
    parts = Parts(FEED, walk.names)
    parts.add(name, entry)
    parts[signals.COMPLETE] = complete
    parts[signals.DELETED] = deleted
    return parts


def complete(walk: Walk, feed: Found, element: _Element) -> None:
    """Note that the document holds all there is (RFC 5005)."""
    ignored(walk, feed, element)
    feed.complete = feed.complete or not walk.nested


def deleted(walk: Walk, feed: Found, element: _Element) -> None:
    """Take in a tombstone; who set it, and why, is not kept."""
    for each in element.iterdescendants():
        if walk.names.of(each.tag)[0] not in {"name", "email", "uri"}:
            ignored(walk, feed, each)
    if (ref := (element.get("ref") or "").strip()) and not walk.nested:
        feed.deleted.append(ref)


def _parsed(walk: Walk, feed: Found) -> ParsedFeed:
    url = walk.url
    return ParsedFeed(
        format=walk.form,
        title=line_of(walk, feed),
        site_url=bounded_url(link_of(walk, feed)),
        lang=language(feed.language),
        icon=bounded_url(address(feed.icon or feed.logo or (feed.image or "").strip(), url)),
        licence=licence_of(feed, url),
        updated=feed.updated or feed.published,
        ttl=wait(feed.ttl, feed.sy_period, feed.sy_frequency),
        skip_hours=tuple(sorted(feed.skip_hours)),
        skip_days=tuple(sorted(feed.skip_days)),
        self_url=bounded_url(rel_of(feed, "self", url)),
        hub_urls=bounded_hubs(
            found
            for rel, href, _, _ in feed.links
            if rel == "hub" and (found := address(href, url))
        ),
        more_url=bounded_url(rel_of(feed, "prev-archive", url)),
        complete=feed.complete,
        deleted=bounded_deleted(feed.deleted),
        entries=tuple(feed.entries),
        reader="fast",
    )


def form_of(name: str, root: _Element) -> str:
    """Return feedparser's name of the format, from the root's name and what it declares."""
    form = ""
    for prefix, uri in root.nsmap.items():
        low = uri.lower()
        if prefix is None and low == "http://my.netscape.com/rdf/simple/0.9/":
            form = form or "rss090"
        form = form or _BY_NAMESPACE.get(low, "")
    version = told_by(root).get("version", "")
    if name == "rss" and not form.startswith("rss"):
        return _RSS.get(version) or ("rss20" if version.startswith("2.") else "rss")
    if name == "feed" and not form:
        return _ATOM.get(version, "atom")
    if not form:
        raise Unsure("a format it does not know")
    return form


_BY_NAMESPACE = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}
_RSS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
