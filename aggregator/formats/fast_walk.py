"""Where the fast reader is in a document, and the texts it finds there, as feedparser has them.

feedparser carries some of its state from one element over to the next (a title's depth, an address
that ends with no parent's, whether there was content): so does this.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from feedparser.urls import _urljoin, make_safe_absolute_uri
from lxml.etree import _Element

from aggregator.core.urls import absolute
from aggregator.formats.fast_names import MOST_ATTRIBUTES, XLINK, XML, Names, Unsure, told_by

TEXT, HTML, XHTML = "text/plain", "text/html", "application/xhtml+xml"
TYPES = frozenset({TEXT, HTML, XHTML})

MARKUP = "markup inside a text field"
NESTED = "an element in an unexpected place"

_USUAL = frozenset({"alt", "class", "height", "href", "id", "src", "style", "title", "width"})
_SHORT = {"text": TEXT, "plain": TEXT, "html": HTML, "xhtml": XHTML}
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/+")
# Addresses and names that urljoin leaves as they are, whatever the base.
_KEPT = re.compile(
    r"https?://[\w.-]+/[\w~./%+,@!-]*(?:\?[\w~./%+,@!=&-]+)?|(?:tag|urn):[\w.,:/-]+", re.ASCII
)
_PLAIN_NAME = re.compile("[A-Za-z0-9_-]{1,200}")
_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")
_PAIR = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]")
WINDOWS = {
    chr(code): bytes([code]).decode("cp1252")
    for code in range(128, 160)
    if code not in {129, 141, 143, 144, 157}
}
_CONTROL = re.compile("[" + "".join(WINDOWS) + "]")


class Walk:
    """One document while it is read."""

    __slots__ = (
        "_tags",
        "atom",
        "base",
        "based",
        "depth",
        "entry",
        "feed",
        "folder",
        "form",
        "has_content",
        "lang",
        "media",
        "names",
        "nested",
        "odd",
        "settled",
        "source",
        "title_depth",
        "unwraps",
        "url",
    )

    def __init__(self, form: str, url: str, names: Names) -> None:
        self.form, self.url, self.names = form, url, names
        self.atom = form.startswith("atom")
        self.unwraps = form == "atom10"  # the one element around XHTML content goes
        self.odd = False  # characters that feedparser mends may occur
        self.based = False  # xml:base may occur
        self.base = ""
        self.settled = ""  # a base that does not change when it is resolved against itself
        self.lang: str | None = None
        self.depth = 0
        self.nested = 0  # how many elements around are none of feedparser's
        self.folder = _folder(url)
        self._tags: dict[str, str] = {}
        self.title_depth = -1
        self.has_content = False
        self.entry: Mapping[str, Callable[..., None]] = {}  # what reads which elements, where
        self.feed: Mapping[str, Callable[..., None]] = {}
        self.media: Mapping[str, Callable[..., None]] = {}
        self.source: Mapping[str, Callable[..., None]] = {}

    def enter(self, element: _Element) -> None:
        """Take in the element's own base, if it has one."""
        told = None
        if has_base(element):
            told = told_by(element)
        if told is not None:
            given = told.get("xml:base", told.get("base")) or self.base
        elif self.base == self.settled:
            return
        else:
            given = self.base
        if self.base:
            before = self.base
            self.base = make_safe_absolute_uri(self.base, given) or self.base
            if self.base == before == given:
                self.settled = before
        else:
            self.base = _urljoin("", given)

    def page(self, address: str) -> str | None:
        """Return an address in our words; a plain name, as of many ids, is of the same folder."""
        if address[:4] != "http" and self.folder and _PLAIN_NAME.fullmatch(address):
            return self.folder + address
        return absolute(address, self.url)

    def within(self, element: _Element) -> None:
        """Refuse an element inside whose parts the base changes."""
        if self.based:
            for part in element.iterdescendants():
                if has_base(part):
                    raise Unsure("a base inside an entry's parts")

    def resolved(self, address: str) -> str:
        """Return an address resolved against the base, if there is one."""
        if self.base:
            return address if _KEPT.fullmatch(address) else str(_urljoin(self.base, address))
        return _SLASHES.sub(r"\1", address) if ":///" in address else address

    def text(self, element: _Element) -> str:
        """Return the text of an element that holds nothing else."""
        if len(element):
            raise Unsure(MARKUP)
        text = element.text
        if text is None:
            return ""
        text = text.strip()
        return mended(text) if self.odd and not text.isascii() else text

    def address(self, element: _Element, *, resolve: bool = True) -> str:
        """Return the text of an element that holds an address."""
        if len(element):
            raise Unsure(MARKUP)
        text = (element.text or "").strip()
        if text and resolve:
            text = self.resolved(text)
        return mended(text) if self.odd and not text.isascii() else text

    def value(self, element: _Element, told: Mapping[str, str], usual: str) -> tuple[str, str]:
        """Return the text of an element with attributes, which may hold markup, and its type."""
        if told.get("mode") == "base64":
            raise Unsure("content in base64")
        kind = content_type(told.get("type", usual))
        if kind == XHTML:
            return self._markup(element), kind
        if kind not in TYPES:
            if len(element) or (element.text or "").strip():
                raise Unsure("content of another type")
            return "", kind
        return self.text(element), kind

    def _markup(self, element: _Element) -> str:
        """Return an element's inside as markup, as feedparser writes it."""
        self.within(element)
        if self.unwraps and len(element) == 1:
            inner = element[0]
            alone = not (element.text or "").strip() and not (inner.tail or "").strip()
            if alone and self._inline(inner.tag) == "div":
                _strings(inner)
                element = inner
        pieces = [escape(element.text or "")]
        for child in element:
            self._write(child, pieces)
        text = "".join(pieces).strip()
        return mended(text) if self.odd and not text.isascii() else text

    def _write(self, element: _Element, pieces: list[str]) -> None:
        name = self._inline(element.tag)
        if self.names.xlink and declares_xlink(element):
            raise Unsure(MARKUP)
        pieces.append(f"<{name}{_strings(element)}>" if element.keys() else f"<{name}>")
        if text := element.text:
            pieces.append(_escaped(text))
        if len(element):
            for child in element:
                self._write(child, pieces)
        pieces.append(f"</{name}>")
        if text := element.tail:
            pieces.append(_escaped(text))

    def _inline(self, tag: str) -> str:
        """Return the name of an element of XHTML, which is all that may stand inside content."""
        name = self._tags.get(tag)
        if name is None:
            uri, _, name = tag.rpartition("}")
            name = name.lower()
            if uri.lower() != "{http://www.w3.org/1999/xhtml" or name in {"body", "svg", "math"}:
                raise Unsure("markup that is no XHTML")
            self._tags[tag] = name
        return name


