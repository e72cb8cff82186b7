"""What the elements of podcasts and Media RSS say, as `fast_parts` does for the others."""

from __future__ import annotations

from lxml.etree import _Element

from aggregator.formats.fast_names import Unsure, told_by
from aggregator.formats.fast_node import Node, added
from aggregator.formats.fast_parts import ignored, lang_of, leaf, title
from aggregator.formats.fast_walk import MARKUP, NESTED, Walk, blank, declares_xlink, has_base

_ITUNES = "http://www.itunes.com/"
_MEDIA_CATEGORIES = "http://search.yahoo.com/mrss/category_schema"


def media_title(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a title that any other title replaces."""
    before = walk.title_depth
    title(walk, node, element)
    walk.title_depth = before


def media_content(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a picture, and what stands inside of any medium."""
    told = told_by(element)
    if told.get("medium") == "image" or told.get("type", "").startswith("image/"):
        node.pictures = added(node.pictures, told.get("url"))
    if len(element):
        media_group(walk, node, element)


def media_group(walk: Walk, node: Node, element: _Element) -> None:
    """Take in what stands inside."""
    before = walk.lang
    if element.keys():
        walk.lang = lang_of(walk, told_by(element))
    walk.depth += 1
    for child in element:
        walk.media[child.tag](walk, node, child)
    walk.depth -= 1
    walk.lang = before


def media_thumbnail(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a small picture: its address is an attribute, or its text."""
    told = told_by(element)
    text = walk.address(element)
    node.thumbnails = added(node.thumbnails, told.get("url", text))


def media_description(walk: Walk, node: Node, element: _Element) -> None:
    """Take in the description of a medium: the entry's only when it has no other.

    feedparser takes it for the entry's own; the tolerant reader renames it in the bytes.
    """
    text = walk.text(element)
    odd = any(">" in value for value in told_by(element).values())
    if odd or element.prefix != "media" or (walk.based and has_base(element)):
        raise Unsure("media:description in a form of its own")
    if node.caption is None or walk.depth <= node.caption_depth:
        node.caption, node.caption_depth = text, walk.depth


def media_category(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a category."""
    told = told_by(element)
    node.tag(told.get("term"), told.get("scheme", _MEDIA_CATEGORIES), told.get("label"))
    node.tag_text(walk.text(element))


def keywords(walk: Walk, node: Node, element: _Element, scheme: str | None = None) -> None:
    """Take in a list of words; feedparser takes none from an element with attributes."""
    if walk.names.xlink and declares_xlink(element):
        raise Unsure(NESTED)
    text = walk.text(element)
    if not element.keys():
        for word in text.split(","):
            if word.strip():
                node.tag(word.strip(), scheme, None)


def itunes_keywords(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a list of words."""
    keywords(walk, node, element, _ITUNES)


def itunes_category(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a category and those inside of it."""
    node.tag(told_by(element).get("text"), _ITUNES, None)
    for child in element:
        if walk.names.of(child.tag)[0] != "itunes_category":
            raise Unsure(NESTED)
        itunes_category(walk, node, child)
    if not blank([element.text, *(child.tail for child in element)]):
        raise Unsure(MARKUP)


def itunes_image(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a picture."""
    leaf(walk, node, element)
    told = told_by(element)
    node.image = told.get("href") or told.get("url") or node.image


def chapters(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over a podcast's chapters; feedparser fails at one without a start."""
    for child in element:
        if walk.names.of(child.tag)[0] != "psc_chapter" or child.get("start") is None:
            raise Unsure(NESTED)
        ignored(walk, node, child)
