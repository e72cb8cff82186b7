"""The tolerant reader: feedparser's reading of any RSS or Atom document, in our words."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from xml.parsers import expat
from xml.sax import SAXException

import feedparser
from feedparser.encodings import convert_to_utf8
from feedparser.exceptions import CharacterEncodingUnknown, UndeclaredNamespace
from feedparser.sanitizer import replace_doctype

from aggregator.core.sanitize import plain_text, text_to_html
from aggregator.errors import ReadFailed
from aggregator.formats.alternates import feeds_named_by
from aggregator.formats.fields import (
    MAX_ENTRIES,
    address,
    in_seconds,
    language,
    wait,
    whole_number,
)
from aggregator.formats.signals import Signals, signals
from aggregator.model.entry import Enclosure, ParsedEntry, ParsedFeed

_Node = Mapping[str, Any]

_ENTRY_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>")
_FEED_START = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)[\s>]", re.I)
_PAGE_START = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s++)*+<(?:!doctype\s+html|html)\b", re.I | re.S
)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_CHALLENGE = re.compile(
    rb"just a moment|attention required|verify (?:that )?you are (?:a )?human|captcha|cf-chl", re.I
)
_MEDIA_DESCRIPTION = re.compile(rb"<(/?)media:description(?=[\s/>])[^<>]*?(/?)>")
_REFERENCE = re.compile(rb"&#(?:([0-9]{1,9})|[xX]([0-9a-fA-F]{1,8}));")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0")
MAILBOX = re.compile(r"\S+@\S+\s*\(([^()]+)\)|([^<>@]+)<\S+@\S+>")
_HTML = ("text/html", "application/xhtml+xml")


def read_xml(body: bytes, url: str, content_type: str | None) -> ParsedFeed:
    """Return what feedparser finds in the document; raise `ReadFailed` when it is no feed.

    `url` is where the document came from: addresses in it are resolved against that, or
    against its own `xml:base`. Entries beyond `MAX_ENTRIES` are left out; `problem` says so.
    """
    _refuse_pages(body, url)
    body, left_out = _first_entries(body)
    result, problem = _parse(_with_own_media_description(body), content_type)
    if not result.get("version") and not result["entries"]:
        raise ReadFailed(_what_it_is(body, url))
    problems = [problem] if problem else []
    if left_out:
        problems.append(f"{MAX_ENTRIES + left_out} entries: only the first {MAX_ENTRIES} are read")
    return _feed(result, signals(body), url, "; ".join(problems) or None)


def _parse(body: bytes, content_type: str | None) -> tuple[Any, str | None]:
    """Return feedparser's result and what was wrong; what is not well-formed is mended first."""
    problem = not_well_formed(body, content_type)
    mended = body if problem is None else mended_bytes(body)
    try:
        result = _feedparser(mended, content_type)
        problem = problem or _problem(result)
    except MemoryError:
        raise
    except Exception as error:  # hostile numbers and names make feedparser raise almost anything
        gave_up = f"the parser gave up ({type(error).__name__})"
        if mended != body:
            with contextlib.suppress(Exception):
                return _feedparser(body, content_type), gave_up
        raise ReadFailed(f"this cannot be read as a feed: {gave_up}") from error
    return result, problem


def not_well_formed(body: bytes, content_type: str | None) -> str | None:
    """Return what feedparser's parser will find wrong, at a hundredth of the cost of asking it."""
    try:
        headers = {"content-type": content_type or "application/xml"}
        _, data, _ = replace_doctype(convert_to_utf8(headers, body, {}))
        expat.ParserCreate("utf-8", " ").Parse(data, True)
    except expat.ExpatError as error:
        # Where no XML declaration begins the document, feedparser puts one on a line before it.
        added = not body.removeprefix(b"\xef\xbb\xbf").startswith(b"<?xml")
        what = expat.ErrorString(error.code).removeprefix("not well-formed ").strip("()")
        return f"not well-formed: {what} (line {error.lineno - added}, column {error.offset})"
    except (LookupError, ValueError):  # an encoding of its own invention; feedparser may know
        return None
    return None


def _feedparser(body: bytes, content_type: str | None) -> Any:
    # BytesIO: given plain bytes, it would first try to open a file of that name. Without a
    # content type it would guess ISO-8859-1 where XML says UTF-8. It is not told the address:
    # it would make one of every guid.
    return feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": content_type or "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _refuse_pages(body: bytes, url: str) -> None:
    if not body.strip():
        raise ReadFailed("the document is empty")
    if _PAGE_START.match(body[:4096]) and not _FEED_START.search(body):
        raise ReadFailed(_what_it_is(body, url))


