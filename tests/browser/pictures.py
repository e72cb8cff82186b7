"""Pictures of the public pages for the documentation: `python -m tests.browser.pictures [FOLDER]`.

The sample newsroom is polled on a clock of its own, an editor adds a word, and its pages are
served as those of a site with an address are.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.demo.newsroom import Newsroom
from aggregator.demo.settings import demo_settings
from aggregator.flow.curate import Act, act
from aggregator.flow.kit import Kit
from aggregator.flow.poll import Orders, poll_round
from aggregator.flow.publish import publish
from aggregator.flow.search import search
from aggregator.model.feed import FeedStatus
from aggregator.model.topic import Verb
from aggregator.system import bring_into_line, open_kit
from aggregator.web.app import make_app
from tests.web.desk import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
BASE = "https://news.example.org"
OPENED = 1_795_420_800.0  # 23 November 2026, 08:00 UTC
DRIP = 60.0  # seconds between two articles of the newsroom
ROUNDS = 10
SIZES = {1280: 900, 390: 844}
NOTE = "The convoy is followed day by day in this column; its first ships are due on Thursday."
TOLD_BY_THREE = 'title:"grain corridor" title:reopens'


class Hand:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = OPENED

    def __call__(self) -> float:
        return self.at


@contextmanager
def sample_site() -> Iterator[tuple[str, Kit]]:
    """Yield where the sample newsroom's pages are served, and the kit they are served from."""
    hand = Hand()
    with tempfile.TemporaryDirectory() as folder, Newsroom(clock=hand, drip=DRIP) as newsroom:
        store = str(Path(folder) / "pictures.db")
        settings = demo_settings(newsroom.url, store=store, site_url=BASE)
        with open_kit(settings, base=BASE) as opened:
            kit = replace(opened, clock=hand)
            bring_into_line(kit)
            for _ in range(ROUNDS):
                _poll(kit)
                hand.at += DRIP
            _curate(kit)
            publish(kit)
            with served(make_app(lambda: kit)) as web:
                yield f"http://127.0.0.1:{web.port}", kit


def _poll(kit: Kit) -> None:
    """Poll one feed after the other, so that the same is told by the same each time."""
    with kit.store.read() as tx:
        feeds = sorted(tx.feeds.all(FeedStatus.ACTIVE), key=lambda feed: feed.spec.name)
    for feed in feeds:
        poll_round(kit, Orders(owner="pictures", patience=0.0, feed_ids=(feed.id,)))


def _curate(kit: Kit) -> None:
    found = str(search(kit, TOLD_BY_THREE).entries[0].entry.id)
    for verb, payload in ((Verb.PIN, {}), (Verb.NOTE, {"note": NOTE})):
        act(kit, Act(verb=verb, entry=found, topic="global-lane", actor="ada", payload=payload))


def take(browser: Browser, site: str, out: Path) -> list[Path]:
    """Take a picture of each page at each width; returns where they lie."""
    taken = []
    for width, height in SIZES.items():
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.goto(f"{site}/topics/global-lane")
        story = page.locator('a[href^="/stories/"]').first.get_attribute("href")
        for name, path in (("index", "/"), ("topic", "/topics/global-lane"), ("story", story)):
            page.goto(f"{site}{path}")
            taken.append(out / f"{name}-{width}.png")
            page.screenshot(path=taken[-1])
        context.close()
    return taken


def main(out: Path) -> None:
    """Write the pictures into a folder."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    with sample_site() as (site, _), sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for picture in take(browser, site, out):
            print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
