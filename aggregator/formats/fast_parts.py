"""What the elements of an entry, of a feed and of a source say: one function for each kind.

Each takes the walk, what is being put together, and the element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from feedparser.mixin import _FeedParserMixin
from lxml.etree import _Element

from aggregator.formats.fast_dates import moment
from aggregator.formats.fast_names import HANDLED, RESERVED, Unsure, told_by
from aggregator.formats.fast_node import Node, added
from aggregator.formats.fast_walk import (
    HTML,
    MARKUP,
    NESTED,
    TEXT,
    TYPES,
    XHTML,
    Walk,
    blank,
    content_type,
    mended,
    without_semicolons,
)

NAMES_OF_PEOPLE = {
    "name": "name",
    "itunes_name": "name",
    "email": "email",
    "itunes_email": "email",
    "uri": "href",
    "url": "href",
    "homepage": "href",
}

_looks_like_html: Callable[[str], bool] = _FeedParserMixin.looks_like_html


def title(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a title, unless one as high up was told."""
    value, kind, lang = told_in(walk, element, TEXT)
    depth = walk.depth
    if not -1 < walk.title_depth <= depth:
        if node.title_depth is None or depth <= node.title_depth or not node.is_entry:
            node.title, node.title_depth = value, depth
        node.title_detail = (kind, lang, walk.base)
    if value:
        walk.title_depth = depth


def told_in(walk: Walk, element: _Element, usual: str) -> tuple[str, str, str | None]:
    """Return a text that may hold markup, its type, and its language."""
    if element.keys():
        told = told_by(element)
        value, kind = walk.value(element, told, usual)
        return value, kind, lang_of(walk, told)
    if len(element):
        raise Unsure(MARKUP)
    text = element.text  # what follows is walk.text(), which half of all elements would call here
    if text is None:
        return "", usual, walk.lang
    text = text.strip()
    return mended(text) if walk.odd and not text.isascii() else text, usual, walk.lang


