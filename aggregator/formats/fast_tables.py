"""Which element is read by what, in each place of a document.

The names are feedparser's (`fast_names`). Whatever feedparser handles and no table here names is
handed over; whatever it does not handle is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml.etree import _Element

from aggregator.formats import fast_media as media
from aggregator.formats import fast_parts as parts
from aggregator.formats.fast_names import HANDLED, RESERVED, Names
from aggregator.formats.fast_parts import ignored, leaf, passed, refused
from aggregator.formats.fast_walk import Walk

MOST_KNOWN = 1_000  # tags remembered from one document to the next

Part = Callable[[Walk, Any, _Element], None]

SHARED: dict[str, Part] = {
    "title": parts.title,
    "dc_title": parts.title,
    "link": parts.link,
    "guid": parts.guid,
    "id": parts.guid,
    "published": parts.published,
    "issued": parts.published,
    "pubdate": parts.published,
    "dcterms_issued": parts.published,
    "updated": parts.updated,
    "modified": parts.updated,
    "lastbuilddate": parts.updated,
    "dc_date": parts.updated,
    "dcterms_modified": parts.updated,
    "author": parts.author,
    "dc_author": parts.author,
    "dc_creator": parts.author,
    "managingeditor": parts.author,
    "itunes_author": parts.author,
    "contributor": parts.contributor,
    "rights": parts.rights,
    "copyright": parts.rights,
    "dc_rights": parts.rights,
    "generator": ignored,
    "subtitle": leaf,
    "tagline": leaf,
    "language": leaf,
    "dc_language": leaf,
    "dc_publisher": leaf,
    "webmaster": leaf,
    "dc_contributor": leaf,
}
MEDIA_PARTS: dict[str, Part] = {
    "media_content": media.media_content,
    "media_thumbnail": media.media_thumbnail,
    "media_description": media.media_description,
    "media_title": media.media_title,
    "media_category": media.media_category,
    "media_keywords": media.keywords,
    "media_credit": leaf,
    "media_rating": leaf,
    "media_restriction": leaf,
    "media_license": leaf,
    "media_player": leaf,
}
FEED_PARTS: dict[str, Part] = {
    **SHARED,
    **MEDIA_PARTS,
    "description": parts.description,
    "dc_description": parts.description,
    "summary": parts.summary,
    "itunes_summary": parts.summary,
    "content": parts.content,
    "content_encoded": parts.content_encoded,
    "created": parts.created,
    "dcterms_created": parts.created,
    "expirationdate": parts.expired,
    "enclosure": parts.enclosure,
    "creativecommons_license": parts.licence,
    "cc_license": parts.cc_license,
    "itunes_image": media.itunes_image,
    "psc_chapters": media.chapters,
    "media_group": media.media_group,
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
    "name": leaf,
    "email": leaf,
    "uri": leaf,
    "url": leaf,
    "homepage": leaf,
    "width": leaf,
    "height": leaf,
}
ENTRY_PARTS: dict[str, Part] = {
    **FEED_PARTS,
    "author": parts.beside(parts.author),
    "dc_author": parts.beside(parts.author),
    "dc_creator": parts.beside(parts.author),
    "managingeditor": parts.beside(parts.author),
    "itunes_author": parts.beside(parts.author),
    "rights": parts.beside(parts.rights),
    "copyright": parts.beside(parts.rights),
    "dc_rights": parts.beside(parts.rights),
    "creativecommons_license": parts.beside(parts.licence),
    "category": parts.category,
    "keywords": parts.category,
    "dc_subject": parts.category,
    "itunes_category": media.itunes_category,
    "itunes_keywords": media.itunes_keywords,
    "image": parts.image,
    "source": parts.beside(parts.source),
}
SOURCE_PARTS: dict[str, Part] = {**SHARED, "icon": leaf, "logo": leaf, "category": leaf}


class Kind:
    """A place in documents, what is read there, and tags that mean the same in every document.

    `unknown` reads what feedparser does not handle.
    """

    __slots__ = ("known", "parts", "unknown")

    def __init__(self, parts: Mapping[str, Part], unknown: Part = ignored) -> None:
        self.parts, self.unknown = parts, unknown
        self.known: dict[str, Part] = {}


class Parts(dict[str, Part]):
    """What reads which tag in one place of one document; filled as tags are met."""

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
            found = refused if name in HANDLED or name in RESERVED else self._kind.unknown
        self[tag] = found
        known = self._kind.known
        if always and name not in self._added and len(tag) < 100 and len(known) < MOST_KNOWN:
            known[tag] = found
        return found


ENTRY, MEDIA, SOURCE = Kind(ENTRY_PARTS, passed), Kind(MEDIA_PARTS), Kind(SOURCE_PARTS)
