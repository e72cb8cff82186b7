"""One daemon a store: the second ends at once with 5 and says who holds it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.corpus.river import Desk, end, free_port

pytestmark = pytest.mark.faults


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path / "desk")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def daemon(desk: Desk, port: int) -> Iterator[subprocess.Popen[str]]:
    """Give a daemon that holds the store and serves."""
    process = desk.start("run", "--port", str(port))
    lock = Path(f"{desk.store}.lock")
    deadline = time.monotonic() + 30
    while not lock.exists() or not lock.read_text():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process
    end(process)


@pytest.mark.parametrize(
    "words", [("poll",), ("poll", "--all"), ("run", "--once"), ("run", "--port", "1")]
)
def test_a_second_daemon_ends_at_once_and_names_the_first(
    desk: Desk, daemon: subprocess.Popen[str], words: tuple[str, ...]
) -> None:
    done = desk.run(*words, timeout=30)
    assert done.code == 5, done.err
    assert f"process {daemon.pid}" in done.err
    assert "`aggregator run`" in done.err
    assert daemon.poll() is None
    held = json.loads(Path(f"{desk.store}.lock").read_text())
    assert held["pid"] == daemon.pid, "the second wrote nothing over the first's name"


@pytest.mark.parametrize("words", [("publish",), ("feeds", "list"), ("doctor",), ("undo",)])
def test_other_commands_work_beside_a_daemon(
    desk: Desk, daemon: subprocess.Popen[str], words: tuple[str, ...]
) -> None:
    done = desk.run(*words, timeout=60)
    assert done.code in (0, 4), done.err


def test_an_act_from_outside_shows_within_seconds(
    desk: Desk, daemon: subprocess.Popen[str], port: int, tmp_path: Path
) -> None:
    column = tmp_path / "column.txt"
    column.write_text("The corridor opens\n03-14-2017\n\nShips left the port this morning.\n")
    fetch = build_opener(ProxyHandler({})).open
    address = f"http://127.0.0.1:{port}/topics/all-news.atom"
    deadline = time.monotonic() + 30
    while True:
        try:
            assert b"corridor" not in fetch(address, timeout=5).read()
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert desk.run("add", str(column), "--topic", "all-news").code == 0
    deadline = time.monotonic() + 10
    while b"The corridor opens" not in fetch(address, timeout=5).read():
        assert time.monotonic() < deadline, "an act from outside never showed"
        time.sleep(0.1)


def test_a_killed_daemon_holds_nothing(desk: Desk, daemon: subprocess.Popen[str]) -> None:
    daemon.kill()
    daemon.wait()
    done = desk.run("poll")
    assert done.code == 0, done.err
