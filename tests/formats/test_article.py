"""The article of a web page, without what stands around it, and safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.sanitize import clean_html
from aggregator.errors import ReadFailed
from aggregator.formats import article
from aggregator.formats.article import extract, missing

URL = "https://town.example/news/1"
PARAGRAPHS = "".join(
    f"<p>The harbour pilots, who had waited for {n} weeks, counted the ships one by one.</p>"
    for n in range(6)
)


def page(body: str, *, head: str = "") -> bytes:
    return (
        f"<!doctype html><html><head><title>Town</title>{head}</head><body>"
        "<nav><ul><li><a href='/'>Home</a><li><a href='/sport'>Sport</a></ul></nav>"
        f"<article><h1>Ships sail</h1>{body}{PARAGRAPHS}</article>"
        "<footer>Imprint of the Town Crier</footer></body></html>"
    ).encode()


def test_the_extra_is_there_for_these_tests() -> None:
    assert missing() is None


def test_the_article_is_found_and_what_stands_around_it_is_not() -> None:
    found = extract(page("<p>Said <i>Ida</i>.</p>"), URL, "text/html")
    assert "counted the ships" in found
    assert "Said" in found
    for other in ("Home", "Sport", "Imprint", "<article", "<html"):
        assert other not in found


def test_addresses_are_absolute_by_the_page_or_by_its_base() -> None:
    body = "<p>See <a href='map'>the map</a> of all the ships that came in this morning.</p>"
    assert 'href="https://town.example/news/map"' in extract(page(body), URL, "text/html")
    based = page(body, head="<base href='https://cdn.example/x/'>")
    assert 'href="https://cdn.example/x/map"' in extract(based, URL, "text/html")


def test_nothing_in_it_acts() -> None:
    body = (
        "<p onclick=x()>A <a href='javascript:x()'>link</a> and a picture "
        "<img src=/p.png onerror=x()><iframe src=//x></iframe><script>x()</script> of the port</p>"
    )
    found = extract(page(body), URL, "text/html")
    for active in ("onclick", "onerror", "javascript", "script", "iframe"):
        assert active not in found
    assert clean_html(found, URL) == found


def test_its_own_encoding_is_its_own() -> None:
    body = page("<p>Käse aus der Käserei</p>").decode().encode("latin-1")
    assert "Käserei" in extract(body, URL, "text/html; charset=latin-1")


@pytest.mark.parametrize("body", [b"<p>hi", b"<html></html>", b"<script>x()</script>", b"plain"])
def test_a_page_without_an_article_gives_none(body: bytes) -> None:
    assert extract(body, URL, "text/html") == ""


def test_an_empty_page_cannot_be_read() -> None:
    with pytest.raises(ReadFailed, match="empty"):
        extract(b"", URL, "text/html")


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(article, "_NEEDED", ("trafilatura", "no_such_package"))
    with pytest.raises(ReadFailed, match=r"pip install -c constraints.txt -e '\.\[fulltext\]'"):
        extract(page(""), URL, "text/html")


def test_the_extra_names_what_it_takes() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("fulltext = ")]
    for name in article._NEEDED:
        assert f'"{name.replace("_", "-")}>=' in line


@settings(max_examples=30)
@given(st.text("<>/ab p'=\"&;!-", max_size=200))
def test_any_page_gives_an_article_or_none(text: str) -> None:
    found = extract(page(text), URL, "text/html")
    assert clean_html(found, URL) == found
