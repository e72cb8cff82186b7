"""Rules of `validity`: dates, ids, addresses, links, types, numbers, languages, mailboxes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

from tests.formats.valid_doc import XML, Doc, rule, words

TOMORROW = datetime.now(UTC) + timedelta(days=1)

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
_TAG_URI = re.compile(
    r"tag:(?:[\w.-]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:(?:[\w;/?:@&=+$.\-!~*'(),#]|%[0-9a-f]{2})*",
    re.ASCII | re.IGNORECASE,
)
_UNRESERVED = re.compile(r"%(?:[46][1-9a-f]|[57][0-9a]|3[0-9]|2[de]|5f|7e)", re.IGNORECASE)
_URL = re.compile(r"(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=\[\]]|%[0-9A-Fa-f]{2})+")
_MIME = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?: \(.+\))?", re.S)
_A_MAIL = re.compile(r"(?<![\w@.+'-])[\w.+'-]+@\w[\w-]*(?:\.\w[\w-]*)+")
_RELATIONS = words(
    "alternate current enclosure hub license next-archive prev-archive related self via"
)
_HEADS_ONLY = words("current hub next-archive prev-archive self")


@rule
def dates(doc: Doc) -> Iterator[tuple[str, str]]:
    """Dates are written in one way, and of a day that can be."""
    stones = [str(each.get("when")) for each in doc.every("at:deleted-entry")]
    texts = [
        (doc.name(each), each.text or "")
        for each in doc.every("updated", "published", "atom:updated")
    ]
    for name, text in (*texts, *(("when", stone) for stone in stones)):
        try:
            assert _RFC3339.fullmatch(text)
            assert datetime(1970, 1, 1, tzinfo=UTC) <= datetime.fromisoformat(text) < TOMORROW
        except (AssertionError, ValueError):
            yield name, text
    for each in doc.every("pubDate", "lastBuildDate"):
        try:
            said = parsedate_to_datetime(each.text or "")
            assert format_datetime(said.astimezone(UTC)) == each.text
            assert datetime(1970, 1, 1, tzinfo=UTC) <= said < TOMORROW
        except (AssertionError, TypeError, ValueError):
            yield doc.name(each), each.text or ""


def is_web(text: str | None) -> bool:
    """Whether a text is an absolute http(s) address in the letters of a URI."""
    if not _URL.fullmatch(text or ""):
        return False
    try:
        parts = urlsplit(text or "")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc


def is_id(text: str | None) -> bool:
    return bool(_TAG_URI.fullmatch(text or "")) if (text or "")[:4] == "tag:" else is_web(text)


@rule
def ids(doc: Doc) -> Iterator[tuple[str, str]]:
    """Ids are tags or web addresses, and no two items share one."""
    own = [*doc.every("feed/id", "entry/id", "source/id", "guid")]
    yield from ((doc.name(each), str(each.text)) for each in own if not is_id(each.text))
    for each in doc.every("guid"):
        is_link = each.get("isPermaLink")
        if is_link not in ("true", "false") or (is_link == "true" and not is_web(each.text)):
            yield "guid", f"isPermaLink={is_link} {each.text}"
    for stone in doc.every("at:deleted-entry"):
        if not is_id(stone.get("ref")):
            yield "ref", str(stone.get("ref"))
    items = Counter(each.text for each in doc.every("entry/id", "guid"))
    yield from (("id", f"{count} of {uri}") for uri, count in items.items() if count > 1)


@rule
def canonical(doc: Doc) -> Iterator[tuple[str, str]]:
    """Ids of web addresses are in the one form of many that mean the same (RFC 3986, section 6)."""
    for each in doc.every("feed/id", "entry/id"):
        parent = each.getparent()
        if parent is not None and is_web(each.text) and not is_canonical(each.text or ""):
            yield f"{doc.name(parent)}/id", each.text or ""


def is_canonical(url: str) -> bool:
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}[parts.scheme]
    escapes = re.findall("%..", url)
    return (
        url.startswith(f"{parts.scheme}:")
        and parts.netloc == parts.netloc.lower()
        and not parts.netloc.endswith((port, ":"))
        and parts.path != ""
        and "/." not in parts.path
        and not _UNRESERVED.search(url)
        and all(escape == escape.upper() for escape in escapes)
    )


@rule
def addresses(doc: Doc) -> Iterator[tuple[str, str]]:
    """Addresses are whole, of the web, and in a URI's letters."""
    for each in doc.every("channel/link", "item/link", "docs", "author/uri"):
        if not is_web(each.text):
            yield doc.name(each), str(each.text)
    for name, element in doc.elements():
        for attribute in ("href", "url"):
            if attribute in element.attrib and not is_web(element.get(attribute)):
                yield name, f"{attribute}={element.get(attribute)}"


