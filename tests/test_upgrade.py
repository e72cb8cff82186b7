"""A store that an earlier version wrote opens, and holds what it held."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aggregator import __version__
from aggregator.store.engine import open_store

STORES = sorted((Path(__file__).parent / "fixtures").glob("store-*.db"))


def test_a_store_of_this_version_is_kept() -> None:
    assert f"store-{__version__}.db" in {path.name for path in STORES}


@pytest.mark.parametrize("kept", STORES, ids=[path.stem for path in STORES])
def test_it_opens_and_holds_what_it_held(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / kept.name
    shutil.copy(kept, path)
    store = open_store(path)
    try:
        assert [name for name, fine, _ in store.doctor() if not fine] == []
        with store.read() as tx:
            lane = tx.topics.find("global-lane")
            assert lane is not None
            (pinned,) = tx.publications.pinned(lane.id, 4e9)
            assert pinned.verdict.title == "An edited headline"
            assert pinned.verdict.note == "Kept for upgrades."
            assert len(tx.entries.newest(limit=100)) == tx.entries.count() > 20
            assert tx.withdrawals.blocks().urls
            assert tx.entries.search('"grain"', limit=10)
            document = tx.publications.document("topics/global-lane.atom")
            assert document is not None and b"An edited headline" in document.body
        with store.write() as tx:
            tx.publications.mark_dirty(lane.id, 1.0)
    finally:
        store.close()
