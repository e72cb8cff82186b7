"""Our own opinion on whether a feed is valid: what a validator faults, for what we ever write.

It knows only the elements that we write, and faults any other: so it is stricter than a validator
of all feeds, and never milder (`tests/corpus/test_validity_cases.py` holds it against the cases
of the W3C's). It shares no code with what writes documents, nor with the shared checker.
"""

from __future__ import annotations

from lxml import etree

from tests.formats import valid_places, valid_texts, valid_values
from tests.formats.valid_doc import ATOM, RULES, Doc, Fault, named

KINDS = (valid_places, valid_values, valid_texts)  # each takes in its rules as it is imported
# The Advisory Board's way to write a bare & or < in plain text: no validator sees markup in it.
_BARE = {b"&#x26;": "\ue026".encode(), b"&#x3C;": "\ue03c".encode()}


def faults(body: bytes) -> list[Fault]:
    """Return all that is wrong with a document of Atom or RSS."""
    if not body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n"):
        found = [Fault(rule="encoding", where="document", said=body[:60].decode("latin-1"))]
    else:
        found = []
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        found.append(Fault(rule="doctype", where="document"))
    for written, marker in _BARE.items():
        body = body.replace(written, marker)
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError) as problem:
        return [*found, Fault(rule="parses", where="document", said=str(problem))]
    if root.tag not in (f"{{{ATOM}}}feed", "rss") or root.get("version", "2.0") != "2.0":
        return [*found, Fault(rule="vocabulary", where=named(str(root.tag), ""), said="root")]
    doc = Doc(root, atom=root.tag != "rss")
    return [*found, *(fault for check in RULES.values() for fault in check(doc))]
