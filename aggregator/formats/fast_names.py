"""What feedparser calls an element: the fast reader goes by the same names.

feedparser maps namespaces it knows to prefixes of its own, and takes the document's prefix for
others. Where one name could mean two things the fast reader is unsure. `tests/formats/
test_fast_names.py` holds these tables equal to feedparser's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from lxml.etree import _Element

MOST_DECLARED = 200  # namespaces of one document
MOST_ATTRIBUTES = 64  # of an element whose attributes are read


class Unsure(Exception):
    """The fast reader does not know how feedparser reads this; the tolerant reader takes over."""


_CORE = """
    http://backend.userland.com/rss http://blogs.law.harvard.edu/tech/rss http://purl.org/rss/1.0/
    http://my.netscape.com/rdf/simple/0.9/ http://example.com/newformat# http://example.com/necho
    http://purl.org/echo/ uri/of/echo/namespace# http://purl.org/pie/ http://purl.org/atom/ns#
    http://www.w3.org/2005/Atom http://purl.org/rss/1.0/modules/rss091#
"""
_OTHERS = """
    admin           http://webns.net/mvcb/
    ag              http://purl.org/rss/1.0/modules/aggregation/
    annotate        http://purl.org/rss/1.0/modules/annotate/
    audio           http://media.tangent.org/rss/1.0/
    blogChannel     http://backend.userland.com/blogChannelModule
    cc              http://creativecommons.org/ns#license
    cc              http://web.resource.org/cc/
    creativeCommons http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html
    creativeCommons http://backend.userland.com/creativeCommonsRssModule
    co              http://purl.org/rss/1.0/modules/company
    content         http://purl.org/rss/1.0/modules/content/
    cp              http://my.theinfo.org/changed/1.0/rss/
    dc              http://purl.org/dc/elements/1.1/
    dcterms         http://purl.org/dc/terms/
    email           http://purl.org/rss/1.0/modules/email/
    ev              http://purl.org/rss/1.0/modules/event/
    feedburner      http://rssnamespace.org/feedburner/ext/1.0
    fm              http://freshmeat.net/rss/fm/
    foaf            http://xmlns.com/foaf/0.1/
    geo             http://www.w3.org/2003/01/geo/wgs84_pos#
    georss          http://www.georss.org/georss
    gml             http://www.opengis.net/gml
    icbm            http://postneo.com/icbm/
    image           http://purl.org/rss/1.0/modules/image/
    itunes          http://www.itunes.com/DTDs/PodCast-1.0.dtd
    itunes          http://example.com/DTDs/PodCast-1.0.dtd
    l               http://purl.org/rss/1.0/modules/link/
    media           http://search.yahoo.com/mrss
    media           http://search.yahoo.com/mrss/
    pingback        http://madskills.com/public/xml/rss/module/pingback/
    prism           http://prismstandard.org/namespaces/1.2/basic/
    rdf             http://www.w3.org/1999/02/22-rdf-syntax-ns#
    rdfs            http://www.w3.org/2000/01/rdf-schema#
    ref             http://purl.org/rss/1.0/modules/reference/
    reqv            http://purl.org/rss/1.0/modules/richequiv/
    search          http://purl.org/rss/1.0/modules/search/
    slash           http://purl.org/rss/1.0/modules/slash/
    soap            http://schemas.xmlsoap.org/soap/envelope/
    ss              http://purl.org/rss/1.0/modules/servicestatus/
    str             http://hacks.benhammersley.com/rss/streaming/
    sub             http://purl.org/rss/1.0/modules/subscription/
    sy              http://purl.org/rss/1.0/modules/syndication/
    szf             http://schemas.pocketsoap.com/rss/myDescModule/
    taxo            http://purl.org/rss/1.0/modules/taxonomy/
    thr             http://purl.org/rss/1.0/modules/threading/
    ti              http://purl.org/rss/1.0/modules/textinput/
    trackback       http://madskills.com/public/xml/rss/module/trackback/
    wfw             http://wellformedweb.org/commentAPI/
    wiki            http://purl.org/rss/1.0/modules/wiki/
    xhtml           http://www.w3.org/1999/xhtml
    xlink           http://www.w3.org/1999/xlink
    xml             http://www.w3.org/XML/1998/namespace
    psc             http://podlove.org/simple-chapters
