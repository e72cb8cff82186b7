"""What our words for a feed are in feedparser's, with its sanitising and resolving off.

This is written from feedparser's result alone, by none of our readers' code but what mends bytes,
so that a reader's fault cannot hide in it. Where we mean to differ, `REVIEWED` says how and why,
and the mapping does the same; everything else that differs is a disagreement.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import feedparser

from aggregator.core.sanitize import plain_text
from aggregator.formats.tolerant import mended_bytes, not_well_formed
from aggregator.model.entry import ParsedEntry, ParsedFeed

URL = "https://bench.example/feed"
LONGEST = 1_000_000  # characters of a text that are compared
LATEST = calendar.timegm((2100, 1, 1, 0, 0, 0))

REVIEWED = {
    "summary": "media:description describes a picture, not the entry: it is the summary only when "
    "there is no other. A content that feedparser copies into an empty summary is no summary.",
    "content": "The longest HTML of several; an undeclared text beside a summary is none. The "
    "</br> of an empty XHTML element goes: in HTML it is a second line break.",
    "author": "All authors, each once, not the last; of a mailbox only the name in it, whatever "
    "the top-level domain. An Atom entry without one has its source's, or its feed's.",
    "link": "An address, absolute, of the web; the first alternate when the link is none.",
    "tags": "A label before its term; an address is no word; each once.",
    "dates": "None outside 1970-2100. A created date when nothing was published.",
    "problem": "What is not well-formed is mended before feedparser sees it, where that is easy.",
}
"""Where we read otherwise than feedparser, knowingly."""

_CAPTION = re.compile(rb"<(/?)media:description(?=[\s/>])[^<>]*?(/?)>")
_MAILBOX = re.compile(r"\S+@\S+\s*\(([^()]+)\)|([^<>@]+)<\S+@\S+>")
_WEB = ("http://", "https://")
_HTML = ("text/html", "application/xhtml+xml")

Fields = dict[str, object]


def plainly(body: bytes) -> Any:
    """Return feedparser's result, sanitising and resolving off."""
    headers = {"content-type": "application/xml"}
    body = _CAPTION.sub(rb"<\1media:caption\2>", body)
    if not_well_formed(body, None) is not None:
        body = mended_bytes(body)
    return feedparser.parse(
        io.BytesIO(body),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def misread(ours: ParsedFeed, theirs: Any) -> list[str]:
    """Return the name of each field that is not as feedparser has it, once for each entry."""
    feed, atom = theirs["feed"], str(theirs["version"]).startswith("atom")
    expected = {
        "feed title": _read(_text(feed, "title", atom)) or None,
        "feed link": _link(feed),
        "feed updated": _when(feed, "updated_parsed") or _when(feed, "published_parsed"),
    }
    found = {"feed title": ours.title, "feed link": ours.site_url, "feed updated": ours.updated}
    wrong = [name for name, value in expected.items() if found[name] != value]
    if len(ours.entries) != len(theirs["entries"]):
        return [*wrong, "entries"]
    inherited = _author(feed) if atom else None
    for entry, other in zip(ours.entries, theirs["entries"], strict=True):
        mine, there = _ours(entry), _theirs(other, inherited, atom=atom)
        wrong += [name for name, value in mine.items() if value != there[name]]
    return wrong


def _ours(entry: ParsedEntry) -> Fields:
    return {
        "id": entry.guid,
        "link": entry.url,
        "title": _read(entry.title),
        "summary": _read(entry.summary),
        "content": _read(entry.content),
        "author": entry.author,
        "published": entry.published,
        "updated": entry.updated,
        "tags": entry.categories,
        "enclosures": tuple((one.url, one.type, one.length) for one in entry.enclosures),
    }


def _theirs(entry: Any, inherited: str | None, *, atom: bool) -> Fields:
    own = dict(entry)  # its class answers with look-alikes
    source = own.get("source") or {}
    summary = _text(own, "summary", atom) if "summary_detail" in own else ""
    return {
        "id": (own.get("id") or "").strip() or None,
        "link": _link(own),
        "title": _read(_text(own, "title", atom)),
        "summary": _read(summary or own.get("media_caption") or ""),
        "content": _read(_content(own, atom=atom)),
        "author": _author(own) or _author(source) or inherited,
        "published": _when(own, "published_parsed") or _when(own, "created_parsed"),
        "updated": _when(own, "updated_parsed"),
        "tags": _tags(own),
        "enclosures": _enclosures(own),
    }


def _read(markup: str) -> str:
    """Return a text as a person reads it."""
    return plain_text(markup, LONGEST)


def _text(node: Mapping[str, Any], name: str, atom: bool) -> str:
    """Return a text as markup; in Atom plain text is no markup."""
    value: str = dict(node).get(name) or ""
    kind = (dict(node).get(f"{name}_detail") or {}).get("type")
    return _shown(value) if atom and kind == "text/plain" else value.replace("</br>", "")


def _shown(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _content(own: Mapping[str, Any], *, atom: bool) -> str:
    contents = [one for one in own.get("content") or () if one["value"]]
    marked_up = [str(one["value"]).replace("</br>", "") for one in contents if one["type"] in _HTML]
    if marked_up:
        return max(marked_up, key=len)
    if atom or "summary_detail" not in own:
        return _shown(max((one["value"] for one in contents), key=len, default=""))
    return ""


def _author(node: Mapping[str, Any]) -> str | None:
    author = (dict(node).get("author") or "").strip()
    told = [one.get("name") or "" for one in dict(node).get("authors") or ()]
    names = dict.fromkeys(name.strip() for name in told if name.strip())
    mailbox = _MAILBOX.fullmatch(author[:300]) if len(names) < 2 else None
    if mailbox:
        return (mailbox[1] or mailbox[2]).strip() or None
    return ", ".join(names) or author or None


def _link(node: Mapping[str, Any]) -> str | None:
    links = [one.get("href") for one in dict(node).get("links") or () if one["rel"] == "alternate"]
    told = (dict(node).get("link"), *links)
    return next((found for one in told if one and (found := _absolute(one))), None)


def _absolute(address: str) -> str | None:
    address = address.strip()
    if not address.lower().startswith(_WEB):
        address = urljoin(URL, address)
    return address if address.lower().startswith(_WEB) else None


def _when(node: Mapping[str, Any], name: str) -> int | None:
    parsed = dict(node).get(name)
    try:
        seconds = calendar.timegm(parsed) if parsed else 0
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < LATEST else None


def _tags(own: Mapping[str, Any]) -> tuple[str, ...]:
    told = [
        (one.get("label") or "").strip() or (one.get("term") or "").strip()
        for one in own.get("tags") or ()
    ]
    return tuple(dict.fromkeys(word[:200] for word in told if word and not word.startswith(_WEB)))[
        :100
    ]


def _enclosures(own: Mapping[str, Any]) -> tuple[tuple[str, str | None, int | None], ...]:
    found = []
    for one in own.get("links") or ():
        address = _absolute(one.get("href") or "") if one["rel"] == "enclosure" else None
        if address and one.get("href"):
            length = str(one.get("length") or "").strip()
            whole = int(length) if length.isascii() and length.isdigit() else None
            found.append((address, (one.get("type") or "").strip() or None, whole))
    return tuple(found)
