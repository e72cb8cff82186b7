from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aggregator.model.topic import Mode
from aggregator.web.app import make_app
from aggregator.web.pages import static_files
from tests.makers import a_topic_spec
from tests.web.desk import a_desk, served

CSS = static_files()["site.css"][0].decode()


def _colours(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    found = dict(re.findall(r"--(\w+): #([0-9a-f]{6})", light))
    return found | dict(re.findall(r"--(\w+): #([0-9a-f]{6})", dark if scheme == "dark" else ""))


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("paper", ["paper", "wash"])
@pytest.mark.parametrize("ink", ["ink", "soft", "link"])
def test_words_stand_out_enough_to_be_read(scheme: str, paper: str, ink: str) -> None:
    colours = _colours(scheme)
    dim, bright = sorted(_luminance(colours[name]) for name in (ink, paper))
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def _chromium(*arguments: str, profile: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("chromium")
    assert program is not None, "this test needs Debian's chromium"
    return subprocess.run(
        [
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )


@pytest.mark.browser
def test_a_browser_shows_every_page_as_its_policy_wants_it(tmp_path: Path) -> None:
    with a_desk() as desk:
        lane = desk.topic(a_topic_spec(mode=Mode.AUTO))
        _, story = desk.tell(desk.feed(), lane)
        desk.publish()
        with served(make_app(lambda: desk.kit)) as web:
            paths = ("/", "/topics/global-lane", f"/stories/{desk.public_id(story)}", "/bot")
            for path in paths:
                address = f"http://127.0.0.1:{web.port}{path}"
                shown = _chromium("--dump-dom", address, profile=tmp_path / "chromium")
                assert "Refused to" not in shown.stderr and "violates" not in shown.stderr, path
                assert (">Copy</button>" in shown.stdout) is (path == "/topics/global-lane")


@pytest.mark.browser
def test_a_browser_sent_to_a_feed_lands_on_the_topic(tmp_path: Path) -> None:
    with a_desk() as desk:
        lane = desk.topic(a_topic_spec(mode=Mode.AUTO))
        desk.tell(desk.feed(), lane)
        desk.publish()
        with served(make_app(lambda: desk.kit)) as web:
            address = f"http://127.0.0.1:{web.port}/topics/global-lane.atom"
            shown = _chromium("--dump-dom", address, profile=tmp_path / "chromium")
    assert "<h1>Global Lane</h1>" in shown.stdout
