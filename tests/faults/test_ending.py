"""SIGTERM in the middle of slow work: a prompt end, a sane exit code, nothing half kept."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.river import Desk, document_of, end, free_port, served
from tests.faults.growing import Growing

pytestmark = pytest.mark.faults

PROMISED = 5.0  # seconds


@pytest.fixture
def growing(tmp_path: Path) -> Growing:
    folder = tmp_path / "feeds"
    folder.mkdir()
    return Growing(folder, 1)


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """Give the origin's log of requests."""
    return tmp_path / "requests.jsonl"


@pytest.fixture
def desk(growing: Growing, requests: Path, tmp_path: Path) -> Iterator[Desk]:
    """Give a desk whose feeds trickle in at two bytes a second, but for one in three or so."""
    options = ("--slow", "0.6", "--log", str(requests))
    with served(tmp_path / "feeds", tmp_path / "origin", *options) as opml:
        desk = Desk.at(tmp_path / "desk", timeout="8s")
        assert desk.run("feeds", "import", str(opml)).code == 0
        yield desk


def when_asked(requests: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the origin has been asked, and a little more."""
    deadline = time.monotonic() + 30
    while not requests.exists() or not requests.read_text():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)


def nothing_is_half_kept(desk: Desk, growing: Growing) -> None:
    assert desk.ask("PRAGMA integrity_check") == [("ok",)]
    kept = desk.kept()
    for url, etag in desk.ask(
        "SELECT f.url, s.etag FROM feeds f JOIN feed_state s ON s.feed_id = f.id"
    ):
        name = document_of(url)
        assert kept[name] == (set(growing.told[etag]) if etag else set()), name


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("words", "code"),
    [(("poll", "--all"), 130), (("run", "--once"), 130), (("run", "--port", "PORT"), 0)],
    ids=["poll", "run-once", "run"],
)
def test_a_signal_ends_slow_polling_in_time(
    desk: Desk,
    growing: Growing,
    requests: Path,
    words: tuple[str, ...],
    code: int,
    sent: signal.Signals,
) -> None:
    said = [str(free_port()) if word == "PORT" else word for word in words]
    process = desk.start(*said, stderr=subprocess.PIPE)
    try:
        when_asked(requests, process)
        begun = time.monotonic()
        process.send_signal(sent)
        _, told = process.communicate(timeout=30)
        took = time.monotonic() - begun
    finally:
        end(process)
    assert process.returncode == code, told
    assert "Traceback" not in told
    assert took < PROMISED
    nothing_is_half_kept(desk, growing)
    assert not desk.ask("SELECT 1 FROM feed_state WHERE failures > 0"), "we cut it off ourselves"


def test_a_second_signal_does_no_harm(desk: Desk, growing: Growing, requests: Path) -> None:
    process = desk.start("run", "--port", str(free_port()), stderr=subprocess.PIPE)
    try:
        when_asked(requests, process)
        for _ in range(3):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        _, told = process.communicate(timeout=30)
    finally:
        end(process)
    assert process.returncode == 0, told
    nothing_is_half_kept(desk, growing)


def test_what_was_cut_off_comes_with_the_next_poll(
    desk: Desk, growing: Growing, requests: Path, tmp_path: Path
) -> None:
    process = desk.start("run", "--once", stderr=subprocess.PIPE)
    try:
        when_asked(requests, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    finally:
        end(process)
    quick = {document_of(url) for (url,) in desk.ask("SELECT url FROM feeds")}
    done = desk.run("--json", "run", "--once", timeout=120)
    assert done.code == 3, "the slow ones are ended at the deadline"
    kept = desk.kept()
    failed = {
        document_of(url)
        for (url,) in desk.ask(
            "SELECT f.url FROM feeds f JOIN feed_state s ON s.feed_id = f.id WHERE s.failures > 0"
        )
    }
    assert done.json["failed"] == len(failed)
    assert quick - failed, "the origin has quick feeds as well"
    for name in quick - failed:
        assert kept[name] == set(growing.titles(name))
