"""What the elements of an entry, of a feed and of a source say: one function for each kind.

Each takes the walk, what is being put together, and the element. The names are feedparser's
(`fast_names`); whatever it handles and no table here names is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from feedparser.mixin import _FeedParserMixin
from lxml.etree import _Element

from aggregator.formats.fast_dates import moment
from aggregator.formats.fast_names import HANDLED, RESERVED, Names, Unsure, attributes
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
    declares_xlink,
    without_semicolons,
)

MOST_PARTS = 100  # categories, links, authors of one entry; more are the tolerant reader's

Link = tuple[str, str | None, str, str | None]
"""rel, address, type, length"""

Author = str | tuple[tuple[str, str], ...]
"""Plain text, or what the parts of an author element say."""


class Node:
    """What was found of one entry, feed or source so far."""

    __slots__ = (
        "authors",
        "caption",
        "caption_depth",
        "contents",
        "created",
        "encloses",
        "guid",
        "guid_is_link",
        "href",
        "image",
        "is_entry",
        "link",
        "links",
        "pictures",
        "published",
        "rights",
        "source",
        "summary",
        "summary_detail",
        "tags",
        "thumbnails",
        "title",
        "title_depth",
        "title_detail",
        "updated",
    )

    def __init__(self, *, is_entry: bool = False) -> None:
        self.is_entry = is_entry
        self.guid: str | None = None
        self.guid_is_link: bool | None = None
        self.link: str | None = None
        self.links: list[Link] = []
        self.encloses = False
        self.title = ""
        self.title_depth: int | None = None
        self.title_detail: Detail | None = None
        self.summary: str | None = None
        self.summary_detail: Detail | None = None
        self.contents: list[tuple[str, str, str]] = []  # type, value, base
        self.authors: list[Author] = []
        self.published: int | None = None
        self.updated: int | None = None
        self.created: int | None = None
        self.tags: list[list[str | None]] = []  # term, scheme, label
        self.pictures: list[str | None] = []
        self.thumbnails: list[str | None] = []
        self.image: str | None = None
        self.source: Node | None = None
        self.rights: str | None = None
        self.caption: str | None = None
        self.caption_depth = 0
        self.href: str | None = None


Detail = tuple[str, str | None, str]
"""type, language and base of a text"""

_looks_like_html: Callable[[str], bool] = _FeedParserMixin.looks_like_html

Part = Callable[[Walk, Any, _Element], None]


def title(walk: Walk, node: Node, element: _Element) -> None:
    items = element.items()
    told = attributes(items) if items else None
    value, kind = walk.value(element, told, TEXT)
    depth = walk.depth
    if not -1 < walk.title_depth <= depth:
        if node.title_depth is None or depth <= node.title_depth or not node.is_entry:
            node.title, node.title_depth = value, depth
        lang = walk.lang if told is None else lang_of(walk, told)
        node.title_detail = (kind, lang, walk.base)
    if value:
        walk.title_depth = depth


def media_title(walk: Walk, node: Node, element: _Element) -> None:
    before = walk.title_depth
    title(walk, node, element)
    walk.title_depth = before


def link(walk: Walk, node: Node, element: _Element) -> None:
    items = element.items()
    rel, kind = "alternate", HTML
    length = None
    if items:
        told = attributes(items)
        rel = told.get("rel", "alternate")
        kind = told.get("type", "application/atom+xml" if rel == "self" else HTML)
        length = told.get("length")
        href = told.get("url", told.get("uri", told.get("href"))) or told.get("href")
        if href is not None:
            if len(element):
                ignored(walk, node, element)
            href = walk.resolved(href)
            _add(node.links, (rel, href, kind, length))
            if rel == "alternate" and content_type(kind) in {HTML, XHTML}:
                node.link = href
            elif rel == "enclosure":
                node.encloses = True
                if "medium" in told:
                    raise Unsure("an enclosure with a medium")
            return
    value = walk.address(element)
    if rel == "enclosure":
        raise Unsure("an enclosure without its address")
    if node.is_entry:
        value = value.replace("&amp;", "&")
        node.link = value = without_semicolons(value)
        _add(node.links, (rel, value or None, kind, length))
    else:
        node.link = value = without_semicolons(value)
        _add(node.links, (rel, value, kind, length))


def guid(walk: Walk, node: Node, element: _Element) -> None:
    items = element.items()
    permanent = not items or attributes(items).get("ispermalink", "true") == "true"
    node.guid = value = walk.address(element, resolve=permanent)
    if node.guid_is_link is None:
        node.guid_is_link = permanent and node.link is None
    if permanent and node.link is None:
        node.link = value


def description(walk: Walk, node: Node, element: _Element) -> None:
    if node.summary is not None and not walk.has_content:
        content(walk, node, element)
        return
    items = element.items()
    told = attributes(items) if items else None
    value, kind = walk.value(element, told, HTML)
    if node.is_entry:
        node.summary = value
        lang = walk.lang if told is None else lang_of(walk, told)
        node.summary_detail = (kind, lang, walk.base)


def summary(walk: Walk, node: Node, element: _Element) -> None:
    if node.summary is not None and not walk.has_content:
        content(walk, node, element)
        return
    items = element.items()
    told = attributes(items) if items else None
    value, kind = walk.value(element, told, TEXT)
    node.summary = value
    lang = walk.lang if told is None else lang_of(walk, told)
    node.summary_detail = (kind, lang, walk.base)


def content(walk: Walk, node: Node, element: _Element, usual: str = TEXT) -> None:
    walk.has_content = True
    items = element.items()
    told = attributes(items) if items else None
    value, kind = walk.value(element, told, usual)
    if kind in TYPES:
        if node.summary is None:
            node.summary = value
        if kind == TEXT and not walk.atom and _looks_like_html((element.text or "").strip()):
            kind = HTML
    if value:
        _add(node.contents, (kind, value, walk.base))


def content_encoded(walk: Walk, node: Node, element: _Element) -> None:
    content(walk, node, element, HTML)


def published(walk: Walk, node: Node, element: _Element) -> None:
    node.published = moment(walk.text(element))


def updated(walk: Walk, node: Node, element: _Element) -> None:
    node.updated = moment(walk.text(element))


def created(walk: Walk, node: Node, element: _Element) -> None:
    node.created = moment(walk.text(element))


def category(walk: Walk, node: Node, element: _Element) -> None:
    items = element.items()
    if items:
        told = attributes(items)
        _tag(node, told.get("term"), told.get("scheme", told.get("domain")), told.get("label"))
    _tag_text(node, walk.text(element))


def media_category(walk: Walk, node: Node, element: _Element) -> None:
    told = attributes(element.items())
    scheme = told.get("scheme", "http://search.yahoo.com/mrss/category_schema")
    _tag(node, told.get("term"), scheme, told.get("label"))
    _tag_text(node, walk.text(element))


def itunes_category(walk: Walk, node: Node, element: _Element) -> None:
    _tag(node, attributes(element.items()).get("text"), "http://www.itunes.com/", None)
    for child in element:
        if walk.names.of(child.tag)[0] != "itunes_category":
            raise Unsure(NESTED)
        itunes_category(walk, node, child)
    if not blank([element.text, *(child.tail for child in element)]):
        raise Unsure(MARKUP)


def keywords(walk: Walk, node: Node, element: _Element, scheme: str | None = None) -> None:
    """Take in a list of words; feedparser loses one on an element with attributes."""
    if walk.names.xlink and declares_xlink(element):
        raise Unsure(NESTED)
    text = walk.text(element)
    if not element.keys():
        for word in text.split(","):
            if word.strip():
                _tag(node, word.strip(), scheme, None)


def itunes_keywords(walk: Walk, node: Node, element: _Element) -> None:
    keywords(walk, node, element, "http://www.itunes.com/")


def author(walk: Walk, node: Node, element: _Element) -> None:
    if not len(element):
        _add(node.authors, walk.text(element))
        return
    if not blank([element.text, *(child.tail for child in element)]):
        raise Unsure("text beside an author's parts")
    parts = []
    for child in element:
        name = _AUTHOR_PARTS.get(walk.names.of(child.tag)[0])
        if name is None:
            ignored_tree(walk, child)
        elif len(child):
            raise Unsure(MARKUP)
        elif name == "href":
            node.href = walk.address(child)
            parts.append((name, node.href))
        else:
            parts.append((name, (child.text or "").strip()))
    _add(node.authors, tuple(parts))


def contributor(walk: Walk, node: Node, element: _Element) -> None:
    for child in element:
        name = _AUTHOR_PARTS.get(walk.names.of(child.tag)[0])
        if name is None:
            ignored_tree(walk, child)
        elif len(child):
            raise Unsure(MARKUP)
        elif name == "href":
            node.href = walk.address(child)


def enclosure(walk: Walk, node: Node, element: _Element) -> None:
    if len(element):
        ignored(walk, node, element)
    told = attributes(element.items())
    if "medium" in told:
        raise Unsure("an enclosure with a medium")
    href = told.get("url", told.get("uri", told.get("href"))) or told.get("href")
    _add(node.links, ("enclosure", href, told.get("type", ""), told.get("length")))
    node.encloses = True


def media_content(walk: Walk, node: Node, element: _Element) -> None:
    told = attributes(element.items())
    if told.get("medium") == "image" or told.get("type", "").startswith("image/"):
        _add(node.pictures, told.get("url"))
    if len(element):
        media_group(walk, node, element)


def media_group(walk: Walk, node: Node, element: _Element) -> None:
    walk.within(element)
    walk.depth += 1
    for child in element:
        walk.media[child.tag](walk, node, child)
    walk.depth -= 1


def media_thumbnail(walk: Walk, node: Node, element: _Element) -> None:
    told = attributes(element.items())
    text = walk.address(element)
    _add(node.thumbnails, told["url"] if "url" in told else text or None)


def media_description(walk: Walk, node: Node, element: _Element) -> None:
    """Take in a picture's description, which is none of the entry (see `reading.REVIEWED`)."""
    text = walk.text(element)
    if element.prefix != "media" or any(">" in value for value in element.values()):
        raise Unsure("media:description in a form of its own")
    if node.caption is None or walk.depth <= node.caption_depth:
        node.caption, node.caption_depth = text, walk.depth


