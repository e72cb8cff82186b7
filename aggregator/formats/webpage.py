"""A web page's bytes as text and as a tree, whatever it says of itself."""

from __future__ import annotations

import codecs
import re

from lxml import etree, html

from aggregator.core.urls import absolute
from aggregator.errors import ReadFailed

MAX_PAGE = 5_000_000  # bytes

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]{1,40})""", re.I)
_META = re.compile(rb"<meta\b[^>]{0,1000}", re.I)
_LOOKED_AT = 4096  # bytes of a page in which it says its encoding (HTML: 1024; many are late)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python knows more, and some that are no text; and what browsers read under two of these names.
_ENCODING = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp(125\d|866|874|932|949)|koi8-[ru]|mac-(roman|cyrillic)|tis-620"
    r"|gb2312|gbk|gb18030|big5|big5hkscs|euc_(jp|kr)|shift_jis|iso2022_jp"
)
_MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254"}
_UNSEEN = re.compile("[\x00-\x08\x0b\x0e-\x1f]")


def page_text(body: bytes, content_type: str | None) -> str:
    """Return a page as text: by its mark, the server's word, its own, else UTF-8 or Windows'.

    >>> page_text("<p>Käse".encode("latin-1"), "text/html; charset=ISO-8859-1")
    '<p>Käse'
    """
    if len(body) > MAX_PAGE:
        raise ReadFailed(f"the page is too long: {len(body)} bytes, at most {MAX_PAGE}")
    for mark, marked in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(marked, "replace")
    told = _CHARSET.search((content_type or "").encode("ascii", "replace"))
    metas = b" ".join(_META.findall(body[:_LOOKED_AT]))
    for found in (told, _CHARSET.search(metas)):
        name = _codec(found[1].decode()) if found else None
        if name is not None:
            return body.decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def page_tree(text: str) -> html.HtmlElement:
    """Return the tree of a page's text. What is nested deeper than 255 elements is not read.

    Raises `ReadFailed` when nothing is there.
    """
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    readable = _UNSEEN.sub(" ", text).encode("utf-8", "replace")
    try:
        root = html.document_fromstring(readable, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        raise ReadFailed("the page is empty") from None
    return root


def page_base(root: html.HtmlElement, url: str) -> str:
    """Return what a page's relative addresses are relative to: its `<base href>`, else itself."""
    for each in root.iter("base"):
        href = each.get("href")
        if href is not None:
            return absolute(href, url) or url
    return url


def _codec(label: str) -> str | None:
    """Return Python's codec for an encoding's name as pages write it, None for an unknown one.

    UTF-16 without a mark is none: a page whose own words could be read so far is not in it.
    """
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return _MEANT.get(name, name) if _ENCODING.fullmatch(name) else None