def _what_it_is(body: bytes, url: str) -> str:
    """Return, in words, what came instead of a feed."""
    head = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if _PAGE_START.match(head):
        if _CHALLENGE.search(body[:20_000]):
            return "this is an HTML page that asks for a human, not a feed"
        named = feeds_named_by(body, url)
        return "this is an HTML page, not a feed" + (
            f"; it names {', '.join(named)}" if named else ""
        )
    if head[:1] == b"<":
        roots = (name for name in _ROOT.findall(body[:20_000]))
        root = next(roots, b"").decode("ascii", "replace")
        if root.lower() in {"html", "head", "body", "br", "div", "p", "script"}:
            return "this is an HTML page, not a feed"
        if root:
            return f"this is XML but no feed: its first element is <{root[:40]}>"
    if body[:2] == b"\x1f\x8b":
        return "this is compressed data, not a feed"
    return "this is not a feed"


def _first_entries(body: bytes) -> tuple[bytes, int]:
    """Return the document without the entries beyond the cap, and how many those were."""
    ends = [found.end() for found in _ENTRY_END.finditer(body)]
    if len(ends) <= MAX_ENTRIES:
        return body, 0
    return body[: ends[MAX_ENTRIES - 1]] + body[ends[-1] :], len(ends) - MAX_ENTRIES


def _with_own_media_description(body: bytes) -> bytes:
    """Give media:description a name of its own: feedparser takes it for a description."""
    if b"media:description" not in body:
        return body
    return _MEDIA_DESCRIPTION.sub(rb"<\1media:caption\2>", body)


def mended_bytes(body: bytes) -> bytes:
    """Return the document without what XML forbids in any place, where that is easy to tell."""
    if body.startswith(_WIDE):
        return body
    return _REFERENCE.sub(_legal_reference, _CONTROL.sub(b"", body)).lstrip()


def _legal_reference(found: re.Match[bytes]) -> bytes:
    code = int(found[1]) if found[1] else int(found[2], 16)
    legal = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000
    return found[0] if legal and code not in {0xFFFE, 0xFFFF} else b""


def _problem(result: Any) -> str | None:
    """Return what else was wrong in words; an encoding told wrong but found is no problem."""
    error = result.get("bozo_exception") if result.get("bozo") else None
    if isinstance(error, SAXException | UndeclaredNamespace):
        return f"not well-formed: {error}"
    if isinstance(error, CharacterEncodingUnknown):
        return "its encoding could not be found out; some characters may be lost"
    return None


def _feed(result: Any, told: Signals, url: str, problem: str | None) -> ParsedFeed:
    feed: _Node = result["feed"]
    form = result.get("version") or "unknown"
    inherited = author_of(feed) if form.startswith("atom") else None
    image = feed.get("image")
    icon = feed.get("icon") or feed.get("logo") or (_of(image, "href") if image else None)
    return ParsedFeed(
        format=form,
        title=plain_text(_markup(feed, "title", form), 500) or None,
        site_url=_link(feed, url),
        lang=language(feed.get("language")),
        icon=address(icon, url),
        licence=_licence(feed, url),
        updated=in_seconds(_own(feed, "updated_parsed"))
        or in_seconds(_own(feed, "published_parsed")),
        ttl=wait(
            _own(feed, "ttl"), _own(feed, "sy_updateperiod"), _own(feed, "sy_updatefrequency")
        ),
        self_url=_rel(feed, "self", url),
        hub_urls=tuple(a for link in _links(feed, "hub") if (a := address(link.get("href"), url))),
        more_url=_rel(feed, "prev-archive", url),
        skip_hours=told.skip_hours,
        skip_days=told.skip_days,
        complete=told.complete,
        deleted=told.deleted,
        entries=tuple(_entry(entry, form, url, inherited) for entry in result["entries"]),
        problem=problem,
    )


def _entry(entry: _Node, form: str, url: str, inherited: str | None) -> ParsedEntry:
    atom = form.startswith("atom")
    source = _own(entry, "source") or {}
    content, base = _content(entry, form)
    summary = _markup(entry, "summary", form) if "summary_detail" in entry else ""
    detail = _own(entry, "summary_detail") or _own(entry, "title_detail") or {}
    base = address(base or detail.get("base"), url) or url
    guid = _own(entry, "id")
    return ParsedEntry(
        guid=guid.strip() or None if isinstance(guid, str) else None,
        guid_is_link=bool(_own(entry, "guidislink")) and not atom,
        url=_link(entry, url),
        title=_markup(entry, "title", form),
        summary=summary or str(_own(entry, "media_caption") or ""),
        content=content,
        author=author_of(entry) or author_of(source) or inherited,
        published=in_seconds(_own(entry, "published_parsed"))
        or in_seconds(_own(entry, "created_parsed")),
        updated=in_seconds(_own(entry, "updated_parsed")),
        categories=tuple(dict.fromkeys(_categories(entry))),
        enclosures=tuple(_enclosures(entry, base)),
        image=_image(entry, base),
        lang=language(detail.get("language")),
        source_title=plain_text(_markup(source, "title", form), 500) or None,
        source_url=_link(source, url) or address(source.get("href"), url),
        licence=_licence(entry, url),
        base=base,
    )


