"""The public pages as a person meets them: a real browser on the running demo."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 700}
PAGES = ["/", "/topics/global-lane", "STORY", "/bot", "/topics/no-such-topic"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = tmp_path_factory.mktemp("demo") / "demo.db"
    words = [sys.executable, "-m", "aggregator", "-q", "--db", str(store)]
    demo = subprocess.Popen([*words, "demo", "--port", str(port)])
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{base}/topics/global-lane", "Global Lane –")
        yield base
    finally:
        demo.terminate()
        demo.wait(10)


def wait_for(url: str, text: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if text in answer.read().decode():
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} never showed {text!r}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Debian's chromium is needed: apt-get install chromium"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        found = driver.chromium.launch(executable_path=chromium, args=flags)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(**getattr(request, "param", {}))
    yield context.new_page()
    context.close()


def visit(page: Page, site: str, path: str) -> None:
    if path == "STORY":
        page.goto(f"{site}/topics/global-lane")
        path = page.locator('a[href*="/stories/"]').first.get_attribute("href") or ""
        path = path.removeprefix(site)
    page.goto(path if path.startswith("http") else site + path)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "page",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": NARROW},
    ],
    ids=["light", "dark", "narrow"],
    indirect=True,
)
def test_axe_finds_no_fault(page: Page, site: str, path: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.context.set_default_timeout(15_000)
    visit(page, site, path)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_refused_by_our_own_policy(page: Page, site: str, path: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    visit(page, site, path)
    assert [text for text in said if "404" not in text] == []


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
@pytest.mark.parametrize("path", PAGES[:3])
def test_pages_say_it_all_without_script(page: Page, site: str, path: str) -> None:
    visit(page, site, path)
    assert page.locator("h1").count() == 1
    assert page.locator("main").inner_text().strip()


@pytest.mark.parametrize("page", [{"viewport": NARROW}], indirect=True)
@pytest.mark.parametrize("path", PAGES[:3])
def test_a_narrow_screen_never_scrolls_sideways(page: Page, site: str, path: str) -> None:
    visit(page, site, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_browser_that_opens_a_feed_lands_on_its_page(page: Page, site: str) -> None:
    page.goto(f"{site}/topics/global-lane.atom")
    assert page.url == f"{site}/topics/global-lane"
    assert "Global Lane" in page.title()


def test_the_pages_say_that_the_newsroom_is_a_sample(page: Page, site: str) -> None:
    for path in PAGES[:3]:
        visit(page, site, path)
        assert "sample newsroom" in page.locator("body").inner_text().lower()


def test_a_page_is_light(page: Page, site: str, tmp_path: Path) -> None:
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    visit(page, site, "/topics/global-lane")
    page.wait_for_load_state("networkidle")
    assert sum(sizes) <= 60_000, sizes
