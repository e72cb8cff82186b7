"""No room to write: it is told, the store stays whole, and all goes on when there is room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.river import Desk, Done, served
from tests.faults.growing import Growing
from tests.faults.watching import what_is_wrong

pytestmark = pytest.mark.faults

BLOCK = 512  # bytes, of `ulimit -f` (POSIX)


@pytest.fixture
def growing(tmp_path: Path) -> Growing:
    folder = tmp_path / "feeds"
    folder.mkdir()
    return Growing(folder, 1)


@pytest.fixture
def desk(growing: Growing, tmp_path: Path) -> Iterator[Desk]:
    with served(tmp_path / "feeds", tmp_path / "origin") as opml:
        desk = Desk.at(tmp_path / "desk")
        assert desk.run("feeds", "import", str(opml)).code == 0
        yield desk


def run_with_room_for(desk: Desk, size: int, *words: str) -> Done:
    """Run a command that may write no file beyond so many bytes."""
    script = f'ulimit -f {size // BLOCK}; exec "$@"'
    ended = subprocess.run(
        ["sh", "-c", script, "sh", *desk.words(*words)], capture_output=True, text=True, timeout=120
    )
    return Done(code=ended.returncode, out=ended.stdout, err=ended.stderr)


@pytest.mark.parametrize("room", [32_768, 131_072, 262_144])
def test_a_poll_without_room_says_so_and_the_next_loses_nothing(
    desk: Desk, growing: Growing, room: int
) -> None:
    done = run_with_room_for(desk, room, "poll", "--all")
    assert done.code in (1, 3), (done.out, done.err)
    assert "disk failed" in done.err or "no space is left" in done.err, done.err
    assert "Traceback" not in done.err
    assert desk.ask("PRAGMA integrity_check") == [("ok",)]
    for url, etag in desk.ask(
        "SELECT f.url, s.etag FROM feeds f JOIN feed_state s ON s.feed_id = f.id"
    ):
        name = url.rsplit("/", 1)[-1]
        assert etag is None or growing.told[etag] <= desk.kept()[name]

    done = desk.run("poll", "--all")
    assert done.code == 0, done.err
    kept = desk.kept()
    for name in growing.names:
        assert kept[name] == set(growing.titles(name))


def test_a_site_without_room_keeps_its_old_files_whole(
    desk: Desk, growing: Growing, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    assert desk.run("publish", "--out", str(site)).code == 0
    assert desk.run("run", "--once").code == 0
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    done = run_with_room_for(desk, 4096, "publish", "--out", str(site))
    assert done.code == 1, (done.out, done.err)
    assert "Traceback" not in done.err
    assert done.err.strip()
    for path, body in before.items():
        assert path.exists(), path
        assert what_is_wrong(path.name, path.read_bytes()) is None, path
        if path.suffix in (".atom", ".rss"):
            assert path.read_bytes() == body
    assert desk.run("publish", "--out", str(site)).code == 0
    assert b"tells item" in (site / "topics" / "all-news.atom").read_bytes()


def can_mount() -> bool:
    tried = subprocess.run(
        ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True
    )
    return tried.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs a mount namespace: `unshare -rm`")
def test_a_daemon_on_a_full_disk_serves_on_and_recovers_by_itself(tmp_path: Path) -> None:
    played = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "tests.faults.full_disk", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert played.returncode == 0, played.stderr
