"""CSS selectors with an attribute at their end; what is wrong with one, and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from aggregator.core.selectors import BadSelector, Selector, read_selector, read_selectors

PAGE: Any = html.fromstring(
    "<main><article class='card big'><h2><a href='/a' data-at='1'>A</a></h2>"
    "<p lang='en-GB'>one</p></article><article><a href='/b'>B</a></article></main>"
)


def found(selector: str) -> list[str]:
    return [str(each.tag) for each in PAGE.xpath(read_selector(selector).xpath)]


def test_css_finds_elements_below_in_the_order_of_the_page() -> None:
    assert found("article.card > h2 a[href^='/']") == ["a"]
    assert found("article a, h2") == ["h2", "a", "a"]
    assert found("[lang|=en]") == ["p"]
    assert found("article:nth-of-type(2)") == ["article"]


def test_an_attribute_stands_at_the_end_behind_an_at_sign() -> None:
    assert read_selector("time@datetime").attribute == "datetime"
    assert read_selector("h2 a @DATA-AT").attribute == "data-at"
    assert read_selector("[href='a@b']").attribute is None
    assert read_selector("[href='a@b']@title").attribute == "title"


def test_an_attribute_alone_is_the_items_own() -> None:
    assert read_selector("@href") == Selector(text="@href", xpath=".", attribute="href")


@pytest.mark.parametrize(
    ("text", "position"),
    [("a[", 2), ("h2 >", 4), (".x:not(.b, .c)", 9), ("a::text", 1), ("svg|a", 2), ("time@", 4)],
)
def test_a_selector_nobody_can_read_says_where(text: str, position: int) -> None:
    with pytest.raises(BadSelector) as caught:
        read_selector(text)
    assert caught.value.position == position
    assert "<" not in caught.value.problem


def test_items_are_elements() -> None:
    with pytest.raises(BadSelector, match="no attributes"):
        read_selectors({"items": "a@href"})


def test_all_of_a_scrape_are_read_by_name() -> None:
    assert list(read_selectors({"items": "article", "link": "a"})) == ["items", "link"]


@given(st.text("abp.#[]=>~+:()*@'\" |,0nots", max_size=40))
def test_any_text_is_a_selector_that_can_be_asked_or_a_bad_one(text: str) -> None:
    try:
        selector = read_selector(text)
    except BadSelector as error:
        assert 0 <= error.position <= len(text)
    else:
        etree.XPath(selector.xpath)
        PAGE.xpath(selector.xpath)
