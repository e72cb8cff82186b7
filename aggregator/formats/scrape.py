"""A page without a feed, read as one: CSS selectors say where its entries keep what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from lxml import etree, html

from aggregator.core.dates import find_date, read_date
from aggregator.core.sanitize import plain_text
from aggregator.core.selectors import BadSelector, Selector, read_selectors
from aggregator.core.urls import absolute
from aggregator.errors import ReadFailed
from aggregator.formats.webpage import page_base, page_text, page_tree
from aggregator.model.entry import ParsedEntry, ParsedFeed

MOST = 500  # entries of a page
MOST_HUBS = 5
MAX_TITLE = 1_000  # characters
MAX_SUMMARY = 20_000

_LINK = Selector(text="a", xpath="descendant-or-self::a[@href]")
_DATE = Selector(text="time", xpath="descendant::time")
_UNREAD = ("script", "style", "template", "noscript")
_USUAL = {"link": "href", "image": "src", "date": "datetime"}  # attributes that mean the part
_NEEDED = ("title", "link")  # an entry without them is none


def read_page(
    body: bytes, url: str, content_type: str | None, scrape: Mapping[str, str]
) -> ParsedFeed:
    """Return a page's entries, as the selectors of `scrape` find them.

    Without selectors of their own the link is the item's first, the title that link's text, the
    date a `<time>`. An entry is known by its link; a second of the same link, and one without
    link or title, is left out. A selector that finds nothing in any item is told in `problem`;
    when no entry is left, or `items` finds nothing, `ReadFailed` names it: the page has changed.
    """
    try:
        selectors = read_selectors(scrape)
    except BadSelector as error:
        raise ReadFailed(f"scrape: {error.problem}") from None
    if "items" not in selectors:
        raise ReadFailed("scrape: no selector says what the items are")
    root = page_tree(page_text(body, content_type))
    base = page_base(root, url)
    page = _Page(root, base, selectors)
    items = _found(root, selectors["items"])[:MOST]
    if not items:
        raise ReadFailed(f"scrape: items: nothing on the page matches {scrape['items']!r}")
    entries: dict[str, ParsedEntry] = {}
    for item in items:
        entry = page.entry(item)
        if entry is not None and entry.guid is not None:
            entries.setdefault(entry.guid, entry)
    problems = page.problems(len(items))
    if not entries:
        raise ReadFailed(f"scrape: {problems or 'no item has both a link and a title'}")
    return ParsedFeed(
        format="html",
        title=escape(_title(root), quote=False) or None,
        site_url=url,
        lang=root.get("lang"),
        self_url=next(_linked(root, "self", base), None),
        hub_urls=tuple(_linked(root, "hub", base))[:MOST_HUBS],
        entries=tuple(entries.values()),
        problem=f"scrape: {problems}" if problems else None,
        reader="scrape",
    )


class _Page:
    """A page being read: what its selectors found, and in how many items."""

    def __init__(
        self, root: html.HtmlElement, base: str, selectors: Mapping[str, Selector]
    ) -> None:
        self._base, self._selectors = base, selectors
        self._counts = {name: 0 for name in selectors if name != "items"}
        self._undated: str | None = None  # a text that is no date

    def entry(self, item: html.HtmlElement) -> ParsedEntry | None:
        """Return what one item says; None when it has no link or no title."""
        links = _found(item, self._selectors.get("link", _LINK))
        url = self._address("link", links)
        title = self._title(item, links)
        summary = self._text("summary", item, MAX_SUMMARY)
        author, image = self._text("author", item, MAX_TITLE), None
        if "image" in self._selectors:
            image = self._address("image", _found(item, self._selectors["image"]))
        published = self._date(item)
        if url is None or not title:
            return None
        return ParsedEntry(
            guid=url,
            guid_is_link=True,
            url=url,
            title=escape(title, quote=False),
            summary=escape(summary, quote=False),
            author=escape(author, quote=False) or None,
            published=published,
            image=image,
            base=self._base,
        )

    def problems(self, items: int) -> str:
        """Say which selectors found nothing in any item."""
        empty = [
            f"{name}: {self._selectors[name].text!r} finds nothing in any of {items} items"
            for name, count in self._counts.items()
            if count == 0 and not (name == "date" and self._undated)
        ]
        if self._undated and not self._counts.get("date"):
            empty.append(f"date: {self._undated!r} is no date we can read")
        return "; ".join(empty)

    def _title(self, item: html.HtmlElement, links: Sequence[html.HtmlElement]) -> str:
        own = self._text("title", item, MAX_TITLE)
        return own or next((text for each in links if (text := _words(each, MAX_TITLE))), "")

    def _text(self, name: str, item: html.HtmlElement, limit: int) -> str:
        selector = self._selectors.get(name)
        if selector is None:
            return ""
        found = (
            _value(each, selector.attribute) if selector.attribute else _words(each, limit)
            for each in _found(item, selector)
        )
        text = next(filter(None, found), "")[:limit]
        self._count(name, bool(text))
        return text

    def _address(self, name: str, found: Sequence[html.HtmlElement]) -> str | None:
        selector = self._selectors.get(name)
        attribute = (selector.attribute if selector else None) or _USUAL[name]
        addresses = (absolute(_value(each, attribute), self._base) for each in found)
        url = next(filter(None, addresses), None)
        self._count(name, url is not None)
        return url.partition("#")[0] if url and name == "link" else url

    def _date(self, item: html.HtmlElement) -> int | None:
        selector = self._selectors.get("date", _DATE)
        for each in _found(item, selector):
            value = _value(each, selector.attribute or _USUAL["date"])
            text = value or ("" if selector.attribute else _words(each, 200))
            seconds = _seconds(text)
            if seconds is not None:
                self._count("date", True)
                return seconds
            self._undated = self._undated or (text[:80] if "date" in self._selectors else None)
        return None

    def _count(self, name: str, found: bool) -> None:
        if name in self._counts:
            self._counts[name] += found


def _found(element: html.HtmlElement, selector: Selector) -> list[html.HtmlElement]:
    """Return the elements a selector finds, in the order of the page."""
    try:
        found: Any = element.xpath(selector.xpath)
    except etree.XPathError as error:
        raise ReadFailed(f"scrape: {selector.text!r} cannot be asked: {error}") from None
    return [each for each in found if isinstance(each, html.HtmlElement)]


def _value(element: html.HtmlElement, attribute: str) -> str:
    return " ".join((element.get(attribute) or "").split())


def _words(element: html.HtmlElement, limit: int) -> str:
    """Return what a person reads of an element, on one line."""
    markup = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    return plain_text(markup, limit)


def _seconds(text: str) -> int | None:
    """Return the date a text is, or holds: `20 March 2026, 10:00`, `Posted on 3/14/2017 by us`."""
    seconds = read_date(text)
    if seconds is not None:
        return seconds
    found = find_date(text)
    if found is None:
        return None
    day, (first, last) = found
    exact = read_date(text[first:last])
    return exact if exact is not None else (day.toordinal() - 719163) * 86400


def _linked(root: html.HtmlElement, rel: str, base: str) -> Iterator[str]:
    """Yield what links of this kind in the page's head point to: its hubs, its own address."""
    for link in root.iterfind("head/link"):
        address = absolute(link.get("href") or "", base)
        if address is not None and rel in (link.get("rel") or "").lower().split():
            yield address


def _title(root: html.HtmlElement) -> str:
    return next((_words(each, MAX_TITLE) for each in root.iter("title")), "")
