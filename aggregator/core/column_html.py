"""The lines of a simple HTML page, for a column that was saved from a browser or an editor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html

_BLOCKS = re.compile(
    "address|article|blockquote|body|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|li|main|ol|p|pre"
    "|section|table|td|th|tr|ul"
)
_NOT_SAID = re.compile(
    "script|style|noscript|template|nav|header|footer|aside|form|select|button|svg|iframe|head"
    "|object|video|audio|title"
)
_STARTS_LIKE_HTML = re.compile(
    r"(?:\s|<\?xml[^>]*>|<!--.*?-->)*"
    r"<(?:!doctype|html|head|body|meta|title|article|main|section|div|p|h1|time)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says, in its order; empty lines part its blocks."""

    title: str  # of its first <h1>, else its <title>
    date: str  # of its first <time>, for machines where that says so
    date_shown: str
    lines: tuple[str, ...]


def looks_like_html(text: str) -> bool:
    """Return whether a text begins as an HTML page does."""
    return _STARTS_LIKE_HTML.match(text[:10_000].lstrip("\ufeff")) is not None


def read_page(text: str) -> Page:
    """Read a page, however broken; what is not its text (scripts, menus, forms) is left out."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing but blanks or comments
        return Page(title="", date="", date_shown="", lines=())
    heading, time = root.find(".//h1"), root.find(".//time")
    title = heading if heading is not None and _text(heading) else root.find(".//title")
    shown = "" if time is None else _text(time)
    return Page(
        title="" if title is None else _text(title),
        date=shown if time is None else time.get("datetime") or shown,
        date_shown=shown,
        lines=tuple(line.strip() for line in "".join(_said(root, title)).split("\n")),
    )


def _text(element: etree._Element) -> str:
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _said(root: etree._Element, title: etree._Element | None) -> Iterator[str]:
    """Yield the text of the page, a line break for each <br>, two around each block."""
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = str(element.tag)
        around = "\n\n" if _BLOCKS.fullmatch(tag) else ""
        if event == "start":
            yield around
            if element is title or _NOT_SAID.fullmatch(tag):
                walk.skip_subtree()
            else:
                yield "\n" if tag == "br" else ""
                yield _one_line(element.text)
        else:
            yield around
            yield _one_line(element.tail)


def _one_line(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
