"""The fast reader: RSS and Atom by lxml, read as feedparser reads it, or handed over.

It takes a document only when it knows what feedparser makes of all of it. No DTD reaches lxml, so
there is no entity to expand; nothing is fetched; depth, attributes and entries are bounded.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any

from feedparser.encodings import RE_XML_PI_ENCODING, convert_to_utf8, parse_content_type
from feedparser.sanitizer import replace_doctype
from lxml import etree

from aggregator.formats.fast_feed import form_of, read_feed
from aggregator.formats.fast_names import Names, Unsure, declarations, known_prefix
from aggregator.formats.fast_tables import ENTRY, MEDIA, SOURCE, Parts
from aggregator.formats.fast_walk import Walk
from aggregator.model.entry import ParsedFeed

NOT_WELL_FORMED = "not well-formed"
# What feedparser looks for in the head of a document takes it time quadratic in these.
LONGEST_HEAD = 4_000  # bytes before the root, when there is a DOCTYPE
LONGEST_LINE = 1_000  # bytes of a first line that may name an encoding

_BLANKS = re.compile(rb"[ \t\r\n]*")
ROOT = re.compile(rb"<\w")  # what feedparser takes for the beginning of the root

_ROOTS = {"rss", "feed", "rdf_rdf"}
_UNICODE = {"", "utf-8", "utf8", "us-ascii", "ascii"}
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0", b"\x4c\x6f\xa7\x94")
# Such patterns begin with a letter of their own and look back from there: they are searched ten
# times as fast as others. "base=", with blanks before "=" where few others have them.
_BASE = re.compile(
    rb"=(?<=[Ee\s]=)(?:(?<=[Bb][Aa][Ss][Ee]=)|(?<=[Bb][Aa][Ss][Ee]\s=)|(?<=[Ee]\s\s=)|(?<=\s\s\s=))"
)
# What feedparser mends: C1 controls, and letters (C2-F4) before signs (80-BF) that may be two bytes
# of one letter. A sign's letter stands right before it, or before the end or start of a section.
_LETTER = (rb"\xc3[\x82-\xb4]", rb"[#0][12][0-9][0-9];", rb"[xX0][c-fC-F][0-9a-fA-F];")
_EDGE = (rb"-->", rb"\?>", rb"\]\]>")
_BEFORE = [*_LETTER, *_EDGE, *(each + rb"<!\[CDATA\[" for each in (*_LETTER, *_EDGE))]


def _after_a_letter(sign: bytes) -> bytes:
    perhaps = b"(?<=[\x82-\xb4;>\\[]" + sign + b")"  # the usual answer is no, and this is quick
    return perhaps + b"(?:" + b"|".join(b"(?<=" + each + sign + b")" for each in _BEFORE) + b")"


_SIGNS = re.compile(rb"\xc2(?:[\x80-\x9f]|" + _after_a_letter(rb"\xc2") + rb"[\xa0-\xbf])")
_REFERENCES = re.compile(
    rb"#(?<=&#)(?:0*1(?:2[89]|[345][0-9])|[xX]0*[89][0-9a-fA-F]|"
    + _after_a_letter(b"&#")
    + rb"(?:0*1(?:[678][0-9]|9[01])|[xX]0*[abAB][0-9a-fA-F]));"
)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Why the fast reader did not take a document."""

    reason: str


def read_fast(body: bytes, url: str, content_type: str | None) -> ParsedFeed | HandedOver:
    """Return what the tolerant reader would, bounded, or why this one is not sure of that."""
    try:
        return _read(body, url, content_type)
    except Unsure as unsure:
        return HandedOver(str(unsure))


def _read(body: bytes, url: str, content_type: str | None) -> ParsedFeed:
    body = _in_utf8(body, content_type)
    body, version = _without_doctype(body)
    declared = declarations(body)
    names = Names(declared)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=not any(known_prefix(uri) == "xhtml" for _, uri in declared),
        collect_ids=False,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unsure(NOT_WELL_FORMED) from None
    name, _ = names.of(root.tag)
    if name not in _ROOTS:
        raise Unsure("its root is no feed's")
    form = form_of(name, root)
    if version and name != "rss":
        raise Unsure("a DOCTYPE of another format")
    walk = Walk(version or form, url, names)
    walk.based = _BASE.search(body) is not None
    walk.odd = _SIGNS.search(body) is not None or _REFERENCES.search(body) is not None
    walk.entry = Parts(ENTRY, names)
    walk.media = Parts(MEDIA, names)
    walk.source = Parts(SOURCE, names)
    return read_feed(walk, root)


def _in_utf8(body: bytes, content_type: str | None) -> bytes:
    """Return the document in UTF-8, decoded as feedparser decodes it."""
    start = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    end = body.find(b"\n", start)
    head = body[start : end if 0 <= end < LONGEST_LINE else LONGEST_LINE]
    far = len(head) >= LONGEST_LINE - start and body.find(b"encoding=", LONGEST_LINE, end) >= 0
    if far or head.count(b"encoding=") > 2:
        raise Unsure("an encoding named in an unusual place")
    told = RE_XML_PI_ENCODING.match(head)
    named = told[1].decode("latin-1").lower() if told else ""
    _, charset = parse_content_type(content_type or "")
    wide = body.startswith(_WIDE)
    if named in _UNICODE and charset.lower() in _UNICODE and not wide:
        return body
    result: dict[str, Any] = {}
    try:
        converted = convert_to_utf8(
            {"content-type": content_type or "application/xml"}, body, result
        )
    except (LookupError, ValueError):
        raise Unsure("an encoding it does not know") from None
    if not result.get("encoding"):
        raise Unsure("an encoding it does not know")
    if wide and b"media:description" in converted:
        raise Unsure("media:description in a form of its own")
    return bytes(converted)


def _without_doctype(body: bytes) -> tuple[bytes, str | None]:
    """Return the document without a DOCTYPE, and the version that told, as feedparser does.

    Then an entity of the DOCTYPE's is one nobody declared: the document is not well-formed.
    """
    start = _past_asides(body)
    if not body.startswith(b"<!", start):
        return body, None
    root = ROOT.search(body[:LONGEST_HEAD])
    if root is None or root.start() < start:
        raise Unsure("a DOCTYPE in a form of its own")
    version, stripped, entities = replace_doctype(body)
    if entities or not ROOT.match(stripped, _past_asides(stripped)):
        raise Unsure("a DOCTYPE with entities")
    return stripped, version


def _past_asides(body: bytes) -> int:
    """Return where blanks, comments and instructions at the beginning end."""
    at = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    while True:
        blanks = _BLANKS.match(body, at)
        at = blanks.end() if blanks else at
        end = b"?>" if body.startswith(b"<?", at) else b"-->"
        if end == b"-->" and not body.startswith(b"<!--", at):
            return at
        found = body.find(end, at)
        if found < 0:
            raise Unsure(NOT_WELL_FORMED)
        at = found + len(end)
