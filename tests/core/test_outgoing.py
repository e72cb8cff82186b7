from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.outgoing import byline, calm, escaped, headline, language, media_type

anything = st.text(st.characters(codec=None, categories=None)) | st.text("<>&;#x/! abon=\"'lt")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Grain & ships", "Grain & ships"),
        ("a < b > c", "a < b > c"),
        ("AT&amp;amp;T", "AT&T"),
        ("use <b> or </b>", "use ‹b› or ‹/b›"),
        ("&lt;script", "‹script"),
        ("&lt", "<"),
        ("&ltb>", "‹b›"),
        ("&amp;amp;amp;lt", "& lt"),
        ("a &madeup; b", "a & madeup; b"),
        ("a\u202e\x00 b\n c", "a b c"),
        ("?!", "?!"),
        ("\u200b\u2060 \ufe0f", ""),
        ("x?a=1&notify=2", "x?a=1&notify=2"),
    ],
)
def test_a_title_is_text_that_nobody_takes_for_markup(written: str, shown: str) -> None:
    assert headline(written) == shown


@given(anything)
def test_a_title_holds_neither_tag_nor_entity(text: str) -> None:
    line = headline(text)
    assert not re.search(r"<[A-Za-z/!?]|&(?:[A-Za-z]+|#\w+);", line)
    assert html.unescape(line).count("<") == line.count("<")


@pytest.mark.parametrize(
    "text",
    ["javascript : void", '" onclick = "x', "/onload=", "JaVaScRiPt:javascript:", "a 'onx=\"ony="],
)
def test_words_that_look_active_are_written_so_that_they_do_not(text: str) -> None:
    calmed = escaped(text)
    assert not re.search(r"javascript\s*:|[\s/\"'`]on[a-z]+\s*=", calmed, re.IGNORECASE)
    assert html.unescape(calmed) == text


def test_a_tag_inside_a_value_is_written_as_a_reference() -> None:
    assert calm('<img alt="<script>">') == '<img alt="&lt;script>">'


@given(anything)
def test_escaped_text_is_the_text(text: str) -> None:
    assert html.unescape(escaped(text)) == html.unescape(html.escape(text))
    assert calm(escaped(text)) == escaped(text)


def test_a_language_that_is_none_is_left_out() -> None:
    assert language("", "de", "en") == "de"
    assert language("x", "english!", None) is None


@pytest.mark.parametrize(
    ("said", "url", "type"),
    [
        ("audio/MPEG; q=1", "https://a.example/x", "audio/mpeg"),
        ("", "https://a.example/x.PNG?y=1.pdf", "image/png"),
        (None, "https://a.example/x", "application/octet-stream"),
        ("nonsense", "https://a.example/", "application/octet-stream"),
    ],
)
def test_a_file_always_has_a_type(said: str | None, url: str, type: str) -> None:
    assert media_type(said, url) == type


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ann Öst", "Ann Öst"),
        ("Ann Öst <ann@wire.example>", "Ann Öst"),
        ("Ann Öst &lt;ann@wire.example&gt;", "Ann Öst"),
        ("ann@wire.example (Ann Öst)", "Ann Öst"),
        ("ann@wire.example, Bo Ek (bo@wire.example)", "Bo Ek"),
        ("mailto:ann@wire.example", ""),
        ("ann@wire.example", ""),
        ("@ann@social.example", "@ann@social.example"),
        ("Ann @ Wire", "Ann @ Wire"),
        ("Ann (Wire)", "Ann (Wire)"),
    ],
)
def test_a_byline_names_people_and_spreads_no_address(said: str, name: str) -> None:
    assert byline(said) == name
