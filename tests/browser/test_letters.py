"""The pages about letters, as a real browser has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from aggregator.formats.letter import html_letter
from tests.browser.test_public_pages import browser
from tests.formats.test_letter import LETTER
from tests.web.test_letters import IDA, Post, post

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
__all__ = ["browser", "post"]  # the fixtures


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_on_the_way_to_letters(
    browser: Browser, post: Post, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme, java_script_enabled=True)
    try:
        page = context.new_page()

        def look() -> None:
            for width in (1280, 320):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()

        site = f"http://127.0.0.1:{post.port}"
        page.goto(f"{site}/letters/grain")
        look()
        page.get_by_label("Your e-mail address").fill(IDA)
        page.get_by_label("Once a week").check()
        page.get_by_role("button", name="Ask for it").click()
        page.get_by_text("Look into your mail").wait_for()
        look()
        post.send()
        page.goto(f"{site}{post.link('confirm')}")
        look()
        page.get_by_role("button", name="Yes").click()
        page.get_by_text("once a week").wait_for()
        assert post.gets() == [IDA]
    finally:
        context.close()


def test_it_works_without_script(browser: Browser, post: Post) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{post.port}/letters/grain")
        page.get_by_label("Your e-mail address").fill(IDA)
        page.get_by_role("button", name="Ask for it").click()
        page.get_by_text("Look into your mail").wait_for()
        post.send()
        assert post.box.got[-1].to == IDA
    finally:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 390])
def test_a_letter_is_read_in_both_schemes_and_fetches_nothing(
    browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    (item, *_) = LETTER.items
    long = replace(item, title="Grain" * 40, summary="w" * 400, note="Mind the date.")
    asked = replace(LETTER, items=(), button=("Yes, send it to me", f"{LETTER.page_url}/yes"))
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 700})
    fetched: list[str] = []
    try:
        page = context.new_page()
        page.on("request", lambda request: fetched.append(request.url))
        for letter in (replace(LETTER, items=(long, *LETTER.items)), asked):
            page.set_content(html_letter(letter))
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert dark == ("rgb(23, 22, 20)" if scheme == "dark" else "rgb(251, 249, 245)")
        assert not [each for each in fetched if not each.startswith("about:")]
    finally:
        context.close()
