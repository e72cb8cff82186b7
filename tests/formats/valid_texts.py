"""Rules of `validity`: what is in plain texts and in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import name2codepoint
from html.parser import HTMLParser

from tests.formats.valid_doc import Doc, rule, words

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_TAG = re.compile(r"<[a-zA-Z/!?]")
_REFERENCE = re.compile(r"&(#?\w+)")
_ELEMENTS = words(
    """a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code
    col colgroup dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6
    header hr i img ins kbd li main mark ol p pre q rp rt ruby s samp section small span
    strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"""
)
_ATTRIBUTES = words(
    """alt colspan datetime dir height href hreflang lang rel reversed rowspan scope span src
    start title type value width"""
)


@rule
def characters(doc: Doc) -> Iterator[tuple[str, str]]:
    for name, element in doc.elements():
        for text in (element.text, element.tail, *element.attrib.values()):
            if found := _CONTROL.search(str(text or "")):
                yield name, f"U+{ord(found[0]):04X}"


@rule
def plain(doc: Doc) -> Iterator[tuple[str, str]]:
    """What is plain text does not look like HTML."""
    for each in doc.every(
        *("title", "subtitle", "name", "rights", "category", "source", "dc:creator", "generator"),
        *("channel/description", "at:comment", "dc:rights", "managingEditor", "webMaster"),
    ):
        if found := looks_marked_up(each.text or ""):
            yield doc.name(each), found
    for each in doc.every("link"):
        if tag := _TAG.search(each.get("title", "")):
            yield "link", tag[0]


def looks_marked_up(text: str) -> str | None:
    """Return what a reader may take for HTML; a reference needs no semicolon."""
    if tag := _TAG.search(text):
        return tag[0]
    for name in _REFERENCE.findall(text):
        if name in name2codepoint or not name.isalpha():
            return f"&{name}"
    return None


class _Html(HTMLParser):
    """Finds what is no harmless HTML, element by element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in _ATTRIBUTES:
                self.wrong.append(f"{name} on <{tag}>")
            elif name in ("href", "src") and not is_whole(value or ""):
                self.wrong.append(f"{name}={value} on <{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _ELEMENTS:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if found := _CONTROL.search(data):
            self.wrong.append(f"U+{ord(found[0]):04X}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append("a comment")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append("a declaration")

    def handle_pi(self, data: str) -> None:
        self.wrong.append("a processing instruction")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append("a declaration")


def is_whole(address: str) -> bool:
    return address.strip().startswith(("http://", "https://", "mailto:"))


@rule
def markup(doc: Doc) -> Iterator[tuple[str, str]]:
    """HTML holds no script, no style, no unknown element and no address that is not whole."""
    for each in doc.every("content", "summary", "item/description", "content:encoded"):
        reader = _Html()
        reader.feed(each.text or "")
        reader.close()
        yield from ((doc.name(each), wrong) for wrong in reader.wrong)
        bare = re.sub(r"</?[a-z][^<>]*>", "", each.text or "")
        if "<" in bare:
            yield doc.name(each), "a tag that does not end"
        if found := re.search(r"&#x?(?:8\d|9[\da-f]|12[89]|1[345]\d);", bare, re.I):
            yield doc.name(each), found[0]
