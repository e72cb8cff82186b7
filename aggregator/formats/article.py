"""The article on a web page, without what stands around it. Takes the extra `fulltext`."""

from __future__ import annotations

from importlib.util import find_spec

from aggregator.core.sanitize import clean_html
from aggregator.core.urls import absolute
from aggregator.errors import ReadFailed
from aggregator.formats.webpage import page_base, page_text, page_tree

INSTALL = (
    "full text needs an extra: in the checkout's folder,"
    " .venv/bin/pip install -c constraints.txt -e '.[fulltext]'"
)
LEAST = 25  # characters of text that are an article

_NEEDED = ("trafilatura", "lxml_html_clean")


def missing() -> str | None:
    """Return how to install what reads articles; None when it is there."""
    return None if all(map(find_spec, _NEEDED)) else INSTALL


def extract(body: bytes, url: str, content_type: str | None) -> str:
    """Return the article of a page as sanitised HTML with absolute addresses; "" for none.

    `url` is the address that answered. Raises `ReadFailed` for a page nobody can read, and when
    the extra is not installed. To be called in the guarded child: pages may be hostile.
    """
    if (how := missing()) is not None:
        raise ReadFailed(how)
    import trafilatura

    root = page_tree(page_text(body, content_type))
    base = page_base(root, url)
    for each in root.iter("a", "img"):  # its own way to do this knows neither base nor folder
        name = "href" if each.tag == "a" else "src"
        each.set(name, absolute(each.get(name) or "", base) or "")
    found = trafilatura.extract(
        root,
        url=base,
        output_format="html",
        include_comments=False,
        include_formatting=True,
        include_images=True,
        include_links=True,
        include_tables=True,
    )
    cleaned = clean_html(found or "", base)
    return cleaned if len(_text(cleaned)) >= LEAST else ""


def _text(markup: str) -> str:
    return page_tree(markup).text_content().strip() if markup else ""
