"""Whoever runs the demo can play its editor without a feeds.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.cli.main import run
from aggregator.demo.settings import demo_settings
from aggregator.system import bring_into_line, open_kit

BASE = "http://127.0.0.1:8123"


@pytest.mark.parametrize("has_file", [False, True])
def test_the_demos_store_is_curated_with_its_path_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    has_file: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    if has_file:
        (tmp_path / "feeds.yaml").write_text("version: 1\nsite: {url: https://desk.example.org}\n")
    settings = demo_settings("http://127.0.0.1:1", store=str(tmp_path / "demo.db"), site_url=BASE)
    with open_kit(settings, base=BASE) as kit:
        bring_into_line(kit)
        before = len(kit.settings.feeds)
    assert run(["--db", "demo.db", "topics", "show", "global-lane"]) == 0
    assert "Global Lane (auto)" in capsys.readouterr().err
    assert run(["--db", "demo.db", "undo"]) == 4, "an act, with nothing to take back"
    with open_kit(settings, base=BASE) as kit, kit.store.read() as tx:
        assert kit.base == BASE
        assert len([each for each in tx.feeds.all() if each.status == "active"]) == before
