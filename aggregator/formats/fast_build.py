"""From what the fast reader found to our words, as the tolerant reader says them."""

from __future__ import annotations

from html import escape
from typing import Any

from feedparser import FeedParserDict
from feedparser.mixin import _FeedParserMixin

from aggregator.core.sanitize import plain_text, text_to_html
from aggregator.core.urls import absolute
from aggregator.formats.fast_names import Unsure
from aggregator.formats.fast_node import Author, Detail, Node
from aggregator.formats.fast_parts import is_html
from aggregator.formats.fast_walk import HTML, TEXT, XHTML, Walk
from aggregator.formats.fields import (
    MAX_CONTENT,
    MAX_ENCLOSURES,
    MAX_GUID,
    MAX_LINE,
    MAX_SUMMARY,
    MAX_TYPE,
    MAX_URL,
    address,
    bounded_guid,
    bounded_url,
    bounded_words,
    language,
    whole_number,
)
from aggregator.formats.tolerant import MAILBOX, author_of
from aggregator.model.entry import Enclosure, ParsedEntry

LONGEST_AUTHOR = 300  # characters; feedparser takes time quadratic in them to look for addresses


def entry_of(walk: Walk, node: Node, inherited: str | None) -> ParsedEntry:
    """Return the entry; `inherited` is who wrote it when it does not say."""
    url = walk.url
    content, base = _content(walk, node) if node.contents else ("", "")
    summary, title = node.caption or "", node.title
    detail = node.summary_detail
    if detail is not None:
        summary = _markup(walk, node.summary or "", detail) or summary
    else:
        detail = node.title_detail
    if title and node.title_detail is not None:
        title = _markup(walk, title, node.title_detail)
    author = author_named(node.authors) if node.authors else None
    origin = node.source
    if author is None and origin is not None and origin.authors:
        author = author_named(origin.authors)
    author = author or inherited
    guid = node.guid.strip() if node.guid else None
    if detail is not None:
        base = base or detail[2]
    base = (address(base, url) or url) if base else url
    link = link_of(walk, node)
    return ParsedEntry(
        guid=None if not guid else guid if len(guid) <= MAX_GUID else bounded_guid(guid),
        guid_is_link=bool(node.guid_is_link) and not walk.atom,
        url=link if link is None or len(link) <= MAX_URL else None,
        title=title[:MAX_LINE],
        summary=summary[:MAX_SUMMARY],
        content=content[:MAX_CONTENT],
        author=author[:MAX_LINE] if author else None,
        published=node.published or node.created,
        updated=node.updated,
        categories=bounded_words(_words(node)) if node.tags else (),
        enclosures=_enclosures(node, base) if node.encloses else (),
        image=_image(node, base),
        lang=language(detail[1]) if detail is not None and detail[1] else None,
        source_title=None if origin is None else line_of(walk, origin),
        source_url=None if origin is None else _origin(walk, origin),
        licence=_licence(node, url),
        base=base,
    )


def _origin(walk: Walk, origin: Node) -> str | None:
    return bounded_url(link_of(walk, origin) or address(origin.href, walk.url))


def _licence(node: Node, url: str) -> str | None:
    if node.rights is None and not node.licensed:
        return None
    return bounded_url(licence_of(node, url))


def _content(walk: Walk, node: Node) -> tuple[str, str]:
    """Return the longest HTML among the contents, and the address it is relative to."""
    contents = node.contents
    if not walk.atom and any(kind == TEXT for kind, _, _ in contents):
        longest = max([len(value) for kind, value, _ in contents if kind != TEXT], default=0)
        contents = [
            (HTML, value, base)
            if kind == TEXT and len(value) >= longest and is_html(value)
            else (kind, value, base)
            for kind, value, base in contents
        ]
    if len(contents) > 1:
        contents = [max([one for one in contents if one[0] != TEXT] or contents, key=_length)]
    kind, value, base = contents[0]
    if kind != TEXT:
        return _markup(walk, value, (kind, None, base)), base
    if walk.atom or node.summary_detail is None:
        return text_to_html(value), base
    return "", ""


