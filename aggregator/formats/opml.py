"""OPML 2.0 lists of feeds (opml.org/spec2.opml): folders are kept, nothing else is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from lxml import etree

from aggregator.core.sanitize import looks_like_html, plain_text
from aggregator.core.text import clean_line
from aggregator.core.urls import safe_link
from aggregator.errors import ReadFailed
from aggregator.model.feed import Outline, OutlineList

MAX_BODY = 10_000_000  # bytes
MAX_DEPTH = 20  # folders in folders
MAX_FEEDS = 20_000
MAX_TITLE = 300  # characters
MAX_PROBLEMS = 50

_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)


class _Problems:
    """What had to be left out, in words; many of them are counted, not told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.more = 0
        self.lost = False  # whether feeds may have been left out that nobody could name

    def add(self, problem: str, *, lost: bool = False) -> None:
        self.lost = self.lost or lost
        if len(self.told) < MAX_PROBLEMS:
            self.told.append(problem)
        else:
            self.more += 1

    def all(self) -> tuple[str, ...]:
        more = (f"and {self.more} more",) if self.more else ()
        return (*self.told, *more)


def read_opml(body: bytes) -> OutlineList:
    """Return the feeds of an OPML document, in its order, each address once.

    Only http(s) addresses without a password are taken; what is left out, and what is not
    well-formed, stands in `problems`, and `whole` is False where that may have cost feeds. Raises
    `ReadFailed` when it is no OPML, too long, or declares a document type (a feed list needs
    none, an attack does).
    """
    if len(body) > MAX_BODY:
        raise ReadFailed(f"the OPML list is too long: {len(body)} bytes, at most {MAX_BODY}")
    problems = _Problems()
    root = _root(body, problems)
    outlines: dict[str, Outline] = {}
    for node, folders in _nodes(root, problems):
        outline = _outline(node, folders, problems)
        if outline is None:
            continue
        if outline.url in outlines:
            problems.add(f"line {node.sourceline}: {outline.url} stands twice")
        elif len(outlines) == MAX_FEEDS:
            problems.add(f"more than {MAX_FEEDS} feeds: the others are left out", lost=True)
            break
        else:
            outlines[outline.url] = outline
    title = next((node.text or "" for node in root.iter("{*}title")), "")
    return OutlineList(
        title=_title(title),
        outlines=tuple(outlines.values()),
        problems=problems.all(),
        whole=not problems.lost,
    )


def write_opml(listed: OutlineList, *, owner: str | None = None) -> bytes:
    """Return the list as an OPML 2.0 document: the same list, the same bytes.

    Feeds stand in their order inside their folders; each address is written once. `owner` is a
    name or a mail address.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean_line(listed.title, MAX_TITLE)
    if owner:
        name = "ownerEmail" if "@" in owner else "ownerName"
        etree.SubElement(head, name).text = clean_line(owner, MAX_TITLE)
    body = etree.SubElement(root, "body")
    stack: list[tuple[str, etree._Element]] = []
    written: set[str] = set()
    for outline in listed.outlines:
        url = safe_link(outline.url)
        if url is None or url in written:
            continue
        written.add(url)
        parent = _folder(body, stack, outline.folders)
        title = clean_line(outline.title, MAX_TITLE) or url
        node = etree.SubElement(parent, "outline", type="rss", text=title, title=title, xmlUrl=url)
        site = safe_link(outline.site_url or "")
        if site:
            node.set("htmlUrl", site)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _root(body: bytes, problems: _Problems) -> etree._Element:
    if _ENTITIES.search(body):
        raise ReadFailed("the OPML list declares a document type; take that out to import it")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root: etree._Element | None = _tree(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReadFailed(f"this is no OPML list: {error}") from None
    if root is None or etree.QName(root).localname.lower() != "opml":
        first = "it is no XML" if root is None else f"its first element is <{root.tag[:80]}>"
        raise ReadFailed(f"this is no OPML list: {first}")
    if root.getroottree().docinfo.internalDTD is not None:
        raise ReadFailed("the OPML list declares a document type; take that out to import it")
    for fault in list(parser.error_log)[:1]:
        problems.add(f"line {fault.line}: not well-formed: {fault.message}", lost=True)
    return root


def _tree(body: bytes, parser: etree.XMLParser) -> etree._Element | None:
    return etree.fromstring(body, parser)  # None, whatever the stubs say, for no element at all


def _nodes(
    root: etree._Element, problems: _Problems
) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    """Yield every outline with the folders it stands in, in document order."""
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        node, folders = waiting.pop()
        name = etree.QName(node).localname.lower()
        inside = folders
        if name == "outline":
            yield node, folders
            title = _title(_attribute(node, "text") or _attribute(node, "title") or "")
            if len(node) and title:
                inside = (*folders, title)
        elif name not in {"opml", "body"}:
            continue
        if len(inside) > MAX_DEPTH:
            problems.add(
                f"line {node.sourceline}: folders stand more than {MAX_DEPTH} deep", lost=True
            )
            continue
        waiting.extend((child, inside) for child in node.iterchildren("*", reversed=True))


def _outline(node: etree._Element, folders: tuple[str, ...], problems: _Problems) -> Outline | None:
    written = _attribute(node, "xmlurl")
    if written is None:
        return None
    url = safe_link(written)
    if url is None:
        problems.add(f"line {node.sourceline}: no http(s) address: {clean_line(written, 100)!r}")
        return None
    title = _title(_attribute(node, "title") or "") or _title(_attribute(node, "text") or "")
    site = safe_link(_attribute(node, "htmlurl") or "")
    return Outline(url=url, title=title or url[:MAX_TITLE], site_url=site, folders=folders)


def _attribute(node: etree._Element, name: str) -> str | None:
    """Return an attribute in whatever letters it is written: xmlUrl, xmlurl, XMLURL."""
    return next((str(value) for key, value in node.items() if str(key).lower() == name), None)


def _title(text: str) -> str:
    return plain_text(text, MAX_TITLE) if looks_like_html(text) else clean_line(text, MAX_TITLE)


def _folder(
    body: etree._Element, stack: list[tuple[str, etree._Element]], folders: tuple[str, ...]
) -> etree._Element:
    """Return the outline of the innermost folder; folders that are open already are used again."""
    names = [name for name in (clean_line(folder, MAX_TITLE) for folder in folders) if name]
    same = list(takewhile(lambda pair: pair[0][0] == pair[1], zip(stack, names)))
    del stack[len(same) :]
    for name in names[len(same) :]:
        parent = stack[-1][1] if stack else body
        stack.append((name, etree.SubElement(parent, "outline", text=name, title=name)))
    return stack[-1][1] if stack else body
