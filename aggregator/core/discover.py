"""The feeds of a site: those its page names, those it links to, and where feeds usually are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from aggregator.core.shortcuts import shortcut
from aggregator.core.text import clean_line
from aggregator.core.urls import absolute

MAX_PAGE = 1_000_000  # bytes of a page that are looked at
MAX_TAGS = 20_000
MAX_NAMED = 20  # feeds taken from one page
MAX_LINKED = 5  # of the links that only look like a feed
MAX_TITLE = 200  # characters
MAX_ATTRIBUTES = 50  # of one tag
WEEK = 7 * 86400

_FEEDS = frozenset(
    f"application/{name}" for name in ("rss+xml", "atom+xml", "rdf+xml", "feed+json", "x.atom+xml")
)
_MAYBE = frozenset({"", "text/xml", "application/xml", "application/json", "text/rss+xml"})
_COMMON_PATHS = (
    "feed",
    "rss",
    "atom.xml",
    "index.xml",
    "feed.xml",
    "rss.xml",
    "feed.json",
    "?feed=rss2",
)
_LOCAL_PATHS = ("feed", "index.xml", "rss.xml")  # below the page itself, where it is no front page

_TOKEN = re.compile(r"<!--|<(link|a|base|script|style|textarea|title|xmp|iframe)(?=[\s/>])", re.I)
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.I)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe")
}
_NAME = re.compile(r"[\s/]*+([^\s/>=][^\s/>=]*+)?\s*+(=)?\s*+")
_BARE = re.compile(r"[^\s>]*+")
_TAG = re.compile(r"<[^<>]*>")
_CHARSET = re.compile(rb"""<meta[^<>]{1,200}?charset\s*=\s*["']?\s*([\w:.-]{2,40})""", re.I)
_SAID_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w:.-]{2,40})""", re.I)

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf|<\?xml[^>]*+>|<!--.*?-->|\s++)*+<(?:!doctype\s+html|html)\b", re.I | re.S
)
_FEED_PATH = re.compile(
    r"""(?:^|/)(?:feeds?|rss2?|atom|rdf|(?:index|feed|rss2?|atom|news|blog|posts|articles)\.
          (?:xml|rss|atom|rdf|json))(?:/|/(?:index|default)\.xml)?\Z
      | \.(?:rss|atom|rdf)\Z | /feeds/(?:posts|comments)/default""",
    re.I | re.X,
)
_FEED_QUERY = re.compile(
    r"(?:^|&)(?:feed|format|type|alt|output)=(?:rss2?|atom|rdf|json-?feed|xml)", re.I
)
_FEED_WORD = re.compile(
    r"(?<!\w)(?:rss(?:[ -]?2\.0)?|atom|(?:web|json|news)[ -]?feed|feed)(?!\w)", re.I
)
_NO_FEED = re.compile(
    r"wp-json|oembed|\.(?:css|js|png|jpe?g|gif|svg|ico|html?|pdf|webmanifest)\Z", re.I
)
# Readers that a page offers to add its feed to: their addresses hold the feed's and are none.
_READERS = re.compile(
    r"(?:^|\.)(?:feedly|inoreader|netvibes|newsblur|theoldreader|bloglovin|feedbin|subtome|"
    r"add\.my\.yahoo|my\.msn|facebook|twitter|x|linkedin|wikipedia)\.(?:com|org)\Z",
    re.I,
)
_COMMENTS = re.compile(
    r"(?<![^\W\d_])(?:comments?|kommentare?|commentaires?|coment[aá]rios?|commenti|reacties)"
    r"(?![^\W\d_])|комментари|コメント|评论|評論",
    re.I,
)
_CHARSETS = ("utf-8", "utf-16", "ascii", "iso8859", "cp", "koi8", "gb", "big5", "euc_", "shift_jis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A feed that a page names: where, what it calls it, and whether it says that it is one."""

    url: str
    title: str = ""
    sure: bool = True  # its type says so; else it only looks like one

    @property
    def comments(self) -> bool:
        """Whether it seems to hold what readers say about the articles, not the articles."""
        return bool(_COMMENTS.search(urlsplit(self.url).path) or _COMMENTS.search(self.title))