def link(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a link: RSS in a text, Atom in attributes."""
    rel, kind, length = "alternate", HTML, None
    if element.keys():
        told = told_by(element)
        rel = told.get("rel", "alternate")
        kind = told.get("type", "application/atom+xml" if rel == "self" else HTML)
        length = told.get("length")
        href = address_in(told)
        if href is not None:
            if len(element):
                ignored(walk, node, element)
            href = walk.resolved(href)
            node.links = added(node.links, (rel, href, kind, length))
            if rel == "alternate":
                if kind == HTML or content_type(kind) in {HTML, XHTML}:
                    node.link = href
            elif rel == "enclosure":
                node.encloses = True
                without_medium(told)
            elif rel == "license":
                node.licensed = True
            return
        if rel in {"enclosure", "license"}:
            raise Unsure("an enclosure or licence without its address")
    value = walk.address(element)
    if "&" in value:
        value = without_semicolons(value.replace("&amp;", "&") if node.is_entry else value)
    node.link = value
    node.links = added(node.links, (rel, value, kind, length))


def address_in(told: Mapping[str, str]) -> str | None:
    """Return the address among attributes, by whatever name."""
    return told.get("url", told.get("uri", told.get("href"))) or told.get("href")


def without_medium(told: Mapping[str, str]) -> None:
    """Refuse an enclosure that says it is a picture in a way of media:content's."""
    if "medium" in told:
        raise Unsure("an enclosure with a medium")


def guid(walk: Walk, node: Node, element: _Element) -> None:
    """Take in an id; feedparser takes it for the link too, when nothing else was told."""
    permanent = True
    if keys := element.keys():
        only = keys == ["isPermaLink"]  # as nearly all have it
        told = element.get("isPermaLink") if only else told_by(element).get("ispermalink", "true")
        permanent = told == "true"
    value = walk.address(element, resolve=permanent)
    if not walk.nested or holds(walk, node, node.guid_depth):
        node.guid, node.guid_depth = value, walk.depth
    if node.guid_is_link is None:
        node.guid_is_link = permanent and node.link is None
    if permanent and node.link is None:
        node.link = value


def description(walk: Walk, node: Node, element: _Element) -> None:
    """Take in RSS's description; a second one is taken for the content."""
    if node.summary is not None and not walk.has_content:
        content(walk, node, element)
        return
    value, kind, lang = told_in(walk, element, HTML)
    if node.is_entry:
        if not walk.nested or holds(walk, node, node.summary_depth):
            node.summary, node.summary_depth = value, walk.depth
        node.summary_detail = (kind, lang, walk.base)


def summary(walk: Walk, node: Node, element: _Element) -> None:
    """Take in Atom's summary; a second one is taken for the content."""
    if node.summary is not None and not walk.has_content:
        content(walk, node, element)
        return
    value, kind, lang = told_in(walk, element, TEXT)
    if not walk.nested or holds(walk, node, node.summary_depth):
        node.summary, node.summary_depth = value, walk.depth
    node.summary_detail = (kind, lang, walk.base)


def content(walk: Walk, node: Node, element: _Element, usual: str = TEXT) -> None:
    """Take in content; it is the summary too until there is one, as a text without a detail."""
    walk.has_content = True
    value, kind, _ = told_in(walk, element, usual)
    if kind in TYPES and node.summary is None:
        node.summary = value
    if value:
        if kind == TEXT and walk.odd and not walk.atom and is_html(element.text or ""):
            kind = HTML  # before it is mended; what needs no mending can be asked later
        node.contents = added(node.contents, (kind, value, walk.base))


def is_html(text: str) -> bool:
    """Say whether feedparser takes undeclared text for HTML, after a look that rules out most."""
    return ("</" in text or "&" in text) and _looks_like_html(text.strip())


def content_encoded(walk: Walk, node: Node, element: _Element) -> None:
    """Take in RSS's content, which is HTML."""
    content(walk, node, element, HTML)


def published(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a date; the last one told holds, even when it is none."""
    node.published = moment(walk.text(element))


def updated(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a date, as `published` does."""
    node.updated = moment(walk.text(element))


def created(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a date, as `published` does."""
    node.created = moment(walk.text(element))


def expired(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over a date, if feedparser can read it."""
    moment(walk.text(element))


def category(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a category: Atom in attributes, RSS in a text."""
    if element.keys():
        told = told_by(element)
        node.tag(told.get("term"), told.get("scheme", told.get("domain")), told.get("label"))
    node.tag_text(walk.text(element))


def author(walk: Walk, node: Node, element: _Element) -> None:
    """Take in an author: RSS and Dublin Core in a text, Atom in elements."""
    if not len(element):
        node.authors = added(node.authors, walk.text(element))
        return
    if not blank([element.text, *(child.tail for child in element)]):
        raise Unsure("text beside an element's parts")
    parts = []
    for child in element:
        name = NAMES_OF_PEOPLE.get(walk.names.of(child.tag)[0])
        if name is None:
            without_stray_text(child)
            ignored_tree(walk, child)
        elif len(child):
            raise Unsure(MARKUP)
        elif name == "href":
            node.href = walk.address(child)
            parts.append((name, node.href))
        else:
            parts.append((name, (child.text or "").strip()))
    node.authors = added(node.authors, tuple(parts))


def without_stray_text(element: _Element) -> None:
    """Refuse a text that feedparser takes for that of the element around, as it does when an
    element it does not know has attributes."""
    if element.keys() and not blank([str(text) for text in element.itertext()]):
        raise Unsure("text beside an element's parts")


def contributor(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over a contributor, but for the address: feedparser takes it for the source's."""
    for child in element:
        name = NAMES_OF_PEOPLE.get(walk.names.of(child.tag)[0])
        if name is None:
            ignored_tree(walk, child)
        elif len(child):
            raise Unsure(MARKUP)
        elif name == "href":
            node.href = walk.address(child)


def enclosure(walk: Walk, node: Node, element: _Element) -> None:
    """Take in RSS's enclosure."""
    if len(element):
        ignored(walk, node, element)
    told = told_by(element)
    without_medium(told)
    one = ("enclosure", address_in(told), told.get("type", ""), told.get("length"))
    node.links = added(node.links, one)
    node.encloses = True


def image(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an entry's own image element, if it is no more than a text."""
    if len(element):
        raise Unsure("an image inside an entry")
    walk.title_depth = -1


def licence(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a Creative Commons licence of RSS 2.0."""
    node.links = added(node.links, ("license", walk.text(element) or None, "", None))
    node.licensed = True


def cc_license(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a Creative Commons licence of RSS 1.0."""
    leaf(walk, node, element)
    told = told_by(element)
    node.links = added(node.links, ("license", told.get("rdf:resource") or None, "", None))
    node.licensed = True


def rights(walk: Walk, node: Node, element: _Element) -> None:
    """Take in who holds the rights."""
    node.rights, _, _ = told_in(walk, element, TEXT)


def source(walk: Walk, node: Node, element: _Element) -> None:
    """Take in where the entry was published first: RSS in a text, Atom in elements."""
    found = Node()
    found.href = told_by(element).get("url")
    walk.title_depth = -1
    walk.depth += 1
    for child in element:
        read = walk.source[child.tag]
        if read is link or read is ignored or read is leaf:
            without_stray_text(child)
        read(walk, found, child)
    walk.depth -= 1
    if len(element):
        if not blank([element.text, *(child.tail for child in element)]):
            raise Unsure("text beside an element's parts")
    elif text := walk.text(element):
        found.title = text
    node.source = found


def holds(walk: Walk, node: Node, before: int | None) -> bool:
    """Say whether what stands here replaces what stood so deep before: nothing deeper does in an
    entry."""
    return not node.is_entry or before is None or walk.depth <= before


def beside(read: Callable[[Walk, Node, _Element], None]) -> Callable[[Walk, Node, _Element], None]:
    """Return what reads an element of an entry, but not inside of one feedparser does not know."""

    def only(walk: Walk, node: Node, element: _Element) -> None:
        if walk.nested:
            raise Unsure(NESTED)
        read(walk, node, element)

    return only


def passed(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an element feedparser does not know; to it what is inside is as if beside."""
    if not len(element):
        return
    before = walk.lang
    if element.keys():
        walk.lang = lang_of(walk, told_by(element))
    walk.depth += 1
    walk.nested += 1
    inside = walk.entry if node.is_entry else walk.feed
    for child in element:
        inside[child.tag](walk, node, child)
    walk.nested -= 1
    walk.depth -= 1
    walk.lang = before


def ignored(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an element that says nothing of what we keep."""
    if len(element):
        for child in element:
            ignored_tree(walk, child)


def leaf(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an element whose text feedparser takes and we do not keep."""
    if len(element):
        raise Unsure(MARKUP)


def refused(walk: Walk, node: Node, element: _Element) -> None:
    """Hand the document over."""
    raise Unsure(f"an element it does not read: {walk.names.of(element.tag)[0][:40]}")


def ignored_tree(walk: Walk, element: _Element) -> None:
    """Pass over an element and all inside, if feedparser does nothing with any of it."""
    for each in element.iter():
        name, _ = walk.names.of(each.tag)
        if name in HANDLED or name in RESERVED:
            raise Unsure(NESTED)


def lang_of(walk: Walk, told: Mapping[str, str]) -> str | None:
    """Return the language of an element: its own, or that around it; "" ends one."""
    lang = told.get("xml:lang", told.get("lang"))
    return walk.lang if lang is None else lang or None