def _content(entry: _Node, form: str) -> tuple[str, str | None]:
    """Return the longest HTML among the contents, and the address it is relative to."""
    contents = [node for node in _own(entry, "content") or () if node.get("value")]
    marked_up = [node for node in contents if node.get("type") in _HTML]
    if marked_up:
        best = max(marked_up, key=lambda node: len(node["value"]))
        return _markup_of(best), best.get("base")
    plain = [node for node in contents if str(node.get("type")).startswith("text/")]
    if plain and (form.startswith("atom") or "summary_detail" not in entry):
        best = max(plain, key=lambda node: len(node["value"]))
        return text_to_html(best["value"]), best.get("base")
    return "", None


def _markup(node: _Node, name: str, form: str) -> str:
    """Return a text as markup; what Atom declares to be plain text is escaped for it."""
    value = _own(node, name)
    if not isinstance(value, str):
        return ""
    detail = _own(node, name + "_detail") or {}
    if form.startswith("atom") and detail.get("type") == "text/plain":
        return escape(value, quote=False)
    return _markup_of({**detail, "value": value})


def _markup_of(text: _Node) -> str:
    """Return markup as it stands; an empty XHTML element comes as <br></br>, two breaks in HTML."""
    value: str = text["value"]
    return value.replace("</br>", "") if text.get("type") == _HTML[1] else value


def author_of(node: _Node) -> str | None:
    """Return the authors' names; of a mailbox only the name in it."""
    author = _of(node, "author")
    names = [_of(one, "name") for one in _own(node, "authors") or ()]
    known = dict.fromkeys(name for name in names if name)
    if author and len(known) < 2 and (mailbox := MAILBOX.fullmatch(author[:300])):
        # Not feedparser's name: it knows top-level domains of four letters at most.
        return (mailbox[1] or mailbox[2]).strip() or None
    return ", ".join(known) or author


def _categories(entry: _Node) -> Iterator[str]:
    for tag in _own(entry, "tags") or ():
        word = _of(tag, "label") or _of(tag, "term")
        if word and not word.startswith(("http://", "https://")):  # a scheme's address is no word
            yield word


def _enclosures(entry: _Node, base: str) -> Iterator[Enclosure]:
    for link in _links(entry, "enclosure"):
        found = address(link.get("href"), base)
        if found:
            yield Enclosure(
                url=found, type=_of(link, "type"), length=whole_number(link.get("length"))
            )


def _image(entry: _Node, base: str) -> str | None:
    media = [node for node in _own(entry, "media_content") or () if _is_image(node)]
    image = _own(entry, "image")
    candidates = [
        *(_of(node, "url") for node in (*(_own(entry, "media_thumbnail") or ()), *media)),
        _of(image, "href") if isinstance(image, Mapping) else None,
        *(_of(link, "href") for link in _links(entry, "enclosure") if _is_image(link)),
    ]
    return next((found for one in candidates if (found := address(one, base))), None)


def _is_image(node: _Node) -> bool:
    return node.get("medium") == "image" or str(node.get("type")).startswith("image/")


def _licence(node: _Node, url: str) -> str | None:
    rights = _own(node, "rights")
    address = _rel(node, "license", url)
    return address or (plain_text(rights, 500) if isinstance(rights, str) else None) or None


def _own(node: _Node, name: str) -> Any:
    """Return what really stands there: feedparser's dictionaries answer with look-alikes."""
    return dict.get(node, name) if isinstance(node, dict) else None


def _of(node: Any, name: str) -> str | None:
    value = _own(node, name)
    return value.strip() or None if isinstance(value, str) else None


def _links(node: _Node, rel: str) -> list[_Node]:
    return [link for link in _own(node, "links") or () if link.get("rel") == rel]


def _rel(node: _Node, rel: str, base: str) -> str | None:
    return next((a for link in _links(node, rel) if (a := address(link.get("href"), base))), None)


def _link(node: _Node, base: str) -> str | None:
    return address(_own(node, "link"), base) or _rel(node, "alternate", base)