class _Tag(NamedTuple):
    name: str
    attributes: dict[str, str]
    end: int  # of the tag in the page

    @property
    def href(self) -> str:
        return self.attributes.get("href", "").strip()

    @property
    def rels(self) -> list[str]:
        return self.attributes.get("rel", "").lower().split()


def named_by(page: bytes, url: str, content_type: str | None = None) -> tuple[Named, ...]:
    """Return the feeds a page names: its link elements, else links that look like a feed's.

    In the page's order, each address once, feeds of comments last. Relative addresses count from
    the first `<base href>`, or from `url`, where the page came from. What is commented out or
    stands in a script is no part of the page. A page is read up to `MAX_PAGE` in linear time.
    Where no link element names a feed, the page's canonical address may be one of a service whose
    feeds are known (a YouTube handle's page tells its channel so).

    >>> named_by(b'<link rel=alternate type=application/rss+xml href=/f title=News>', "https://e.org")
    (Named(url='https://e.org/f', title='News', sure=True),)
    """
    text = _decoded(page[:MAX_PAGE], content_type)
    tags = list(islice(_tags(text), MAX_TAGS))
    bases = (absolute(tag.href, url) for tag in tags if tag.name == "base" and tag.href)
    base = next(bases, None) or url
    links, anchors, canonical = list[Named](), list[Named](), list[str]()
    for tag in tags:
        address = absolute(tag.href, base) if tag.href and tag.name != "base" else None
        if address is None:
            continue
        address = address.partition("#")[0]
        if tag.name == "link" and "canonical" in tag.rels:
            canonical.append(address)
        if tag.name == "link" or "alternate" in tag.rels:
            links.extend(_linked(tag, address))
        elif len(anchors) < MAX_LINKED:
            anchors.extend(_looking_like_one(tag, address, text))
    known = [Named(url=each) for each in shortcut(canonical[0])] if canonical else []
    return _in_order(links or known or anchors)


def is_page(body: bytes) -> bool:
    """Return whether a document says at once that it is a page for people and no feed.

    >>> is_page(b"<!doctype html><title>News</title>"), is_page(b"<rss version='2.0'>")
    (True, False)
    """
    return _PAGE.match(body[:2000]) is not None


def usual_places(url: str) -> tuple[str, ...]:
    """Return where a site that names no feed may have one, likeliest first: its common paths.

    >>> usual_places("https://e.org/")[:2]
    ('https://e.org/feed', 'https://e.org/rss')
    >>> usual_places("https://e.org/blog?x=1")[0]
    'https://e.org/blog/feed'
    """
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    found = []
    folder = parts.path.strip("/")
    if folder and folder.count("/") < 2 and "." not in folder.rsplit("/", 1)[-1]:
        found = [f"{root}{folder}/{path}" for path in _LOCAL_PATHS]
    return tuple(dict.fromkeys([*found, *(f"{root}{path}" for path in _COMMON_PATHS)]))


def per_week(times: Sequence[int], now: float) -> float | None:
    """Return how many entries a week these dates make, counted to now; None without dates.

    A feed that fell silent is as slow as it looks: its silence counts.

    >>> per_week([0, 86400, 6 * 86400], 14 * 86400.0)
    1.5
    """
    past = [at for at in times if at <= now]
    if not past:
        return None
    weeks = max(now - min(past), 86400.0) / WEEK
    return round(len(past) / weeks, 1)


def _decoded(page: bytes, content_type: str | None) -> str:
    """Return the page as text; a wrong charset spoils titles at most, for markup is ASCII."""
    marked = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    by_mark = next((name for mark, name in marked.items() if page.startswith(mark)), None)
    said = _SAID_CHARSET.search(content_type or "")
    meta = _CHARSET.search(page[:2048])
    for name in (by_mark, said and said[1], meta and meta[1].decode("ascii", "replace")):
        if name and _is_charset(name):
            return page.decode(name, "replace")
    return page.decode("utf-8", "replace")


