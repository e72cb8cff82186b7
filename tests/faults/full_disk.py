"""A daemon on a disk that fills up and gets room again; run in a mount namespace of its own.

`unshare -rm python -m tests.faults.full_disk FOLDER`: mounts a small tmpfs, plays it through and
ends with 0 when all of it held. A name and a traceback on stderr say what did not.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from tests.corpus.river import Desk, end, free_port, served
from tests.faults.growing import Growing

SIZE = "6m"
PATIENCE = 90.0  # seconds


def play(folder: Path) -> None:
    feeds = folder / "feeds"
    feeds.mkdir()
    growing = Growing(feeds, 1)
    desk = Desk.at(folder / "desk", every="2s")
    desk.store.parent.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(desk.store.parent)], check=True
    )
    port, log = free_port(), folder / "daemon.log"
    with served(feeds, folder / "origin") as opml, log.open("w") as said:
        done = desk.run("feeds", "import", str(opml))
        assert done.code == 0, done.err
        daemon = desk.start("run", "--port", str(port), stderr=said)
        try:
            follow(desk, growing, daemon, f"http://127.0.0.1:{port}/topics/all-news.atom", log)
        except AssertionError:
            print(log.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            end(daemon)


def follow(
    desk: Desk, growing: Growing, daemon: subprocess.Popen[str], address: str, log: Path
) -> None:
    fetch = build_opener(ProxyHandler({})).open

    def published() -> bytes:
        return bytes(fetch(address, timeout=10).read())

    until(
        "the daemon serves what it polled",
        lambda: all_kept(desk, growing) and b"tells" in published(),
    )
    ballast = desk.store.parent / "ballast"
    fill(ballast)
    growing.step()
    until("the full disk is told", lambda: "no space is left" in log.read_text())
    last = published()
    assert b"tells" in last, "readers still get the last good document"
    for _ in range(3):
        growing.step()
        fill(ballast)
        time.sleep(1.5)
    assert daemon.poll() is None, "a full disk ends no daemon"
    assert published() == last
    assert "Traceback" not in log.read_text()

    ballast.unlink()
    until("it goes on by itself when there is room", lambda: all_kept(desk, growing))
    assert desk.ask("PRAGMA integrity_check") == [("ok",)]
    growing.step()
    until("and keeps going on", lambda: all_kept(desk, growing))
    until("what came is published", lambda: published() != last)


def all_kept(desk: Desk, growing: Growing) -> bool:
    kept = desk.kept()
    return all(kept.get(name) == set(growing.titles(name)) for name in growing.names)


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 4096):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if holds():
                return
        except OSError:  # not serving yet
            pass
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.2)


if __name__ == "__main__":
    play(Path(sys.argv[1]))