"""
NAMESPACES = {uri.lower(): "" for uri in ("", *_CORE.split())} | {
    line.split()[1].lower(): line.split()[0] for line in _OTHERS.strip().splitlines()
}
"""Namespaces as feedparser compares them, in small letters, and its prefix for each."""

PREFIXES = frozenset(prefix.lower() for prefix in NAMESPACES.values() if prefix)
XLINK = "http://www.w3.org/1999/xlink"
XML = "{http://www.w3.org/XML/1998/namespace}"

HANDLED = frozenset(
    """
    abstract author body category cc_license channel cloud content content_encoded contributor
    copyright created creativecommons_license dc_author dc_contributor dc_creator dc_date
    dc_description dc_language dc_publisher dc_rights dc_subject dc_title dcterms_created
    dcterms_issued dcterms_modified dcterms_valid description email enclosure entry expirationdate
    feed feedburner_browserfriendly fullitem generator geom georss_box georss_line georss_point
    georss_polygon georss_where georssgeom gml_exterior gml_linearring gml_linestring gml_point
    gml_polygon gml_pos gml_poslist guid height homepage id image info issued item itunes_author
    itunes_block itunes_category itunes_email itunes_explicit itunes_image itunes_keywords
    itunes_link itunes_name itunes_owner itunes_subtitle itunes_summary keywords language
    lastbuilddate link managingeditor media_category media_content media_credit media_description
    media_group media_keywords media_license media_player media_rating media_restriction
    media_thumbnail media_title modified name newlocation psc_chapter psc_chapters pubdate
    published rights rss source subtitle summary tagline tags textinput title updated uri url
    webmaster where width xhtml_body
    """.split()  # noqa: SIM905 (a hundred lines of one name each tell nothing more)
)
"""Every element feedparser does something of its own with."""

RESERVED = frozenset(
    """
    authors author_detail contributors date date_parsed description_detail generator_detail
    guidislink href icon issued_parsed license links logo media_caption modified_parsed
    published_parsed publisher publisher_detail publishers summary_detail sy_updatefrequency
    sy_updateperiod title_detail ttl updated_parsed created_parsed
    """.split()  # noqa: SIM905
)
"""Names under which feedparser keeps what is read again, by us or itself. It would keep an
unknown element of such a name there too."""

_DECLARED = re.compile(rb"""xmlns(?::([^\s=<>"'/]{1,100}))?\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_TWO_MEANINGS = "a namespace in a form that may mean two things"


def declarations(body: bytes) -> list[tuple[str, str]]:
    """Return every (prefix, URI) that the document declares, and perhaps some it only quotes."""
    found = [
        (each[1] or b"", each[2] or each[3] or b"")
        for each in islice(_DECLARED.finditer(body), MOST_DECLARED + 1)
    ]
    if len(found) > MOST_DECLARED:
        raise Unsure("too many namespaces")
    try:
        return [(prefix.decode("ascii"), uri.decode()) for prefix, uri in dict.fromkeys(found)]
    except UnicodeDecodeError:
        raise Unsure(_TWO_MEANINGS) from None


def known_prefix(uri: str) -> str | None:
    """Return feedparser's prefix for a namespace, "" for those of feeds, None for a strange one."""
    low = uri.lower()
    return "" if "backend.userland.com/rss" in low else NAMESPACES.get(low)


class Names:
    """The names of one document's elements, by its declarations."""

    __slots__ = ("_strange", "xlink")

    def __init__(self, declared: Iterable[tuple[str, str]]) -> None:
        known: dict[str, str] = {}
        strange: dict[str, set[str]] = {}
        owners: dict[str, set[str]] = {}
        self.xlink = False
        for prefix, uri in declared:
            mapped = known_prefix(uri)
            self.xlink |= uri == XLINK
            if mapped is None:
                strange.setdefault(uri, set()).add(prefix.lower())
                owners.setdefault(prefix.lower(), set()).add(uri)
            elif prefix:
                if prefix in PREFIXES and mapped.lower() != prefix:
                    raise Unsure(_TWO_MEANINGS)
                known[prefix.lower()] = mapped
        taken = {*known, *(mapped.lower() for mapped in known.values())} - {""}
        self._strange = {
            uri: prefix
            for uri, (prefix, *others) in strange.items()
            if not others and prefix not in taken and (not prefix or len(owners[prefix]) == 1)
        }

    def of(self, tag: str) -> tuple[str, bool]:
        """Return feedparser's name of an element, and whether it is so in every document."""
        uri, brace, local = tag.rpartition("}")
        local = local.lower()
        if not brace:
            return local, True
        prefix = known_prefix(uri[1:])
        if prefix is not None:
            return (f"{prefix.lower()}_{local}" if prefix else local), True
        strange = self._strange.get(uri[1:])
        if strange is None:
            raise Unsure(_TWO_MEANINGS)
        return (f"{strange}_{local}" if strange else local), False


def told_by(element: _Element) -> dict[str, str]:
    """Return an element's attributes as feedparser knows them, if there are not too many.

    lxml takes time quadratic in their number to hand out the values, and holds all else up.
    """
    if len(element.keys()) > MOST_ATTRIBUTES:
        raise Unsure("an element with too many attributes")
    return attributes(element.items())


def attributes(items: Sequence[tuple[Any, Any]]) -> dict[str, str]:
    """Return an element's attributes as feedparser knows them.

    One of a strange namespace counts as one without, unless the element has that too.
    """
    found = dict(items)
    if not _USUAL.issuperset(found):
        found = _as_feedparser(items)
    if "rel" in found:
        found["rel"] = found["rel"].lower()
    if "type" in found:
        found["type"] = found["type"].lower()
    return found


def _as_feedparser(items: Sequence[tuple[Any, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    plain: dict[str, str] = {}
    for key, value in items:
        if key[0] == "{":
            uri, _, local = key[1:].rpartition("}")
            prefix = NAMESPACES.get(uri.lower())
            name = f"{prefix}:{local}".lower() if prefix else local.lower()
            found[name] = value
        else:
            plain[key.lower()] = found[key.lower()] = value
    found.update(plain)
    return found


_USUAL = frozenset(
    """
    href rel type title length url term scheme label domain width height medium version hreflang
    uri duration role time expression count
    """.split()  # noqa: SIM905
)
