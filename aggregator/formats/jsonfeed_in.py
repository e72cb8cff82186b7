"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1) to words; wrong types are passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from typing import Any

from aggregator.core.sanitize import text_to_html
from aggregator.core.text import clean_line
from aggregator.core.urls import absolute
from aggregator.errors import ReadFailed
from aggregator.formats.fields import LARGEST, LATEST, MAX_ENTRIES, language
from aggregator.model.entry import Enclosure, ParsedEntry, ParsedFeed

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/(\d)(?:\.(\d))?/?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LEAP_SECOND = re.compile(r"(?<=:\d\d):60(?!\d)")


@dataclass(slots=True)
class _Complaints:
    """What was wrong, each thing once, in the order found."""

    found: dict[str, None] = field(default_factory=dict)

    def __call__(self, problem: str) -> None:
        self.found.setdefault(problem)


def read_json(body: bytes, url: str) -> ParsedFeed:
    """Return what a JSON Feed says; raise `ReadFailed` when the document is none.

    `url` is where the document came from; relative addresses are resolved against it. Items
    beyond `MAX_ENTRIES` are left out. `problem` names everything that was not as the format wants.
    """
    complain = _Complaints()
    document = _document(_decoded(body, complain), complain)
    if not isinstance(document, dict):
        raise ReadFailed("this is JSON, but not a JSON Feed: it is no object")
    version = _VERSION.fullmatch(_text(document.get("version")) or "")
    items = document.get("items")
    if not isinstance(items, list):
        if version is None:
            raise ReadFailed("this is JSON, but not a JSON Feed: it has no version and no items")
        complain("items is no list")
        items = []
    elif version is None:
        complain("version names no version of JSON Feed")
    if len(items) > MAX_ENTRIES:
        complain(f"{len(items)} entries: only the first {MAX_ENTRIES} are read")
    feed = _Reader(document, url, complain)
    entries = tuple(feed.entry(item) for item in items[:MAX_ENTRIES] if _is_object(item, complain))
    title = _text(document.get("title"))
    if title is None:
        complain("the feed has no title")
    return ParsedFeed(
        format=f"json{version[1]}{version[2] or 0}" if version else "json",
        title=clean_line(title or "") or None,
        site_url=feed.address(document.get("home_page_url")),
        lang=language(document.get("language")),
        icon=feed.address(document.get("icon")) or feed.address(document.get("favicon")),
        self_url=feed.address(document.get("feed_url")),
        hub_urls=tuple(feed.hubs()),
        more_url=feed.address(document.get("next_url")),
        reader="json",
        entries=entries,
        problem="; ".join(complain.found) or None,
    )


def _decoded(body: bytes, complain: _Complaints) -> str:
    encoding = json.detect_encoding(body)  # by its mark, else by where its zeros stand
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        complain(f"it is no valid {encoding.upper().removesuffix('-SIG')}")
        return body.decode(encoding, "replace")


def _document(text: str, complain: _Complaints) -> Any:
    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) != len(members):
            complain("a name stands twice in one object")
        return made

    def constant(name: str) -> None:
        complain(f"{name} is no JSON")

    def whole(digits: str) -> int | str:
        return int(digits) if len(digits) < 20 else digits  # an id of any length stays one

    try:
        return json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_int=whole, strict=False
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ReadFailed(f"this is not readable as JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise ReadFailed("this is not readable as JSON: it is nested too deeply") from None


@dataclass(frozen=True, slots=True)
class _Reader:
    """What every item of one document shares: the feed's own words, its address."""

    document: dict[str, Any]
    url: str
    complain: _Complaints

    def entry(self, item: dict[str, Any]) -> ParsedEntry:
        content = self.text(item, "content_html")
        plain = self.text(item, "content_text")
        return ParsedEntry(
            guid=self.identifier(item),
            url=self.address(item.get("url")) or self.address(item.get("external_url")),
            title=escape(self.text(item, "title") or "", quote=False),
            summary=escape(self.text(item, "summary") or "", quote=False),
            content=content or text_to_html(plain or ""),
            author=_author(item) or _author(self.document),
            published=self.seconds(item, "date_published"),
            updated=self.seconds(item, "date_modified"),
            categories=tuple(dict.fromkeys(_texts(item.get("tags")))),
            enclosures=tuple(self.enclosures(item)),
            image=self.address(item.get("image")) or self.address(item.get("banner_image")),
            lang=language(item.get("language")) or language(self.document.get("language")),
            base=self.url,
        )

    def identifier(self, item: dict[str, Any]) -> str | None:
        """Return the id as a string, as the format tells readers to make it."""
        value = item.get("id")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        identifier = _text(value)
        if identifier is None:
            self.complain("an entry has no id")
        return identifier

    def text(self, item: dict[str, Any], name: str) -> str | None:
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            self.complain(f"{name} is no string")
        return _text(value)

    def seconds(self, item: dict[str, Any], name: str) -> int | None:
        text = self.text(item, name)
        when = _seconds(text) if text else None
        if text and when is None:
            self.complain(f"{name} is no date")
        return when

    def enclosures(self, item: dict[str, Any]) -> Iterator[Enclosure]:
        attachments = item.get("attachments")
        for one in attachments if isinstance(attachments, list) else ():
            address = self.address(one.get("url")) if isinstance(one, dict) else None
            if address:
                size = one.get("size_in_bytes")
                whole = isinstance(size, int) and not isinstance(size, bool)
                yield Enclosure(
                    url=address,
                    type=_text(one.get("mime_type")),
                    length=size if whole and 0 <= size <= LARGEST else None,
                )

    def hubs(self) -> Iterator[str]:
        hubs = self.document.get("hubs")
        for hub in hubs if isinstance(hubs, list) else ():
            kind = _text(hub.get("type")) if isinstance(hub, dict) else None
            if kind and kind.lower() == "websub" and (address := self.address(hub.get("url"))):
                yield address

    def address(self, value: Any) -> str | None:
        """Return an absolute http(s) address, or None."""
        text = _text(value)
        return absolute(text, self.url) if text else None


def _is_object(item: Any, complain: _Complaints) -> bool:
    if not isinstance(item, dict):
        complain("an item is no object")
    return isinstance(item, dict)


def _author(node: dict[str, Any]) -> str | None:
    """Return the authors' names: 1.1 has `authors`, 1.0 one `author`."""
    authors = node.get("authors")
    listed = authors if isinstance(authors, list) else [node.get("author")]
    names = [_text(author.get("name")) for author in listed if isinstance(author, dict)]
    return ", ".join(dict.fromkeys(name for name in names if name)) or None


def _text(value: Any) -> str | None:
    """Return a string that can be kept: half characters are replaced, an empty one is None."""
    return _SURROGATE.sub("\ufffd", value).strip() or None if isinstance(value, str) else None


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else ():
        if text := _text(one):
            yield text


def _seconds(text: str) -> int | None:
    """Return an RFC 3339 date, or one in mail's form, as UTC seconds; None for no real date."""
    if len(text) > 64:
        return None
    text = _LEAP_SECOND.sub(":59", text)
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    try:
        seconds = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < LATEST else None
