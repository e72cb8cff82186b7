"""Every contract test runs once per backend; PostgreSQL joins by a line in BACKENDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aggregator.ports import Store
from aggregator.store.engine import SqliteStore, open_store

BACKENDS: dict[str, Callable[[Path], Store]] = {
    "sqlite-file": lambda folder: open_store(folder / "news.db"),
    "sqlite-memory": lambda folder: open_store(":memory:"),
}


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = BACKENDS[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


@pytest.fixture
def file_store(file: Path) -> Iterator[SqliteStore]:
    opened = open_store(file)
    yield opened
    opened.close()
