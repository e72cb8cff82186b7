"""The daemon keeps the folder of `site.out` in step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.daemon import service
from aggregator.flow.curate import withdraw
from tests.daemon.test_service import newsroom, running, store, until
from tests.flow.newsroom import DAY, Newsroom, Told, topic

__all__ = ["newsroom", "store"]  # the fixtures


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("POLL_EVERY", "PUBLISH_EVERY", "FILES_EVERY"):
        monkeypatch.setattr(service, name, 0.1)
    yield


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def test_files_follow_what_is_published_and_what_is_withdrawn(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    out = tmp_path / "site"
    site = replace(newsroom.kit.settings.site, out=out)
    newsroom.follow(["wire"], [topic()], site=site)
    newsroom.serves("wire", Told(guid="1"))
    feed, page = out / "topics" / "grain.atom", out / "topics" / "grain" / "index.html"
    with running(newsroom):
        until("a feed and its page lie there", lambda: b"Grain corridor" in _read(page))
        assert b"Grain corridor" in _read(feed)
        newsroom.serves("wire", Told(guid="1"), Told(guid="2", title="More grain"))
        newsroom.now += DAY
        until("the second item lies there", lambda: b"More grain" in _read(page))
        with newsroom.kit.store.read() as tx:
            told = [each for view in tx.stories.newest(limit=9) for each in view.sources]
        (entry,) = (each.entry.id for each in told if each.entry.text.title == "More grain")
        withdraw(newsroom.kit, str(entry), reason="asked to", actor="ida")
        until("it is gone", lambda: b"More grain" not in _read(page) + _read(feed))