def _is_charset(name: str) -> bool:
    """Whether pages are written in it: some of Python's codecs take far more than linear time."""
    try:
        return codecs.lookup(name).name.startswith(_CHARSETS)
    except (LookupError, ValueError):
        return False


def _tags(text: str) -> Iterator[_Tag]:
    """Yield the tags that may matter, passing over comments and what is no markup."""
    place = 0
    while (token := _TOKEN.search(text, place)) is not None:
        if token[1] is None:
            place = text.find("-->", token.start() + 2)
            if place < 0:
                return
            continue
        tag = _tag(text, token[1].lower(), token.end())
        if tag is None:
            return
        place = tag.end
        raw = _RAW.get(tag.name)
        if raw is None:
            yield tag
            continue
        end = raw.search(text, place)
        if end is None:
            return
        place = end.end()


def _tag(text: str, name: str, place: int) -> _Tag | None:
    """Return a tag whose name ends at `place`; None when the page ends within it."""
    attributes: dict[str, str] = {}
    while place < len(text):
        found = _NAME.match(text, place)
        assert found is not None  # it matches the empty text too
        if found[1] is None and found[2] is None:
            return _Tag(name, attributes, found.end() + 1) if found.end() < len(text) else None
        place, value = found.end(), ""
        if found[2]:
            quote = text[place : place + 1]
            if quote and quote in "\"'":
                end = text.find(quote, place + 1)
                if end < 0:
                    return None
                value, place = text[place + 1 : end], end + 1
            else:
                bare = _BARE.match(text, place)
                value, place = (bare[0], bare.end()) if bare else ("", place)
        if found[1] and len(attributes) < MAX_ATTRIBUTES:
            attributes.setdefault(found[1].lower(), unescape(value[:10_000]))
    return None


def _linked(tag: _Tag, address: str) -> Iterator[Named]:
    """Yield the feed a link element names, if it does."""
    kind = tag.attributes.get("type", "").partition(";")[0].strip().lower()
    sure = kind in _FEEDS
    if not sure and ("oembed" in kind or kind not in _MAYBE or not _is_feeds(address)):
        return
    if "feed" in tag.rels or ("alternate" in tag.rels and "stylesheet" not in tag.rels):
        title = clean_line(tag.attributes.get("title", ""), MAX_TITLE)
        yield Named(url=address, title=title, sure=sure)


def _looking_like_one(tag: _Tag, address: str, text: str) -> Iterator[Named]:
    """Yield the address of a link that looks like a feed's, by itself or by what it says."""
    if tag.name != "a" or _READERS.search(urlsplit(address).hostname or ""):
        return
    if _NO_FEED.search(urlsplit(address).path):
        return
    inside = text[tag.end : tag.end + 500]
    end = inside.lower().find("</a")
    words = _TAG.sub(" ", inside[:end]) if end >= 0 else ""
    said = [tag.attributes.get(name, "") for name in ("title", "aria-label")]
    shown = clean_line(unescape(words) or " ".join(said), MAX_TITLE)
    told = len(shown) <= 40 and _FEED_WORD.search(" ".join([shown, *said]))
    if _is_feeds(address) or told:
        yield Named(url=address, title=shown, sure=False)


def _is_feeds(address: str) -> bool:
    parts = urlsplit(address)
    if _NO_FEED.search(parts.path):
        return False
    return bool(_FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query))


def _in_order(found: Sequence[Named]) -> tuple[Named, ...]:
    """Return each address once, feeds of comments last."""
    once = {each.url: each for each in reversed(found)}
    first = [once[url] for url in dict.fromkeys(each.url for each in found)]
    return tuple(sorted(first, key=lambda each: each.comments))[:MAX_NAMED]