def _length(content: tuple[str, str, str]) -> int:
    return len(content[1])


def _markup(walk: Walk, value: str, detail: Detail) -> str:
    """Return a text as markup; what Atom declares to be plain text is escaped for it."""
    kind = detail[0]
    if kind == TEXT:
        return escape(value, quote=False) if walk.atom else value
    return value.replace("</br>", "") if kind == XHTML else value


def line_of(walk: Walk, node: Node) -> str | None:
    """Return the title of a feed or source on one line."""
    title = node.title
    if title and node.title_detail is not None:
        title = _markup(walk, title, node.title_detail)
    return plain_text(title, 500) or None


def author_named(authors: list[Author]) -> str | None:
    """Return the authors' names, as the tolerant reader does."""
    if len(authors) == 1:
        (one,) = authors
        if isinstance(one, str):
            if "@" not in one:
                return one.strip() or None
            if mailbox := MAILBOX.fullmatch(one.strip()[:300]):
                return (mailbox[1] or mailbox[2]).strip() or None
        else:
            names = [value for key, value in one if key == "name"]
            if len(names) == 1 and names[0] and "@" not in names[0] and "<" not in names[0]:
                return names[0]
    told = [part for one in authors for part in ([one] if isinstance(one, str) else _parts(one))]
    if any(len(text) > LONGEST_AUTHOR for text in told):
        raise Unsure("an author of unusual length")
    return author_of(_as_feedparser(authors))


def _parts(author: tuple[tuple[str, str], ...]) -> list[str]:
    return [text for _, text in author]


class _Bookkeeper:
    """feedparser's bookkeeping of authors, over a dictionary."""

    def __init__(self) -> None:
        self.context = FeedParserDict()

    def _get_context(self) -> Any:
        return self.context

    _sync_author_detail = _FeedParserMixin._sync_author_detail
    _save_author = _FeedParserMixin._save_author


def _as_feedparser(authors: list[Author]) -> Any:
    keeper = _Bookkeeper()
    for one in authors:
        keeper.context.setdefault("authors", []).append(FeedParserDict())
        if not isinstance(one, str):
            for key, value in one:
                keeper._save_author(key, value)
        keeper.context["author"] = one if isinstance(one, str) else ""
        keeper._sync_author_detail()
    return keeper.context


def _words(node: Node) -> list[str]:
    words = []
    for term, _, label in node.tags:
        word = (label.strip() if label else "") or (term.strip() if term else "")
        if word and not word.startswith(("http://", "https://")):
            words.append(word)
    return words


def _enclosures(node: Node, base: str) -> tuple[Enclosure, ...]:
    found = []
    for rel, href, kind, length in node.links:
        if rel == "enclosure" and href and (at := absolute(href, base)) and len(at) <= MAX_URL:
            size = whole_number(length) if length else None
            found.append(Enclosure(url=at, type=kind.strip()[:MAX_TYPE] or None, length=size))
    return tuple(found[:MAX_ENCLOSURES])


def _image(node: Node, base: str) -> str | None:
    if node.thumbnails or node.pictures or node.image:
        for one in (*node.thumbnails, *node.pictures, node.image):
            if one and (found := address(one.strip(), base)):
                return bounded_url(found)
    if node.encloses:
        for rel, href, kind, _ in node.links:
            if rel != "enclosure" or not href or not kind.startswith("image/"):
                continue
            if found := address(href.strip(), base):
                return bounded_url(found)
    return None


def link_of(walk: Walk, node: Node) -> str | None:
    """Return the page an entry, a feed or a source is about."""
    return (walk.page(node.link) if node.link else None) or rel_of(node, "alternate", walk.url)


def rel_of(node: Node, rel: str, url: str) -> str | None:
    """Return the first address of the links with a relation."""
    for told, href, _, _ in node.links:
        if told == rel and (found := address(href, url)):
            return found
    return None


def licence_of(node: Node, url: str) -> str | None:
    """Return the licence's address, or what is said of rights."""
    found = rel_of(node, "license", url)
    return found or (plain_text(node.rights, 500) if node.rights else None) or None
