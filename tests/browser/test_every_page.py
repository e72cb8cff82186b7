"""Every kind of page, full: pins, notes, archives. Light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from aggregator.demo import settings as demo
from tests.browser import pictures
from tests.browser.test_public_pages import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
__all__ = ["browser"]  # the fixture

TOPIC = "/topics/global-lane"
PAGES = ["/", TOPIC, f"{TOPIC}/archive/1", "STORY", "/bot", "/nowhere"]
WIDTHS = [1280, 700, 390, 320]
LIGHT = 30_000  # bytes on the wire


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    topics = demo.TOPICS
    first, *others = (replace(each, publish=replace(each.publish, items=4)) for each in topics)
    demo.TOPICS = (first, others[0], others[1])
    try:
        with pictures.sample_site() as (place, _):
            yield place
    finally:
        demo.TOPICS = topics


def _path(page: Page, site: str, path: str) -> str:
    if path != "STORY":
        return path
    page.goto(f"{site}{TOPIC}")
    return page.locator('a[href^="/stories/"]').first.get_attribute("href") or ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_fault_at_any_width(
    browser: Browser, site: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme)
    try:
        page = context.new_page()
        page.goto(f"{site}{_path(page, site, path)}")
        for width in WIDTHS[::2]:
            page.set_viewport_size({"width": width, "height": 800})
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
    finally:
        context.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_at_any_width(browser: Browser, site: str, path: str) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"{site}{_path(page, site, path)}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_comes_with_all_it_needs_in_thirty_kilobytes_and_from_nowhere_else(
    browser: Browser, site: str, path: str
) -> None:
    context = browser.new_context()
    try:
        asked = _path(context.new_page(), site, path)
        page = context.new_page()
        seen: list[tuple[str, int]] = []
        page.on("requestfinished", lambda each: seen.append((each.url, _size(each))))
        page.goto(f"{site}{asked}", wait_until="networkidle")
        assert all(url.startswith(site) for url, _ in seen), seen
        assert 0 < sum(size for _, size in seen) <= LIGHT, seen
        assert context.cookies() == []
    finally:
        context.close()


def _size(request: object) -> int:
    sizes = request.sizes()  # type: ignore[attr-defined]
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])


def test_the_address_can_be_read_whole_and_copied(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.goto(f"{site}{TOPIC}")
        field = page.locator("#address")
        assert field.evaluate("each => each.scrollWidth <= each.clientWidth")
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()  # the clipboard answers by itself
        assert field.evaluate("each => each.selectionEnd - each.selectionStart") > 40
    finally:
        context.close()


def test_pictures_are_taken_of_every_page_at_both_widths(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    taken = pictures.take(browser, site, tmp_path)
    assert {path.name for path in taken} == {path.name for path in pictures.PICTURES.glob("*.png")}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in taken)