def itunes_image(walk: Walk, node: Node, element: _Element) -> None:
    told = attributes(element.items())
    if len(element):
        raise Unsure(NESTED)
    node.image = told.get("href") or told.get("url") or node.image


def image(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an entry's own image element, which feedparser gives to the feed."""
    if len(element):
        raise Unsure("an image inside an entry")
    walk.title_depth = -1


def expired(walk: Walk, node: Node, element: _Element) -> None:
    moment(walk.text(element))


def chapters(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over a podcast's chapters; feedparser fails at one without a start."""
    for child in element:
        if walk.names.of(child.tag)[0] != "psc_chapter" or "start" not in child.keys():
            raise Unsure(NESTED)
        ignored(walk, node, child)


def licence(walk: Walk, node: Node, element: _Element) -> None:
    _add(node.links, ("license", walk.text(element) or None, "", None))


def cc_license(walk: Walk, node: Node, element: _Element) -> None:
    if len(element):
        raise Unsure(NESTED)
    told = attributes(element.items())
    _add(node.links, ("license", told.get("rdf:resource") or None, "", None))


def rights(walk: Walk, node: Node, element: _Element) -> None:
    items = element.items()
    node.rights, _ = walk.value(element, attributes(items) if items else None, TEXT)


def source(walk: Walk, node: Node, element: _Element) -> None:
    """Take in where the entry was published first: RSS in a text, Atom in elements."""
    told = attributes(element.items())
    found = Node()
    found.href = told.get("url")
    walk.within(element)
    walk.title_depth = -1
    walk.depth += 1
    for child in element:
        walk.source[child.tag](walk, found, child)
    walk.depth -= 1
    if len(element):
        if not blank([element.text, *(child.tail for child in element)]):
            raise Unsure("text beside a source's parts")
    elif text := walk.text(element):
        found.title = text
    node.source = found


def ignored(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an element that says nothing of what we keep."""
    if len(element):
        for child in element:
            ignored_tree(walk, child)


def leaf(walk: Walk, node: Node, element: _Element) -> None:
    """Pass over an element that feedparser takes a text from which we do not keep."""
    if len(element):
        raise Unsure(MARKUP)


def refused(walk: Walk, node: Node, element: _Element) -> None:
    raise Unsure(f"an element it does not read: {walk.names.of(element.tag)[0][:40]}")


def ignored_tree(walk: Walk, element: _Element) -> None:
    for each in element.iter():
        name, _ = walk.names.of(each.tag)
        if name in HANDLED or name in RESERVED:
            raise Unsure(NESTED)


_Kept = TypeVar("_Kept")


def _add(found: list[_Kept], one: _Kept) -> None:
    if len(found) >= MOST_PARTS:
        raise Unsure("too many parts of one entry")
    found.append(one)


def _tag(node: Node, term: str | None, scheme: str | None, label: str | None) -> None:
    tag = [term, scheme, label]
    if (term or scheme or label) and tag not in node.tags:
        _add(node.tags, tag)


def _tag_text(node: Node, text: str) -> None:
    if text:
        if node.tags and not node.tags[-1][0]:
            node.tags[-1][0] = text
        else:
            _tag(node, text, None, None)


def lang_of(walk: Walk, told: Mapping[str, str]) -> str | None:
    lang = told.get("xml:lang", told.get("lang"))
    return walk.lang if lang is None else lang or None


_AUTHOR_PARTS = {
    "name": "name",
    "itunes_name": "name",
    "email": "email",
    "itunes_email": "email",
    "uri": "href",
    "url": "href",
    "homepage": "href",
}
_SHARED: dict[str, Part] = {
    "title": title,
    "dc_title": title,
    "media_title": media_title,
    "link": link,
    "guid": guid,
    "id": guid,
    "published": published,
    "issued": published,
    "pubdate": published,
    "dcterms_issued": published,
    "updated": updated,
    "modified": updated,
    "lastbuilddate": updated,
    "dc_date": updated,
    "dcterms_modified": updated,
    "author": author,
    "dc_author": author,
    "dc_creator": author,
    "managingeditor": author,
    "itunes_author": author,
    "contributor": contributor,
    "rights": rights,
    "copyright": rights,
    "dc_rights": rights,
    "generator": ignored,
    "subtitle": leaf,
    "tagline": leaf,
    "language": leaf,
    "dc_language": leaf,
    "dc_publisher": leaf,
    "webmaster": leaf,
    "dc_contributor": leaf,
}
_MEDIA: dict[str, Part] = {
    "media_content": media_content,
    "media_thumbnail": media_thumbnail,
    "media_description": media_description,
    "media_title": media_title,
    "media_category": media_category,
    "media_keywords": keywords,
    "media_credit": leaf,
    "media_rating": leaf,
    "media_restriction": leaf,
    "media_license": leaf,
    "media_player": leaf,
}
_ENTRY: dict[str, Part] = (
    _SHARED
    | _MEDIA
    | {
        "description": description,
        "dc_description": description,
        "summary": summary,
        "itunes_summary": summary,
        "content": content,
        "content_encoded": content_encoded,
        "created": created,
        "expirationdate": expired,
        "psc_chapters": chapters,
        "dcterms_created": created,
        "category": category,
        "keywords": category,
        "dc_subject": category,
        "itunes_category": itunes_category,
        "itunes_keywords": itunes_keywords,
        "enclosure": enclosure,
        "media_group": media_group,
        "itunes_image": itunes_image,
        "image": image,
        "creativecommons_license": licence,
        "cc_license": cc_license,
        "source": source,
        "info": leaf,
        "feedburner_browserfriendly": leaf,
        "itunes_subtitle": leaf,
        "itunes_block": leaf,
        "itunes_explicit": leaf,
        "georss_point": leaf,
        "georss_line": leaf,
        "georss_polygon": leaf,
        "georss_box": leaf,
        "cloud": leaf,
        "width": leaf,
        "height": leaf,
    }
)
_SOURCE: dict[str, Part] = _SHARED | {"icon": leaf, "logo": leaf, "category": leaf}
del _SOURCE["media_title"]


class Parts(dict[str, Part]):
    """The kinds of elements in one place of one document, by tag; filled as they are met."""

    __slots__ = ("_added", "_kind", "_names")

    def __init__(self, kind: Kind, names: Names) -> None:
        super().__init__(kind.known)
        self._kind, self._names = kind, names
        self._added: dict[str, Part] = {}

    def add(self, name: str, part: Part) -> None:
        """Read elements of a name by this, in this document."""
        self._added[name] = part

    def __missing__(self, tag: str) -> Part:
        name, always = self._names.of(tag)
        found = self._added.get(name) or self._kind.parts.get(name)
        if found is None:
            found = refused if name in HANDLED or name in RESERVED else ignored
        self[tag] = found
        if (
            always
            and name not in self._added
            and len(self._kind.known) < MOST_KNOWN
            and len(tag) < 100
        ):
            self._kind.known[tag] = found
        return found


class Kind:
    """A place in documents, the elements read there, and tags that mean the same in all of them."""

    __slots__ = ("known", "parts")

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self.parts = parts
        self.known: dict[str, Part] = {}


MOST_KNOWN = 1_000
FEED_PARTS = _ENTRY | {"source": refused, "enclosure": refused}
ENTRY, MEDIA, SOURCE = Kind(_ENTRY), Kind(_MEDIA), Kind(_SOURCE)