@rule
def links(doc: Doc) -> Iterator[tuple[str, str]]:
    """Relations are registered, and one of each where more would be a riddle."""
    for element in doc.every("link", "atom:link"):
        relation, parent = element.get("rel", "alternate"), element.getparent()
        if doc.atom and relation not in _RELATIONS:
            yield "link", f"rel={relation}"
        in_item = parent is not None and doc.name(parent) in ("entry", "item")
        if in_item and relation in _HEADS_ONLY:
            yield "link", f"rel={relation} in an item"
        if relation == "self" and element.get("type", "application/atom+xml") not in (
            "application/atom+xml",
            "application/rss+xml",
        ):
            yield "link", f"self is {element.get('type')}"
    for parent in doc.every("feed", "channel", "entry", "source"):
        found = [each for each in parent if doc.name(each) in ("link", "atom:link")]
        said = Counter(each.get("rel", "alternate") for each in found)
        for relation in _RELATIONS - {"related", "enclosure", "license", "via"}:
            if said[relation] > 1:
                yield "link", f"{said[relation]} with rel={relation} in {doc.name(parent)}"
        addresses = Counter((each.get("rel"), each.get("href")) for each in found)
        twice = (pair for pair, many in addresses.items() if many > 1)
        yield from (("link", f"{pair} twice in {doc.name(parent)}") for pair in twice)


@rule
def found_again(doc: Doc) -> Iterator[tuple[str, str]]:
    """A feed names its own address; an archive that of the feed too."""
    for head in doc.every("feed", "channel"):
        said = {link.get("rel"): link for link in head if doc.name(link) in ("link", "atom:link")}
        if "self" not in said:
            yield "self", f"missing in {doc.name(head)}"
        archive = any(doc.name(each) == "fh:archive" for each in head)
        if archive and "current" not in said:
            yield "current", "missing in an archive"
        if doc.atom and "alternate" not in said:
            yield "alternate", "missing in feed"
    for entry in doc.every("entry"):
        if not any(doc.name(each) == "content" for each in entry):
            yield "content", "missing in entry"


@rule
def types(doc: Doc) -> Iterator[tuple[str, str]]:
    """Texts are html or plain, files and pages have a media type."""
    for name, element in doc.elements():
        said, parent = element.get("type"), element.getparent()
        if name in ("content", "summary"):
            if said != "html" and parent is not None:
                yield name, f"type={said} in {doc.name(parent)}"
        elif said is not None and not _MIME.fullmatch(said):
            yield name, f"type={said}"


@rule
def numbers(doc: Doc) -> Iterator[tuple[str, str]]:
    for name, element in doc.elements():
        for attribute, form in (("length", r"\d{1,18}"), ("fileSize", r"[1-9]\d{0,17}")):
            said = element.get(attribute)
            if said is not None and not re.fullmatch(form, said):
                yield name, f"{attribute}={said}"


@rule
def languages(doc: Doc) -> Iterator[tuple[str, str]]:
    said = [(doc.name(each), each.text or "") for each in doc.every("language", "dc:language")]
    for _, each in doc.elements():
        if (tag := each.get(f"{{{XML}}}lang")) is not None:
            said.append(("xml:lang", tag))
    yield from ((name, text) for name, text in said if not _LANGUAGE.fullmatch(text))


@rule
def mail(doc: Doc) -> Iterator[tuple[str, str]]:
    """Mailboxes where one belongs, and in no name."""
    for each in doc.every("managingEditor", "webMaster", "author/email"):
        text, bare = each.text or "", doc.name(each) == "email"
        if not _MAIL.fullmatch(text) or bare is ("(" in text):
            yield doc.name(each), text
    for each in doc.every("author/name", "dc:creator"):
        if _A_MAIL.search(each.text or ""):
            yield doc.name(each), each.text or ""
