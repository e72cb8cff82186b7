"""A document taken apart for `validity`: what its elements may hold, and what rules are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml import etree

ATOM, DC = "http://www.w3.org/2005/Atom", "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
MEDIA = "http://search.yahoo.com/mrss/"
HISTORY = "http://purl.org/syndication/history/1.0"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
XML = "http://www.w3.org/XML/1998/namespace"
PREFIXES = {
    "atom": ATOM,
    "dc": DC,
    "content": CONTENT,
    "media": MEDIA,
    "fh": HISTORY,
    "at": TOMBSTONES,
}
Element = etree._Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an element may hold: how often each child, and which attributes."""

    need: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()  # once
    many: frozenset[str] = frozenset()
    text: bool = False
    needs: frozenset[str] = frozenset()  # attributes
    takes: frozenset[str] = frozenset()


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def shape(
    need: str = "", may: str = "", many: str = "", *, text: bool = False, needs: str = "",
    takes: str = "",
) -> Shape:  # fmt: skip
    return Shape(
        need=words(need),
        may=words(may),
        many=words(many),
        text=text,
        needs=words(needs),
        takes=words(takes),
    )


TEXT = shape(text=True)
A_LINK = shape(needs="rel href", takes="type title length")
A_PICTURE = shape(needs="url")
ATOM_SHAPES = {
    "feed": shape(
        "id title updated author link generator",
        "subtitle fh:archive",
        "link at:deleted-entry entry",
        takes="xml:lang",
    ),
    "entry": shape(
        "id title updated published author content link source",
        "summary rights media:thumbnail",
        "link category",
        takes="xml:lang",
    ),
    "feed/author": shape("name", "email"),
    "entry/author": shape("name", "uri"),
    "source": shape("id title updated", "", "link"),
    "link": A_LINK,
    "category": shape(needs="term"),
    "content": shape(text=True, needs="type"),
    "summary": shape(text=True, needs="type"),
    "generator": shape(text=True, takes="version"),
    "fh:archive": shape(),
    "at:deleted-entry": shape("", "at:comment", needs="ref when"),
    "media:thumbnail": A_PICTURE,
}
RSS_SHAPES = {
    "rss": shape("channel", needs="version"),
    "channel": shape(
        "title link description atom:link docs generator lastBuildDate",
        "language managingEditor webMaster fh:archive",
        "atom:link item",
    ),
    "item": shape(
        "title link description guid pubDate atom:updated source",
        "content:encoded dc:creator dc:language dc:rights media:thumbnail enclosure",
        "category media:content",
    ),
    "atom:link": A_LINK,
    "guid": shape(text=True, needs="isPermaLink"),
    "source": shape(text=True, needs="url"),
    "enclosure": shape(needs="url length type"),
    "media:content": shape(needs="url type", takes="fileSize"),
    "media:thumbnail": A_PICTURE,
    "fh:archive": shape(),
}


@dataclass(slots=True)
class Doc:
    """A parsed document, its elements by the names that the tables above use."""

    root: Element
    atom: bool
    shapes: dict[str, Shape] = field(init=False)

    def __post_init__(self) -> None:
        self.shapes = ATOM_SHAPES if self.atom else RSS_SHAPES

    def elements(self) -> Iterator[tuple[str, Element]]:
        for element in self.root.iter():
            yield self.name(element), element

    def name(self, element: Element) -> str:
        tag: object = element.tag  # of a comment no text
        return named(tag, ATOM if self.atom else "") if isinstance(tag, str) else "#comment"

    def shape(self, element: Element) -> Shape:
        name, parent = self.name(element), element.getparent()
        if parent is not None and (found := self.shapes.get(f"{self.name(parent)}/{name}")):
            return found
        return self.shapes.get(name, TEXT)

    def every(self, *names: str) -> Iterator[Element]:
        """Yield elements by name, or by the name of their parent and their own."""
        for name, element in self.elements():
            parent = element.getparent()
            whole = name if parent is None else f"{self.name(parent)}/{name}"
            if name in names or whole in names:
                yield element


def named(tag: str, own: str) -> str:
    """Return a qualified name as the tables write it."""
    if not tag.startswith("{"):
        return tag if not own else f"?:{tag}"
    namespace, _, local = tag[1:].partition("}")
    if namespace == own:
        return local
    prefixes = {space: prefix for prefix, space in PREFIXES.items()} | {XML: "xml"}
    return f"{prefixes.get(namespace, '?')}:{local}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    rule: str
    where: str  # name of an element, or of one of its attributes
    said: str = ""


Rule = Callable[[Doc], Iterator[Fault]]
RULES: dict[str, Rule] = {}


def rule(check: Callable[[Doc], Iterator[tuple[str, str]]]) -> Rule:
    """Take in a rule: it yields where a fault is and what is said there."""
    name = check.__name__

    def faults_of(doc: Doc) -> Iterator[Fault]:
        for where, said in check(doc):
            yield Fault(rule=name, where=where, said=said[:200])

    RULES[name] = faults_of
    return faults_of
