from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.store.engine import SqliteStore, open_store
from tests.flow.newsroom import Newsroom


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "news.db")
    yield opened
    opened.close()


@pytest.fixture
def newsroom(store: SqliteStore) -> Newsroom:
    return Newsroom(store)
