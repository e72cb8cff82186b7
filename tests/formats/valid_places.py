"""Rules of `validity`: what stands where, how often, in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.formats.valid_doc import ATOM, PREFIXES, Doc, named, rule


@rule
def vocabulary(doc: Doc) -> Iterator[tuple[str, str]]:
    """Nothing but what we write, nowhere but where it belongs."""
    for name, element in doc.elements():
        known = doc.shape(element)
        for child in element:
            inner = doc.name(child)
            if inner not in known.need | known.may | known.many:
                yield inner, f"in {name}"
        attributes = {named(str(key), "") for key in element.attrib}
        for attribute in sorted(attributes - known.needs - known.takes):
            yield attribute, f"on {name}"
        texts = [element.text]
        texts += [child.tail for child in element]
        if not known.text and any((text or "").strip() for text in texts):
            yield name, "text between elements"


@rule
def required(doc: Doc) -> Iterator[tuple[str, str]]:
    for name, element in doc.elements():
        known = doc.shape(element)
        children = {doc.name(child) for child in element}
        yield from ((each, f"missing in {name}") for each in sorted(known.need - children))
        for attribute in sorted(known.needs):
            if not (element.get(attribute) or "").strip():
                yield attribute, f"missing on {name}"


@rule
def once(doc: Doc) -> Iterator[tuple[str, str]]:
    for name, element in doc.elements():
        known = doc.shape(element)
        for child, count in Counter(doc.name(each) for each in element).items():
            if count > 1 and child not in known.many:
                yield child, f"{count} in {name}"


@rule
def filled(doc: Doc) -> Iterator[tuple[str, str]]:
    """Text is there, without blanks around it."""
    for name, element in doc.elements():
        text = element.text or ""
        is_text = not len(element) and doc.shape(element).text
        if is_text and not text.strip():
            yield name, "empty"
        elif is_text and name not in ("content", "content:encoded") and text != text.strip():
            yield name, f"blanks around {text!r}"


@rule
def order(doc: Doc) -> Iterator[tuple[str, str]]:
    """Items come last, a description before the content."""
    for name, element in doc.elements():
        inner = [doc.name(child) for child in element]
        items = [at for at, child in enumerate(inner) if child in ("entry", "item")]
        if items and len(inner) - items[0] != len(items):
            yield inner[-1], f"behind an item in {name}"
        if (
            "content:encoded" in inner
            and "description" not in inner[: inner.index("content:encoded")]
        ):
            yield "content:encoded", "before its description"


@rule
def namespaces(doc: Doc) -> Iterator[tuple[str, str]]:
    """Prefixes are those that readers know; Atom's own elements have none."""
    for element in doc.root.iter():
        for prefix, space in element.nsmap.items():
            if PREFIXES.get(prefix or "", ATOM) != space or (prefix is None and not doc.atom):
                yield prefix or "xmlns", space
        if doc.atom and element.prefix and str(element.tag).startswith(f"{{{ATOM}}}"):
            yield element.prefix, "on an element of Atom"