@lru_cache(maxsize=1024)
def _folder(url: str) -> str:
    """Return the beginning of what names in a document's own folder become, "" if none do."""
    found = absolute("x", url)
    return found[:-1] if found and found.endswith("/x") else ""


def _escaped(text: str) -> str:
    return escape(text) if "&" in text or "<" in text or ">" in text else text


def has_base(element: _Element) -> bool:
    """Say whether the element has a base of its own, in any way feedparser takes for one."""
    keys: Any = element.keys()
    return bool(keys) and any(key.rpartition("}")[2].lower() == "base" for key in keys)


def _strings(element: _Element) -> str:
    """Return attributes as feedparser writes them into markup."""
    if len(element.keys()) > MOST_ATTRIBUTES:
        raise Unsure("an element with too many attributes")
    found: dict[str, str] = {}
    for told, value in element.items():
        key, value = str(told), str(value)
        if key not in _USUAL:
            if key[0] == "{":
                if not key.startswith(XML):
                    raise Unsure("markup that is no XHTML")
                key = "xml:" + key[len(XML) :]
            key = key.lower()
            if key in found:
                raise Unsure("markup that is no XHTML")
            if key in {"rel", "type"}:
                value = value.lower()
        if "&" in value or "<" in value or ">" in value or '"' in value:
            value = escape(value, {'"': "&quot;"})
        found[key] = value
    return "".join([f' {key}="{value}"' for key, value in found.items()])


def content_type(told: str) -> str:
    """Return a type as a media type: Atom's short words have one."""
    told = told.lower()
    return _SHORT.get(told, told)


def without_semicolons(address: str) -> str:
    """Return an address without the ends of what look like references; feedparser cuts them."""
    return _REFERENCE.sub(r"&\1", address) if "&" in address else address


def mended(text: str) -> str:
    """Return the text with UTF-8 that was taken for Latin-1, and Windows' characters, put right."""
    if _PAIR.search(text):
        with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
            text = text.encode("iso-8859-1").decode("utf-8")
    return _CONTROL.sub(lambda found: WINDOWS[found[0]], text)


def declares_xlink(element: _Element) -> bool:
    """Say whether the element may declare XLink: feedparser takes that for an attribute."""
    return XLINK in element.nsmap.values()


def blank(pieces: Sequence[str | None]) -> bool:
    """Say whether there is nothing but blanks in any of these."""
    return not any(piece and piece.strip() for piece in pieces)
