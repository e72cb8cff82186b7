"""The house guards itself: imports go down, rooms stay small, nobody runs in circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "aggregator"
FLOORS = [
    "model errors",
    "core",
    "ports config",
    "net formats store",
    "flow",
    "system",
    "web",
    "daemon",
    "demo",
    "cli",
    "__main__",
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms.split()}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
DRIVERS = {"sqlite3", "pysqlite3", "sqlite_utils", "psycopg"}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def rooms_imported_by(path: Path) -> set[str]:
    ours = (name.split(".") for name in imports_of(path) if name.startswith("aggregator."))
    return {parts[1] for parts in ours} - {"__version__", "PROJECT_PAGE"}


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_imports_go_down(path: Path) -> None:
    room = room_of(path)
    for other in rooms_imported_by(path) - {room}:
        assert FLOOR[other] < FLOOR[room], f"{room} may not import {other}"


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_no_room_is_too_large(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_only_the_store_knows_a_driver(path: Path) -> None:
    used = {name.split(".")[0] for name in imports_of(path)} & DRIVERS
    assert not used or room_of(path) == "store"


def positional(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    given = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
    return given[1:] if given[:1] in (["self"], ["cls"]) else given


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_no_function_takes_more_than_five_positional_parameters(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            name = getattr(node, "name", "lambda")
            assert len(positional(node)) <= 5, f"line {node.lineno}: {name}"


def clock_calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            call = f"{node.value.id}.{node.attr}"
            if call in {"time.time", "datetime.now", "datetime.utcnow", "date.today"}:
                yield call


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_only_the_system_reads_the_clock(path: Path) -> None:
    assert path.name == "system.py" or not list(clock_calls(path))


def test_no_file_imports_in_a_circle() -> None:
    modules = {
        ".".join(("aggregator", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path
        for path in FILES
    }
    graph = {
        name: {other for other in imports_of(path) if other in modules and other != name}
        for name, path in modules.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name in done:
            return
        for other in graph[name]:
            walk(other, (*trail, name))
        done.add(name)

    for name in graph:
        walk(name, ())


def test_there_is_no_utils() -> None:
    assert not [path for path in FILES if path.stem in {"utils", "util", "helpers", "common"}]
