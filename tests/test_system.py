"""What is told when a store is taken up."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator import system
from aggregator.config import read_settings
from aggregator.system import bring_into_line, holding, open_kit


def taken_up(tmp_path: Path, url: str) -> None:
    settings = read_settings(f"site: {{url: {url}}}\n", tmp_path / "feeds.yaml")
    with open_kit(settings) as kit:
        bring_into_line(kit)
        with holding(kit, "run"):
            pass


def test_an_address_that_is_no_address_yet_is_told_before_ids_are_made_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken_up(tmp_path, "https://news.example.org")
    assert "site.url is no public address yet" in caplog.text


def test_nothing_is_told_when_all_is_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "SQLITE_VERSION", (3, 53, 4))
    taken_up(tmp_path, "https://news.lane.org")
    assert caplog.text == ""


def test_an_sqlite_that_can_corrupt_a_store_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "SQLITE_VERSION", (3, 40, 1))
    taken_up(tmp_path, "https://news.lane.org")
    assert "this SQLite is not safe" in caplog.text
